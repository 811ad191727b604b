/** Remembers what the system refused, by path: the last error of each, up to a bound. */

import { getSystemErrorMessage } from 'node:util'
import { collectorLimits } from '../limits/collector.ts'
import type { ContainerPlace } from './discovery.ts'
import { elapsedMs } from './instance.ts'

export type Refusal = {
  /** Of the system, as `EACCES`; null: the error was none of the system's. */
  readonly code: string | null
  readonly message: string
  readonly atMs: number
  /** The container whose files were being listed then; null where that is not known. */
  readonly place: ContainerPlace | null
}

export function createRefusal(error: unknown, atMs: number, place: ContainerPlace | null): Refusal {
  const { code = null, errno, message } = error as NodeJS.ErrnoException & { code?: string }
  // The system's own words: those of Node repeat the path.
  const text = code === null || errno === undefined ? message : `${code}: ${getSystemErrorMessage(errno)}`
  return { code, message: text, atMs, place }
}

export class Refusals {
  readonly #byPath = new Map<string, Refusal>()

  get size(): number {
    return this.#byPath.size
  }

  get first(): string | undefined {
    return this.#byPath.keys().next().value
  }

  get(path: string): Refusal | null {
    return this.#byPath.get(path) ?? null
  }

  /** In the order of coming. */
  entries(): Iterable<[path: string, refusal: Refusal]> {
    return this.#byPath
  }

  add(path: string, refusal: Refusal): void {
    this.#byPath.delete(path)
    const { first } = this
    if (first !== undefined && this.size >= collectorLimits.refusalsMax) this.#byPath.delete(first)
    this.#byPath.set(path, refusal)
  }

  /** It was not refused now. */
  delete(path: string): void {
    this.#byPath.delete(path)
  }

  /** Forgets what was not refused again for so long. */
  forgetOlderThan(ageMs: number, nowMs: number): void {
    for (const [path, { atMs }] of this.#byPath) {
      if (elapsedMs(nowMs, atMs) > ageMs) this.#byPath.delete(path)
    }
  }
}
