/**
 * Finds the blocks that filters do not exclude, lazily and in the order of a walk: those outside packs one by
 * one, those in packs as their packs are reached.
 */

import type { BlockRange } from './block-finder.ts'
import type { Connection } from './database.ts'
import type { PackedBlock } from './filter-pack.ts'
import { type Filters, type PackRow, packColumns } from './filters.ts'
import type { RequiredGrams } from './gram-filter.ts'
import { type BlockRow, blockColumns, pauseAt, type Segment, segmentOfBlock } from './segment.ts'

/** After so many packs and excluded blocks in a row the caller is let look at the time. */
const excludedRunMax = 256

export type BlockSieve = {
  /** As `BlockFinder.newest`. To be closed by `return()`. */
  readonly newest: (range: BlockRange, required: RequiredGrams) => Generator<Segment, void, void>
  /** As `BlockFinder.oldest`. To be closed by `return()`. */
  readonly oldest: (range: BlockRange, required: RequiredGrams) => Generator<Segment, void, void>
}

type OutsideRow = [id: number, streamId: number, minSec: number, maxSec: number]

/** Where packs and blocks outside packs come from, and what comes first. */
type Walk = {
  readonly range: BlockRange
  readonly required: RequiredGrams
  /** Falling rank. */
  readonly packs: Generator<PackRow, void, void>
  readonly outside: Generator<OutsideRow, void, void>
  /** Higher: earlier in the walk. */
  readonly rankOf: (minSec: number, maxSec: number) => number
  /** Second of the walk at a rank. */
  readonly secOf: (rank: number) => number
}

export function createBlockSieve(connection: Connection, filters: Filters): BlockSieve {
  const get = connection.prepare(`SELECT ${blockColumns} FROM block WHERE id = ?`)
  const packs = createSource<PackRow>(connection, `SELECT ${packColumns} FROM filter_pack`, 'true', false)
  const outside = createSource<OutsideRow>(
    connection,
    'SELECT id, stream_id, min_sec, max_sec FROM block',
    'packed IS NULL',
    true,
  )
  const segmentAt = (id: number): Segment | null => {
    const row = get.get(id) as BlockRow | undefined
    return row === undefined ? null : { ...segmentOfBlock(row), isSifted: true }
  }
  return {
    newest: (range, required) =>
      sift(filters, segmentAt, {
        range,
        required,
        packs: packs.newest(range),
        outside: outside.newest(range),
        rankOf: (_minSec, maxSec) => Math.min(maxSec, range.toSec),
        secOf: (rank) => rank,
      }),
    oldest: (range, required) =>
      sift(filters, segmentAt, {
        range,
        required,
        packs: packs.oldest(range),
        outside: outside.oldest(range),
        rankOf: (minSec) => -Math.max(minSec, range.fromSec),
        secOf: (rank) => -rank,
      }),
  }
}

type Range = Pick<BlockRange, 'fromSec' | 'toSec'>
type Source<Row> = {
  readonly newest: (range: Range) => Generator<Row, void, void>
  readonly oldest: (range: Range) => Generator<Row, void, void>
}

/** Rows with `min_sec` and `max_sec` that a range touches, in both orders. */
function createSource<Row>(
  connection: Connection,
  select: string,
  where: string,
  isRaw: boolean,
): Source<Row> {
  const [across, newest, oldest] = [
    'max_sec > ? AND min_sec <= ?',
    'max_sec <= ? AND max_sec >= ? ORDER BY max_sec DESC',
    'max_sec >= ? AND min_sec <= ? ORDER BY min_sec',
  ].map((condition) => connection.prepare(`${select} WHERE ${where} AND ${condition}`).raw(isRaw))
  return {
    newest: function* ({ fromSec, toSec }) {
      yield* (across?.all(toSec, toSec) ?? []) as Row[]
      yield* newest?.iterate(toSec, fromSec) as IterableIterator<Row>
    },
    oldest: function* ({ fromSec, toSec }) {
      yield* oldest?.iterate(fromSec, toSec) as IterableIterator<Row>
    },
  }
}

const last = Number.NEGATIVE_INFINITY

function* sift(
  filters: Filters,
  segmentAt: (id: number) => Segment | null,
  { range, required, packs, outside, rankOf, secOf }: Walk,
): Generator<Segment, void, void> {
  const { streamIds, fromSec, toSec } = range
  const isWanted = (streamId: number): boolean => streamIds === null || streamIds.has(streamId)
  const rankOfBlock = ({ minSec, maxSec }: PackedBlock): number => rankOf(minSec, maxSec)
  /** Of opened packs, in rising rank. */
  const pending: PackedBlock[] = []
  const open = (pack: PackRow): void => {
    const found = filters.survivors(pack, required).filter(({ streamId, minSec, maxSec }) => {
      return minSec <= toSec && maxSec >= fromSec && isWanted(streamId)
    })
    if (found.length === 0) return
    pending.push(...found)
    pending.sort((one, other) => rankOfBlock(one) - rankOfBlock(other))
  }
  let run = 0
  let pack = packs.next().value ?? null
  let block = outside.next().value ?? null
  try {
    for (;;) {
      const newest = pending.at(-1)
      const inside = newest === undefined ? last : rankOfBlock(newest)
      const alone = block === null ? last : rankOf(block[2], block[3])
      const unopened = pack === null ? last : rankOf(pack.min_sec, pack.max_sec)
      if (pack === null && block === null && newest === undefined) return
      run += 1
      if (pack !== null && unopened >= Math.max(inside, alone)) {
        open(pack)
        pack = packs.next().value ?? null
      } else if (newest !== undefined && inside >= alone) {
        pending.pop()
        // Null: it was deleted, and others of its pack were not.
        const segment = segmentAt(newest.id)
        if (segment !== null) {
          yield segment
          run = 0
        }
      } else if (block !== null) {
        const [id, streamId] = block
        block = outside.next().value ?? null
        if (isWanted(streamId) && !filters.isExcluded({ id, packed: null }, required)) {
          yield segmentAt(id) as Segment
          run = 0
        }
      }
      if (run >= excludedRunMax) {
        run = 0
        yield pauseAt(secOf(Math.max(unopened, inside, alone)))
      }
    }
  } finally {
    packs.return()
    outside.return()
  }
}
