/** Reads the database for one query thread: consistent snapshots of streams, segments, columns and bodies. */

import { zstdDecompressSync } from 'node:zlib'
import { storeLimits } from '../limits.ts'
import { ByteCache } from './byte-cache.ts'
import { ByteReader } from './byte-writer.ts'
import { type Columns, decodeColumns } from './columns.ts'
import { decompress } from './compression.ts'
import { type Connection, openForReading } from './database.ts'
import { mayHold } from './gram-filter.ts'
import { decodeJournalHead, type JournalHead, readChunk } from './journal-row.ts'
import { decodeRuns, type Run } from './runs.ts'
import { type BlockRow, blockColumns, type Segment, segmentOfBlock, segmentOfJournal } from './segment.ts'
import { createStreamCache, type StreamRecord } from './stream-cache.ts'

/** Blocks that may hold lines of a time range; see the methods for their order. */
export type BlockRange = {
  /** Streams that are wanted; null: all. */
  readonly streamIds: ReadonlySet<number> | null
  /** Whole seconds, inclusive on both ends. */
  readonly fromSec: number
  readonly toSec: number
}

/** One moment of the database. Valid only while `Reader.snapshot` runs. */
export type Snapshot = {
  /** Number of the newest commit; 0 in an empty database. */
  readonly lastCommit: number
  /** Changes whenever streams or blocks do. */
  readonly structure: number
  /** Newest commit of which retention has deleted lines, and the newest commit when it last did so; 0: never. */
  readonly retention: () => { readonly sweptCommit: number; readonly sweepCommit: number }
  readonly stream: (id: number) => StreamRecord | undefined
  readonly streams: () => IterableIterator<StreamRecord>
  /** Unsealed segments, newest commit first. */
  readonly journal: () => Segment[]
  /** Blocks of a range, falling last second; those that reach beyond `toSec` come first. To be closed by `return()`. */
  readonly newestBlocks: (range: BlockRange) => Generator<Segment, void, void>
  /** Blocks of a range, rising first second; those that begin before `fromSec` come first. */
  readonly oldestBlocks: (range: BlockRange) => Generator<Segment, void, void>
  /** Blocks with lines from commits `after` (exclusive) to `upTo` (inclusive). */
  readonly blocksOfCommits: (after: number, upTo: number) => Segment[]
  /** A commit number, at most `lastCommit`, up to which about `blocks` blocks have lines from after `after`. */
  readonly commitWindow: (after: number, blocks: number) => number
  readonly columns: (segment: Segment) => Columns
  /** Body with an LF after each line. Shared: do not change or transfer. */
  readonly body: (segment: Segment) => Buffer
  readonly runs: (segment: Segment) => readonly Run[]
  /** False: no line of the segment holds all alternatives' grams. `required`: all of these, each any of its own. */
  readonly mayHold: (segment: Segment, required: readonly (readonly Int32Array[])[]) => boolean
  /** The connection, for listings. Reading statements only. */
  readonly connection: Connection
}

export type Reader = {
  readonly databaseId: string
  /** Runs `work` in one read transaction; keep it under a second, it holds back the WAL. */
  readonly snapshot: <T>(work: (snapshot: Snapshot) => T) => T
  readonly close: () => void
}

type CachedRow = { readonly firstCommit: number; readonly head: JournalHead; readonly segments: readonly Segment[] }

/** Opens the database of a data folder; throws when it is not there. */
export function openReader(dataDir: string): Reader {
  const connection = openForReading(dataDir)
  const databaseId = connection.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get() as string
  const streams = createStreamCache(connection)
  const columnCache = new ByteCache<string, Columns>(storeLimits.readerColumnCacheBytes)
  const bodyCache = new ByteCache<string, Buffer>(storeLimits.readerBodyCacheBytes)
  const rows = new Map<number, CachedRow>()
  const sql = prepareReads(connection)

  const refreshJournal = (): void => {
    const present = sql.journalRows.all() as { last_commit: number; first_commit: number }[]
    const keys = new Set(present.map((row) => row.last_commit))
    for (const key of rows.keys()) if (!keys.has(key)) rows.delete(key)
    for (const { last_commit: last, first_commit: first } of present) {
      if (rows.get(last)?.firstCommit === first) continue
      const head = decodeJournalHead(sql.journalHead.get(last) as Buffer)
      const segments = head.segments.map((segment) => segmentOfJournal(last, segment))
      rows.delete(last)
      rows.set(last, { firstCommit: first, head, segments })
    }
  }

  const journal = (): Segment[] => {
    const found: Segment[] = []
    for (const last of [...rows.keys()].sort((a, b) => b - a)) {
      for (const segment of (rows.get(last) as CachedRow).segments) {
        if (segment.firstLine >= (streams.get(segment.streamId)?.sealedLine ?? 0)) found.push(segment)
      }
    }
    return found
  }

  const columns = (segment: Segment): Columns => {
    const key = keyOf(segment)
    const cached = columnCache.get(key)
    if (cached !== undefined) return cached
    const { place } = segment
    const decoded =
      place.kind === 'block'
        ? decodeColumns(zstdDecompressSync(sql.columns.get(place.id) as Buffer), 0, segment.lineCount)
        : decodeColumns((rows.get(place.row) as CachedRow).head.head, place.segment.columnsOffset, segment.lineCount)
    columnCache.set(key, decoded, segment.lineCount * 14)
    return decoded
  }

  const chunkOf = (row: number, chunk: number): Buffer => {
    const key = `${row}:${rows.get(row)?.firstCommit}:${chunk}`
    const cached = bodyCache.get(key)
    if (cached !== undefined) return cached
    const bytes = readChunk((rows.get(row) as CachedRow).head, sql.journalBody.get(row) as Buffer, chunk)
    bodyCache.set(key, bytes, bytes.length)
    return bytes
  }

  const body = (segment: Segment): Buffer => {
    const { place, rawBytes } = segment
    if (place.kind === 'journal') {
      const { chunkOffset, chunk } = place.segment
      return chunkOf(place.row, chunk).subarray(chunkOffset, chunkOffset + rawBytes)
    }
    const key = keyOf(segment)
    const cached = bodyCache.get(key)
    if (cached !== undefined) return cached
    const bytes = decompress(sql.body.get(place.id) as Buffer, rawBytes)
    bodyCache.set(key, bytes, bytes.length)
    return bytes
  }

  const snapshotOf = (structure: number): Snapshot => ({
    lastCommit: Math.max((sql.lastJournal.get() as number | null) ?? 0, (sql.lastBlock.get() as number | null) ?? 0),
    structure,
    retention: () => ({
      sweptCommit: (sql.meta.get('swept_commit') as number | undefined) ?? 0,
      sweepCommit: (sql.meta.get('sweep_commit') as number | undefined) ?? 0,
    }),
    stream: streams.get,
    streams: streams.all,
    journal,
    newestBlocks: (range) => newestBlocks(sql, range),
    oldestBlocks: (range) => oldestBlocks(sql, range),
    blocksOfCommits: (after, upTo) => (sql.blocksOfCommits.all(after, upTo) as BlockRow[]).map(segmentOfBlock),
    commitWindow: (after, blocks) => (sql.commitWindow.get(after, blocks) as number | undefined) ?? Infinity,
    columns,
    body,
    runs: ({ place }) =>
      place.kind === 'block'
        ? decodeRuns(new ByteReader(sql.runs.get(place.id) as Buffer))
        : place.segment.runs,
    mayHold: ({ place }, required) => {
      if (place.kind === 'journal' || required.length === 0) return true
      const filter = sql.filter.get(place.id) as Buffer | undefined
      if (filter === undefined) return true
      return required.every((alternatives) => alternatives.some((hashes) => mayHold(filter, hashes)))
    },
    connection,
  })

  return {
    databaseId,
    snapshot: (work) => {
      sql.begin.run()
      try {
        const structure = sql.structure.get() as number
        streams.refresh(structure)
        refreshJournal()
        return work(snapshotOf(structure))
      } finally {
        if (connection.inTransaction) sql.commit.run()
      }
    },
    close: () => connection.close(),
  }
}

function keyOf({ place }: Segment): string {
  return place.kind === 'block' ? `b${place.id}` : `j${place.row}:${place.segment.columnsOffset}`
}

type Reads = ReturnType<typeof prepareReads>

function prepareReads(connection: Connection) {
  const pluck = (text: string) => connection.prepare(text).pluck()
  const header = `SELECT ${blockColumns} FROM block`
  return {
    begin: connection.prepare('BEGIN'),
    commit: connection.prepare('COMMIT'),
    structure: pluck("SELECT value FROM meta WHERE key = 'structure'"),
    meta: pluck('SELECT value FROM meta WHERE key = ?'),
    lastJournal: pluck('SELECT max(last_commit) FROM journal'),
    lastBlock: pluck('SELECT max(commit_max) FROM block'),
    journalRows: connection.prepare('SELECT last_commit, first_commit FROM journal'),
    journalHead: pluck('SELECT head FROM journal WHERE last_commit = ?'),
    journalBody: pluck('SELECT body FROM journal WHERE last_commit = ?'),
    columns: pluck('SELECT columns FROM block_data WHERE block_id = ?'),
    body: pluck('SELECT body FROM block_data WHERE block_id = ?'),
    runs: pluck('SELECT runs FROM block_data WHERE block_id = ?'),
    filter: pluck('SELECT bits FROM block_filter WHERE block_id = ?'),
    block: connection.prepare(`${header} WHERE id = ?`),
    /** Parameters: after, up to. */
    blocksOfCommits: connection.prepare(`${header} WHERE commit_max > ? AND commit_min <= ? ORDER BY commit_min`),
    commitWindow: pluck('SELECT commit_max FROM block WHERE commit_max > ? ORDER BY commit_max LIMIT 1 OFFSET ?'),
    /** Blocks across a moment. Parameters: moment, moment. */
    across: connection.prepare('SELECT id, stream_id FROM block WHERE max_sec > ? AND min_sec <= ?').raw(),
    newest: connection
      .prepare('SELECT id, stream_id FROM block WHERE max_sec <= ? AND max_sec >= ? ORDER BY max_sec DESC')
      .raw(),
    oldest: connection
      .prepare('SELECT id, stream_id FROM block WHERE max_sec >= ? AND min_sec <= ? ORDER BY min_sec')
      .raw(),
    acrossOfStream: connection.prepare(`${header} WHERE stream_id = ? AND max_sec > ? AND min_sec <= ?`),
    /** One statement per stream that is read at the same time: a statement has one iterator at most. */
    newestOfStream: Array.from({ length: storeLimits.fewStreams }, () =>
      connection.prepare(
        `${header} WHERE stream_id = ? AND max_sec <= ? AND max_sec >= ? ORDER BY max_sec DESC`,
      ),
    ),
    oldestOfStream: connection
      .prepare('SELECT id, min_sec FROM block WHERE stream_id = ? AND max_sec >= ? AND min_sec <= ?')
      .raw(),
  }
}

function* newestBlocks(sql: Reads, { streamIds, fromSec, toSec }: BlockRange): Generator<Segment, void, void> {
  if (streamIds !== null && streamIds.size <= storeLimits.fewStreams) {
    for (const id of streamIds) {
      for (const row of sql.acrossOfStream.all(id, toSec, toSec) as BlockRow[]) {
        if (row.max_sec >= fromSec) yield segmentOfBlock(row)
      }
    }
    const statements = sql.newestOfStream
    yield* mergeNewest(
      [...streamIds].map((id, index) => statements[index]?.iterate(id, toSec, fromSec)) as RowIterator[],
    )
    return
  }
  for (const [id, streamId] of sql.across.all(toSec, toSec) as [number, number][]) {
    if (streamIds?.has(streamId) ?? true) yield segmentOfBlock(sql.block.get(id) as BlockRow)
  }
  for (const [id, streamId] of sql.newest.iterate(toSec, fromSec) as IterableIterator<[number, number]>) {
    if (streamIds?.has(streamId) ?? true) yield segmentOfBlock(sql.block.get(id) as BlockRow)
  }
}

type RowIterator = IterableIterator<BlockRow>

/** Takes always the newest head of several sorted iterators; closes them all at the end. */
function* mergeNewest(iterators: readonly RowIterator[]): Generator<Segment, void, void> {
  try {
    const heads = iterators.map((iterator) => iterator.next().value as BlockRow | undefined)
    for (;;) {
      let best = -1
      for (const [index, head] of heads.entries()) {
        if (head !== undefined && (best < 0 || head.max_sec > (heads[best] as BlockRow).max_sec)) best = index
      }
      if (best < 0) return
      yield segmentOfBlock(heads[best] as BlockRow)
      heads[best] = (iterators[best] as RowIterator).next().value as BlockRow | undefined
    }
  } finally {
    for (const iterator of iterators) iterator.return?.()
  }
}

function* oldestBlocks(sql: Reads, { streamIds, fromSec, toSec }: BlockRange): Generator<Segment, void, void> {
  if (streamIds !== null && streamIds.size <= storeLimits.fewStreams) {
    const found: [id: number, minSec: number][] = []
    for (const id of streamIds) found.push(...(sql.oldestOfStream.all(id, fromSec, toSec) as [number, number][]))
    found.sort(([, a], [, b]) => a - b)
    for (const [id] of found) yield segmentOfBlock(sql.block.get(id) as BlockRow)
    return
  }
  for (const [id, streamId] of sql.oldest.iterate(fromSec, toSec) as IterableIterator<[number, number]>) {
    if (streamIds?.has(streamId) ?? true) yield segmentOfBlock(sql.block.get(id) as BlockRow)
  }
}
