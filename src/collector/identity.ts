/**
 * Says which file a file is: device and inode, and 48 bits of SHA-256 over its beginning and over the bytes
 * before a position. An inode alone is never believed: kubelets' rotation hands the inode of a deleted file
 * to the next one.
 */

import { createHash } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { collectorLimits } from '../limits/collector.ts'

/** A file as `stat` sees it; numbers that may exceed 2^53 as decimal text. */
export type FileStat = {
  readonly device: string
  readonly inode: string
  readonly size: number
  /** Times of change as text: they are only compared. */
  readonly changed: string
  /** Later of the two times of change, in milliseconds since 1970. */
  readonly touchedMs: number
  readonly modifiedMs: number
  readonly isFile: boolean
  readonly links: number
}

/** Says which file it is for as long as the file exists. */
export type FileKey = Pick<FileStat, 'device' | 'inode'>

export function toFileStat(stats: BigIntStats): FileStat {
  const { mtimeNs, ctimeNs } = stats
  return {
    device: String(stats.dev),
    inode: String(stats.ino),
    size: Number(stats.size),
    changed: `${mtimeNs}/${ctimeNs}`,
    touchedMs: Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n),
    modifiedMs: Number(mtimeNs / 1_000_000n),
    isFile: stats.isFile(),
    links: Number(stats.nlink),
  }
}

export function isSameFile(one: FileKey, other: FileKey): boolean {
  return one.inode === other.inode && one.device === other.device
}

/** 48 bits of SHA-256: exact as a number. */
export function hash48(bytes: Uint8Array): number {
  return createHash('sha256').update(bytes).digest().readUIntBE(0, 6)
}

/**
 * Opens a regular file for reading and says what was opened. Never blocks on a FIFO and follows no link in
 * the last part of the path. Throws the system's error; null: not a regular file.
 */
export function openRegularFile(path: string): { fd: number; stat: FileStat } | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const stat = toFileStat(fstatSync(fd, { bigint: true }))
    if (stat.isFile) return { fd, stat }
  } catch (error) {
    closeSync(fd)
    throw error
  }
  closeSync(fd)
  return null
}

/** Reads up to `length` bytes at `position`; fewer only at the end of the file. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, position + filled)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}

/** True when the bytes that end at offset `at`, up to 1 KiB of them, are the same in two open files. */
export function isSameBefore(fd: number, other: number, at: number): boolean {
  const length = Math.min(at, collectorLimits.identityBytes)
  const one = readAt(fd, at - length, length)
  return one.length === length && one.equals(readAt(other, at - length, length))
}
