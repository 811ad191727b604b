/**
 * A full disk. In WAL mode even a deletion is written before it frees anything, and the next checkpoint may
 * have to lengthen the database: one that has taken all the room could never shrink again. So it grows only
 * as far as a checkpoint can still lengthen it. Facts: section "A full disk" of `docs/design.md`.
 */

import Database from 'better-sqlite3'
import { type Connection, isDiskFull } from './database.ts'
import type { DiskRoom } from './disk.ts'
import type { Retention } from './retention.ts'

const mebibyte = 1024 * 1024
/** What a transaction puts into the WAL besides new pages: free ones that it uses, others that it changes. */
const reusedBytesMax = 64 * mebibyte
const changedBytesMax = 8 * mebibyte
/** Room in the database, or beside it for the WAL: for a batch of lines that hardly compress. */
const wantedBytes = 12 * mebibyte
/** Doubled with each failure, up to this: a commit that seals what many streams have waiting is larger. */
const wantedBytesMax = 48 * mebibyte
/** A deletion's part of the WAL. */
const sweepBytes = 4 * mebibyte
/** Pages given back to the file system at once. */
const vacuumPages = 256
/** Time for one attempt to make room. */
const freeMs = 500
/** The most that SQLite knows. */
const pagesMax = 4_294_967_294

export type FullDisk = {
  /**
   * Before a write: sets how far it may lengthen the database. Throws SQLITE_FULL where it could take the
   * room that the next checkpoint needs. Takes about 20 µs.
   */
  readonly prepare: () => void
  /**
   * Writes all of the WAL into the database, with the reserve's room where it needs that. False: somebody
   * reads, or even that is not enough.
   */
  readonly settle: () => boolean
  /**
   * After a write that failed for the `failures`th time on end: where the disk is full, frees room for the
   * next attempt, by deleting the oldest lines. Where the error is another one it does nothing. Throws what
   * SQLite throws.
   */
  readonly makeRoom: (cause: unknown, failures: number) => void
}

type Deps = {
  readonly connection: Connection
  readonly room: DiskRoom
  readonly retention: Pick<Retention, 'force'>
}

export function createFullDisk({ connection, room, retention }: Deps): FullDisk {
  const read = (name: string): number => connection.pragma(name, { simple: true }) as number
  const pageBytes = read('page_size')
  const bytesInside = (): number => read('freelist_count') * pageBytes
  /** `done`: all of the WAL is in the database, and it takes no room; `busy`: somebody reads. */
  const checkpoint = (): 'done' | 'busy' | 'full' => {
    try {
      const [result] = connection.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[]
      return result?.busy === 0 ? 'done' : 'busy'
    } catch (error) {
      if (!isDiskFull(error)) throw error
      return 'full'
    }
  }
  const prepare = (): void => {
    const pages = read('page_count')
    // In the WAL only: the next checkpoint lengthens the database by them.
    const ahead = Math.max(0, pages * pageBytes - room.databaseBytes())
    const sure = room.reserveBytes() - ahead
    const left = sure + room.freeBytes() - Math.min(bytesInside(), reusedBytesMax) - changedBytesMax
    if (sure < 0 && left < 0) throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL')
    // A page more is one in the WAL first, and then in the database too.
    const growth = Math.max(0, sure, left / 2)
    connection.pragma(`max_page_count = ${Math.min(pages + Math.floor(growth / pageBytes), pagesMax)}`)
  }
  /** Lengthening has to come first: the reserve is for that, and may go for something else afterwards. */
  const settle = (): boolean => {
    const result = checkpoint()
    if (result !== 'full') return result === 'done'
    room.releaseBelow(Number.POSITIVE_INFINITY)
    return checkpoint() === 'done'
  }
  const sweep = (): boolean => {
    const isSwept = retention.force()
    checkpoint()
    return isSwept
  }
  const vacuum = (): boolean => {
    connection.pragma(`incremental_vacuum(${vacuumPages})`)
    return checkpoint() === 'done'
  }
  const givenBack = (): number => -read('page_count') * pageBytes
  /** Deletes no more than what is missing, also where the file system's figures cannot be believed. */
  const free = (isBeside: boolean, wanted: number): void => {
    const gained = isBeside ? givenBack : bytesInside
    const target = gained() + wanted - (isBeside ? room.freeBytes() : bytesInside())
    const untilMs = performance.now() + freeMs
    while (gained() < target && performance.now() < untilMs) {
      const isMade = isBeside && bytesInside() > 0 ? vacuum() : sweep()
      if (!isMade) return
    }
  }
  return {
    prepare,
    settle,
    makeRoom: (cause, failures) => {
      if (!isDiskFull(cause)) return
      const isBeside = room.freeBytes() < mebibyte
      try {
        if (!settle()) return
        room.releaseBelow(sweepBytes)
        free(isBeside, Math.min(wantedBytes * 2 ** (failures - 1), wantedBytesMax))
      } finally {
        room.takeReserve()
      }
    },
  }
}
