/**
 * What the collector hands to the store and gets back from it: one commit, and what a restart needs to go on.
 */

import type { Iostream, Time } from '../model/entry.ts'
import type { LineBuffer } from '../model/line-buffer.ts'

/**
 * `live`: the container's current file; `rotated`: renamed or deleted, still read; `done`: read to its
 * certain end.
 */
export type FileState = 'live' | 'rotated' | 'done'

/** Which file it is, and how far it is stored. Hashes are 48 bits of SHA-256, as numbers. */
export type FileRow = {
  /** From `Writer.nextFileId()`; never used again. */
  readonly id: number
  readonly streamId: number
  /** Device and inode as decimal text: they may exceed 2^53. */
  readonly device: string
  readonly inode: string
  /** Name without its folder, as last seen. */
  readonly name: string
  /** True when the bytes come out of a gzip file; positions then count uncompressed bytes. */
  readonly gzip: boolean
  readonly state: FileState
  /** Hash of the first `headLength` (uncompressed) bytes. */
  readonly headLength: number
  readonly headHash: number
  /** Every byte before this offset is stored: as lines or as pending fragments. */
  readonly position: number
  /** Hash of the `tailLength` bytes before `position`. */
  readonly tailLength: number
  readonly tailHash: number
  /**
   * Level of the last stored line of stdout (low four bits) and stderr (high four bits), for continuation
   * lines.
   */
  readonly lastLevels: number
  /** Of the stream's last stored line that can be believed: where a gap is shown. Null: there is none. */
  readonly lastTime: Time | null
  /** Bytes behind the position when that was stored, as far as they were known. */
  readonly unreadBytes: number
}

/** A file's new position, written to the journal instead of its row. */
export type PositionMove = Pick<
  FileRow,
  'id' | 'position' | 'tailLength' | 'tailHash' | 'lastLevels' | 'lastTime' | 'unreadBytes'
>

/**
 * One piece of a line that has not ended. Pieces of one (stream, iostream) are joined in the order they were
 * appended.
 */
export type FragmentPiece = {
  readonly streamId: number
  readonly iostream: Iostream
  /** Time of the first piece of the line; the same in all of them. */
  readonly sec: number
  readonly ns: number
  /** Attribute bits found so far (malformed time and the like). */
  readonly attributes: number
  readonly bytes: Uint8Array
}

/** Written in one transaction: all of it, or nothing. */
export type Commit = {
  /** By stream id. Buffers are read during the call only. */
  readonly lines: ReadonlyMap<number, LineBuffer>
  /** Files to insert or replace, identity changes included; each also counts as a move. */
  readonly files: readonly FileRow[]
  readonly moves: readonly PositionMove[]
  /** Files that no longer exist and are read to their end. */
  readonly removedFiles: readonly number[]
  /** Applied before `fragments`: the pending pieces of these are emitted or replaced. */
  readonly clearedFragments: readonly { readonly streamId: number; readonly iostream: Iostream }[]
  /** New pieces only: what was committed before is not sent again. */
  readonly fragments: readonly FragmentPiece[]
  /** Seconds since 1970 at which these lines arrived: what retention goes by. */
  readonly arrivalSec: number
}

/** What was committed before this start. */
export type Recovered = {
  readonly files: readonly FileRow[]
  readonly fragments: readonly FragmentPiece[]
  /**
   * When this database took the place of one that was lost, in seconds since 1970: earlier lines of files
   * that are still there may be missing. Null: it never did.
   */
  readonly replacedSec: number | null
}

/** Why a writer can do no more. */
export type LostDatabase = {
  readonly reason: string
  /** Its content is broken: it has to make room for a new one. False: it is not there any more. */
  readonly isDamaged: boolean
}

/** Work on the stored structure since the database was opened. */
export type UpkeepCounts = { blocksSealed: number; merges: number; folds: number }

/** What the writer did since it was opened. */
export type StoreCounters = Readonly<UpkeepCounts> & {
  readonly swept: { readonly blocks: number; readonly lines: number; readonly bytes: number }
  /** Arrival of the oldest block, seconds since 1970; null: there is none. */
  readonly oldestArrivalSec: number | null
  /** Time spent on upkeep. */
  readonly upkeepSec: number
}
