/**
 * Reads what was committed after a commit, in commit order and by time within each: the live half of every
 * tail.
 */

import type { Place } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { SegmentHeap } from './open-segment.ts'
import { orderOf, type PlaceRange, type ScanCount, selectLines, sortByTime } from './select-lines.ts'

/** Blocks looked at for one window of commits: bounds memory where a tail is far behind. */
const blocksPerWindow = 64

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

/** The lines of a segment that came with the commits of one window. */
type WindowSegment = {
  readonly segment: Segment
  readonly from: number
  to: number
  /**
   * Found when the first of its commits is read: a block may hold thousands of commits, and is searched once.
   */
  selected: Uint32Array | null
}

/** Lines of a segment that came with one commit. */
type Piece = { readonly of: WindowSegment; readonly from: number; readonly to: number }

/**
 * The commits after `start`, oldest first, each with its selected lines (maybe none); at least up to where
 * the window ends. The last commit number is returned when there is nothing more.
 */
export function* readCommits(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  start: TailPlace,
  count: ScanCount,
): Generator<CommitHits, void, void> {
  /** With a place, the commit itself is not wholly sent. */
  let after = start.place === null ? start.commit : start.commit - 1
  while (after < snapshot.lastCommit) {
    const upTo = Math.min(snapshot.commitWindow(after, blocksPerWindow), snapshot.lastCommit)
    const commits = collectPieces(snapshot, compiled, after, upTo)
    for (const commit of [...commits.keys()].sort((a, b) => a - b)) {
      const place = commit === start.commit ? start.place : null
      const hits = hitsOf(snapshot, compiled, commits.get(commit) as Piece[], place, count)
      yield { commit, hits }
    }
    yield { commit: upTo, hits: new SegmentHeap(1) }
    after = upTo
  }
}

function collectPieces(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  after: number,
  upTo: number,
): Map<number, Piece[]> {
  const streamIds = compiled.streamsOf(snapshot)
  const commits = new Map<number, Piece[]>()
  const segments = [
    ...snapshot.blocksOfCommits(after, upTo),
    ...snapshot.journal(after, streamIds).filter(({ commitMin }) => commitMin <= upTo),
  ]
  for (const segment of segments) {
    if (streamIds !== null && !streamIds.has(segment.streamId)) continue
    let from = 0
    let of: WindowSegment | null = null
    for (const { lines, commit } of snapshot.runs(segment)) {
      if (commit > upTo) break
      if (commit > after) {
        of ??= { segment, from, to: from, selected: null }
        of.to = from + lines
        const pieces = commits.get(commit)
        const piece = { of, from, to: from + lines }
        if (pieces === undefined) commits.set(commit, [piece])
        else pieces.push(piece)
      }
      from += lines
    }
  }
  return commits
}

/** The selected lines of a commit's pieces; `place`: only what lies after it. */
function hitsOf(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  pieces: readonly Piece[],
  place: Place | null,
  count: ScanCount,
): SegmentHeap {
  const heap = new SegmentHeap(1)
  for (const { of, from, to } of pieces) {
    const { segment } = of
    of.selected ??= selectLines(snapshot, compiled, segment, [of.from, of.to], anyPlace, count)
    const found = of.selected.subarray(firstFrom(of.selected, from), firstFrom(of.selected, to))
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
    const left = place === null ? found.slice() : found.filter(isAfter)
    if (left.length > 0) heap.add(segment, columns, sortByTime(left, segment, columns))
  }
  return heap
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
