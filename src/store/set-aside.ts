/**
 * A broken database is kept beside the new one under another name, with its write-ahead log: much of it can
 * often still be read by hand. There is one at most.
 */

import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../log.ts'
import { databaseFile, reserveFile } from './database.ts'

const setAsideFile = 'set-aside.db'
/** A database and its write-ahead log belong together; the third only serves processes that run. */
const suffixes = ['', '-wal'] as const
const sharedMemorySuffix = '-shm'
const millisecondsPerSecond = 1000

export type SetAside = {
  readonly bytes: number
  /** Of the last write to it, seconds since 1970: no line in it is newer. */
  readonly writtenSec: number
}

/** The database that was set aside; null: there is none. */
export function findSetAside(dataDir: string): SetAside | null {
  return lookAt(join(dataDir, setAsideFile))
}

/** Whether there once was a database in a folder that has none. */
export function hadDatabase(dataDir: string): boolean {
  return existsSync(join(dataDir, reserveFile)) || findSetAside(dataDir) !== null
}

/** Moves a broken database out of the way, and says so. No connection of this process may write to it. */
export function setDatabaseAside(dataDir: string, reason: string, log: Logger): void {
  const deleted = moveAside(join(dataDir, databaseFile), join(dataDir, setAsideFile))
  const path = join(dataDir, setAsideFile)
  log.error('database_set_aside', `The database is broken (${reason}). It is kept beside the new one.`, {
    path,
    bytes: findSetAside(dataDir)?.bytes ?? 0,
  })
  if (deleted === null) return
  const message = 'Of two broken databases the smaller is deleted: one at most is kept.'
  log.error('set_aside_deleted', message, { bytes: deleted.bytes })
}

/** Where one was set aside already the larger of the two is kept. Returns what was deleted. */
function moveAside(path: string, keptPath: string): SetAside | null {
  const broken = lookAt(path)
  const kept = lookAt(keptPath)
  rmSync(`${path}${sharedMemorySuffix}`, { force: true })
  if (broken === null) return null
  const isLarger = kept === null || broken.bytes >= kept.bytes
  remove(isLarger ? keptPath : path)
  if (!isLarger) return broken
  // The database first: a log without its database is dropped by SQLite.
  for (const suffix of suffixes) {
    if (lookAt(`${path}${suffix}`) !== null) renameSync(`${path}${suffix}`, `${keptPath}${suffix}`)
  }
  return kept
}

/** Returns what was deleted; null: there was none. */
export function removeSetAside(dataDir: string): SetAside | null {
  const kept = findSetAside(dataDir)
  if (kept !== null) remove(join(dataDir, setAsideFile))
  return kept
}

function remove(path: string): void {
  for (const suffix of [...suffixes, sharedMemorySuffix]) rmSync(`${path}${suffix}`, { force: true })
}

function lookAt(path: string): SetAside | null {
  const files = suffixes
    .map((suffix) => statSync(`${path}${suffix}`, { throwIfNoEntry: false }))
    .filter((stats) => stats !== undefined)
  if (files.length === 0) return null
  const writtenMs = Math.max(...files.map(({ mtimeMs }) => mtimeMs))
  return {
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    writtenSec: Math.floor(writtenMs / millisecondsPerSecond),
  }
}
