/**
 * Files and pending fragments in the database: which file it is, how far it is stored, and what of a line is
 * waiting.
 */

import type { Iostream, Time } from '../model/entry.ts'
import { ByteReader, ByteWriter } from './byte-writer.ts'
import type { Commit, FileRow, FileState, FragmentPiece, PositionMove, Recovered } from './contract.ts'
import type { Connection } from './database.ts'

type StoredFile = {
  id: number
  stream_id: number
  device: string
  inode: string
  name: string
  gzip: number
  state: FileState
  head_length: number
  head_hash: number
  position: number
  tail_length: number
  tail_hash: number
  last_levels: number
  last_sec: number | null
  last_ns: number
  unread: number
}

type StoredFragment = {
  stream_id: number
  iostream: Iostream
  sec: number
  ns: number
  attributes: number
  bytes: Buffer
}

export type FileTable = {
  readonly nextId: () => number
  /** Applies a commit's files and fragments. Inside a transaction. */
  readonly apply: (commit: Commit) => void
  /** Writes moves of a journal row that goes away into the table. Inside a transaction. */
  readonly applyMoves: (moves: Uint8Array) => void
  /** Everything as of the last commit: the table, then the journal's moves, oldest row first. */
  readonly recover: () => Recovered
}

/** No file has this number. It opens lists whose moves have a last time and unread bytes. */
const withPlace = 0

/** Moves as stored in a journal row. */
export function encodeMoves(moves: Iterable<PositionMove>): Uint8Array {
  const out = new ByteWriter()
  out.integer(withPlace)
  for (const move of moves) {
    out.integer(move.id)
    out.integer(move.position)
    out.integer(move.tailLength)
    out.integer(move.tailHash)
    out.integer(move.lastLevels)
    out.integer(move.lastTime === null ? 0 : move.lastTime.ns + 1)
    if (move.lastTime !== null) out.signed(move.lastTime.sec)
    out.integer(move.unreadBytes)
  }
  return Buffer.from(out.view())
}

export function decodeMoves(bytes: Uint8Array): PositionMove[] {
  const hasPlace = bytes[0] === withPlace
  const reader = new ByteReader(hasPlace ? bytes.subarray(1) : bytes)
  const moves: PositionMove[] = []
  while (!reader.atEnd) {
    moves.push({
      id: reader.integer(),
      position: reader.integer(),
      tailLength: reader.integer(),
      tailHash: reader.integer(),
      lastLevels: reader.integer(),
      lastTime: hasPlace ? readTime(reader) : null,
      unreadBytes: hasPlace ? reader.integer() : 0,
    })
  }
  return moves
}

function readTime(reader: ByteReader): Time | null {
  const nsAndOne = reader.integer()
  return nsAndOne === 0 ? null : { sec: reader.signed(), ns: nsAndOne - 1 }
}

/** One encoded list with the newest move of each file; `lists` oldest first. */
export function joinMoves(lists: Iterable<Uint8Array>): Uint8Array {
  const newest = new Map<number, PositionMove>()
  for (const list of lists) for (const move of decodeMoves(list)) newest.set(move.id, move)
  return encodeMoves(newest.values())
}

export function createFileTable(connection: Connection): FileTable {
  const insert = connection.prepare(
    `INSERT OR REPLACE INTO file (id, stream_id, device, inode, name, gzip, state, head_length, head_hash,
       position, tail_length, tail_hash, last_levels, last_sec, last_ns, unread)
     VALUES (@id, @streamId, @device, @inode, @name, @gzip, @state, @headLength, @headHash, @position,
       @tailLength, @tailHash, @lastLevels, @lastSec, @lastNs, @unreadBytes)`,
  )
  const remove = connection.prepare('DELETE FROM file WHERE id = ?')
  const move = connection.prepare(
    `UPDATE file SET position = @position, tail_length = @tailLength, tail_hash = @tailHash,
       last_levels = @lastLevels, last_sec = @lastSec, last_ns = @lastNs, unread = @unreadBytes
     WHERE id = @id`,
  )
  const clearFragments = connection.prepare('DELETE FROM fragment WHERE stream_id = ? AND iostream = ?')
  const insertFragment = connection.prepare(
    `INSERT INTO fragment (stream_id, iostream, sec, ns, attributes, bytes)
     VALUES (@streamId, @iostream, @sec, @ns, @attributes, @bytes)`,
  )
  const replaced = connection.prepare("SELECT value FROM meta WHERE key = 'replaced_sec'").pluck()
  const lastId = connection.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'file'").pluck().get()
  let nextId = ((lastId as number | undefined) ?? 0) + 1
  return {
    nextId: () => nextId++,
    apply: (commit) => {
      for (const file of commit.files) insert.run({ ...file, ...lastOf(file), gzip: file.gzip ? 1 : 0 })
      for (const id of commit.removedFiles) remove.run(id)
      for (const { streamId, iostream } of commit.clearedFragments) clearFragments.run(streamId, iostream)
      for (const fragment of commit.fragments) insertFragment.run(fragment)
    },
    applyMoves: (moves) => {
      for (const each of decodeMoves(moves)) move.run({ ...each, ...lastOf(each) })
    },
    recover: () => {
      const files = new Map<number, FileRow>()
      for (const row of connection.prepare('SELECT * FROM file').all() as StoredFile[])
        files.set(row.id, fileOf(row))
      const moveLists = connection
        .prepare('SELECT moves FROM journal ORDER BY last_commit')
        .pluck()
        .all() as Buffer[]
      for (const list of moveLists) {
        for (const each of decodeMoves(list)) {
          const file = files.get(each.id)
          if (file !== undefined) files.set(each.id, { ...file, ...each })
        }
      }
      const fragments = connection.prepare('SELECT * FROM fragment ORDER BY id').all() as StoredFragment[]
      return {
        files: [...files.values()],
        fragments: fragments.map(fragmentOf),
        replacedSec: (replaced.get() as number | undefined) ?? null,
      }
    },
  }
}

function fileOf(row: StoredFile): FileRow {
  return {
    id: row.id,
    streamId: row.stream_id,
    device: row.device,
    inode: row.inode,
    name: row.name,
    gzip: row.gzip === 1,
    state: row.state,
    headLength: row.head_length,
    headHash: row.head_hash,
    position: row.position,
    tailLength: row.tail_length,
    tailHash: row.tail_hash,
    lastLevels: row.last_levels,
    lastTime: row.last_sec === null ? null : { sec: row.last_sec, ns: row.last_ns },
    unreadBytes: row.unread,
  }
}

function lastOf({ lastTime }: PositionMove): { lastSec: number | null; lastNs: number } {
  return { lastSec: lastTime?.sec ?? null, lastNs: lastTime?.ns ?? 0 }
}

function fragmentOf(row: StoredFragment): FragmentPiece {
  const { iostream, sec, ns, attributes, bytes } = row
  return { streamId: row.stream_id, iostream, sec, ns, attributes, bytes }
}
