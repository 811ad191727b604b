/**
 * Cuts what is left of a walk into parts of about equal work, by the headers of segments alone, so that
 * threads can read neighbouring parts at the same time.
 */

import { queryLimits } from '../limits/query.ts'
import { storeLimits } from '../limits/store.ts'
import type { Cursor } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { candidatesOf } from './history.ts'
import type { Direction } from './plan.ts'
import type { CutResult, PartBytes } from './tasks.ts'
import { rangeOf } from './walk-cursor.ts'

export type CutRequest = {
  readonly cursor: Cursor
  readonly direction: Direction
  /** Of bodies, as if each block's were spread evenly over its time. */
  readonly bytesPerPart: PartBytes
}

/**
 * Whole seconds at which parts end, in the order of the walk: a part of a backward walk has its second as its
 * first, the next one ends before it. Behind the last lies what was not looked at, or little.
 */
export function findCuts(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  { cursor, direction, bytesPerPart }: CutRequest,
): Pick<CutResult, 'ends' | 'isAll'> {
  const isForward = direction === 'forward'
  const range = rangeOf(cursor, direction)
  const candidates = candidatesOf(snapshot, compiled, { direction, commit: cursor.commit, range })
  // Seconds count from the walk's beginning on, whichever way it goes.
  const sign = isForward ? 1 : -1
  const start = isForward ? range.after.sec : range.before.sec
  const steps: Step[] = []
  const bytesMax = bytesPerPart.usual * queryLimits.partsMax
  let isEnough = false
  try {
    while (candidates.bound() !== null && !isEnough) {
      const { minSec, maxSec, rawBytes } = candidates.take()
      const begin = Math.max(0, sign * ((isForward ? minSec : maxSec) - start))
      const length = maxSec - minSec + 1
      const end = Math.max(begin + 1, sign * ((isForward ? minSec : maxSec) - start) + length)
      const density = rawBytes / length
      steps.push({ at: begin, density, bytes: rawBytes }, { at: end, density: -density, bytes: -rawBytes })
      if (steps.length % stepsBetweenLooks === 0) {
        isEnough =
          steps.length >= stepsMax ||
          bytesUpTo(steps, sign * ((candidates.bound() ?? start) - start)) >= bytesMax
      }
    }
    const horizon = candidates.bound()
    const last = horizon === null ? Number.POSITIVE_INFINITY : sign * (horizon - start)
    steps.sort((one, other) => one.at - other.at)
    const { usual, wide } = bytesPerPart
    const bytesEach = mostAtOnce(steps) <= storeLimits.readerBodyCacheBytes ? usual : wide
    const ends = spread(steps, bytesEach, last).map((second) => start + sign * second)
    return { ends, isAll: horizon === null }
  } finally {
    candidates.close()
  }
}

/** At a second from the beginning of the walk: by how much bytes per second, and bytes of bodies, change. */
type Step = { readonly at: number; readonly density: number; readonly bytes: number }

/** What was looked at is added up each time that there are so many steps more. */
const stepsBetweenLooks = 64
/** Two per segment: where streams are many and sparse there is no end of them. */
const stepsMax = 8_192

/** Bytes between the beginning and a second. */
function bytesUpTo(steps: readonly Step[], second: number): number {
  let bytes = 0
  for (const { at, density } of steps) if (at < second) bytes += density * (second - at)
  return bytes
}

/** Bytes of the bodies across a moment, at most. */
function mostAtOnce(steps: readonly Step[]): number {
  let open = 0
  let most = 0
  for (const { bytes } of steps) {
    open += bytes
    most = Math.max(most, open)
  }
  return most
}

/** Whole seconds, ascending and below `last`, between which about `bytesPerPart` lie. */
function spread(steps: readonly Step[], bytesPerPart: number, last: number): number[] {
  const cuts: number[] = []
  let density = 0
  let bytes = 0
  let at = 0
  for (const step of steps) {
    // Sums and differences leave a little of what is nothing.
    while (step.at > at && bytes + density * (step.at - at) >= bytesPerPart) {
      const cut = Math.max(at + 1, Math.ceil(at + (bytesPerPart - bytes) / density))
      if (cut >= step.at) break
      if (cut >= last) return cuts
      if (cut > (cuts.at(-1) ?? 0)) cuts.push(cut)
      at = cut
      bytes = 0
    }
    bytes += density * (step.at - at)
    at = step.at
    density += step.density
  }
  return cuts
}
