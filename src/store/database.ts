/**
 * Opens the database file: its lock against a second instance, its page settings, its schema. Figures:
 * `docs/performance.md`.
 */

import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { LogkeepError } from '../errors.ts'
import { type StoreLimits, storeLimits } from '../limits/store.ts'
import { migrate } from './migrate.ts'

export type Connection = Database.Database

/** How SQLite treats the file. Those of `limits/` unless something is to be measured. */
export type FileSettings = Pick<
  StoreLimits,
  'pageBytes' | 'cacheBytes' | 'mmapBytes' | 'checkpointBytes' | 'synchronous'
>

/** Owner only: log text may hold secrets. */
const databaseMode = 0o600

/** Names of the files in the data folder. */
export const databaseFile = 'logkeep.db'
export const lockFile = 'logkeep.lock'
/** Taken once a database is open: where it lies, there was one. */
export const reserveFile = 'reserve'

/** Path of the database in a data folder. */
export function databasePath(dataDir: string): string {
  return join(dataDir, databaseFile)
}

/**
 * Which file lies at the database's path, as device and inode; null: none, or an empty one. Takes about 3 µs.
 */
export function databaseIdentity(dataDir: string): string | null {
  try {
    const stats = statSync(databasePath(dataDir), { bigint: true, throwIfNoEntry: false })
    return stats === undefined || stats.size === 0n ? null : `${stats.dev}/${stats.ino}`
  } catch {
    // Its folder cannot be looked into.
    return null
  }
}

/**
 * Opens the only writing connection, after migrating. `replacedSec`: noted in a database that is made anew.
 * Throws `LogkeepError`: DATA_DIR_UNUSABLE, NEWER_DATABASE; and as it is what `isDamaged` knows. The data
 * folder is created where it is missing.
 */
export function openForWriting(
  dataDir: string,
  replacedSec: number | null,
  settings: FileSettings = storeLimits,
): Connection {
  const { pageBytes, checkpointBytes } = settings
  const path = databasePath(dataDir)
  let connection: Connection | null = null
  try {
    makeFolder(dataDir)
    const isNew = databaseIdentity(dataDir) === null
    connection = new Database(path, { timeout: storeLimits.busyTimeoutMs })
    chmodSync(path, databaseMode)
    if (isNew) {
      connection.pragma(`page_size = ${pageBytes}`)
      connection.pragma('auto_vacuum = INCREMENTAL')
    }
    connection.pragma('journal_mode = WAL')
    connection.pragma(`synchronous = ${settings.synchronous}`)
    setMemory(connection, settings)
    connection.pragma(`wal_autocheckpoint = ${checkpointBytes / pageBytes}`)
    connection.pragma(`journal_size_limit = ${checkpointBytes}`)
    migrate(connection, replacedSec)
    return connection
  } catch (error) {
    connection?.close()
    throw isDamaged(error) ? error : asUnusable(error, dataDir)
  }
}

/** Opens a connection for one query thread. Throws when the database does not exist yet. */
export function openForReading(dataDir: string, settings: FileSettings = storeLimits): Connection {
  const connection = new Database(databasePath(dataDir), {
    readonly: true,
    fileMustExist: true,
    timeout: storeLimits.busyTimeoutMs,
  })
  setMemory(connection, settings)
  return connection
}

function setMemory(connection: Connection, { cacheBytes, mmapBytes }: FileSettings): void {
  connection.pragma('temp_store = MEMORY')
  connection.pragma(`cache_size = -${cacheBytes / 1024}`)
  connection.pragma(`mmap_size = ${mmapBytes}`)
}

/**
 * Takes the data folder for this process; the operating system gives it back when the process ends, however
 * it ends. Throws `LogkeepError` SECOND_INSTANCE while another process holds it.
 */
export function lockDataDir(dataDir: string): { readonly close: () => void } {
  const path = join(dataDir, lockFile)
  let connection: Connection
  try {
    makeFolder(dataDir)
    connection = new Database(path, { timeout: 0 })
    chmodSync(path, databaseMode)
  } catch (error) {
    throw asUnusable(error, dataDir)
  }
  try {
    connection.pragma('journal_mode = MEMORY')
    connection.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    connection.close()
    if (isSqliteError(error, 'SQLITE_BUSY')) {
      throw new LogkeepError(
        'SECOND_INSTANCE',
        `another logkeep uses the data folder ${dataDir}`,
        'stop it, or set LOGKEEP_DATA_DIR to a folder of its own for this one',
        { cause: error },
      )
    }
    throw asUnusable(error, dataDir)
  }
  return { close: () => connection.close() }
}

/** Makes a folder and those above it, one by one: Node's own way tries for ever in a place such as /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    makeFolder(dirname(folder))
    mkdirSync(folder)
  }
}

/** Whether an error is SQLite's, with a code that begins with `code` (extended codes continue it). */
export function isSqliteError(error: unknown, code: string): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith(code)
}

/** What is stored does not have the form that it was stored in. */
export class DamagedData extends Error {}

/** Whether an error says that the database's content is broken, so that trying again does not help. */
export function isDamaged(error: unknown): boolean {
  if (isSqliteError(error, 'SQLITE_CORRUPT') || isSqliteError(error, 'SQLITE_NOTADB')) return true
  if (error instanceof DamagedData) return true
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && /^Z(STD)?_/.test(code)
}

/** Whether a write failed for want of room: a disk that fails otherwise is no reason to delete lines. */
export function isDiskFull(error: unknown): boolean {
  return isSqliteError(error, 'SQLITE_FULL') || isSqliteError(error, 'SQLITE_IOERR_SHMSIZE')
}

/** The same error as one for a person: what to do about a folder that the database cannot be opened in. */
export function asUnusable(error: unknown, dataDir: string): Error {
  if (error instanceof LogkeepError) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new LogkeepError(
    'DATA_DIR_UNUSABLE',
    `cannot use the data folder ${dataDir}: ${detail}`,
    'set LOGKEEP_DATA_DIR to a folder that this user may write to, on a disk with room',
    { cause: error },
  )
}
