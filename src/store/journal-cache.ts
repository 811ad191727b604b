/**
 * A reader's copy of the journal's directories, brought up to date row by row; rows never change, they are
 * replaced.
 */

import { ByteCache } from './byte-cache.ts'
import type { Connection } from './database.ts'
import { decodeJournalHead, type JournalHead, type JournalSegment, readChunk } from './journal-row.ts'
import { type Segment, segmentOfJournal } from './segment.ts'

type CachedRow = {
  readonly firstCommit: number
  readonly head: JournalHead
  readonly segments: readonly Segment[]
}

export type JournalCache = {
  /** Loads new rows, forgets gone ones. Inside the snapshot's transaction. */
  readonly refresh: () => void
  /**
   * Segments of rows with commits after `commit` that begin at or after their stream's sealed line, newest
   * row first.
   */
  readonly segments: (sealedLine: (streamId: number) => number, commit: number) => Segment[]
  /** The decompressed head of a row, in which its columns lie. */
  readonly head: (row: number) => Uint8Array
  /** Body of a segment of a row. */
  readonly body: (row: number, segment: JournalSegment) => Buffer
}

export function createJournalCache(connection: Connection, chunks: ByteCache<string, Buffer>): JournalCache {
  const list = connection.prepare('SELECT last_commit, first_commit FROM journal')
  const headOf = connection.prepare('SELECT head FROM journal WHERE last_commit = ?').pluck()
  const bodyOf = connection.prepare('SELECT body FROM journal WHERE last_commit = ?').pluck()
  const rows = new Map<number, CachedRow>()
  const cached = (row: number): CachedRow => rows.get(row) as CachedRow
  return {
    refresh: () => {
      const present = list.all() as { last_commit: number; first_commit: number }[]
      const keys = new Set(present.map((row) => row.last_commit))
      for (const key of rows.keys()) if (!keys.has(key)) rows.delete(key)
      for (const { last_commit: last, first_commit: firstCommit } of present) {
        if (rows.get(last)?.firstCommit === firstCommit) continue
        const head = decodeJournalHead(headOf.get(last) as Buffer)
        rows.set(last, {
          firstCommit,
          head,
          segments: head.segments.map((each) => segmentOfJournal(last, each)),
        })
      }
    },
    segments: (sealedLine, commit) => {
      const found: Segment[] = []
      const wanted = [...rows.keys()].filter((row) => row > commit)
      for (const row of wanted.sort((a, b) => b - a)) {
        for (const segment of cached(row).segments) {
          if (segment.firstLine >= sealedLine(segment.streamId)) found.push(segment)
        }
      }
      return found
    },
    head: (row) => cached(row).head.head,
    body: (row, { chunk, chunkOffset, rawBytes }) => {
      const { firstCommit, head } = cached(row)
      const key = `${row}:${firstCommit}:${chunk}`
      let bytes = chunks.get(key)
      if (bytes === undefined) {
        bytes = readChunk(head, bodyOf.get(row) as Buffer, chunk)
        chunks.set(key, bytes, bytes.length)
      }
      return bytes.subarray(chunkOffset, chunkOffset + rawBytes)
    },
  }
}
