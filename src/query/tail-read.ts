/**
 * Reads what was committed after a commit, in commit order and by time within each: the live half of every
 * tail.
 */

import type { Place } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { StreamIds } from '../store/stream-ids.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { SegmentHeap } from './open-segment.ts'
import { orderOf, type PlaceRange, type ScanCount, selectLines, sortByTime } from './select-lines.ts'
import { createTailWindows, type Piece, type TailWindows, type WindowSegment } from './tail-windows.ts'

/** Any place: tails deliver whatever the time. */
const anyPlace: PlaceRange = {
  after: { sec: Number.NEGATIVE_INFINITY, ns: 0, streamId: 0, line: 0 },
  before: { sec: Number.POSITIVE_INFINITY, ns: 0, streamId: 0, line: 0 },
}

/**
 * Everything up to `commit` was sent; if `place` is set, of that commit itself only what lies up to there.
 */
export type TailPlace = { readonly commit: number; readonly place: Place | null }

/** The selected lines of one commit, to be taken by time. */
export type CommitHits = { readonly commit: number; readonly hits: SegmentHeap }

/**
 * The commits after `start`, oldest first, each with its selected lines (maybe none); at least up to where
 * the window ends. The last commit number is returned when there is nothing more. `windows`: shared by the
 * tails that are read over the same snapshot.
 */
export function* readCommits(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  start: TailPlace,
  count: ScanCount,
  windows: TailWindows = createTailWindows(snapshot),
): Generator<CommitHits, void, void> {
  const streamIds = compiled.streamsOf(snapshot)
  const read: WindowRead = { snapshot, compiled, streamIds, selected: new Map(), count }
  /** With a place, the commit itself is not wholly sent. */
  let after = start.place === null ? start.commit : start.commit - 1
  while (after < snapshot.lastCommit) {
    const { upTo, commits } = windows(after, streamIds)
    for (const { commit, pieces } of commits) {
      const place = commit === start.commit ? start.place : null
      yield { commit, hits: hitsOf(read, pieces, place) }
    }
    yield { commit: upTo, hits: new SegmentHeap(1) }
    read.selected.clear()
    after = upTo
  }
}

type WindowRead = {
  readonly snapshot: Snapshot
  readonly compiled: CompiledPlan
  /** Null: all. */
  readonly streamIds: StreamIds | null
  /**
   * Lines of segments with several commits, found when the first of these is read: a block may hold thousands
   * of commits, and is searched once.
   */
  readonly selected: Map<WindowSegment, Uint32Array>
  readonly count: ScanCount
}

/** The selected lines of a commit's pieces; `place`: only what lies after it. */
function hitsOf(read: WindowRead, pieces: readonly Piece[], place: Place | null): SegmentHeap {
  const { snapshot, streamIds } = read
  const heap = new SegmentHeap(1)
  for (const piece of pieces) {
    const { segment } = piece.of
    if (streamIds !== null && !streamIds.has(segment.streamId)) continue
    const found = selectPiece(read, piece)
    if (found.length === 0) continue
    const columns = snapshot.columns(segment)
    const { seconds, nanos } = columns
    const isAfter = (index: number): boolean =>
      place === null ||
      orderOf(
        seconds[index] as number,
        nanos[index] as number,
        segment.streamId,
        segment.firstLine + index,
        place,
      ) > 0
    const left = place === null ? found : found.filter(isAfter)
    if (left.length > 0) heap.add(segment, columns, sortByTime(left, segment, columns))
  }
  return heap
}

/** The caller's own. */
function selectPiece(
  { snapshot, compiled, selected, count }: WindowRead,
  { of, from, to }: Piece,
): Uint32Array {
  const { segment } = of
  if (of.from === from && of.to === to)
    return selectLines(snapshot, compiled, segment, [from, to], anyPlace, count)
  let lines = selected.get(of)
  if (lines === undefined) {
    lines = selectLines(snapshot, compiled, segment, [of.from, of.to], anyPlace, count)
    selected.set(of, lines)
  }
  return lines.slice(firstFrom(lines, from), firstFrom(lines, to))
}

/** Position of the first of the ascending `indexes` that is not below `index`. */
function firstFrom(indexes: Uint32Array, index: number): number {
  let low = 0
  let high = indexes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((indexes[middle] as number) < index) low = middle + 1
    else high = middle
  }
  return low
}
