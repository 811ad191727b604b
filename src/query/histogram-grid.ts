/** The buckets of a histogram: their width, where they lie, and the counts in them, by group. */

import { LogkeepError } from '../errors.ts'
import { queryLimits } from '../limits/query.ts'
import type { Time } from '../model/entry.ts'
import { timeSecMin } from '../model/time.ts'
import type { HistogramRequest } from './contract.ts'

/** Widths that are chosen where only a number of buckets is asked for: those of clocks and calendars. */
const roundStepsMs = [
  [1, [1, 2, 5, 10, 20, 50, 100, 200, 500]],
  [1_000, [1, 2, 5, 10, 15, 30]],
  [60_000, [1, 2, 5, 10, 15, 30]],
  [3_600_000, [1, 2, 3, 6, 12]],
  [86_400_000, [1, 2, 7, 14, 28, 91, 182, 364, 728, 3_640, 36_400, 364_000, 3_640_000]],
].flatMap(([unitMs, counts]) => (counts as number[]).map((count) => count * (unitMs as number)))

/** Buckets `first` to `first + length` (exclusive), numbered from 1970 on: bucket n begins at n steps. */
export type Grid = { readonly stepMs: number; readonly first: number; readonly length: number }

/** The grid over a range, `until` exclusive. Throws `BAD_PARAMETER` where there would be too many buckets. */
export function gridOver(since: Time, until: Time, bucket: HistogramRequest['bucket']): Grid {
  if ('countMax' in bucket) {
    const grids = roundStepsMs.values().map((stepMs) => gridOf(since, until, stepMs))
    const found = grids.find(({ length }) => length <= bucket.countMax)
    if (found !== undefined) return found
    throw new LogkeepError(
      'BAD_PARAMETER',
      'parameter "buckets" is 1, and the range lies on both sides of 1970, where a bucket begins',
      'accepted: 2 and more for this range',
    )
  }
  const grid = gridOf(since, until, bucket.stepMs)
  if (grid.length <= queryLimits.histogramBucketsMax) return grid
  throw new LogkeepError(
    'BAD_PARAMETER',
    `parameter "step" would give ${grid.length} buckets`,
    `accepted: up to ${queryLimits.histogramBucketsMax}; take a larger step, a shorter range, or buckets=60`,
    { limit: 'histogram_size' },
  )
}

/** Number of the bucket that holds a time. */
export function bucketOf(sec: number, ns: number, stepMs: number): number {
  return Math.floor((sec * 1000 + Math.floor(ns / 1e6)) / stepMs)
}

/** When a bucket begins; one that would begin before the year 0000 begins with it. */
export function startOf(bucket: number, stepMs: number): Time {
  const ms = Math.max(bucket * stepMs, timeSecMin * 1000)
  const sec = Math.floor(ms / 1000)
  return { sec, ns: (ms - sec * 1000) * 1e6 }
}

function gridOf(since: Time, until: Time, stepMs: number): Grid {
  const first = bucketOf(since.sec, since.ns, stepMs)
  // The last nanosecond before the end.
  const last =
    until.ns > 0 ? bucketOf(until.sec, until.ns - 1, stepMs) : bucketOf(until.sec - 1, 999_999_999, stepMs)
  return { stepMs, first, length: Math.max(0, last - first + 1) }
}

/** What travels from slice to slice: names of groups, and counts group by group. */
export type GroupCounts = { readonly names: readonly string[]; readonly counts: Float64Array }

/** Counts per group and bucket. Throws `BAD_PARAMETER` where there are too many. */
export class HistogramCounts {
  readonly grid: Grid
  readonly names: string[]
  readonly #groups = new Map<string, number>()
  #counts: Float64Array

  constructor(grid: Grid, before: GroupCounts | null) {
    this.grid = grid
    this.names = [...(before?.names ?? [])]
    this.names.forEach((name, index) => this.#groups.set(name, index))
    this.#counts = before?.counts ?? new Float64Array(grid.length * groupsAtFirst)
  }

  /** Where the counts of a group begin in `cells`, which is another array when a group was added. */
  offsetOf(name: string): number {
    const present = this.#groups.get(name)
    if (present !== undefined) return present * this.grid.length
    const index = this.names.length
    const needed = (index + 1) * this.grid.length
    if (needed > queryLimits.histogramCellsMax) throw tooManyGroups(index)
    if (needed > this.#counts.length) {
      const grown = new Float64Array(Math.max(needed, this.#counts.length * 2))
      grown.set(this.#counts)
      this.#counts = grown
    }
    this.names.push(name)
    this.#groups.set(name, index)
    return index * this.grid.length
  }

  get cells(): Float64Array {
    return this.#counts
  }

  /** Sum of a group over all buckets. */
  totalOf(name: string): number {
    const offset = this.offsetOf(name)
    return this.#counts.subarray(offset, offset + this.grid.length).reduce((sum, count) => sum + count, 0)
  }

  take(): GroupCounts {
    return { names: this.names, counts: this.#counts.slice(0, this.names.length * this.grid.length) }
  }
}

/** Sums of two counts over the same grid. Throws `BAD_PARAMETER` where there are too many groups. */
export function addCounts(
  { grid, ...one }: GroupCounts & { readonly grid: Grid },
  other: GroupCounts,
): GroupCounts {
  const sums = new HistogramCounts(grid, one)
  for (const [group, name] of other.names.entries()) {
    const from = group * grid.length
    const to = sums.offsetOf(name)
    for (let index = 0; index < grid.length; index += 1) {
      sums.cells[to + index] = (sums.cells[to + index] as number) + (other.counts[from + index] as number)
    }
  }
  return sums.take()
}

const groupsAtFirst = 8

function tooManyGroups(groups: number): LogkeepError {
  return refusedGroups(`more than ${groups} groups, which is too many for so many buckets`)
}

/** The names of the groups stand in each bucket that has counts of them. */
export function tooLong(): LogkeepError {
  return refusedGroups(`an answer of more than ${queryLimits.answerBytesMax} bytes`)
}

function refusedGroups(what: string): LogkeepError {
  return new LogkeepError(
    'BAD_PARAMETER',
    `parameter "by" gives ${what}`,
    'narrow the selection, take fewer buckets, or group by something coarser, such as by=namespace',
    { limit: 'histogram_size' },
  )
}
