/**
 * One file of a container instance's log: which file it is, how far it is read, and what of that is stored.
 */

import { lstatSync } from 'node:fs'
import { collectorLimits } from '../limits/collector.ts'
import type { FileRow, FileState, PositionMove } from '../store/contract.ts'
import { type FileKey, type FileStat, hash48, isSameFile, readAt, toFileStat } from './identity.ts'
import type { OpenFiles } from './open-files.ts'
import type { OpenLog } from './open-log.ts'

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

/** How far a stream is read, which its files' rows keep. */
export type StreamPlace = Pick<FileRow, 'lastLevels' | 'lastTime'>

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
  /** The store does not know it yet: were it deleted while the program is down, nothing would tell of it. */
  isNew: boolean
  /** Size on disk when last looked at. */
  size = 0
  /** Since when the collector knows of unread bytes; null: of none. Kept by who counts files. */
  unreadSinceMs: number | null = null
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
  #tailRoom: Buffer | null = null
  /** Bytes that were unread when the position was stored, until the file is seen again. */
  readonly #unreadBefore: number
  #log: OpenLog | null = null
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
    this.#unreadBefore = row.unreadBytes
    this.isRowChanged = !isStored
    this.isNew = !isStored
    if (row.position === 0) this.tail = Buffer.alloc(0)
  }

  /** Null while it is not open. */
  get log(): OpenLog | null {
    return this.#log
  }

  get isReopenable(): boolean {
    const isKept = this.isUnlinked || this.isLost || this.#log?.isDecompressing === true
    return this.path !== null && !isKept
  }

  /** Bytes known to be unread; null: how many cannot be known. */
  get unreadBytes(): number | null {
    if (this.isGzip) return this.state === 'done' ? 0 : null
    return Math.max(0, this.size - this.position)
  }

  /** Of what is stored of it alone: there was more in it than was read. */
  get wasUnread(): boolean {
    if (this.state === 'done') return false
    return this.isGzip || this.position < this.headLength || this.#unreadBefore > 0
  }

  get isMoved(): boolean {
    return this.position !== this.committedPosition
  }

  /** Takes over an open file. */
  attach(log: OpenLog, files: OpenFiles): OpenLog {
    this.close()
    this.#log = log
    this.#files = files
    files.touch(this)
    return log
  }

  /** Goes on through this descriptor, whatever the last one showed. */
  openAgain(log: OpenLog, files: OpenFiles): void {
    this.attach(log, files)
    this.#readAs = ''
  }

  close(): void {
    this.#log?.close()
    this.#log = null
    this.#files?.closed(this)
  }

  /** Gives the open file away: to the generation that now is in this inode. */
  detach(): void {
    this.#log?.stopGzip()
    this.#log = null
    this.#files?.closed(this)
  }

  isFile(key: FileKey): boolean {
    return !this.isLost && isSameFile(key, this)
  }

  /** Its inode cannot be another file's: it is open, or is where it was. */
  isThere(): boolean {
    if (this.#log !== null) return true
    if (this.path === null) return false
    const stats = lstatSync(this.path, { bigint: true, throwIfNoEntry: false })
    return stats !== undefined && this.isFile(toFileStat(stats))
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

  /** As `look`, through the open file. */
  lookThrough(nowMs: number): boolean {
    return this.#log === null || this.look(this.#log.stat(), nowMs)
  }

  /** Becomes another file with the same content: renamed over devices, copied, or compressed. */
  becomeFile(file: FoundFile): void {
    this.close()
    this.device = file.stat.device
    this.inode = file.stat.inode
    this.name = file.name
    this.path = file.path
    this.isGzip = file.isGzip
    this.size = file.stat.size
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
    this.head = Buffer.allocUnsafeSlow(head.length)
    head.copy(this.head)
    this.headLength = head.length
    this.headHash = hash48(head)
  }

  /**
   * Looks at the beginning of an open plain file, which may have grown since it was read: it may be
   * compressed or copied next. False: it begins otherwise now.
   */
  refreshHead(): boolean {
    if (this.#log === null || this.isGzip || this.isLost) return true
    const start = readAt(this.#log.fd, 0, collectorLimits.identityBytes)
    if (!this.isHead(start)) return false
    this.keepHead(start)
    return true
  }

  /** True while nothing about the file has changed since it was last read. */
  isAsRead(stat: FileStat): boolean {
    return this.#readAs === `${stat.size}/${stat.changed}`
  }

  /** Remembers what the file looked like when it was read. */
  setRead(stat: FileStat): void {
    this.#readAs = `${stat.size}/${stat.changed}`
  }

  /** True where these are the bytes before the position. */
  isTail(before: Buffer): boolean {
    return this.tail === null ? hash48(before) === this.tailHash : this.tail.equals(before)
  }

  /** True where the file still begins as it did. */
  isHead(start: Buffer): boolean {
    if (this.head === null || start.length < this.headLength) return this.headLength === 0
    return this.head.equals(start.subarray(0, this.headLength))
  }

  /** `start`: bytes from the beginning of the file. */
  keepHead(start: Buffer): void {
    const length = Math.min(start.length, collectorLimits.identityBytes)
    if (this.head === null || length > this.headLength) this.setHead(start.subarray(0, length))
  }

  /**
   * Moves the position by `taken` bytes, which end at `end` in `buffer`, up to 1 KiB of those before them
   * included.
   */
  advance(buffer: Buffer, end: number, taken: number): void {
    if (taken === 0 && this.tail !== null) return
    this.position += taken
    const length = Math.min(this.position, collectorLimits.identityBytes)
    // Of its own, not a slice of Node's pool: small slices of many ages would keep all of the pool alive.
    this.#tailRoom ??= Buffer.allocUnsafeSlow(collectorLimits.identityBytes)
    buffer.copy(this.#tailRoom, 0, end - length, end)
    this.tail = this.#tailRoom.subarray(0, length)
    this.tailLength = length
  }

  toRow({ lastLevels, lastTime }: StreamPlace): FileRow {
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
      lastTime,
      unreadBytes: this.size > 0 ? (this.unreadBytes ?? 0) : this.#unreadBefore,
    }
  }

  /** What of the row changes by reading alone. */
  toMove(place: StreamPlace): PositionMove {
    const { id, position, tailLength, tailHash, lastLevels, lastTime, unreadBytes } = this.toRow(place)
    return { id, position, tailLength, tailHash, lastLevels, lastTime, unreadBytes }
  }

  /** The row, or the move, is stored. */
  committed(): void {
    this.committedPosition = this.position
    this.isRowChanged = false
    this.isNew = false
  }
}
