/**
 * Writes commits: lines, positions, files and fragments in one transaction, as one journal row, large parts
 * as blocks.
 */

import type { StoreLimits } from '../limits/store.ts'
import type { Changes } from './changes.ts'
import type { Commit } from './contract.ts'
import type { Connection } from './database.ts'
import { encodeMoves, type FileTable } from './file-table.ts'
import type { JournalIndex } from './journal-index.ts'
import { bodyBytesOf, encodeJournalRow, linesOfInput, type SegmentInput } from './journal-row.ts'
import type { Sealing } from './sealing.ts'
import type { StreamTable } from './stream-table.ts'
import type { AfterCommit } from './transaction.ts'

/** Commit numbers are epoch x 2^32 + counter: never used again, even after a power cut. */
const commitsPerEpoch = 2 ** 32

type Deps = {
  readonly connection: Connection
  readonly limits: StoreLimits
  readonly changes: Changes
  readonly journal: JournalIndex
  readonly streams: StreamTable
  readonly files: FileTable
  readonly sealing: Sealing
  /** A stream got new blocks. */
  readonly onSealed: (streamId: number) => void
}

export type Committer = {
  readonly commit: (commit: Commit) => number
  /** Number of the newest commit; 0 before the first of a new database. */
  readonly last: () => number
}

export function createCommitter(deps: Deps): Committer {
  const { connection, changes, journal, streams, files } = deps
  const insertRow = connection.prepare(
    `INSERT INTO journal
       (last_commit, first_commit, arrival_min, arrival_max, tier, raw_bytes, moves, head, body)
     VALUES (@number, @number, @arrivalSec, @arrivalSec, 0, @rawBytes, @moves, @head, @body)`,
  )
  let next = raiseEpoch(connection) * commitsPerEpoch + 1
  let last = journal.rows.at(-1)?.lastCommit ?? 0
  return {
    last: () => last,
    commit: (commit) => {
      const number = next++
      changes.runIf((version, after) => {
        const isInserted = streams.insertNew(version, after)
        files.apply(commit)
        after(() => streams.noteFiles(commit.files.map((file) => file.streamId)))
        const { inputs, isSealed } = placeLines(deps, commit, number, version, after)
        const { head, body } = encodeJournalRow(inputs)
        const { arrivalSec } = commit
        const rawBytes = inputs.reduce((sum, input) => sum + bodyBytesOf(input), 0)
        const moves = encodeMoves([...commit.files, ...commit.moves])
        insertRow.run({ number, arrivalSec, rawBytes, moves, head, body })
        const segments = inputs.map(linesOfInput)
        const commits = { firstCommit: number, lastCommit: number }
        const arrival = { arrivalMin: arrivalSec, arrivalMax: arrivalSec }
        after(() => journal.add({ ...commits, ...arrival, tier: 0, rawBytes, segments }, () => 0))
        return isInserted || isSealed
      })
      last = number
      return number
    },
  }
}

/** Seals what fills blocks; the rest, in order of streams, is for the journal. */
function placeLines(
  { journal, limits, sealing, streams, onSealed }: Deps,
  commit: Commit,
  number: number,
  version: number,
  after: AfterCommit,
): { inputs: SegmentInput[]; isSealed: boolean } {
  const inputs: SegmentInput[] = []
  let isSealed = false
  for (const [streamId, lines] of [...commit.lines].sort(([a], [b]) => a - b)) {
    const to = lines.lineCount
    if (to === 0) continue
    const firstLine = streams.nextLine(streamId)
    let from = 0
    if (journal.pending(streamId).bytes + lines.bodyBytes >= limits.blockBytes) {
      from = sealing.sealWith(
        streamId,
        { lines, commit: number, arrivalSec: commit.arrivalSec },
        version,
        after,
      )
      isSealed = true
      after(() => onSealed(streamId))
    }
    if (from === to) continue
    const runs = [{ lines: to - from, commit: number }]
    inputs.push({ streamId, firstLine: firstLine + from, lines, from, to, runs })
  }
  return { inputs, isSealed }
}

/** Raises the epoch so that it survives a power cut, and returns it. */
function raiseEpoch(connection: Connection): number {
  connection.pragma('synchronous = FULL')
  connection.exec("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
  connection.pragma('synchronous = NORMAL')
  return connection.prepare("SELECT value FROM meta WHERE key = 'epoch'").pluck().get() as number
}
