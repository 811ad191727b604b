/**
 * Room on disk: what the data folder takes, what the file system has left, and the reserve for a full disk.
 */

import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, readdirSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { databaseFile, reserveFile } from './database.ts'

/** Room for one round of retention, in which SQLite needs pages for its WAL before it can free any. */
const reserveBytes = 8 * 1024 * 1024
/** The reserve is taken only where this many times its size is free. */
const roomPerReserve = 2
const reserveMode = 0o600
const walFile = `${databaseFile}-wal`
/** What it has between two checkpoints, while nobody reads all the time. */
const walBytesCounted = 4 * 1024 * 1024

export type DiskRoom = {
  /**
   * Bytes of all files in the data folder but the database itself: WAL, reserve, set-aside files. Of the WAL
   * no more than `walBytesCounted`: it begins anew once nobody reads, and what is deleted for it adds to it.
   */
  readonly otherBytes: () => number
  readonly walBytes: () => number
  readonly databaseBytes: () => number
  /** Free on the file system, without the reserve; where it has no such figure, infinitely many. */
  readonly freeBytes: () => number
  /** 0: it was given to the database. */
  readonly reserveBytes: () => number
  /** Free share of the file system that holds the data folder, 0 to 1. */
  readonly freeShare: () => number
  /** Gives the reserve's room to the database where fewer bytes are free. */
  readonly releaseBelow: (bytes: number) => void
  /** Takes the room back where it is there. */
  readonly takeReserve: () => void
}

export function createDiskRoom(dataDir: string): DiskRoom {
  const path = join(dataDir, reserveFile)
  const freeBytes = (): number => {
    const { bavail, blocks, bsize } = statfsSync(dataDir)
    return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
  }
  return {
    otherBytes: () => {
      let sum = 0
      for (const entry of readdirSync(dataDir, { withFileTypes: true, recursive: true })) {
        if (!entry.isFile() || entry.name === databaseFile) continue
        const bytes = sizeOf(join(entry.parentPath, entry.name))
        sum += entry.name === walFile ? Math.min(bytes, walBytesCounted) : bytes
      }
      return sum
    },
    walBytes: () => sizeOf(join(dataDir, walFile)),
    databaseBytes: () => sizeOf(join(dataDir, databaseFile)),
    freeBytes,
    reserveBytes: () => sizeOf(path),
    freeShare: () => {
      const { bavail, blocks } = statfsSync(dataDir)
      return blocks === 0 ? 1 : bavail / blocks
    },
    releaseBelow: (bytes) => {
      if (freeBytes() < bytes) rmSync(path, { force: true })
    },
    takeReserve: () => {
      if (sizeOf(path) === reserveBytes || freeBytes() < reserveBytes * roomPerReserve) return
      try {
        const descriptor = openSync(
          path,
          constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC,
          reserveMode,
        )
        try {
          // Some file systems keep no room for what compresses.
          const bytes = randomBytes(1024 * 1024)
          for (let written = 0; written < reserveBytes; written += bytes.length) writeSync(descriptor, bytes)
        } finally {
          closeSync(descriptor)
        }
      } catch {
        rmSync(path, { force: true })
      }
    },
  }
}

/** 0: it is not there. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
