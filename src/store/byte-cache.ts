/** Keeps recently used values up to a number of bytes; the least recently used go first. */

export class ByteCache<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly bytes: number }>()
  readonly #bytesMax: number
  readonly #onDropped: ((value: V) => void) | null
  #bytes = 0

  /** `onDropped`: called with a value that had to go to make room. */
  constructor(bytesMax: number, onDropped: ((value: V) => void) | null = null) {
    this.#bytesMax = bytesMax
    this.#onDropped = onDropped
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** A value larger than the whole cache is not kept. */
  set(key: K, value: V, bytes: number): void {
    this.delete(key)
    if (bytes > this.#bytesMax) return
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break
      this.delete(oldest)
      this.#onDropped?.(entry.value)
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}
