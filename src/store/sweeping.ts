/**
 * Deletes the oldest blocks in bounded slices, oldest arrival first, and takes them out of their streams'
 * totals.
 */

import type { Time } from '../model/entry.ts'
import { compareTime } from '../model/time.ts'
import { createBlockRemover } from './block-writer.ts'
import type { Connection } from './database.ts'
import type { JournalIndex } from './journal-index.ts'
import type { StreamTable } from './stream-table.ts'

/** Blocks deleted in one transaction, at most: some 15 ms of processor time. */
const sweepBlocks = 64
/** Where their pages have to come from a slow disk first, fewer are, so that nobody waits longer. */
const sweepMsMax = 25
/** Streams deleted in one transaction. */
export const sweepStreams = 256

export type Swept = { readonly blocks: number; readonly lines: number; readonly bytes: number }

export type Sweeping = {
  /**
   * Deletes some of the oldest blocks that arrived before `beforeSec`: one, and up to `sweepBlocks` within
   * `sweepMsMax`. Inside a transaction.
   */
  readonly sweep: (beforeSec: number, version: number) => Swept
  /** Arrival of the newest line of the oldest block, in seconds; null where there is no block. */
  readonly oldestArrival: () => number | null
  /**
   * Deletes up to `sweepStreams` streams of which nothing is stored and nothing is there. Inside a
   * transaction.
   */
  readonly sweepStreams: (version: number) => number
}

type Victim = {
  id: number
  stream_id: number
  line_count: number
  raw_bytes: number
  commit_max: number
  gaps: number | null
  gap_bytes: number | null
}

/** What a stream loses. */
type Loss = { lines: number; bytes: number; gaps: number; gapBytes: number }

type Deps = {
  readonly connection: Connection
  readonly journal: JournalIndex
  readonly streams: Pick<StreamTable, 'isAwaited'>
}

/** Of blocks, files and fragments; the journal and the collector are asked apart. */
const isEmptyInTables = `lines = 0
  AND NOT EXISTS (SELECT 1 FROM file WHERE stream_id = stream.id)
  AND NOT EXISTS (SELECT 1 FROM fragment WHERE stream_id = stream.id)`

export function createSweeping({ connection, journal, streams }: Deps): Sweeping {
  const oldest = connection.prepare('SELECT min(arrival_max) FROM block').pluck()
  const select = connection.prepare(
    `SELECT block.id, block.stream_id, line_count, raw_bytes, commit_max, gaps, gap_bytes
     FROM block LEFT JOIN block_exception ON block_id = block.id
     WHERE arrival_max < ? ORDER BY arrival_max, block.id LIMIT ${sweepBlocks}`,
  )
  const removeBlock = createBlockRemover(connection)
  const shrink = connection.prepare(
    `UPDATE stream SET lines = lines - @lines, bytes = bytes - @bytes, gaps = max(0, gaps - @gaps),
       gap_bytes = max(0, gap_bytes - @gapBytes), version = @version
     WHERE id = @id`,
  )
  const setTimes = createTimesSetter(connection)
  const raise = connection.prepare(
    `INSERT INTO meta (key, value) VALUES (@key, @value)
     ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)`,
  )
  const selectEmpty = connection.prepare(`SELECT id FROM stream WHERE ${isEmptyInTables}`).pluck()
  const removeEmpty = connection.prepare(`DELETE FROM stream WHERE id = ? AND ${isEmptyInTables}`)
  /** Those of `ids` that are empty; readers learn by `stream_removal` that some are gone. */
  const removeStreams = (ids: Iterable<number>, version: number): number => {
    let removed = 0
    for (const id of ids) {
      if (removed === sweepStreams) break
      if (journal.parts(id).length > 0 || streams.isAwaited(id)) continue
      removed += removeEmpty.run(id).changes
    }
    if (removed > 0) raise.run({ key: 'stream_removal', value: version })
    return removed
  }
  return {
    oldestArrival: () => oldest.get() as number | null,
    sweepStreams: (version) => removeStreams(selectEmpty.all() as number[], version),
    sweep: (beforeSec, version) => {
      const victims = select.all(beforeSec) as Victim[]
      const losses = new Map<number, Loss>()
      const untilMs = performance.now() + sweepMsMax
      let blocks = 0
      let lastCommit = 0
      for (const { id, stream_id, line_count, raw_bytes, commit_max, gaps, gap_bytes } of victims) {
        removeBlock(id)
        blocks += 1
        lastCommit = Math.max(lastCommit, commit_max)
        const loss = losses.get(stream_id) ?? { lines: 0, bytes: 0, gaps: 0, gapBytes: 0 }
        loss.lines += line_count
        loss.bytes += raw_bytes
        loss.gaps += gaps ?? 0
        loss.gapBytes += gap_bytes ?? 0
        losses.set(stream_id, loss)
        if (performance.now() > untilMs) break
      }
      for (const [id, loss] of losses) {
        shrink.run({ id, ...loss, version })
        setTimes(id)
      }
      removeStreams(losses.keys(), version)
      if (blocks > 0) {
        raise.run({ key: 'swept_commit', value: lastCommit })
        raise.run({ key: 'sweep_commit', value: journal.rows.at(-1)?.lastCommit ?? 0 })
      }
      const sums = [...losses.values()]
      return {
        blocks,
        lines: sums.reduce((total, each) => total + each.lines, 0),
        bytes: sums.reduce((total, each) => total + each.bytes, 0),
      }
    },
  }
}

type BlockTime = Time | undefined

/**
 * Sets a stream's first and last time to those of the blocks that are left. A block without exceptions is
 * found by an index; those with exceptions are few, and keep their times apart.
 */
function createTimesSetter(connection: Connection): (streamId: number) => void {
  const plain = 'NOT EXISTS (SELECT 1 FROM block_exception WHERE block_id = block.id)'
  const firsts = [
    `SELECT min_sec AS sec, min_ns AS ns FROM block WHERE stream_id = ? AND ${plain}
     ORDER BY min_sec, min_ns LIMIT 1`,
    `SELECT first_sec AS sec, first_ns AS ns FROM block_exception
     WHERE stream_id = ? AND first_sec IS NOT NULL ORDER BY first_sec, first_ns LIMIT 1`,
  ].map((text) => connection.prepare(text))
  const lasts = [
    `SELECT max_sec AS sec, max_ns AS ns FROM block WHERE stream_id = ? AND ${plain}
     ORDER BY max_sec DESC, max_ns DESC LIMIT 1`,
    `SELECT last_sec AS sec, last_ns AS ns FROM block_exception
     WHERE stream_id = ? AND last_sec IS NOT NULL ORDER BY last_sec DESC, last_ns DESC LIMIT 1`,
  ].map((text) => connection.prepare(text))
  const set = connection.prepare(
    'UPDATE stream SET first_sec = ?, first_ns = ?, last_sec = ?, last_ns = ? WHERE id = ?',
  )
  return (streamId) => {
    const [first, otherFirst] = firsts.map((statement) => statement.get(streamId) as BlockTime)
    const [last, otherLast] = lasts.map((statement) => statement.get(streamId) as BlockTime)
    const isFirst = first === undefined || (otherFirst !== undefined && compareTime(otherFirst, first) < 0)
    const isLast = last === undefined || (otherLast !== undefined && compareTime(otherLast, last) > 0)
    const from = isFirst ? otherFirst : first
    const to = isLast ? otherLast : last
    set.run(from?.sec ?? null, from?.ns ?? null, to?.sec ?? null, to?.ns ?? null, streamId)
  }
}
