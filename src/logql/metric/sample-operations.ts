/** Range aggregations that need every sample of a window. */

import type { RangeAggregation } from '../syntax/tree.ts'

/** Samples of one window in order of time; times, and the window's ends, in nanoseconds. */
export type Samples = {
  readonly times: readonly number[]
  readonly values: readonly number[]
  readonly start: number
  readonly end: number
}

export function sampleOperationOf({ operation, parameter }: RangeAggregation): (samples: Samples) => number {
  return operation === 'quantile_over_time' ? ({ values }) => quantile(parameter ?? 0, values) : counterRate
}

/** Linear between the two nearest; below 0 and above 1 infinite. */
function quantile(phi: number, values: readonly number[]): number {
  if (Number.isNaN(phi)) return Number.NaN
  if (phi < 0) return Number.NEGATIVE_INFINITY
  if (phi > 1) return Number.POSITIVE_INFINITY
  const sorted = Float64Array.from(values).sort()
  const rank = phi * (sorted.length - 1)
  const lower = Math.floor(rank)
  const upper = Math.min(sorted.length - 1, lower + 1)
  const weight = rank - lower
  return (sorted[lower] as number) * (1 - weight) + (sorted[upper] as number) * weight
}

/**
 * Distances from the window's ends that are worth more than these mean intervals are not extrapolated over.
 */
const intervalsMax = 1.1

/** The rate of a counter, extrapolated to the ends of the window, after Prometheus. */
function counterRate({ times, values, start, end }: Samples): number {
  const last = values.length - 1
  if (last < 1) return 0
  const first = values[0] as number
  let increase = (values[last] as number) - first
  let before = 0
  for (const value of values) {
    if (value < before) increase += before
    before = value
  }
  const sampled = (times[last] as number) - (times[0] as number)
  const average = sampled / last
  const reachOf = (distance: number): number => (distance < average * intervalsMax ? distance : average / 2)
  let toStart = reachOf((times[0] as number) - start)
  // A counter does not begin below zero.
  if (increase > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / increase))
  const reach = sampled + toStart + reachOf(end - (times[last] as number))
  return (increase * (reach / sampled)) / ((end - start) / 1e9)
}
