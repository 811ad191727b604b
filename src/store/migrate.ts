/**
 * Brings a database to this program's schema: numbered SQL files, forward only, each in a transaction of its
 * own.
 */

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { LogkeepError } from '../errors.ts'

const migrationsDir = join(import.meta.dirname, '../../migrations')
const migrationName = /^(\d{4})_[a-z_]+\.sql$/
/** Distinguishes databases in cursors. */
const databaseIdBytes = 3

/**
 * `replacedSec`: noted where the database is made now, when it takes the place of another. Throws
 * `LogkeepError` NEWER_DATABASE when the file was written by a later version.
 */
export function migrate(connection: Database.Database, replacedSec: number | null = null): void {
  const files = readdirSync(migrationsDir).filter((name) => migrationName.test(name))
  const newest = files.length
  const present = connection.pragma('user_version', { simple: true }) as number
  if (present > newest) {
    throw new LogkeepError(
      'NEWER_DATABASE',
      `the database has schema ${present}, this version knows schemas up to ${newest}`,
      'run the version that wrote it or a later one, or set LOGKEEP_DATA_DIR to another folder',
    )
  }
  for (const name of files.sort().slice(present)) {
    const version = Number(migrationName.exec(name)?.[1])
    connection.exec('BEGIN IMMEDIATE')
    try {
      connection.exec(readFileSync(join(migrationsDir, name), 'utf8'))
      if (version === 1) writeIdentity(connection, replacedSec)
      connection.pragma(`user_version = ${version}`)
      connection.exec('COMMIT')
    } catch (error) {
      // SQLite may have rolled back by itself, as where the disk is full.
      if (connection.inTransaction) connection.exec('ROLLBACK')
      throw error
    }
  }
}

function writeIdentity(connection: Database.Database, replacedSec: number | null): void {
  const insert = connection.prepare('INSERT INTO meta (key, value) VALUES (?, ?)')
  insert.run('database_id', randomBytes(databaseIdBytes).toString('hex'))
  insert.run('epoch', 0)
  insert.run('structure', 0)
  if (replacedSec !== null) insert.run('replaced_sec', replacedSec)
}
