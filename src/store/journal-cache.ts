/**
 * A reader's copy of the journal's directories, brought up to date row by row when it is asked for; rows
 * never change, they are replaced.
 */

import type { BodyPart } from './bodies.ts'
import type { ByteCache } from './byte-cache.ts'
import type { Connection } from './database.ts'
import { isFreed } from './free-bytes.ts'
import { buildFilter, mayHoldAll, type RequiredGrams } from './gram-filter.ts'
import type { JournalDirectory, SegmentTotals } from './journal-directory.ts'
import { decodeJournalHead, type JournalHead, readChunk } from './journal-row.ts'
import type { SealedLines } from './sealed-lines.ts'
import { type JournalPlace, type Segment, segmentOfJournal } from './segment.ts'
import type { StreamIds } from './stream-ids.ts'

type CachedRow = {
  readonly firstCommit: number
  readonly head: JournalHead
  /** Made when first wanted: decoded columns are remembered by a segment's place. */
  readonly segments: (Segment | undefined)[]
  /** Of its chunks, made when first wanted; null: it is too small for them. */
  readonly filters: (Uint8Array | undefined)[] | null
}

/**
 * Rows with fewer bytes are searched sooner than their filters are made: those of single commits, which are
 * folded soon.
 */
const filteredBytesMin = 512 * 1024

/** Streams in order of their numbers, with the line at which the sealed part of each ends. */
export type SealedStream = { readonly id: number; readonly sealedLine: number }

export type JournalCache = {
  /** A new snapshot has begun: what the journal holds is looked up with the next question. */
  readonly refresh: () => void
  /**
   * Unsealed segments of rows with commits after `commit`, of these streams (null: all), newest row first.
   */
  readonly segments: (sealed: SealedLines, commit: number, streamIds: StreamIds | null) => Segment[]
  /** Calls `add` for each unsealed segment of these streams; `index` is the stream's place among them. */
  readonly totals: (
    streams: readonly SealedStream[],
    add: (index: number, totals: SegmentTotals) => void,
  ) => void
  /** Streams that have lines in the journal, sealed ones included. */
  readonly streamIds: () => Set<number>
  /** The decompressed head of a row, in which its columns lie. */
  readonly head: (row: number) => Uint8Array
  /** Body of a segment of a row. */
  readonly body: (place: JournalPlace, rawBytes: number) => Buffer
  /**
   * False: the chunk in which a segment lies holds none of what is required. The first answer for a chunk
   * takes some 0.2 ms, the later ones a thousandth of that.
   */
  readonly mayHold: (place: JournalPlace, required: RequiredGrams) => boolean
}

/** A row with so many entries per stream that is asked for is searched in place of being walked through. */
const searchAbove = 8

/** Rows of the journal, looked up again where the last look is of an earlier snapshot. */
type JournalRows = {
  readonly refresh: () => void
  readonly current: () => ReadonlyMap<number, CachedRow>
}

function createRows(connection: Connection): JournalRows {
  const list = connection.prepare('SELECT last_commit, first_commit, raw_bytes FROM journal')
  const headOf = connection.prepare('SELECT head FROM journal WHERE last_commit = ?').pluck()
  const rows = new Map<number, CachedRow>()
  let isFresh = false
  return {
    refresh: () => {
      isFresh = false
    },
    current: () => {
      if (isFresh) return rows
      const present = list.all() as { last_commit: number; first_commit: number; raw_bytes: number }[]
      const keys = new Set(present.map((row) => row.last_commit))
      for (const key of rows.keys()) if (!keys.has(key)) rows.delete(key)
      for (const { last_commit: last, first_commit: firstCommit, raw_bytes: rawBytes } of present) {
        if (rows.get(last)?.firstCommit === firstCommit) continue
        const head = decodeJournalHead(headOf.get(last) as Buffer)
        const segments = Array.from<Segment | undefined>({ length: head.directory.count })
        rows.set(last, { firstCommit, head, segments, filters: rawBytes < filteredBytesMin ? null : [] })
      }
      isFresh = true
      return rows
    },
  }
}

export function createJournalCache(
  connection: Connection,
  chunks: ByteCache<string, BodyPart>,
): JournalCache {
  const { current, refresh } = createRows(connection)
  const cached = (row: number): CachedRow => current().get(row) as CachedRow
  const chunkOf = createChunks(connection, cached, chunks)
  return {
    refresh,
    mayHold: ({ row, chunk }, required) => {
      const { filters } = cached(row)
      if (filters === null) return true
      let filter = filters[chunk]
      if (filter === undefined) {
        const bytes = chunkOf(row, chunk)
        filter = buildFilter(bytes, 0, bytes.length)
        filters[chunk] = filter
      }
      return mayHoldAll(filter, required)
    },
    segments: (sealed, commit, streamIds) => {
      const wanted = [...current().keys()].filter((row) => row > commit).sort((a, b) => b - a)
      const streams: number[] = []
      for (const row of wanted) {
        const { directory } = cached(row).head
        for (let index = 0; index < directory.count; index += 1) {
          const streamId = directory.streamId(index)
          if (streamIds === null || streamIds.has(streamId)) streams.push(streamId)
        }
      }
      sealed.load(streams)
      const found: Segment[] = []
      for (const row of wanted) {
        const { head, segments } = cached(row)
        const { directory } = head
        for (let index = 0; index < directory.count; index += 1) {
          const streamId = directory.streamId(index)
          if (streamIds !== null && !streamIds.has(streamId)) continue
          if (directory.firstLine(index) < sealed.of(streamId)) continue
          segments[index] ??= segmentOfJournal(row, directory.segment(index))
          found.push(segments[index] as Segment)
        }
      }
      return found
    },
    totals: (streams, add) => {
      for (const { head } of current().values()) {
        visit(head.directory, streams, (index, entry) => {
          const { sealedLine } = streams[index] as SealedStream
          if (head.directory.firstLine(entry) >= sealedLine) add(index, head.directory.totals(entry))
        })
      }
    },
    streamIds: () => {
      const ids = new Set<number>()
      for (const { head } of current().values()) {
        for (let index = 0; index < head.directory.count; index += 1) ids.add(head.directory.streamId(index))
      }
      return ids
    },
    head: (row) => cached(row).head.head,
    body: ({ row, chunk, chunkOffset }, rawBytes) =>
      chunkOf(row, chunk).subarray(chunkOffset, chunkOffset + rawBytes),
  }
}

/** Decompressed chunks of rows; those read lately are kept in `known`. */
function createChunks(
  connection: Connection,
  cached: (row: number) => CachedRow,
  known: ByteCache<string, BodyPart>,
): (row: number, chunk: number) => Buffer {
  const bodyOf = connection.prepare('SELECT body FROM journal WHERE last_commit = ?').pluck()
  /** Of the row that was read last: its chunks are often wanted one after the other. */
  let last: { readonly key: string; readonly body: Buffer } | null = null
  const read = (row: number, { firstCommit, head }: CachedRow, chunk: number): Buffer => {
    const rowKey = `${row}:${firstCommit}`
    const key = `${rowKey}:${chunk}`
    const present = known.get(key)
    if (present !== undefined) return present.bytes
    if (last?.key !== rowKey) last = { key: rowKey, body: bodyOf.get(row) as Buffer }
    const bytes = readChunk(head, last.body, chunk)
    known.set(key, { bytes, start: 0 }, bytes.length)
    return bytes
  }
  /** Neighbouring streams lie in the same chunk: for most of them no key is made. */
  let newest: { readonly of: CachedRow; readonly chunk: number; readonly bytes: Buffer } | null = null
  return (row, chunk) => {
    const of = cached(row)
    if (newest?.of !== of || newest.chunk !== chunk || isFreed(newest.bytes))
      newest = { of, chunk, bytes: read(row, of, chunk) }
    return newest.bytes
  }
}

/** Calls `found` for each entry of one of the streams, both of which are in order of stream number. */
function visit(
  directory: JournalDirectory,
  streams: readonly SealedStream[],
  found: (index: number, entry: number) => void,
): void {
  const first = streams[0]
  const last = streams.at(-1)
  if (first === undefined || last === undefined) return
  let entry = directory.firstFrom(first.id)
  const end = directory.firstFrom(last.id + 1, entry)
  const isSearched = end - entry > searchAbove * streams.length
  for (let index = 0; index < streams.length && entry < end; index += 1) {
    const { id } = streams[index] as SealedStream
    if (isSearched) entry = directory.firstFrom(id, entry)
    else while (entry < end && directory.streamId(entry) < id) entry += 1
    if (entry < end && directory.streamId(entry) === id) found(index, entry)
  }
}
