/**
 * Cuts what is left of a walk into parts of about equal work, by the headers of segments alone, so that
 * threads can read neighbouring parts at the same time.
 */

import { queryLimits } from '../limits/query.ts'
import type { Cursor } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { candidatesOf } from './history.ts'
import type { Direction } from './plan.ts'
import { rangeOf } from './walk-cursor.ts'

export type CutRequest = {
  readonly cursor: Cursor
  readonly direction: Direction
  /** Of bodies, as if each block's were spread evenly over its time. */
  readonly bytesPerPart: number
}

/**
 * Whole seconds at which parts end, in the order of the walk: a part of a backward walk has its second as its
 * first, the next one ends before it. Behind the last lies what was not looked at, or little.
 */
export function findCuts(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  { cursor, direction, bytesPerPart }: CutRequest,
): number[] {
  const isForward = direction === 'forward'
  const range = rangeOf(cursor, direction)
  const candidates = candidatesOf(snapshot, compiled, { direction, commit: cursor.commit, range })
  const seen: Segment[] = []
  const bytesMax = bytesPerPart * queryLimits.partsMax
  let bytes = 0
  try {
    while (candidates.bound() !== null && bytes < bytesMax) {
      const segment = candidates.take()
      bytes += segment.rawBytes
      seen.push(segment)
    }
    const horizon = candidates.bound()
    // Seconds count from the walk's beginning on, whichever way it goes.
    const sign = isForward ? 1 : -1
    const start = isForward ? range.after.sec : range.before.sec
    const beginOf = ({ minSec, maxSec }: Segment): number => sign * ((isForward ? minSec : maxSec) - start)
    const steps = seen.flatMap((segment) => {
      const begin = Math.max(0, beginOf(segment))
      const length = segment.maxSec - segment.minSec + 1
      const end = Math.max(begin + 1, beginOf(segment) + length)
      const density = segment.rawBytes / length
      return [
        { at: begin, density },
        { at: end, density: -density },
      ]
    })
    const last = horizon === null ? Number.POSITIVE_INFINITY : sign * (horizon - start)
    return spread(steps, bytesPerPart, last).map((second) => start + sign * second)
  } finally {
    candidates.close()
  }
}

/** Whole seconds, ascending and below `last`, between which about `bytesPerPart` lie. */
function spread(
  steps: { readonly at: number; readonly density: number }[],
  bytesPerPart: number,
  last: number,
): number[] {
  steps.sort((one, other) => one.at - other.at)
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
