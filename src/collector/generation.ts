/**
 * One file of a container instance's log: which file it is, how far it is read, and one bounded read of it. Every read
 * begins before the position, so that it proves that the file still is the one whose beginning is stored.
 */

import { closeSync, fstatSync, readSync } from 'node:fs'
import { collectorLimits } from '../limits.ts'
import type { FileRow, FileState, PositionMove } from '../store/contract.ts'
import { GzipSource } from './gzip-source.ts'
import { type FileStat, hash48, openRegularFile, readAt, toFileStat } from './identity.ts'
import type { LineSplitter, LineTarget } from './line-splitter.ts'
import type { OpenFiles } from './open-files.ts'

/** A file as a listing of its folder shows it. */
export type FoundFile = {
  readonly name: string
  /** Where to open it: links are resolved. */
  readonly path: string
  readonly isLive: boolean
  readonly isGzip: boolean
  /** Name without `.gz`: equal for a file and its compressed twin. */
  readonly stem: string
  readonly stat: FileStat
}

/** What reading needs from the collector; one for all files. */
export type ReadContext = {
  /** Room for `identityBytes` and one read. */
  readonly buffer: Buffer
  readonly splitter: LineSplitter
  readonly openFiles: OpenFiles
  readonly counters: { bytesRead: number }
  /** Compressed files being decompressed; their number is bounded. */
  readonly gzipOpen: Set<Generation>
  /** Called when a compressed file has more to read. */
  readonly wake: () => void
  readonly now: () => number
}

/**
 * `more`: the budget is used up. `end`: read to its end, but perhaps for a line without an end. `waiting`: not
 * decompressed yet. `changed`: these are not the bytes that were read before. `cut`: a damaged gzip file is read as far
 * as it goes. `gone`: it cannot be opened where it was.
 */
export type ReadOutcome = 'more' | 'end' | 'waiting' | 'changed' | 'cut' | 'gone'

const lineFeed = 0x0a

export class Generation {
  readonly id: number
  readonly streamId: number
  device: string
  inode: string
  name: string
  path: string | null
  isGzip: boolean
  isLive = false
  state: FileState
  /** First bytes, as far as they are known; null after a restart until the file is verified. */
  head: Buffer | null = null
  headLength: number
  headHash: number
  /** Every byte before it is in the batch or in the store. */
  position: number
  committedPosition: number
  /** The bytes before `position`; null after a restart until the first read. */
  tail: Buffer | null = null
  tailLength: number
  tailHash: number
  /** Identity, name or state has changed since the last commit. */
  isRowChanged: boolean
  /** Size when last looked at. */
  size = 0
  /** Size when last read: bytes that were certainly this file's, if it is another's now. */
  sizeRead = 0
  /** Its bytes are gone from its inode; a copy of it may turn up. */
  isLost = false
  /** No name leads to it any more. */
  isUnlinked = false
  missingSinceMs: number | null = null
  /** Since when it is known that another file, or another instance, follows. */
  successorSinceMs: number | null = null
  /** Since when the file has not changed. */
  quietFromMs = 0
  /** The compressed copy that took this file's place while it was still being read. */
  twin: FoundFile | null = null
  /** Where it belongs in the order of reading: time of its first line, else of its last change. */
  orderMs = 0
  hasFirstTime = false
  /** Its size and times when last read: nothing new while they are the same. */
  #readAs = ''
  #fd: number | null = null
  #gzip: GzipSource | null = null
  #gzipOpen: Set<Generation> | null = null
  #files: OpenFiles | null = null

  /** `isStored`: the row comes from the store. */
  constructor(row: FileRow, path: string | null, isStored: boolean) {
    this.id = row.id
    this.streamId = row.streamId
    this.device = row.device
    this.inode = row.inode
    this.name = row.name
    this.path = path
    this.isGzip = row.gzip
    this.state = row.state
    this.headLength = row.headLength
    this.headHash = row.headHash
    this.position = row.position
    this.committedPosition = row.position
    this.tailLength = row.tailLength
    this.tailHash = row.tailHash
    this.isRowChanged = !isStored
    if (row.position === 0) this.tail = Buffer.alloc(0)
  }

  get isOpen(): boolean {
    return this.#fd !== null
  }

  get isReopenable(): boolean {
    return this.path !== null && !this.isUnlinked && !this.isLost
  }

  get isMoved(): boolean {
    return this.position !== this.committedPosition
  }

  get descriptor(): number | null {
    return this.#fd
  }

  /** Takes over an open descriptor. */
  attach(fd: number, files: OpenFiles): void {
    this.closeDescriptor()
    this.#fd = fd
    this.#files = files
    files.touch(this)
  }

  closeDescriptor(): void {
    this.restartGzip()
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
    this.#files?.closed(this)
  }

  /** Moves the open descriptor to the generation that now is in this inode. */
  handOver(): number | null {
    const fd = this.#fd
    this.restartGzip()
    this.#fd = null
    this.#files?.closed(this)
    return fd
  }

  isFile(stat: FileStat): boolean {
    return !this.isLost && stat.inode === this.inode && stat.device === this.device
  }

  /** Notes what the file looks like now. True when it has changed since it was last read. */
  look(stat: FileStat, nowMs: number): boolean {
    const seen = `${stat.size}/${stat.changed}`
    this.size = stat.size
    this.isUnlinked = stat.links === 0
    if (this.quietFromMs === 0) this.quietFromMs = Math.min(nowMs, stat.touchedMs)
    if (seen === this.#readAs) return false
    if (this.#readAs !== '') this.quietFromMs = nowMs
    return true
  }

  lookThrough(nowMs: number): boolean {
    if (this.#fd === null) return true
    return this.look(toFileStat(fstatSync(this.#fd, { bigint: true })), nowMs)
  }

  /** Reads whole lines from the position on, up to about `budget` bytes. */
  read(context: ReadContext, target: LineTarget, budget: number): ReadOutcome {
    if (!this.#open(context)) return 'gone'
    if (this.isGzip && this.#gzip === null) return 'waiting'
    const { buffer } = context
    let left = budget
    while (left > 0) {
      const stat = toFileStat(fstatSync(this.#fd as number, { bigint: true }))
      this.look(stat, context.now())
      this.#readAs = `${stat.size}/${stat.changed}`
      const overlap = this.tailLength
      const filled = this.#fill(buffer, this.position - overlap)
      const isEnd = this.#gzip === null || this.#gzip.isComplete
      if (filled < overlap || (filled === overlap && !isEnd)) return isEnd ? 'changed' : 'waiting'
      if (!this.#isTail(buffer.subarray(0, overlap))) return 'changed'
      if (this.position === overlap) {
        if (!this.#isHead(buffer.subarray(0, filled))) return isEnd ? 'changed' : 'waiting'
        this.#keepHead(buffer, filled)
      }
      this.sizeRead = stat.size
      const isFull = filled === buffer.length
      const taken = context.splitter.take(
        target,
        buffer,
        overlap,
        filled,
        isFull,
        this.#isMidLine(buffer, overlap),
      )
      this.#advance(buffer, overlap + taken, taken)
      context.counters.bytesRead += taken
      left -= taken
      if (isFull) continue
      if (!isEnd) return 'waiting'
      return this.#gzip?.state === 'cut' ? 'cut' : 'end'
    }
    return 'more'
  }

  /** Takes a half line at the end, closes the file and marks it as read. */
  finish(context: ReadContext, target: LineTarget): void {
    if (this.isOpen) {
      const overlap = this.tailLength
      const filled = this.#fill(context.buffer, this.position - overlap)
      if (filled > overlap && this.#isTail(context.buffer.subarray(0, overlap))) {
        context.splitter.takeUnfinished(target, context.buffer, overlap, filled)
        this.#advance(context.buffer, filled, filled - overlap)
        context.counters.bytesRead += filled - overlap
      } else if (target.joiner.openIostream !== null) {
        context.splitter.takeUnfinished(target, context.buffer, overlap, overlap)
      }
    }
    this.closeDescriptor()
    this.state = 'done'
    this.isRowChanged = true
  }

  /** Goes on at the present end: what came after it was lost with the node's page cache, what is before it was read. */
  cutBackTo(size: number): void {
    const fd = this.#fd as number
    this.position = Math.min(this.position, size)
    const length = Math.min(this.position, collectorLimits.identityBytes)
    this.tail = readAt(fd, this.position - length, length)
    this.tailLength = length
    this.sizeRead = size
    if (this.headLength > size) this.setHead(readAt(fd, 0, size))
    this.isRowChanged = true
  }

  /** Becomes another file with the same content: renamed over devices, copied, or compressed. */
  becomeFile(file: FoundFile): void {
    this.closeDescriptor()
    this.device = file.stat.device
    this.inode = file.stat.inode
    this.name = file.name
    this.path = file.path
    this.isGzip = file.isGzip
    this.isLost = false
    this.isUnlinked = false
    this.twin = null
    this.missingSinceMs = null
    this.quietFromMs = 0
    this.#readAs = ''
    this.isRowChanged = true
  }

  /** Knows the beginning of the file: at discovery, or when a restart has found it again. */
  setHead(head: Buffer): void {
    if (head.length !== this.headLength) this.isRowChanged = true
    this.head = head
    this.headLength = head.length
    this.headHash = hash48(head)
  }

  /** Learns more of a short beginning, if that is still what it was: an unread file may be compressed or copied next. */
  refreshHead(): void {
    if (this.#fd === null || this.isGzip || this.isLost || this.headLength === collectorLimits.identityBytes)
      return
    const head = readAt(this.#fd, 0, collectorLimits.identityBytes)
    const isLonger = head.length > this.headLength
    if (isLonger && hash48(head.subarray(0, this.headLength)) === this.headHash) this.setHead(head)
    else if (isLonger && this.headLength === 0) this.setHead(head)
  }

  /** True while nothing about the file has changed since it was last read. */
  isAsRead(stat: FileStat): boolean {
    return this.#readAs === `${stat.size}/${stat.changed}`
  }

  /** Has a compressed file be decompressed again from the position on. */
  restartGzip(): void {
    this.#gzip?.close()
    this.#gzip = null
    this.#gzipOpen?.delete(this)
  }

  toRow(lastLevels: number): FileRow {
    return {
      id: this.id,
      streamId: this.streamId,
      device: this.device,
      inode: this.inode,
      name: this.name,
      gzip: this.isGzip,
      state: this.state,
      headLength: this.headLength,
      headHash: this.headHash,
      position: this.position,
      tailLength: this.tailLength,
      tailHash: this.tail === null ? this.tailHash : hash48(this.tail),
      lastLevels,
    }
  }

  /** What of the row changes by reading alone. */
  toMove(lastLevels: number): PositionMove {
    const { id, position, tailLength, tailHash } = this.toRow(lastLevels)
    return { id, position, tailLength, tailHash, lastLevels }
  }

  /** The row, or the move, is stored. */
  committed(): void {
    this.committedPosition = this.position
    this.isRowChanged = false
  }

  #open(context: ReadContext): boolean {
    if (this.isOpen) {
      context.openFiles.touch(this)
      this.#startGzip(context)
      return true
    }
    if (this.path === null) return false
    const opened = openRegularFile(this.path)
    if (opened === null) return false
    if (!this.isFile(opened.stat)) {
      closeSync(opened.fd)
      return false
    }
    this.#files = context.openFiles
    context.openFiles.touch(this)
    this.#fd = opened.fd
    this.#startGzip(context)
    return true
  }

  #startGzip(context: ReadContext): void {
    if (!this.isGzip || this.#gzip !== null || context.gzipOpen.size >= collectorLimits.gzipOpenMax) return
    this.#gzipOpen = context.gzipOpen
    context.gzipOpen.add(this)
    this.#gzip = new GzipSource(this.#fd as number, this.position - this.tailLength, context.wake)
  }

  #fill(buffer: Buffer, position: number): number {
    if (this.#gzip !== null) return this.#gzip.read(buffer, position)
    let filled = 0
    while (filled < buffer.length) {
      const count = readSync(this.#fd as number, buffer, filled, buffer.length - filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  #isTail(before: Buffer): boolean {
    if (this.tail !== null) return this.tail.equals(before)
    return hash48(before) === this.tailHash
  }

  #isHead(start: Buffer): boolean {
    if (this.head === null || start.length < this.headLength) return this.headLength === 0
    return this.head.equals(start.subarray(0, this.headLength))
  }

  #isMidLine(buffer: Buffer, overlap: number): boolean {
    return overlap > 0 && buffer[overlap - 1] !== lineFeed && buffer[overlap - 1] !== 0
  }

  #keepHead(buffer: Buffer, filled: number): void {
    const length = Math.min(filled, collectorLimits.identityBytes)
    if (this.head === null || length > this.headLength) this.setHead(Buffer.from(buffer.subarray(0, length)))
  }

  #advance(buffer: Buffer, end: number, taken: number): void {
    if (taken === 0 && this.tail !== null) return
    this.position += taken
    const length = Math.min(this.position, collectorLimits.identityBytes)
    this.tail = Buffer.from(buffer.subarray(end - length, end))
    this.tailLength = length
  }
}
