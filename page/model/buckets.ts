/** Buckets of a histogram: their width, the parts of a range, and answers laid together. */

import { type Level, levelNames } from './entry.ts'
import type { Instants } from './time-range.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** As the server answers it. */
export type Bucket = {
  readonly time: string
  readonly count: number
  readonly complete: boolean
  readonly counts: Readonly<Record<string, number>>
}

/** Widths that people read easily. */
const stepsMs = [
  100,
  200,
  500,
  1000,
  2000,
  5000,
  10_000,
  15_000,
  30_000,
  minuteMs,
  2 * minuteMs,
  5 * minuteMs,
  10 * minuteMs,
  15 * minuteMs,
  30 * minuteMs,
  hourMs,
  2 * hourMs,
  3 * hourMs,
  6 * hourMs,
  12 * hourMs,
  24 * hourMs,
  48 * hourMs,
  168 * hourMs,
  720 * hourMs,
  8760 * hourMs,
] as const

export function stepFor(spanMs: number, bucketsMax: number): number {
  return stepsMs.find((step) => spanMs / step <= bucketsMax) ?? (stepsMs.at(-1) as number)
}

/** As the server takes it. */
export function stepText(stepMs: number): string {
  return stepMs % 1000 === 0 ? `${stepMs / 1000}s` : `${stepMs}ms`
}

/** Ranges of whole buckets that make up the range, newest first. */
export function partsOf(
  sinceMs: number,
  untilMs: number,
  stepMs: number,
  count: number,
): Required<Instants>[] {
  const buckets = Math.ceil((untilMs - sinceMs) / stepMs)
  const size = Math.max(1, Math.ceil(buckets / count)) * stepMs
  const parts: Required<Instants>[] = []
  let end = untilMs
  while (end > sinceMs) {
    const border = Math.floor((end - 1) / stepMs) * stepMs - size + stepMs
    const begin = Math.max(sinceMs, border)
    parts.push({ sinceMs: begin, untilMs: end })
    end = begin
  }
  return parts
}

/** What is drawn. `counts[level][index]` belongs to `timesMs[index]`, the beginning of a bucket. */
export type Histogram = {
  readonly stepMs: number
  readonly timesMs: readonly number[]
  readonly counts: Readonly<Record<Level, readonly number[]>>
  readonly totals: Readonly<Record<Level, number>>
  readonly total: number
  readonly complete: boolean
}

/** `answers` in any order; buckets of the same time are added. */
export function layTogether(
  answers: readonly { readonly buckets: readonly Bucket[]; readonly complete: boolean }[],
  {
    sinceMs,
    untilMs,
    stepMs,
  }: { readonly sinceMs: number; readonly untilMs: number; readonly stepMs: number },
): Histogram {
  const first = Math.floor(sinceMs / stepMs) * stepMs
  const length = Math.max(1, Math.ceil((untilMs - first) / stepMs))
  const counts = {} as Record<Level, number[]>
  const totals = {} as Record<Level, number>
  for (const level of levelNames) {
    counts[level] = Array.from({ length }, () => 0)
    totals[level] = 0
  }
  let total = 0
  for (const bucket of answers.flatMap(({ buckets }) => buckets)) {
    const index = Math.round((Date.parse(bucket.time) - first) / stepMs)
    if (index < 0 || index >= length) continue
    total += bucket.count
    addCounts(bucket, index, counts, totals)
  }
  return {
    stepMs,
    timesMs: Array.from({ length }, (_, index) => first + index * stepMs),
    counts,
    totals,
    total,
    complete: answers.every(({ complete }) => complete),
  }
}

function addCounts(
  bucket: Bucket,
  index: number,
  counts: Record<Level, number[]>,
  totals: Record<Level, number>,
): void {
  for (const level of levelNames) {
    const count = bucket.counts[level] ?? 0
    const row = counts[level]
    row[index] = (row[index] ?? 0) + count
    totals[level] += count
  }
}
