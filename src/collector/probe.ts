/**
 * Opens files that a listing shows under an unknown inode, and says whether they hold what a known file held.
 */

import { collectorLimits } from '../limits/collector.ts'
import type { FoundFile, Generation } from './generation.ts'
import { readGzipHead } from './gzip-source.ts'
import { hash48, isSameBefore, readAt } from './identity.ts'
import type { InstanceHost } from './instance.ts'
import { OpenLog } from './open-log.ts'

/** An open file that matches no known one by its inode. */
export type Probe = { readonly file: FoundFile; readonly log: OpenLog; readonly head: Buffer }

/** Opens a file to compare its content; null when it cannot be read now. */
export function probe(file: FoundFile, host: InstanceHost): Probe | null {
  if (host.isRefused(file.path)) return null
  try {
    const opened = host.context.open(file.path)
    if (opened === null) return null
    const log = new OpenLog(opened.fd)
    if (opened.stat.inode !== file.stat.inode || opened.stat.device !== file.stat.device) {
      log.close()
      return null
    }
    return { file, log, head: readHead(log, file.isGzip) ?? Buffer.alloc(0) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') host.refused(file.path, error)
    return null
  }
}

/** First bytes of the content; null where there is none to be had. */
export function readHead(log: OpenLog, isGzip: boolean): Buffer | null {
  return isGzip ? readGzipHead(log.fd) : readAt(log.fd, 0, collectorLimits.identityBytes)
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

/**
 * True for a copy of a known file that is there as well: it is not read, unless the other's content goes
 * away. Not to be asked of the live file, which may begin as the one before it did.
 */
export function isCopyOf(generation: Generation, { file, log, head }: Probe): boolean {
  if (generation.headLength === 0 || !hasHeadOf(generation, head)) return false
  if (file.isGzip || generation.isGzip) return true
  const { position } = generation
  if (position > 0 && file.stat.size >= position) return hasTailOf(generation, log)
  if (generation.log === null) return false
  return isSameBefore(log.fd, generation.log.fd, Math.min(file.stat.size, generation.size))
}

/** True where the file's first `size` bytes, which now are all it has, are those that were there before. */
export function isCutBack({ head, headLength, headHash }: Generation, log: OpenLog, size: number): boolean {
  const now = readAt(log.fd, 0, Math.min(size, headLength))
  if (head !== null) return now.equals(head.subarray(0, now.length))
  return now.length === headLength && hash48(now) === headHash
}
