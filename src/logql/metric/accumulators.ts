/** What a range aggregation keeps of the samples of one cell, and how cells become one number. */

import type { RangeAggregation, RangeOperation } from '../syntax/tree.ts'

/** Cells lie in one array, `width` numbers each; the first counts the samples. */
export type Accumulator = {
  readonly width: number
  readonly add: (cells: Float64Array, at: number, value: number, sinceStartNs: number) => void
  /** Adds a cell that is later or the same time. */
  readonly merge: (cells: Float64Array, at: number, others: Float64Array, other: number) => void
  /** Of a cell that holds samples. */
  readonly result: (cells: Float64Array, at: number) => number
}

/** Null: the operation needs every sample, see `sample-operations.ts`. */
export function accumulatorOf({ operation, unwrap, rangeNs }: RangeAggregation): Accumulator | null {
  const seconds = rangeNs / 1e9
  switch (operation) {
    case 'count_over_time':
    case 'absent_over_time':
      return counting((count) => count)
    case 'rate':
      return unwrap === null ? counting((count) => count / seconds) : summing((sum) => sum / seconds)
    case 'bytes_rate':
      return summing((sum) => sum / seconds)
    case 'bytes_over_time':
    case 'sum_over_time':
      return summing((sum) => sum)
    case 'avg_over_time':
      return summing((sum, count) => sum / count)
    case 'min_over_time':
      return choosing((value, kept) => value < kept)
    case 'max_over_time':
      return choosing((value, kept) => value > kept)
    case 'stdvar_over_time':
      return deviating((variance) => variance)
    case 'stddev_over_time':
      return deviating(Math.sqrt)
    case 'first_over_time':
      return placed((at, kept) => at < kept)
    case 'last_over_time':
      return placed((at, kept) => at >= kept)
    default:
      return null
  }
}

/** Operations of which the sum over series is the same as over all their samples. */
export const additiveOperations: ReadonlySet<RangeOperation> = new Set([
  'rate',
  'count_over_time',
  'bytes_rate',
  'bytes_over_time',
  'sum_over_time',
])

function valueAt(cells: Float64Array, at: number): number {
  return cells[at] as number
}

function counting(result: (count: number) => number): Accumulator {
  return {
    width: 1,
    add: (cells, at) => {
      cells[at] = valueAt(cells, at) + 1
    },
    merge: (cells, at, others, other) => {
      cells[at] = valueAt(cells, at) + valueAt(others, other)
    },
    result: (cells, at) => result(valueAt(cells, at)),
  }
}

function summing(result: (sum: number, count: number) => number): Accumulator {
  const add = (cells: Float64Array, at: number, count: number, value: number): void => {
    cells[at] = valueAt(cells, at) + count
    cells[at + 1] = valueAt(cells, at + 1) + value
  }
  return {
    width: 2,
    add: (cells, at, value) => add(cells, at, 1, value),
    merge: (cells, at, others, other) => add(cells, at, valueAt(others, other), valueAt(others, other + 1)),
    result: (cells, at) => result(valueAt(cells, at + 1), valueAt(cells, at)),
  }
}

function choosing(isBetter: (value: number, kept: number) => boolean): Accumulator {
  const add = (cells: Float64Array, at: number, count: number, value: number): void => {
    const kept = valueAt(cells, at + 1)
    const isFirst = valueAt(cells, at) === 0
    cells[at] = valueAt(cells, at) + count
    if (isFirst || isBetter(value, kept) || Number.isNaN(kept)) cells[at + 1] = value
  }
  return {
    width: 2,
    add: (cells, at, value) => add(cells, at, 1, value),
    merge: (cells, at, others, other) => {
      const count = valueAt(others, other)
      if (count > 0) add(cells, at, count, valueAt(others, other + 1))
    },
    result: (cells, at) => valueAt(cells, at + 1),
  }
}

/** Count, mean and sum of squared distances from it, merged after Chan. */
function deviating(result: (variance: number) => number): Accumulator {
  const add = (cells: Float64Array, at: number, count: number, mean: number, squares: number): void => {
    const before = valueAt(cells, at)
    const total = before + count
    const distance = mean - valueAt(cells, at + 1)
    cells[at] = total
    cells[at + 1] = valueAt(cells, at + 1) + (distance * count) / total
    cells[at + 2] = valueAt(cells, at + 2) + squares + (distance * distance * before * count) / total
  }
  return {
    width: 3,
    add: (cells, at, value) => add(cells, at, 1, value, 0),
    merge: (cells, at, others, other) => {
      const count = valueAt(others, other)
      if (count > 0) add(cells, at, count, valueAt(others, other + 1), valueAt(others, other + 2))
    },
    result: (cells, at) => result(valueAt(cells, at + 2) / valueAt(cells, at)),
  }
}

/** Count, time and value of the sample that is wanted by its time. */
function placed(isWanted: (at: number, kept: number) => boolean): Accumulator {
  const add = (cells: Float64Array, at: number, count: number, time: number, value: number): void => {
    const isFirst = valueAt(cells, at) === 0
    cells[at] = valueAt(cells, at) + count
    if (!isFirst && !isWanted(time, valueAt(cells, at + 1))) return
    cells[at + 1] = time
    cells[at + 2] = value
  }
  return {
    width: 3,
    add: (cells, at, value, time) => add(cells, at, 1, time, value),
    merge: (cells, at, others, other) => {
      const count = valueAt(others, other)
      if (count > 0) add(cells, at, count, valueAt(others, other + 1), valueAt(others, other + 2))
    },
    result: (cells, at) => valueAt(cells, at + 2),
  }
}
