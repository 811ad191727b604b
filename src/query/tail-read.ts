/** Reads what was committed after a commit, in commit order and by time within each: the live half of every tail. */

import { comparePlaces, type Place } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { placeOf } from './history.ts'
import type { Hit } from './open-segment.ts'
import { type PlaceRange, type ScanCount, selectLines } from './select-lines.ts'

/** Blocks looked at for one window of commits: bounds memory where a tail is far behind. */
const blocksPerWindow = 64

/** Any place: tails deliver whatever the time. */
const anyPlace: PlaceRange = {
  after: { sec: Number.NEGATIVE_INFINITY, ns: 0, streamId: 0, line: 0 },
  before: { sec: Number.POSITIVE_INFINITY, ns: 0, streamId: 0, line: 0 },
}

/** Everything up to `commit` was sent; if `place` is set, of that commit itself only what lies up to there. */
export type TailPlace = { readonly commit: number; readonly place: Place | null }

/** The selected lines of one commit, by time. */
export type CommitHits = { readonly commit: number; readonly hits: readonly Hit[] }

/** Lines of a segment that came with one commit. */
type Piece = { readonly segment: Segment; readonly from: number; readonly to: number }

/**
 * The commits after `start`, oldest first, each with its selected lines (maybe none); at least up to where the window
 * ends. The last commit number is returned when there is nothing more.
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
      const hits = hitsOf(snapshot, compiled, commits.get(commit) as Piece[], count)
      const place = commit === start.commit ? start.place : null
      yield {
        commit,
        hits: place === null ? hits : hits.filter((hit) => comparePlaces(placeOf(hit), place) > 0),
      }
    }
    yield { commit: upTo, hits: [] }
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
    ...snapshot.journal(after).filter(({ commitMin }) => commitMin <= upTo),
  ]
  for (const segment of segments) {
    if (streamIds !== null && !streamIds.has(segment.streamId)) continue
    let from = 0
    for (const { lines, commit } of snapshot.runs(segment)) {
      if (commit > upTo) break
      if (commit > after) {
        const pieces = commits.get(commit)
        const piece = { segment, from, to: from + lines }
        if (pieces === undefined) commits.set(commit, [piece])
        else pieces.push(piece)
      }
      from += lines
    }
  }
  return commits
}

function hitsOf(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  pieces: readonly Piece[],
  count: ScanCount,
): Hit[] {
  const hits: Hit[] = []
  for (const { segment, from, to } of pieces) {
    const selected = selectLines(snapshot, compiled, segment, [from, to], anyPlace, count)
    if (selected.length === 0) continue
    const columns = snapshot.columns(segment)
    for (const index of selected) hits.push({ segment, columns, index })
  }
  return hits.sort((a, b) => comparePlaces(placeOf(a), placeOf(b)))
}
