/** A set of stream numbers as bits: a plan that selects 100,000 streams holds some 12 KiB. */

/** What finding blocks needs of it; a `Set` will do for few. */
export type StreamIds = {
  readonly size: number
  readonly has: (id: number) => boolean
  readonly [Symbol.iterator]: () => Iterator<number>
}

/** Numbers per page of bits: numbers rise for ever, so that low pages empty. */
const pageIds = 2 ** 15
const bitsPerWord = 32

export class StreamIdSet implements StreamIds {
  readonly #pages = new Map<number, Uint32Array>()
  #size = 0

  get size(): number {
    return this.#size
  }

  has = (id: number): boolean => {
    const words = this.#pages.get(Math.floor(id / pageIds))
    if (words === undefined) return false
    const bit = id % pageIds
    return ((words[bit >>> 5] as number) & (1 << (bit & 31))) !== 0
  }

  add(id: number): void {
    const page = Math.floor(id / pageIds)
    let words = this.#pages.get(page)
    if (words === undefined) {
      words = new Uint32Array(pageIds / bitsPerWord)
      this.#pages.set(page, words)
    }
    const bit = id % pageIds
    const word = words[bit >>> 5] as number
    const mask = 1 << (bit & 31)
    if ((word & mask) !== 0) return
    words[bit >>> 5] = word | mask
    this.#size += 1
  }

  *[Symbol.iterator](): Generator<number, void, void> {
    for (const [page, words] of this.#pages) {
      for (let bit = 0; bit < pageIds; bit += 1) {
        if (((words[bit >>> 5] as number) & (1 << (bit & 31))) !== 0) yield page * pageIds + bit
      }
    }
  }
}
