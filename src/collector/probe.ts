/**
 * Opens files that a listing shows under an unknown inode, and says whether they hold what a known file held.
 */

import { collectorLimits } from '../limits/collector.ts'
import type { FoundFile, Generation } from './generation.ts'
import { readGzipHead, readGzipSize } from './gzip-source.ts'
import { type FileStat, hash48, isSameBefore, isSameFile, readAt } from './identity.ts'
import type { InstanceHost } from './instance.ts'
import { OpenLog } from './open-log.ts'

/** An open file that matches no known one by its inode. */
export type Probe = { readonly file: FoundFile; readonly log: OpenLog; readonly head: Buffer }

/** Opens a file to compare its content; null when it cannot be read now. */
export function probe(file: FoundFile, host: InstanceHost): Probe | null {
  return openTo(
    file.path,
    (stat) => isSameFile(stat, file.stat),
    host,
    (log) => {
      return { file, log, head: readHead(log, file.isGzip) ?? Buffer.alloc(0) }
    },
  )
}

/** Opens a file for `use`, which then has to close it; null where another file is there, or none. */
function openTo<T>(
  path: string,
  isWanted: (stat: FileStat) => boolean,
  host: InstanceHost,
  use: (log: OpenLog) => T,
): T | null {
  if (host.isRefused(path)) return null
  let log: OpenLog | null = null
  try {
    const opened = host.context.open(path)
    if (opened === null) return null
    log = new OpenLog(opened.fd)
    if (isWanted(opened.stat)) return use(log)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') host.refused(path, error)
  }
  log?.close()
  return null
}

/** First bytes of the content; null where there is none to be had. */
export function readHead(
  log: OpenLog,
  isGzip: boolean,
  bytes: number = collectorLimits.identityBytes,
): Buffer | null {
  return isGzip ? readGzipHead(log.fd, bytes) : readAt(log.fd, 0, bytes)
}

/** True where the file begins as the known one did. */
export function hasHeadOf(generation: Generation, head: Buffer): boolean {
  const { headLength } = generation
  return head.length >= headLength && hash48(head.subarray(0, headLength)) === generation.headHash
}

/** True where the bytes before the position are those that were read. */
export function hasTailOf({ position, tail, tailHash, tailLength }: Generation, log: OpenLog): boolean {
  const before = readAt(log.fd, position - tailLength, tailLength)
  return tail === null ? hash48(before) === tailHash : before.equals(tail)
}

/**
 * True where an unknown file holds what the known one held, so that reading can go on in it. A compressed
 * file's bytes before the position are compared when it is read that far.
 */
export function isContentOf(generation: Generation, { file, log, head }: Probe): boolean {
  if (generation.headLength === 0 || !hasHeadOf(generation, head)) return false
  if (file.isGzip || generation.isGzip) return true
  return file.stat.size >= generation.position && hasTailOf(generation, log)
}

/** True where the known file was empty when it was last looked at, and the unknown one is in its inode. */
export function isFirstOf(generation: Generation, { file }: Probe): boolean {
  return generation.headLength === 0 && generation.position === 0 && generation.isFile(file.stat)
}

/**
 * True for a copy of a known file that is there as well: it is not read, unless the other's content goes
 * away. Not to be asked of the live file, which may begin as the one before it did.
 */
export function isCopyOf(generation: Generation, { file, log, head }: Probe, host: InstanceHost): boolean {
  if (generation.headLength === 0 || !hasHeadOf(generation, head)) return false
  if (file.isGzip) return true
  if (generation.isGzip) return !isLongerThan(generation, file)
  const { position } = generation
  if (position > 0 && file.stat.size >= position) return hasTailOf(generation, log)
  const at = Math.min(file.stat.size, generation.size)
  if (generation.log !== null) return isSameBefore(log.fd, generation.log.fd, at)
  if (generation.path === null) return false
  const isIt = (stat: FileStat): boolean => generation.isFile(stat)
  const isSame = openTo(generation.path, isIt, host, (other) => {
    const same = isSameBefore(log.fd, other.fd, at)
    other.close()
    return same
  })
  return isSame ?? false
}

/** A compressed file is whole: what holds more begins as it does, at most, as two holes do. */
function isLongerThan({ log, position, state }: Generation, { stat }: FoundFile): boolean {
  const size = log === null ? null : readGzipSize(log.fd)
  const known = state === 'done' ? position : size
  return known !== null && stat.size < gzipSizeMax && stat.size > known
}

/** Sizes in compressed files are counted modulo it. */
const gzipSizeMax = 2 ** 32

/**
 * True where the file's first `size` bytes, which now are all it has, are those that were there before: a
 * line of them at least, for any new line begins with a time that is nearly the same.
 */
export function isCutBack({ head, headLength, headHash }: Generation, log: OpenLog, size: number): boolean {
  const now = readAt(log.fd, 0, Math.min(size, headLength))
  if (now.length < collectorLimits.identityBytes && !now.includes(lineFeed)) return false
  if (head !== null) return now.equals(head.subarray(0, now.length))
  return now.length === headLength && hash48(now) === headHash
}

const lineFeed = 0x0a
