/**
 * The only writer of the database: commits lines together with read positions, and keeps the database in
 * shape.
 */

import { type StoreLimits, storeLimits } from '../limits/store.ts'
import type { Logger } from '../log.ts'
import type { StreamLabels } from '../model/entry.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { createBlockWriter } from './block-writer.ts'
import { createChanges } from './changes.ts'
import { createCommitter } from './committer.ts'
import type { Commit, LostDatabase, Recovered, StoreCounters, UpkeepCounts } from './contract.ts'
import {
  asUnusable,
  type Connection,
  databaseIdentity,
  isDamaged,
  isDiskFull,
  lockDataDir,
  openForWriting,
} from './database.ts'
import { createDiskRoom } from './disk.ts'
import { createEncodeAhead } from './encode-ahead.ts'
import { createFileTable } from './file-table.ts'
import { createFullDisk, type FullDisk } from './full-disk.ts'
import { JournalIndex } from './journal-index.ts'
import { createJournalLoader } from './journal-loader.ts'
import { loadStored } from './load-stored.ts'
import { createLossWatch } from './loss-watch.ts'
import { createMerging } from './merging.ts'
import { createPacking } from './packing.ts'
import { createRetention, type RetentionCounts, type RetentionSettings } from './retention.ts'
import { createSealing } from './sealing.ts'
import { findSetAside, hadDatabase, setDatabaseAside } from './set-aside.ts'
import { createStreamTable } from './stream-table.ts'
import { createSweeping } from './sweeping.ts'
import { createUpkeep } from './upkeep.ts'

const millisecondsPerSecond = 1000
/** To open a database takes some for files beside it. */
const openingBytes = 1024 * 1024

export type WriterOptions = {
  readonly dataDir: string
  readonly retention: RetentionSettings
  /** The database before was lost while it was written to: see `Writer.lost`. */
  readonly lost?: LostDatabase
  readonly log?: Logger
  readonly nowMs?: () => number
  /** Other figures than the program's own, for tests. */
  readonly limits?: StoreLimits
}

export type Writer = {
  /** What a restart needs; to be called once, before the first commit. */
  readonly recover: () => Recovered
  /** Stream id of these labels, for ever; a new stream is inserted with the next commit. */
  readonly resolveStream: (labels: StreamLabels) => number
  readonly nextFileId: () => number
  /**
   * Lines of the next commit, of a stream that has much more: what will be full blocks may be encoded
   * already. They stay as they are until that commit.
   */
  readonly foresee: (streamId: number, lines: LineBuffer) => void
  /**
   * Writes all of it or nothing, and returns the commit's number. Throws what SQLite throws; where the disk
   * was full, the oldest lines were deleted for the next attempt.
   */
  readonly commit: (commit: Commit) => number
  /** Number of the newest commit; 0 before the first of a new database. */
  readonly lastCommit: () => number
  /** Bounded steps of upkeep, one at least, for about `budgetMs`; true when there is more to do now. */
  readonly maintain: (nowSec: number, budgetMs: number) => boolean
  /** What retention has deleted since the start. */
  readonly swept: Readonly<RetentionCounts>
  /** What was done since the start. Asks the database for one figure: about 10 µs. */
  readonly counters: () => StoreCounters
  /** Why nothing can be written here ever again; null: it can. Takes about 3 µs. */
  readonly lost: () => LostDatabase | null
  /** Checkpoints and closes. */
  readonly close: () => void
}

/**
 * A database that is broken is set aside, and a new one made in its place. Throws `LogkeepError`:
 * DATA_DIR_UNUSABLE, SECOND_INSTANCE, NEWER_DATABASE.
 */
export function openWriter(options: WriterOptions): Writer {
  const { dataDir, lost, log = quiet } = options
  const lock = lockDataDir(dataDir)
  try {
    if (lost?.isDamaged) setDatabaseAside(dataDir, lost.reason, log)
    try {
      return connect(options, log, lock.close)
    } catch (error) {
      if (!isDamaged(error)) throw error
      setDatabaseAside(dataDir, (error as Error).message, log)
      return connect(options, log, lock.close)
    }
  } catch (error) {
    lock.close()
    throw error
  }
}

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function connect(options: WriterOptions, log: Logger, unlock: () => void): Writer {
  const { dataDir, lost, nowMs = Date.now } = options
  const isReplaced = databaseIdentity(dataDir) === null && (lost !== undefined || hadDatabase(dataDir))
  const replacedSec = isReplaced ? Math.floor(nowMs() / millisecondsPerSecond) : null
  createDiskRoom(dataDir).releaseBelow(openingBytes)
  const connection = openForWriting(dataDir, replacedSec, options.limits)
  try {
    const writer = createWriter(connection, options, log, unlock)
    const setAside = findSetAside(dataDir)
    const bytes = setAside === null ? {} : { setAsideBytes: setAside.bytes }
    if (isReplaced) log.error('database_replaced', replacedMessage, { dataDir, ...bytes })
    else if (setAside !== null) log.warn('set_aside_found', setAsideMessage, { dataDir, ...bytes })
    return writer
  } catch (error) {
    connection.close()
    throw isDiskFull(error) ? asUnusable(error, dataDir) : error
  }
}

const replacedMessage =
  'A new database takes the place of one that was lost: log files that are still there are read again.'
const setAsideMessage =
  'A broken database lies beside the one in use, and counts for the size of the data folder.'

function createWriter(
  connection: Connection,
  options: WriterOptions,
  log: Logger,
  unlock: () => void,
): Writer {
  const limits = options.limits ?? storeLimits
  const { ahead, committer, counts, files, fullDisk, loader, retention, sealing, streams, sweeping, upkeep } =
    createParts(connection, options, limits, log)
  const { lost, watched } = createLossWatch(options.dataDir)
  const foresee = watched(sealing.foresee)
  let upkeepMs = 0
  const withRoom = createRoomGiver(fullDisk, log)
  return {
    recover: watched(() => files.recover()),
    resolveStream: watched(streams.resolve),
    nextFileId: files.nextId,
    foresee: (streamId, lines) => {
      try {
        foresee(streamId, lines)
      } catch {
        // It reads the journal; the commit meets the same there, and says so.
      }
    },
    commit: watched((commit) => {
      const loss = lost()
      if (loss !== null) throw new Error(loss.reason)
      return withRoom('commit', () => {
        const number = committer.commit(commit)
        sealing.settle()
        if (!upkeep.isSealing()) loader.clear()
        return number
      })
    }),
    lastCommit: committer.last,
    lost,
    swept: retention.swept,
    counters: watched(() => ({
      ...counts,
      swept: { ...retention.swept },
      oldestArrivalSec: sweeping.oldestArrival(),
      upkeepSec: upkeepMs / millisecondsPerSecond,
    })),
    maintain: watched((nowSec, budgetMs) => {
      const started = performance.now()
      const untilMs = started + (upkeep.isLate() ? limits.sealLateMs : budgetMs)
      if (lost() !== null) return false
      try {
        do {
          if (!withRoom('upkeep', () => upkeep.step(nowSec))) return false
        } while (performance.now() < untilMs)
        return true
      } finally {
        upkeepMs += performance.now() - started
      }
    }),
    close: () => {
      ahead.close()
      if (lost() === null) fullDisk.settle()
      connection.close()
      unlock()
    },
  }
}

/** The same write, on a disk that may be full: where it finds no room, a later one will. */
function createRoomGiver(fullDisk: FullDisk, log: Logger) {
  const failures = { commit: 0, upkeep: 0 }
  return <T>(kind: keyof typeof failures, write: () => T): T => {
    try {
      fullDisk.prepare()
      const result = write()
      failures[kind] = 0
      return result
    } catch (cause) {
      failures[kind] += 1
      try {
        fullDisk.makeRoom(cause, failures[kind])
      } catch (error) {
        log.debug('room_refused', (error as Error).message)
      }
      throw cause
    }
  }
}

/** What the writer is made of, over the database as it is found. */
function createParts(connection: Connection, options: WriterOptions, limits: StoreLimits, log: Logger) {
  const { dataDir } = options
  const journal = new JournalIndex()
  const loader = createJournalLoader(connection)
  const streams = createStreamTable(connection, journal)
  const files = createFileTable(connection)
  loadStored(connection, journal, files, streams.sealedLine)
  const blocks = createBlockWriter(connection, limits)
  const changes = createChanges(connection, blocks, loader)
  const counts: UpkeepCounts = { blocksSealed: 0, merges: 0, folds: 0 }
  const ahead = createEncodeAhead(limits, log)
  const sealing = createSealing({ journal, loader, streams, blocks, ahead, limits, counts })
  const merging = createMerging(connection, blocks, limits)
  const packing = createPacking(connection, limits, counts)
  const room = createDiskRoom(dataDir)
  const sweeping = createSweeping({ connection, journal, streams })
  const { retention: settings } = options
  const retention = createRetention({
    limits,
    connection,
    sweeping,
    room,
    settings,
    dataDir,
    log,
    change: changes.run,
  })
  const fullDisk = createFullDisk({ connection, room, retention })
  // What a full disk has left in the WAL comes first: without a reserve nothing but that may take room.
  if (room.reserveBytes() === 0) fullDisk.settle()
  room.takeReserve()
  const shared = { connection, limits, changes, journal, loader, files, sealing }
  const upkeep = createUpkeep({ ...shared, merging, packing, retention, counts })
  const committer = createCommitter({ ...shared, streams, onSealed: upkeep.noteSealed })
  return { ahead, committer, counts, files, fullDisk, loader, retention, sealing, streams, sweeping, upkeep }
}
