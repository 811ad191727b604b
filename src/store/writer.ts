/** The only writer of the database: commits lines together with read positions, seals, folds, merges and sweeps. */

import { storeLimits } from '../limits.ts'
import type { StreamLabels } from '../model/entry.ts'
import { createBlockWriter } from './block-writer.ts'
import type { Commit, PositionMove, Recovered } from './contract.ts'
import { type Connection, lockDataDir, openForWriting } from './database.ts'
import { createDiskRoom } from './disk.ts'
import { createFileTable, encodeMoves } from './file-table.ts'
import { createFolding, findFoldable } from './folding.ts'
import { JournalIndex, type JournalRow } from './journal-index.ts'
import { createJournalLoader } from './journal-loader.ts'
import { decodeJournalHead, encodeJournalRow, type SegmentInput } from './journal-row.ts'
import { createMerging } from './merging.ts'
import { createRetention, type RetentionCounts, type RetentionSettings } from './retention.ts'
import { createSealing } from './sealing.ts'
import { createStreamTable } from './stream-table.ts'
import { createSweeping } from './sweeping.ts'
import { type AfterCommit, createTransactions } from './transaction.ts'

/** Commit numbers are epoch x 2^32 + counter: never used again, even after a power cut. */
export const commitsPerEpoch = 2 ** 32

export type WriterOptions = {
  readonly dataDir: string
  readonly retention: RetentionSettings
}

export type Writer = {
  /** What a restart needs; to be called once, before the first commit. */
  readonly recover: () => Recovered
  /** Stream id of these labels, for ever; a new stream is inserted with the next commit. */
  readonly resolveStream: (labels: StreamLabels) => number
  readonly nextFileId: () => number
  /** Writes all of it or nothing, and returns the commit's number. Throws what SQLite throws; `isDiskFull` tells why. */
  readonly commit: (commit: Commit) => number
  /** Number of the newest commit; 0 before the first of a new database. */
  readonly lastCommit: () => number
  /** Bounded steps of upkeep for at most about `budgetMs`; true when there is more to do now. */
  readonly maintain: (nowSec: number, budgetMs: number) => boolean
  /** After a full disk: frees room by deleting the oldest lines. False when there is nothing to delete. */
  readonly makeRoom: () => boolean
  readonly swept: Readonly<RetentionCounts>
  /** Checkpoints and closes. */
  readonly close: () => void
}

/** Throws `LogkeepError`: DATA_DIR_UNUSABLE, SECOND_INSTANCE, NEWER_DATABASE. */
export function openWriter(options: WriterOptions): Writer {
  const lock = lockDataDir(options.dataDir)
  try {
    const connection = openForWriting(options.dataDir)
    return createWriter(connection, options, lock.close)
  } catch (error) {
    lock.close()
    throw error
  }
}

function createWriter(connection: Connection, options: WriterOptions, unlock: () => void): Writer {
  const transactions = createTransactions(connection)
  const journal = new JournalIndex()
  const loader = createJournalLoader(connection)
  const streams = createStreamTable(connection, journal)
  const files = createFileTable(connection)
  const blocks = createBlockWriter(connection)
  const sealing = createSealing({ journal, loader, streams, blocks })
  const folding = createFolding(connection, journal, loader)
  const merging = createMerging(connection, blocks)
  const room = createDiskRoom(options.dataDir)
  const insertRow = connection.prepare(
    `INSERT INTO journal (last_commit, first_commit, arrival_min, arrival_max, tier, raw_bytes, moves, head, body)
     VALUES (@lastCommit, @lastCommit, @arrivalSec, @arrivalSec, 0, @rawBytes, @moves, @head, @body)`,
  )
  const setMeta = connection.prepare('UPDATE meta SET value = ? WHERE key = ?')
  const getMeta = connection.prepare('SELECT value FROM meta WHERE key = ?').pluck()
  let structure = getMeta.get('structure') as number
  let nextCommit = raiseEpoch(connection) * commitsPerEpoch + 1
  let lastCommit = loadJournal(connection, journal, streams.sealedLine)
  const mergeQueue = new Set<number>()
  let sealQueue: number[] = []
  let sealTarget = 0

  /** A transaction that changes what readers have cached: they see its version and reload. */
  const change = <T>(work: (version: number, after: AfterCommit) => T): T => {
    const version = structure + 1
    try {
      return transactions.run((after) => {
        const result = work(version, after)
        blocks.flushFilters()
        setMeta.run(version, 'structure')
        after(() => {
          structure = version
        })
        return result
      })
    } catch (error) {
      blocks.discardFilters()
      loader.clear()
      throw error
    }
  }

  const retention = createRetention({
    connection,
    sweeping: createSweeping(connection, journal),
    room,
    settings: options.retention,
    change,
  })

  const writeCommit = (commit: Commit, number: number, version: number, after: AfterCommit): boolean => {
    let isStructural = streams.insertNew(version, after)
    files.apply(commit)
    const inputs: SegmentInput[] = []
    for (const [streamId, lines] of [...commit.lines].sort(([a], [b]) => a - b)) {
      if (lines.lineCount === 0) continue
      const firstLine = streams.nextLine(streamId)
      let from = 0
      if (journal.pendingBytes(streamId) + lines.bodyBytes >= storeLimits.blockBytes) {
        const added = { lines, commit: number, arrivalSec: commit.arrivalSec }
        from = sealing.sealWith(streamId, added, version, after)
        isStructural = true
        after(() => mergeQueue.add(streamId))
      }
      const to = lines.lineCount
      if (from === to) continue
      const runs = [{ lines: to - from, commit: number }]
      inputs.push({ streamId, firstLine: firstLine + from, lines, from, to, runs })
    }
    const moves = encodeMoves([...commit.files, ...commit.moves] as PositionMove[])
    const { head, body } = encodeJournalRow(inputs)
    const rawBytes = inputs.reduce(
      (sum, { lines, from, to }) => sum + (lines.ends[to - 1] as number) + 1 - lines.startOf(from),
      0,
    )
    const { arrivalSec } = commit
    insertRow.run({ lastCommit: number, arrivalSec, rawBytes, moves, head, body })
    const row: JournalRow = {
      firstCommit: number,
      lastCommit: number,
      arrivalMin: arrivalSec,
      arrivalMax: arrivalSec,
      tier: 0,
      rawBytes,
      segments: decodeJournalHead(head).segments,
    }
    after(() => journal.add(row, () => 0))
    return isStructural
  }

  const sealSlice = (): void => {
    const slice = sealQueue.slice(0, storeLimits.sealStreamsPerSlice)
    change((version, after) => {
      for (const streamId of slice) sealing.sealPending(streamId, version, after)
      after(() => {
        sealQueue = sealQueue.slice(slice.length)
        for (const streamId of slice) mergeQueue.add(streamId)
      })
    })
    if (sealQueue.length === 0) loader.clear()
  }

  /** Deletes the oldest row once every line of it is sealed; the newest row stays: it holds the last commit's number. */
  const dropSealedRow = (): boolean => {
    const oldest = journal.rows[0]
    if (oldest === undefined || journal.rows.length === 1 || !journal.isSealed(oldest)) return false
    change((_version, after) => {
      const moves = connection.prepare('SELECT moves FROM journal WHERE last_commit = ?').pluck().get(oldest.lastCommit)
      files.applyMoves(moves as Buffer)
      connection.prepare('DELETE FROM journal WHERE last_commit = ?').run(oldest.lastCommit)
      after(() => journal.removeOldest())
    })
    return true
  }

  const mergeNext = (): boolean => {
    const [streamId] = mergeQueue
    if (streamId === undefined) return false
    if (!change((version) => merging.mergeOne(streamId, version))) mergeQueue.delete(streamId)
    return true
  }

  /** One step of the most urgent upkeep; false when there is none. */
  const step = (nowSec: number): boolean => {
    if (sealQueue.length > 0) {
      sealSlice()
      return true
    }
    const oldest = journal.rows[0]
    const isDue =
      oldest !== undefined &&
      oldest.lastCommit > sealTarget &&
      (journal.rawBytes >= storeLimits.journalBytesMax || nowSec - oldest.arrivalMin >= storeLimits.journalAgeMaxSec)
    if (isDue) {
      sealTarget = lastCommit
      sealQueue = journal.pendingStreams()
      return true
    }
    if (dropSealedRow()) return true
    const foldable = findFoldable(journal.rows)
    if (foldable !== null) {
      change((_version, after) => folding.fold(foldable, after))
      return true
    }
    return mergeNext() || retention.step(nowSec)
  }

  return {
    recover: () => files.recover(),
    resolveStream: streams.resolve,
    nextFileId: files.nextId,
    lastCommit: () => lastCommit,
    swept: retention.swept,
    commit: (commit) => {
      const number = nextCommit++
      const version = structure + 1
      try {
        transactions.run((after) => {
          const isStructural = writeCommit(commit, number, version, after)
          blocks.flushFilters()
          if (isStructural) {
            setMeta.run(version, 'structure')
            after(() => {
              structure = version
            })
          }
        })
      } catch (error) {
        blocks.discardFilters()
        loader.clear()
        throw error
      }
      lastCommit = number
      return number
    },
    maintain: (nowSec, budgetMs) => {
      const end = performance.now() + budgetMs
      while (performance.now() < end) if (!step(nowSec)) return false
      return true
    },
    makeRoom: () => {
      room.releaseReserve()
      const freed = retention.force()
      connection.pragma('wal_checkpoint(TRUNCATE)')
      return freed
    },
    close: () => {
      connection.pragma('wal_checkpoint(TRUNCATE)')
      connection.close()
      unlock()
    },
  }
}

/** Raises the epoch so that it survives a power cut, and returns it. */
function raiseEpoch(connection: Connection): number {
  connection.pragma('synchronous = FULL')
  connection.exec("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
  connection.pragma('synchronous = NORMAL')
  return connection.prepare("SELECT value FROM meta WHERE key = 'epoch'").pluck().get() as number
}

/** Fills the index from the journal table; returns the number of the newest commit. */
function loadJournal(connection: Connection, journal: JournalIndex, sealedLine: (id: number) => number): number {
  const rows = connection.prepare(
    `SELECT last_commit, first_commit, arrival_min, arrival_max, tier, raw_bytes, head FROM journal ORDER BY last_commit`,
  )
  let newest = 0
  for (const row of rows.all() as StoredRow[]) {
    journal.add(
      {
        firstCommit: row.first_commit,
        lastCommit: row.last_commit,
        arrivalMin: row.arrival_min,
        arrivalMax: row.arrival_max,
        tier: row.tier,
        rawBytes: row.raw_bytes,
        segments: decodeJournalHead(row.head).segments,
      },
      sealedLine,
    )
    newest = row.last_commit
  }
  return newest
}

type StoredRow = {
  last_commit: number
  first_commit: number
  arrival_min: number
  arrival_max: number
  tier: number
  raw_bytes: number
  head: Buffer
}
