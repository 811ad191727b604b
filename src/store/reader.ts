/** Reads the database for one query thread: consistent snapshots of streams, segments, columns and bodies. */

import { zstdDecompressSync } from 'node:zlib'
import { type StoreLimits, storeLimits } from '../limits/store.ts'
import { gapLevel } from '../model/entry.ts'
import { type BlockFinder, type BlockRange, createBlockFinder } from './block-finder.ts'
import { type Bodies, type BodyPart, createBodies } from './bodies.ts'
import { ByteCache } from './byte-cache.ts'
import { ByteReader } from './byte-writer.ts'
import { type Columns, decodeColumns } from './columns.ts'
import { type Connection, type FileSettings, openForReading } from './database.ts'
import { createFilters, type Filters } from './filters.ts'
import { freeBytes } from './free-bytes.ts'
import type { RequiredGrams } from './gram-filter.ts'
import { createJournalCache, type JournalCache } from './journal-cache.ts'
import { readRuns } from './journal-row.ts'
import { lineEnds } from './line-ends.ts'
import { decodeRuns, type Run } from './runs.ts'
import { createSealedLines } from './sealed-lines.ts'
import type { JournalPlace, Segment } from './segment.ts'
import { createStorageSizes, type StoredSizes } from './storage-sizes.ts'
import { createStreamCache, type StreamRecord } from './stream-cache.ts'
import { createStreamFinder, type StreamFinder } from './stream-finder.ts'
import type { StreamIds } from './stream-ids.ts'
import { createTotalsReader, type TotalsReader } from './stream-totals.ts'

/** One moment of the database. Valid only while `Reader.snapshot` runs. */
export type Snapshot = Bodies & {
  /** Number of the newest commit; 0 in an empty database. */
  readonly lastCommit: number
  /** Changes whenever streams or blocks do. */
  readonly structure: number
  /**
   * Newest commit of which retention has deleted lines, and the newest commit when it last did so; 0: never.
   */
  readonly retention: () => { readonly sweptCommit: number; readonly sweepCommit: number }
  readonly stream: (id: number) => StreamRecord | undefined
  readonly streams: StreamFinder
  readonly totals: TotalsReader
  /** The structure as of which a stream was last deleted; 0: never. */
  readonly streamRemoval: () => number
  /** Unsealed segments, newest commit first; of commits after `after` and of these streams only. */
  readonly journal: (after?: number, streamIds?: StreamIds | null) => Segment[]
  readonly newestBlocks: (range: BlockRange) => ReturnType<BlockFinder['newest']>
  readonly oldestBlocks: (range: BlockRange) => ReturnType<BlockFinder['oldest']>
  readonly blocksOfCommits: BlockFinder['ofCommits']
  readonly commitWindow: BlockFinder['commitWindow']
  /** Number of the newest block; 0 where there is none. Later ones have higher numbers, for ever. */
  readonly lastBlock: () => number
  readonly columns: (segment: Segment) => Columns
  /** Offset in the body of the LF after each line. Shared. */
  readonly lineEnds: (segment: Segment, columns: Columns) => Uint32Array
  readonly runs: (segment: Segment) => readonly Run[]
  /** Stored counts of a segment's lines over time (`count-cells.ts`); null where it has none. */
  readonly countCells: (segment: Segment) => Buffer | null
  /** False: no line of the segment can match. One with a gap record may hold anything. */
  readonly mayHold: (segment: Segment, required: RequiredGrams) => boolean
}

export type Reader = {
  readonly databaseId: string
  /** Runs `work` in one read transaction; keep it under a second, it holds back the WAL. */
  readonly snapshot: <T>(work: (snapshot: Snapshot) => T) => T
  /** Where the bytes of the database are. Inside `snapshot`. */
  readonly sizes: () => StoredSizes
  readonly close: () => void
}

/** Gap records pass every condition on the text. */
const gapBit = 1 << gapLevel

/** Bytes per line of decoded columns. */
const columnBytesPerLine = 14

/** Opens the database of a data folder; throws when it is not there. */
export function openReader(
  dataDir: string,
  settings: FileSettings & Pick<StoreLimits, 'readerBodyCacheBytes'> = storeLimits,
): Reader {
  const connection = openForReading(dataDir, settings)
  const begin = connection.prepare('BEGIN')
  const commit = connection.prepare('COMMIT')
  const meta = connection.prepare('SELECT value FROM meta WHERE key = ?').pluck()
  const lastJournal = connection.prepare('SELECT max(last_commit) FROM journal').pluck()
  const labels = createStreamCache(connection)
  const streams = createStreamFinder(connection)
  const sealed = createSealedLines(connection)
  const filters = createFilters(connection)
  const blocks = createBlockFinder(connection, filters)
  const contents = createContents(connection, filters, settings.readerBodyCacheBytes)
  const totals = createTotalsReader(connection, contents.journal)
  const number = (value: unknown): number => (value as number | null | undefined) ?? 0

  const snapshotOf = (structure: number): Snapshot => ({
    lastCommit: Math.max(number(lastJournal.get()), blocks.lastCommit()),
    structure,
    retention: () => ({
      sweptCommit: number(meta.get('swept_commit')),
      sweepCommit: number(meta.get('sweep_commit')),
    }),
    stream: labels.get,
    streams,
    totals,
    streamRemoval: () => number(meta.get('stream_removal')),
    journal: (after = 0, streamIds = null) => contents.journal.segments(sealed, after, streamIds),
    newestBlocks: blocks.newest,
    oldestBlocks: blocks.oldest,
    blocksOfCommits: blocks.ofCommits,
    commitWindow: blocks.commitWindow,
    lastBlock: blocks.lastBlock,
    columns: contents.columns,
    body: contents.body,
    bodyPart: contents.bodyPart,
    lineEnds: contents.lineEnds,
    runs: contents.runs,
    countCells: contents.countCells,
    mayHold: contents.mayHold,
  })

  return {
    databaseId: meta.get('database_id') as string,
    snapshot: (work) => {
      begin.run()
      try {
        const structure = number(meta.get('structure'))
        labels.refresh(structure)
        sealed.refresh(structure)
        contents.journal.refresh()
        return work(snapshotOf(structure))
      } finally {
        commit.run()
      }
    },
    sizes: createStorageSizes(connection, dataDir),
    close: () => connection.close(),
  }
}

type Contents = Pick<
  Snapshot,
  'columns' | 'body' | 'bodyPart' | 'lineEnds' | 'runs' | 'countCells' | 'mayHold'
> & { readonly journal: JournalCache }

/** What segments hold, with what was read lately kept. */
function createContents(connection: Connection, filters: Filters, bodyCacheBytes: number): Contents {
  const pluck = (text: string) => connection.prepare(text).pluck()
  const columnsOf = pluck('SELECT columns FROM block_data WHERE block_id = ?')
  const runsOf = pluck('SELECT runs FROM block_data WHERE block_id = ?')
  const cellsOf = pluck('SELECT cells FROM block_counts WHERE block_id = ?')
  const bodyCache = new ByteCache<string, BodyPart>(bodyCacheBytes, ({ bytes }) => freeBytes(bytes))
  const columnCache = new ByteCache<number, Columns>(storeLimits.readerColumnCacheBytes)
  const journal = createJournalCache(connection, bodyCache)
  /** Lives as long as the journal row that a segment belongs to. */
  const journalColumns = new WeakMap<JournalPlace, Columns>()
  const endsOf = new WeakMap<Columns, Uint32Array>()
  const { body, bodyPart } = createBodies(connection, journal.body, bodyCache, bodyCacheBytes)
  return {
    journal,
    columns: ({ place, lineCount }) => {
      if (place.kind === 'journal') {
        const known = journalColumns.get(place)
        if (known !== undefined) return known
        const decoded = decodeColumns(journal.head(place.row), place.columnsOffset, lineCount)
        journalColumns.set(place, decoded)
        return decoded
      }
      const cached = columnCache.get(place.id)
      if (cached !== undefined) return cached
      const columns = decodeColumns(zstdDecompressSync(columnsOf.get(place.id) as Buffer), 0, lineCount)
      columnCache.set(place.id, columns, lineCount * columnBytesPerLine)
      return columns
    },
    body,
    bodyPart,
    lineEnds: (segment, columns) => {
      const known = endsOf.get(columns)
      if (known !== undefined) return known
      const ends = lineEnds(body(segment), columns)
      endsOf.set(columns, ends)
      return ends
    },
    runs: ({ place }) =>
      place.kind === 'block'
        ? decodeRuns(new ByteReader(runsOf.get(place.id) as Buffer))
        : readRuns(journal.head(place.row), place),
    countCells: ({ place }) =>
      place.kind === 'block' ? ((cellsOf.get(place.id) as Buffer | undefined) ?? null) : null,
    mayHold: ({ place, isSifted, levelMask }, required) => {
      if (isSifted || required.length === 0 || (levelMask & gapBit) !== 0) return true
      return place.kind === 'journal'
        ? journal.mayHold(place, required)
        : !filters.isExcluded(place, required)
    },
  }
}
