/**
 * Walks history in time order as of one commit: opens segments lazily from the walk's end, merges their
 * selected lines.
 */

import type { Place } from '../model/cursor.ts'
import type { BlockRange } from '../store/block-finder.ts'
import type { Snapshot } from '../store/reader.ts'
import { linesUpTo } from '../store/runs.ts'
import type { Segment } from '../store/segment.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { type Hit, type HitList, SegmentHeap } from './open-segment.ts'
import type { Direction } from './plan.ts'
import { type PlaceRange, type ScanCount, selectLines, sortByTime } from './select-lines.ts'

export type HistoryRequest = {
  readonly direction: Direction
  /** Most lines to return, at least one. */
  readonly limit: number
  /** Lines committed later are not seen. */
  readonly commit: number
  /** What is left of the walk: its range, cut at the place that was reached. */
  readonly range: PlaceRange
  /** As in `HistoryTask`; none unless given. */
  readonly endSec?: number | null
  readonly clearTo?: number | null
  /** Asked before each segment is opened: true ends the slice once the walk has moved. */
  readonly isOver: (count: ScanCount) => boolean
}

export type HistorySlice = {
  /** In the order of the walk. */
  readonly hits: HitList
  /**
   * Why it ended: nothing lies beyond, the limit was reached (there may be more), or `isOver` said so before
   * it was.
   */
  readonly end: 'exhausted' | 'limit' | 'over'
  /** A line beyond the limit was seen. */
  readonly isMoreSeen: boolean
  /** Where the walk goes on, exclusive; meaningless when it is exhausted. */
  readonly place: Place
  /** No segment that was opened has selected lines behind where it ended. */
  readonly isClear: boolean
}

/**
 * Segments in the order in which the walk may need them, with the second that none of the rest goes beyond.
 */
type Candidates = {
  /** Bound of the next segment; null at the end. */
  readonly bound: () => number | null
  readonly take: () => Segment
  readonly close: () => void
}

export function walkHistory(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  request: HistoryRequest,
  count: ScanCount,
): HistorySlice {
  const { direction, limit, range, endSec = null } = request
  const isForward = direction === 'forward'
  const stop = endSec === null || isForward ? endSec : endSec - 1
  const candidates = candidatesOf(snapshot, compiled, request)
  const heap = new SegmentHeap(isForward ? 1 : -1)
  const hits = heap.list()
  const start = isForward ? range.after : range.before
  try {
    for (;;) {
      const bound = nearer(candidates.bound(), stop, isForward)
      // What comes before all segments that are not opened yet.
      heap.takeBefore(bound, limit, hits)
      const top = heap.topSecond
      const isBehind = top === null || (bound !== null && (isForward ? bound <= top : bound >= top))
      if (isBehind && bound === stop)
        return { hits, end: 'exhausted', isMoreSeen: false, place: start, isClear: top === null }
      if (isBehind && bound !== null) {
        const reached: Place = { sec: isForward ? bound : bound + 1, ns: 0, streamId: 0, line: 0 }
        const hasMoved = isForward ? reached.sec > start.sec : reached.sec < start.sec
        if (hasMoved && request.isOver(count)) {
          if (hits.length < limit)
            return { hits, end: 'over', isMoreSeen: false, place: reached, isClear: top === null }
          return { hits, end: 'limit', isMoreSeen: false, place: placeOf(hits.at(limit - 1)), isClear: false }
        }
        openNext(snapshot, compiled, candidates.take(), request, heap, count)
        continue
      }
      return { hits, end: 'limit', isMoreSeen: true, place: placeOf(hits.at(limit - 1)), isClear: false }
    }
  } finally {
    candidates.close()
  }
}

/** The one of two seconds that a walk reaches first; null: never. */
function nearer(one: number | null, other: number | null, isForward: boolean): number | null {
  if (one === null || other === null) return one ?? other
  return isForward ? Math.min(one, other) : Math.max(one, other)
}

export function placeOf({ segment, columns, index }: Hit): Place {
  const sec = columns.seconds[index] as number
  return {
    sec,
    ns: columns.nanos[index] as number,
    streamId: segment.streamId,
    line: segment.firstLine + index,
  }
}

function openNext(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  segment: Segment,
  { commit, range }: HistoryRequest,
  heap: SegmentHeap,
  count: ScanCount,
): void {
  const visible = segment.commitMax <= commit ? segment.lineCount : linesUpTo(snapshot.runs(segment), commit)
  const selected = selectLines(snapshot, compiled, segment, [0, visible], range, count)
  if (selected.length === 0) return
  const columns = snapshot.columns(segment)
  heap.add(segment, columns, sortByTime(selected, segment, columns))
}

function blockId({ place }: Segment): number {
  return place.kind === 'block' ? place.id : Number.POSITIVE_INFINITY
}

/** To be closed when no more are wanted. */
export function candidatesOf(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  request: Pick<HistoryRequest, 'direction' | 'commit' | 'range' | 'clearTo'>,
): Candidates {
  const { range, commit, clearTo = null } = request
  const isForward = request.direction === 'forward'
  const fromSec = range.after.sec
  const toSec = range.before.sec
  const streamIds = compiled.streamsOf(snapshot)
  const boundOf = (segment: Segment): number =>
    isForward ? Math.max(segment.minSec, fromSec) : Math.min(segment.maxSec, toSec)
  const journal = snapshot
    .journal(0, streamIds)
    .filter((segment) => segment.commitMin <= commit)
    .filter((segment) => segment.maxSec >= fromSec && segment.minSec <= toSec)
    .sort((a, b) => (isForward ? boundOf(b) - boundOf(a) : boundOf(a) - boundOf(b)))
  const { requiredGrams } = compiled
  const blockRange: BlockRange = {
    streamIds,
    fromSec,
    toSec,
    ...(requiredGrams.length > 0 && { requiredGrams }),
  }
  /** It holds seconds on both sides of the place where the walk begins. */
  const isAcross = ({ minSec, maxSec }: Segment): boolean => (isForward ? minSec < fromSec : maxSec >= toSec)
  const blocks = isForward ? snapshot.oldestBlocks(blockRange) : snapshot.newestBlocks(blockRange)
  const nextBlock = (): Segment | null => {
    for (;;) {
      const { value, done } = blocks.next()
      if (done) return null
      if (clearTo !== null && isAcross(value) && blockId(value) <= clearTo) continue
      if (value.commitMin <= commit) return value
    }
  }
  let block = nextBlock()
  /** Whether the next segment comes from the journal. */
  const isJournalNext = (): boolean => {
    const last = journal.at(-1)
    if (last === undefined) return false
    if (block === null) return true
    return isForward ? boundOf(last) <= boundOf(block) : boundOf(last) >= boundOf(block)
  }
  return {
    bound: () => {
      const next = isJournalNext() ? journal.at(-1) : block
      return next == null ? null : boundOf(next)
    },
    take: () => {
      if (isJournalNext()) return journal.pop() as Segment
      const taken = block as Segment
      block = nextBlock()
      return taken
    },
    close: () => {
      blocks.return()
    },
  }
}
