/** The commits after a place in a tail, each with where its lines are. */

import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { StreamIds } from '../store/stream-ids.ts'

/** Blocks looked at for one window of commits: bounds memory where a tail is far behind. */
const blocksPerWindow = 64
/** Tails that are no further behind share what is found for all streams. */
const sharedCommitsMax = 16

/** The lines of a segment that came with the commits of one window. */
export type WindowSegment = { readonly segment: Segment; readonly from: number; to: number }

/** Lines of a segment that came with one commit. */
export type Piece = { readonly of: WindowSegment; readonly from: number; readonly to: number }

export type TailWindow = {
  /** The last commit of the window, which may have no lines. */
  readonly upTo: number
  /** Oldest first; at least of the streams that were asked for. */
  readonly commits: readonly { readonly commit: number; readonly pieces: readonly Piece[] }[]
}

/** The window that begins after a commit. `streamIds`: null for all. */
export type TailWindows = (after: number, streamIds: StreamIds | null) => TailWindow

/** Valid as long as its snapshot. */
export function createTailWindows(snapshot: Snapshot): TailWindows {
  const shared = new Map<number, TailWindow>()
  return (after, streamIds) => {
    if (snapshot.lastCommit - after > sharedCommitsMax) return readWindow(snapshot, after, streamIds)
    const known = shared.get(after)
    if (known !== undefined) return known
    const window = readWindow(snapshot, after, null)
    shared.set(after, window)
    return window
  }
}

function readWindow(snapshot: Snapshot, after: number, streamIds: StreamIds | null): TailWindow {
  const upTo = Math.min(snapshot.commitWindow(after, blocksPerWindow), snapshot.lastCommit)
  const segments = [
    ...snapshot.blocksOfCommits(after, upTo),
    ...snapshot.journal(after, streamIds).filter(({ commitMin }) => commitMin <= upTo),
  ]
  const piecesOf = new Map<number, Piece[]>()
  for (const segment of segments) {
    if (streamIds !== null && !streamIds.has(segment.streamId)) continue
    addPieces(snapshot, segment, after, upTo, piecesOf)
  }
  const commits = [...piecesOf].map(([commit, pieces]) => ({ commit, pieces }))
  return { upTo, commits: commits.sort((a, b) => a.commit - b.commit) }
}

function addPieces(
  snapshot: Snapshot,
  segment: Segment,
  after: number,
  upTo: number,
  piecesOf: Map<number, Piece[]>,
): void {
  const { commitMin, commitMax, lineCount } = segment
  const isOne = commitMin === commitMax
  const runs = isOne ? [{ lines: lineCount, commit: commitMin }] : snapshot.runs(segment)
  let from = 0
  let of: WindowSegment | null = null
  for (const { lines, commit } of runs) {
    if (commit > upTo) break
    if (commit > after) {
      of ??= { segment, from, to: from }
      of.to = from + lines
      const piece = { of, from, to: from + lines }
      const pieces = piecesOf.get(commit)
      if (pieces === undefined) piecesOf.set(commit, [piece])
      else pieces.push(piece)
    }
    from += lines
  }
}
