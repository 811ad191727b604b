/**
 * Reads one file on: a bounded number of whole lines from its position. Every read begins before the
 * position, so that it proves that the file still is the one whose beginning is stored.
 */

import { closeSync } from 'node:fs'
import { collectorLimits } from '../limits/collector.ts'
import type { Generation } from './generation.ts'
import { type FileStat, readAt } from './identity.ts'
import type { LineSplitter, LineTarget } from './line-splitter.ts'
import type { OpenFiles } from './open-files.ts'
import { type GzipSlots, OpenLog } from './open-log.ts'

/** What reading needs from the collector; one for all files. */
export type ReadContext = {
  /** Room for `identityBytes` and one read. */
  readonly buffer: Buffer
  readonly splitter: LineSplitter
  readonly openFiles: OpenFiles
  /** Null: no regular file, or none that may be read. Throws the system's error. */
  readonly open: (path: string) => { fd: number; stat: FileStat } | null
  readonly gzipSlots: GzipSlots
  /** Called when a compressed file has more to read. */
  readonly wake: () => void
  readonly now: () => number
}

/**
 * `more`: the budget is used up. `end`: read to its end, but perhaps for a line without an end. `waiting`:
 * not decompressed yet. `changed`: these are not the bytes that were read before. `cut`: a damaged gzip file
 * is read as far as it goes. `gone`: it cannot be opened where it was.
 */
export type ReadOutcome = 'more' | 'end' | 'waiting' | 'changed' | 'cut' | 'gone'

/** Reads whole lines from the position on, up to about `budget` bytes. Throws the system's errors. */
export function readOn(
  generation: Generation,
  context: ReadContext,
  target: LineTarget,
  budget: number,
): ReadOutcome {
  const log = openAgain(generation, context)
  if (log === null) return 'gone'
  if (generation.isGzip) {
    const from = generation.position - generation.tailLength
    if (!log.startGzip(from, context.gzipSlots, context.wake)) return 'waiting'
  }
  const { buffer } = context
  let left = budget
  while (left > 0) {
    const stat = log.stat()
    generation.look(stat, context.now())
    generation.setRead(stat)
    const overlap = generation.tailLength
    const filled = log.fill(buffer, generation.position - overlap)
    const { isComplete } = log
    if (!isComplete && filled <= overlap) return 'waiting'
    if (filled < overlap) return log.isCut ? 'cut' : 'changed'
    const start = buffer.subarray(0, filled)
    if (!generation.isTail(start.subarray(0, overlap))) return 'changed'
    if (generation.position === overlap) {
      if (!generation.isHead(start)) return isComplete ? 'changed' : 'waiting'
      generation.keepHead(start)
    }
    generation.sizeRead = stat.size
    const isFull = filled === buffer.length
    const taken = context.splitter.take(target, buffer, overlap, filled, isFull, isMidLine(buffer, overlap))
    generation.advance(buffer, overlap + taken, taken)
    target.lines.read(taken)
    left -= taken
    if (isFull) continue
    if (!isComplete) return 'waiting'
    return log.isCut ? 'cut' : 'end'
  }
  return 'more'
}

/** Takes a half line at the end, closes the file and marks it as read. */
export function finishReading(generation: Generation, context: ReadContext, target: LineTarget): void {
  const { log, tailLength } = generation
  const { buffer, splitter } = context
  const filled = log === null ? 0 : log.fill(buffer, generation.position - tailLength)
  if (filled > tailLength && generation.isTail(buffer.subarray(0, tailLength))) {
    splitter.takeUnfinished(target, buffer, tailLength, filled, isMidLine(buffer, tailLength))
    generation.advance(buffer, filled, filled - tailLength)
    target.lines.read(filled - tailLength)
  } else if (target.joiner.openIostream !== null) {
    splitter.takeUnfinished(target, buffer, 0, 0, false)
  }
  generation.close()
  generation.state = 'done'
  generation.isRowChanged = true
}

/**
 * Goes on at the present end: what came after it was lost with the node's page cache, what is before it was
 * read.
 */
export function cutBack(generation: Generation, log: OpenLog, size: number): void {
  generation.position = Math.min(generation.position, size)
  const length = Math.min(generation.position, collectorLimits.identityBytes)
  generation.tail = readAt(log.fd, generation.position - length, length)
  generation.tailLength = length
  generation.sizeRead = size
  if (generation.headLength > size) generation.setHead(readAt(log.fd, 0, size))
  generation.isRowChanged = true
}

function openAgain(generation: Generation, { open, openFiles }: ReadContext): OpenLog | null {
  if (generation.log !== null) {
    openFiles.touch(generation)
    return generation.log
  }
  if (generation.path === null) return null
  const opened = open(generation.path)
  if (opened === null) return null
  if (!generation.isFile(opened.stat)) {
    closeSync(opened.fd)
    return null
  }
  return generation.attach(new OpenLog(opened.fd), openFiles)
}

const lineFeed = 0x0a

/**
 * The position is inside a line. NULs before it are looked through: behind a line feed, and where nothing but
 * NULs is seen, they are a hole, after which a line begins.
 */
function isMidLine(buffer: Buffer, overlap: number): boolean {
  let at = overlap
  while (at > 0 && buffer[at - 1] === 0) at -= 1
  return at > 0 && buffer[at - 1] !== lineFeed
}
