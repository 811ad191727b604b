/**
 * Folds neighbouring journal rows into one, so that frequent commits do not leave thousands of small rows
 * behind.
 */

import type { StoreLimits } from '../limits/store.ts'
import { utcDay } from './block-cuts.ts'
import type { Connection } from './database.ts'
import { joinMoves } from './file-table.ts'
import type { JournalIndex, JournalRow, PendingPart } from './journal-index.ts'
import type { JournalLoader } from './journal-loader.ts'
import { encodeJournalRow, linesOfInput, type SegmentInput } from './journal-row.ts'
import { joinRuns } from './runs.ts'
import type { AfterCommit } from './transaction.ts'

/** Index of the first of `foldWidth` neighbouring rows that may be folded; null where there are none. */
export function findFoldable(rows: readonly JournalRow[], limits: StoreLimits): number | null {
  const width = limits.foldWidth
  for (let start = rows.length - width; start >= 0; start -= 1) {
    const group = rows.slice(start, start + width)
    const first = group[0] as JournalRow
    const same = group.every(
      (row) => row.tier === first.tier && utcDay(row.arrivalMax) === utcDay(first.arrivalMin),
    )
    const bytes = group.reduce((sum, row) => sum + row.rawBytes, 0)
    if (same && bytes <= limits.foldBytesMax) return start
  }
  return null
}

export type Folding = {
  /** Folds the rows from `start`; sealed lines are left out. Inside a transaction. */
  readonly fold: (start: number, after: AfterCommit) => void
}

type Deps = {
  readonly connection: Connection
  readonly journal: JournalIndex
  readonly loader: JournalLoader
  readonly limits: StoreLimits
}

export function createFolding({ connection, journal, loader, limits }: Deps): Folding {
  const selectMoves = connection.prepare('SELECT moves FROM journal WHERE last_commit = ?').pluck()
  const remove = connection.prepare('DELETE FROM journal WHERE last_commit = ?')
  const insert = connection.prepare(
    `INSERT INTO journal
       (last_commit, first_commit, arrival_min, arrival_max, tier, raw_bytes, moves, head, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  return {
    fold: (start, after) => {
      const group = journal.rows.slice(start, start + limits.foldWidth)
      const inGroup = new Set(group)
      const inputs: SegmentInput[] = []
      for (const streamId of journal.pendingStreams()) {
        const parts = journal.parts(streamId).filter((part) => inGroup.has(part.row))
        const first = parts[0]
        if (first === undefined) continue
        inputs.push(foldedSegment(streamId, first.segment.firstLine, parts, loader))
      }
      const moves = joinMoves(group.map((row) => selectMoves.get(row.lastCommit) as Buffer))
      const { head, body } = encodeJournalRow(inputs)
      const oldest = group[0] as JournalRow
      const newest = group.at(-1) as JournalRow
      const row: JournalRow = {
        firstCommit: oldest.firstCommit,
        lastCommit: newest.lastCommit,
        arrivalMin: oldest.arrivalMin,
        arrivalMax: newest.arrivalMax,
        tier: oldest.tier + 1,
        rawBytes: inputs.reduce((sum, { lines }) => sum + lines.bodyBytes, 0),
        segments: inputs.map(linesOfInput),
      }
      for (const each of group) remove.run(each.lastCommit)
      const { lastCommit, firstCommit, arrivalMin, arrivalMax, tier, rawBytes } = row
      insert.run(lastCommit, firstCommit, arrivalMin, arrivalMax, tier, rawBytes, moves, head, body)
      loader.clear()
      after(() => journal.replace(start, group.length, row))
    },
  }
}

function foldedSegment(
  streamId: number,
  firstLine: number,
  parts: readonly PendingPart[],
  loader: JournalLoader,
): SegmentInput {
  const { lines, parts: arrived } = loader.load(parts)
  const runs = joinRuns(arrived.map((part) => part.runs))
  return { streamId, firstLine, lines, from: 0, to: lines.lineCount, runs }
}
