/**
 * The only writer of the database: commits lines together with read positions, and keeps the database in
 * shape.
 */

import { type StoreLimits, storeLimits } from '../limits/store.ts'
import type { StreamLabels } from '../model/entry.ts'
import { createBlockWriter } from './block-writer.ts'
import { createChanges } from './changes.ts'
import { createCommitter } from './committer.ts'
import type { Commit, Recovered, StoreCounters, UpkeepCounts } from './contract.ts'
import { type Connection, isDiskFull, lockDataDir, openForWriting } from './database.ts'
import { createDiskRoom } from './disk.ts'
import { createFileTable } from './file-table.ts'
import { JournalIndex } from './journal-index.ts'
import { createJournalLoader } from './journal-loader.ts'
import { decodeJournalHead, segmentsOf } from './journal-row.ts'
import { createMerging } from './merging.ts'
import { createRetention, type RetentionCounts, type RetentionSettings } from './retention.ts'
import { createSealing } from './sealing.ts'
import { createStreamTable } from './stream-table.ts'
import { createSweeping } from './sweeping.ts'
import { createUpkeep } from './upkeep.ts'

const millisecondsPerSecond = 1000

export type WriterOptions = {
  readonly dataDir: string
  readonly retention: RetentionSettings
  /** Other figures than the program's own, for tests. */
  readonly limits?: StoreLimits
}

export type Writer = {
  /** What a restart needs; to be called once, before the first commit. */
  readonly recover: () => Recovered
  /** Stream id of these labels, for ever; a new stream is inserted with the next commit. */
  readonly resolveStream: (labels: StreamLabels) => number
  readonly nextFileId: () => number
  /** Writes all of it or nothing, and returns the commit's number. Throws what SQLite throws. */
  readonly commit: (commit: Commit) => number
  /** Number of the newest commit; 0 before the first of a new database. */
  readonly lastCommit: () => number
  /** Bounded steps of upkeep for at most about `budgetMs`; true when there is more to do now. */
  readonly maintain: (nowSec: number, budgetMs: number) => boolean
  /**
   * After a commit that failed: where the disk is full, frees room by deleting the oldest lines. True: there
   * is some.
   */
  readonly makeRoom: (cause: unknown) => boolean
  /** What retention has deleted since the start. */
  readonly swept: Readonly<RetentionCounts>
  /** What was done since the start. Asks the database for one figure: about 10 µs. */
  readonly counters: () => StoreCounters
  /** Checkpoints and closes. */
  readonly close: () => void
}

/** Throws `LogkeepError`: DATA_DIR_UNUSABLE, SECOND_INSTANCE, NEWER_DATABASE. */
export function openWriter(options: WriterOptions): Writer {
  const lock = lockDataDir(options.dataDir)
  try {
    return createWriter(openForWriting(options.dataDir), options, lock.close)
  } catch (error) {
    lock.close()
    throw error
  }
}

function createWriter(connection: Connection, options: WriterOptions, unlock: () => void): Writer {
  const limits = options.limits ?? storeLimits
  const journal = new JournalIndex()
  const loader = createJournalLoader(connection)
  const streams = createStreamTable(connection, journal)
  loadJournal(connection, journal, streams.sealedLine)
  const files = createFileTable(connection)
  const blocks = createBlockWriter(connection, limits)
  const changes = createChanges(connection, blocks, loader)
  const counts: UpkeepCounts = { blocksSealed: 0, merges: 0, folds: 0 }
  const sealing = createSealing({ journal, loader, streams, blocks, limits, counts })
  const merging = createMerging(connection, blocks, limits)
  const room = createDiskRoom(options.dataDir)
  room.takeReserve()
  const sweeping = createSweeping({ connection, journal, streams })
  const retention = createRetention({
    connection,
    sweeping,
    room,
    settings: options.retention,
    change: changes.run,
  })
  const shared = { connection, limits, changes, journal, files, sealing }
  const upkeep = createUpkeep({ ...shared, loader, merging, retention, counts })
  const committer = createCommitter({ ...shared, streams, onSealed: upkeep.noteSealed })
  let upkeepMs = 0
  const checkpoint = (): void => {
    connection.pragma('wal_checkpoint(TRUNCATE)')
  }
  return {
    recover: () => files.recover(),
    resolveStream: streams.resolve,
    nextFileId: files.nextId,
    commit: committer.commit,
    lastCommit: committer.last,
    swept: retention.swept,
    counters: () => ({
      ...counts,
      swept: { ...retention.swept },
      oldestArrivalSec: sweeping.oldestArrival(),
      upkeepSec: upkeepMs / millisecondsPerSecond,
    }),
    maintain: (nowSec, budgetMs) => {
      const started = performance.now()
      try {
        while (performance.now() < started + budgetMs) if (!upkeep.step(nowSec)) return false
        return true
      } finally {
        upkeepMs += performance.now() - started
      }
    },
    makeRoom: (cause) => {
      if (!isDiskFull(cause)) return false
      room.releaseReserve()
      const isFreed = retention.force()
      checkpoint()
      return isFreed
    },
    close: () => {
      checkpoint()
      connection.close()
      unlock()
    },
  }
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

/** Fills the index from the journal table. */
function loadJournal(
  connection: Connection,
  journal: JournalIndex,
  sealedLine: (id: number) => number,
): void {
  const rows = connection.prepare(
    'SELECT last_commit, first_commit, arrival_min, arrival_max, tier, raw_bytes, head FROM journal ORDER BY last_commit',
  )
  for (const row of rows.all() as StoredRow[]) {
    journal.add(
      {
        firstCommit: row.first_commit,
        lastCommit: row.last_commit,
        arrivalMin: row.arrival_min,
        arrivalMax: row.arrival_max,
        tier: row.tier,
        rawBytes: row.raw_bytes,
        segments: segmentsOf(decodeJournalHead(row.head)),
      },
      sealedLine,
    )
  }
}
