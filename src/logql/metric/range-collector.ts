/** Collects samples of one range aggregation by series and cell, and evaluates its windows. */

import { logqlLimits } from '../../limits/logql.ts'
import { evaluateError } from '../error.ts'
import { type Accumulator, accumulatorOf } from './accumulators.ts'
import type { Leaf } from './leaves.ts'
import { emptySeries, keyOf, type Matrix, type SeriesLabels } from './matrix.ts'
import { sampleOperationOf } from './sample-operations.ts'
import { CellGrid, type Steps, sinceStart } from './steps.ts'

/**
 * What was collected, as plain data: it travels between threads, and is added to another's. `cells` begin
 * with
 * number `first` of all; `times` as in `Cells`.
 */
export type CollectedSeries = {
  readonly labels: SeriesLabels
  readonly first: number
  readonly cells: Float64Array
  readonly times: Float64Array | null
}

export type Cells = {
  readonly labels: SeriesLabels
  /** Of accumulators; or values of samples, in no order. */
  cells: Float64Array
  /** Of samples: nanoseconds since the first step. */
  times: Float64Array | null
  used: number
}

export class RangeCollector {
  readonly grid: CellGrid
  readonly #leaf: Leaf
  readonly #accumulator: Accumulator | null
  readonly #series = new Map<string, Cells>()
  #samples = 0

  constructor(leaf: Leaf, steps: Steps) {
    const { range } = leaf
    this.#leaf = leaf
    this.grid = new CellGrid(steps, range.rangeNs, range.offsetNs)
    this.#accumulator = accumulatorOf(range)
  }

  get seriesCount(): number {
    return this.#series.size
  }

  /** The cell of an instant; -1: it counts in no window. */
  cellOf(sec: number, ns: number): number {
    return this.grid.cellOf(sinceStart(this.grid.steps, sec, ns))
  }

  /** A handle for `add`, good for one collector. Throws `LogqlError` where there are too many. */
  seriesOf(labels: SeriesLabels, key = keyOf(labels)): Cells {
    const present = this.#series.get(key)
    if (present !== undefined) return present
    const cellCount = (this.#series.size + 1) * this.grid.length * (this.#accumulator?.width ?? 0)
    if (this.#series.size >= logqlLimits.innerSeriesMax || cellCount > logqlLimits.cellsMax) {
      throw evaluateError(
        `maximum number of series (${this.#series.size}) reached for a single query; consider reducing ` +
          'query cardinality by adding more specific stream selectors, reducing the time range, or ' +
          'aggregating results with functions like sum(), count() or topk()',
      )
    }
    const made: Cells =
      this.#accumulator === null
        ? { labels, cells: new Float64Array(16), times: new Float64Array(16), used: 0 }
        : {
            labels,
            cells: new Float64Array(this.grid.length * this.#accumulator.width),
            times: null,
            used: 0,
          }
    this.#series.set(key, made)
    return made
  }

  add(series: Cells, cell: number, sec: number, ns: number, value: number): void {
    const time = sinceStart(this.grid.steps, sec, ns)
    const accumulator = this.#accumulator
    if (accumulator === null) this.#keep(series, time, value)
    else accumulator.add(series.cells, cell * accumulator.width, value, time)
  }

  /** Adds `count` samples at once, where only their number counts. */
  addCount(series: Cells, cell: number, count: number): void {
    series.cells[cell] = (series.cells[cell] as number) + count
  }

  take(): CollectedSeries[] {
    const width = this.#accumulator?.width ?? 1
    const trimmed = (cells: Float64Array): Pick<CollectedSeries, 'first' | 'cells'> => {
      let first = 0
      let end = cells.length
      while (first < end && cells[first] === 0) first += width
      while (end > first && cells[end - width] === 0) end -= width
      return { first, cells: cells.slice(first, end) }
    }
    return Array.from(this.#series.values(), ({ labels, cells, times, used }) =>
      times === null
        ? { labels, times, ...trimmed(cells) }
        : { labels, first: 0, cells: cells.slice(0, used), times: times.slice(0, used) },
    )
  }

  merge(partials: readonly CollectedSeries[]): void {
    const accumulator = this.#accumulator
    for (const { labels, first, cells, times } of partials) {
      const series = this.seriesOf(labels)
      if (accumulator === null) {
        times?.forEach((time, index) => this.#keep(series, time, cells[index] as number))
        continue
      }
      for (let at = 0; at < cells.length; at += accumulator.width) {
        if (cells[at] !== 0) accumulator.merge(series.cells, first + at, cells, at)
      }
    }
  }

  /** Values at the steps, of series that have any. */
  evaluate(): Matrix {
    const { count } = this.grid.steps
    if (this.#leaf.range.operation === 'absent_over_time') return this.#absent(count)
    const matrix = []
    for (const { labels, cells, times, used } of this.#series.values()) {
      const series = emptySeries(labels, count)
      if (times !== null) this.#evaluateSamples(series, times.subarray(0, used), cells)
      else this.#evaluateCells(series, cells)
      if (series.has.includes(1)) matrix.push(series)
    }
    return matrix
  }

  #keep(series: Cells, time: number, value: number): void {
    this.#samples += 1
    if (this.#samples > logqlLimits.samplesMax) {
      throw evaluateError(`more than ${logqlLimits.samplesMax} samples: ask for a shorter range of time`)
    }
    if (series.used === series.cells.length) {
      const grown = { cells: new Float64Array(2 * series.used), times: new Float64Array(2 * series.used) }
      grown.cells.set(series.cells)
      grown.times.set(series.times as Float64Array)
      Object.assign(series, grown)
    }
    series.cells[series.used] = value
    ;(series.times as Float64Array)[series.used] = time
    series.used += 1
  }

  #evaluateCells(series: { values: Float64Array; has: Uint8Array }, cells: Float64Array): void {
    const accumulator = this.#accumulator as Accumulator
    const windows = createWindows(cells, accumulator)
    for (let step = 0; step < series.values.length; step += 1) {
      const window = windows(this.grid.firstCell(step), this.grid.lastCell(step))
      if (window[0] === 0) continue
      series.values[step] = accumulator.result(window, 0)
      series.has[step] = 1
    }
  }

  #evaluateSamples(
    series: { values: Float64Array; has: Uint8Array },
    times: Float64Array,
    values: Float64Array,
  ): void {
    const operation = sampleOperationOf(this.#leaf.range)
    const order = Uint32Array.from(times.keys()).sort(
      (a, b) => (times[a] as number) - (times[b] as number) || a - b,
    )
    const cells = Array.from(order, (index) => this.grid.cellOf(times[index] as number))
    let from = 0
    let to = 0
    for (let step = 0; step < series.values.length; step += 1) {
      const first = this.grid.firstCell(step)
      const last = this.grid.lastCell(step)
      while (from < cells.length && (cells[from] as number) < first) from += 1
      while (to < cells.length && (cells[to] as number) < last) to += 1
      if (to <= from) continue
      const window = Array.from(order.subarray(from, to))
      const { rangeNs, offsetNs } = this.#leaf.range
      const end = step * this.grid.steps.stepNs - offsetNs
      series.values[step] = operation({
        times: window.map((index) => times[index] as number),
        values: window.map((index) => values[index] as number),
        start: end - rangeNs,
        end,
      })
      series.has[step] = 1
    }
  }

  #absent(count: number): Matrix {
    const { matchers } = this.#leaf.range.query
    const present = emptySeries([], count)
    for (const { cells } of this.#series.values()) {
      const one = emptySeries([], count)
      this.#evaluateCells(one, cells)
      one.has.forEach((has, step) => {
        if (has === 1) present.has[step] = 1
      })
    }
    const named = new Map<string, string>()
    const twice = new Set<string>()
    for (const { name, operator, value } of matchers) {
      if (named.has(name)) twice.add(name)
      if (operator === '=') named.set(name, value)
    }
    const labels = [...named]
      .filter(([name]) => !twice.has(name))
      .sort(([one], [other]) => (one < other ? -1 : 1))
    const absent = emptySeries(labels, count)
    present.has.forEach((has, step) => {
      absent.values[step] = 1
      absent.has[step] = has === 1 ? 0 : 1
    })
    return absent.has.includes(1) ? [absent] : []
  }
}

/**
 * Sums up runs of cells whose ends never fall: two stacks, so that each cell is merged twice whatever the
 * width
 * of the windows, and nothing is ever taken out of a sum.
 */
function createWindows(cells: Float64Array, { width, merge }: Accumulator) {
  /** Sums from a cell up to the end of the older half, by its cell. */
  const older = new Float64Array(cells.length)
  const newer = new Float64Array(width)
  const window = new Float64Array(width)
  let seam = 0
  let end = 0
  const turn = (start: number): void => {
    seam = end
    newer.fill(0)
    for (let cell = end - 1; cell >= start; cell -= 1) {
      const at = cell * width
      older.set(cells.subarray(at, at + width), at)
      if (cell < end - 1) merge(older, at, older, at + width)
    }
  }
  return (start: number, stop: number): Float64Array => {
    if (start >= end) {
      end = start
      turn(start)
    }
    for (; end < stop; end += 1) merge(newer, 0, cells, end * width)
    if (start >= seam) turn(start)
    window.fill(0)
    if (start < seam) merge(window, 0, older, start * width)
    merge(window, 0, newer, 0)
    return window
  }
}
