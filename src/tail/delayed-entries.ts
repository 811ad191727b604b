/** Holds entries of a tail back for a while, so that those of slow writers take their places by time. */

import type { LogqlEntry } from '../query/logql/contract.ts'
import { bytesOf, nanosecondsOf } from '../query/logql/read-records.ts'

type Held = { readonly entry: LogqlEntry; readonly ns: bigint; readonly dueMs: number }

export class DelayedEntries {
  readonly #delayMs: number
  #held: Held[] = []
  #bytes = 0

  /** 0: they are due at once, in their own order. */
  constructor(delayMs: number) {
    this.#delayMs = delayMs
  }

  /** About, of those that are held. */
  get bytes(): number {
    return this.#bytes
  }

  /** When the next are due, on the clock of `add`; null: none is held. */
  get dueMs(): number | null {
    return this.#held[0]?.dueMs ?? null
  }

  add(entries: readonly LogqlEntry[], nowMs: number): void {
    for (const entry of entries) {
      const ns = this.#delayMs === 0 ? 0n : nanosecondsOf(entry)
      this.#held.push({ entry, ns, dueMs: nowMs + this.#delayMs })
      this.#bytes += bytesOf(entry)
    }
  }

  /** At most `count` of those that are due, by time; with them those of earlier times that came later. */
  take(count: number, nowMs: number): LogqlEntry[] {
    if (this.#delayMs === 0) return this.#give(this.#held.splice(0, count))
    let latest: bigint | null = null
    for (const { ns, dueMs } of this.#held) {
      if (dueMs > nowMs) break
      if (latest === null || ns > latest) latest = ns
    }
    if (latest === null) return []
    const end = latest
    const ready = this.#held.filter(({ ns }) => ns <= end).sort(byTime)
    const taken = new Set(ready.slice(0, count))
    this.#held = this.#held.filter((one) => !taken.has(one))
    return this.#give([...taken])
  }

  #give(held: readonly Held[]): LogqlEntry[] {
    return held.map(({ entry }) => {
      this.#bytes -= bytesOf(entry)
      return entry
    })
  }
}

function byTime(one: Held, other: Held): number {
  if (one.ns === other.ns) return 0
  return one.ns < other.ns ? -1 : 1
}
