/**
 * The instants at which a metric query is evaluated, and the cells of time that their windows are made of.
 */

import type { Time } from '../../model/entry.ts'

/** `start`, `start + stepNs`, …, `count` of them. */
export type Steps = { readonly start: Time; readonly stepNs: number; readonly count: number }

const nanosecondsPerSecond = 1e9

/**
 * Nanoseconds from the first step on. Exact where both lie on a microsecond, and within a nanosecond for a
 * hundred days around; two nanoseconds are one beyond.
 */
export function sinceStart({ start }: Steps, sec: number, ns: number): number {
  return (sec - start.sec) * nanosecondsPerSecond + (ns - start.ns)
}

/** Milliseconds since 1970 of a step. */
export function stepTimeMs({ start, stepNs }: Steps, index: number): number {
  return start.sec * 1000 + start.ns / 1e6 + (index * stepNs) / 1e6
}

/**
 * Windows (T - range - offset, T - offset] of all steps, cut where any of them begins or ends, so that each
 * is
 * a run of whole cells. Windows that share nothing leave cells out that belong to none.
 */
export class CellGrid {
  readonly steps: Steps
  readonly length: number
  readonly #stepNs: number
  readonly #offsetNs: number
  /** What a range has beyond whole steps: each step is then two cells. */
  readonly #restNs: number
  readonly #perStep: 1 | 2
  readonly #rangeSteps: number
  readonly #first: number

  constructor(steps: Steps, rangeNs: number, offsetNs: number) {
    this.steps = steps
    this.#offsetNs = offsetNs
    this.#stepNs = steps.count === 1 ? Math.max(rangeNs, 1) : steps.stepNs
    this.#rangeSteps = Math.floor(rangeNs / this.#stepNs)
    this.#restNs = rangeNs % this.#stepNs
    this.#perStep = this.#restNs === 0 ? 1 : 2
    this.#first = this.windowStart(0)
    this.length = rangeNs === 0 ? 0 : this.windowEnd(steps.count - 1) - this.#first
  }

  /** The cell of an instant, given since the first step; -1: it is in no window. */
  cellOf(sinceStartNs: number): number {
    const at = sinceStartNs + this.#offsetNs
    const step = Math.ceil(at / this.#stepNs)
    let cell = step
    if (this.#perStep === 2) cell = 2 * step + (at <= step * this.#stepNs - this.#restNs ? 0 : 1)
    const index = cell - this.#first
    return index >= 0 && index < this.length ? index : -1
  }

  /** First cell of the window of a step, as an index. */
  firstCell(step: number): number {
    return this.windowStart(step) - this.#first
  }

  /** Behind its last cell. */
  lastCell(step: number): number {
    return this.windowEnd(step) - this.#first
  }

  private windowStart(step: number): number {
    const whole = step - this.#rangeSteps
    return this.#perStep === 1 ? whole + 1 : 2 * whole + 1
  }

  private windowEnd(step: number): number {
    return this.#perStep === 1 ? step + 1 : 2 * step + 2
  }
}
