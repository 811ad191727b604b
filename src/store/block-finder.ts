/**
 * Finds blocks by time, lazily and in order, and by commit. Which index serves which question: `migrations/`.
 */

import { storeLimits } from '../limits/store.ts'
import { createBlockSieve } from './block-sieve.ts'
import { ByteCache } from './byte-cache.ts'
import type { Connection } from './database.ts'
import type { Filters } from './filters.ts'
import type { RequiredGrams } from './gram-filter.ts'
import { type BlockRow, blockColumns, type Segment, segmentOfBlock } from './segment.ts'
import type { StreamIds } from './stream-ids.ts'

/** Blocks that may hold lines of a time range. */
export type BlockRange = {
  /** Streams that are wanted; null: all. */
  readonly streamIds: StreamIds | null
  /** Whole seconds, inclusive on both ends. */
  readonly fromSec: number
  readonly toSec: number
  /** Blocks whose filters exclude it may be left out; they need not be. */
  readonly requiredGrams?: RequiredGrams
}

export type BlockFinder = {
  /** Falling last second; blocks that reach beyond `toSec` come first. To be closed by `return()`. */
  readonly newest: (range: BlockRange) => Generator<Segment, void, void>
  /** Rising first second; blocks that begin before `fromSec` come first. To be closed by `return()`. */
  readonly oldest: (range: BlockRange) => Generator<Segment, void, void>
  /** Blocks with lines from commits `after` (exclusive) to `upTo` (inclusive). */
  readonly ofCommits: (after: number, upTo: number) => Segment[]
  /**
   * A commit up to which about `blocks` blocks have lines from after `after`; infinite where there are fewer.
   */
  readonly commitWindow: (after: number, blocks: number) => number
  /** Number of the newest block; 0 where there is none. */
  readonly lastBlock: () => number
  /** Newest commit that has lines in a block; 0 where there is none. */
  readonly lastCommit: () => number
}

type RowIterator = IterableIterator<BlockRow>
type IdRow = [id: number, streamId: number]

export function createBlockFinder(connection: Connection, filters: Filters): BlockFinder {
  const header = `SELECT ${blockColumns} FROM block`
  const getRow = connection.prepare(`${header} WHERE id = ?`)
  /** Blocks never change, and neighbouring parts of a walk find the same ones. */
  const known = new ByteCache<number, Segment>(storeLimits.readerHeaders)
  const get = (id: number): Segment => {
    const present = known.get(id)
    if (present !== undefined) return present
    const segment = segmentOfBlock(getRow.get(id) as BlockRow)
    known.set(id, segment, 1)
    return segment
  }
  const ofCommits = connection.prepare(
    `${header} WHERE commit_max > ? AND commit_min <= ? ORDER BY commit_min`,
  )
  const window = connection
    .prepare('SELECT commit_max FROM block WHERE commit_max > ? ORDER BY commit_max LIMIT 1 OFFSET ?')
    .pluck()
  const last = connection.prepare('SELECT max(commit_max) FROM block').pluck()
  const lastId = connection.prepare('SELECT max(id) FROM block').pluck()
  const ofStream = createStreamFinder(connection, get)
  const across = connection
    .prepare('SELECT id, stream_id FROM block WHERE max_sec > ? AND min_sec <= ?')
    .raw()
  const newest = connection
    .prepare('SELECT id, stream_id FROM block WHERE max_sec <= ? AND max_sec >= ? ORDER BY max_sec DESC')
    .raw()
  const oldest = connection
    .prepare('SELECT id, stream_id FROM block WHERE max_sec >= ? AND min_sec <= ? ORDER BY min_sec')
    .raw()

  const sieve = createBlockSieve(connection, filters)

  function* pick(rows: Iterable<IdRow>, { streamIds }: BlockRange): Generator<Segment, void, void> {
    for (const [id, streamId] of rows) {
      if (streamIds !== null && !streamIds.has(streamId)) continue
      yield get(id)
    }
  }
  const isFew = ({ streamIds }: BlockRange): boolean =>
    streamIds !== null && streamIds.size <= storeLimits.fewStreams
  return {
    newest: function* (range) {
      const { fromSec, toSec, requiredGrams } = range
      if (isFew(range)) yield* ofStream.newest(range)
      else if (requiredGrams !== undefined) yield* sieve.newest(range, requiredGrams)
      else {
        yield* pick(across.all(toSec, toSec) as IdRow[], range)
        yield* pick(newest.iterate(toSec, fromSec) as IterableIterator<IdRow>, range)
      }
    },
    oldest: function* (range) {
      const { requiredGrams } = range
      if (isFew(range)) yield* ofStream.oldest(range)
      else if (requiredGrams !== undefined) yield* sieve.oldest(range, requiredGrams)
      else yield* pick(oldest.iterate(range.fromSec, range.toSec) as IterableIterator<IdRow>, range)
    },
    ofCommits: (after, upTo) => (ofCommits.all(after, upTo) as BlockRow[]).map(segmentOfBlock),
    commitWindow: (after, blocks) =>
      (window.get(after, blocks) as number | undefined) ?? Number.POSITIVE_INFINITY,
    lastBlock: () => (lastId.get() as number | null) ?? 0,
    lastCommit: () => (last.get() as number | null) ?? 0,
  }
}

type StreamFinder = Pick<BlockFinder, 'newest' | 'oldest'>

/** The same for few streams, each by its own index. */
function createStreamFinder(connection: Connection, get: (id: number) => Segment): StreamFinder {
  const header = `SELECT ${blockColumns} FROM block`
  const across = connection.prepare(
    `${header} WHERE stream_id = ? AND max_sec > ? AND min_sec <= ? AND max_sec >= ?`,
  )
  /** One statement per stream that is read at the same time: a statement has one iterator at most. */
  const newest = Array.from({ length: storeLimits.fewStreams }, () =>
    connection.prepare(
      `${header} WHERE stream_id = ? AND max_sec <= ? AND max_sec >= ? ORDER BY max_sec DESC`,
    ),
  )
  const oldest = connection
    .prepare('SELECT id, min_sec FROM block WHERE stream_id = ? AND max_sec >= ? AND min_sec <= ?')
    .raw()
  return {
    newest: function* ({ streamIds, fromSec, toSec }) {
      const ids = [...(streamIds ?? [])]
      for (const id of ids) {
        yield* (across.all(id, toSec, toSec, fromSec) as BlockRow[]).map(segmentOfBlock)
      }
      yield* mergeNewest(ids.map((id, index) => newest[index]?.iterate(id, toSec, fromSec) as RowIterator))
    },
    oldest: function* ({ streamIds, fromSec, toSec }) {
      const found: [id: number, minSec: number][] = []
      for (const id of streamIds ?? []) found.push(...(oldest.all(id, fromSec, toSec) as typeof found))
      for (const [id] of found.sort(([, a], [, b]) => a - b)) yield get(id)
    },
  }
}

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
