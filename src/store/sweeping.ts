/**
 * Deletes the oldest blocks in bounded slices, oldest arrival first, and takes them out of their streams'
 * totals.
 */

import type { Connection } from './database.ts'
import type { JournalIndex } from './journal-index.ts'
import type { StreamTable } from './stream-table.ts'

/** Blocks deleted in one transaction: about 40 ms, so that nobody waits longer. */
export const sweepBlocks = 64
/** Streams deleted in one transaction. */
export const sweepStreams = 256

export type Swept = { readonly blocks: number; readonly lines: number; readonly bytes: number }

export type Sweeping = {
  /**
   * Deletes up to `sweepBlocks` of the oldest blocks that arrived before `beforeSec`. Inside a transaction.
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

type Victim = { id: number; stream_id: number; line_count: number; raw_bytes: number; commit_max: number }

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
    `SELECT id, stream_id, line_count, raw_bytes, commit_max FROM block
     WHERE arrival_max < ? ORDER BY arrival_max, id LIMIT ${sweepBlocks}`,
  )
  const removals = ['block', 'block_data', 'block_filter', 'block_counts'].map((table) =>
    connection.prepare(`DELETE FROM ${table} WHERE ${table === 'block' ? 'id' : 'block_id'} = ?`),
  )
  const shrink = connection.prepare(
    'UPDATE stream SET lines = lines - @lines, bytes = bytes - @bytes, version = @version WHERE id = @id',
  )
  const setTimes = connection.prepare(
    `UPDATE stream SET
       (first_sec, first_ns) =
         (SELECT min_sec, min_ns FROM block WHERE stream_id = @id ORDER BY first_line LIMIT 1),
       (last_sec, last_ns) =
         (SELECT max_sec, max_ns FROM block WHERE stream_id = @id ORDER BY max_sec DESC, max_ns DESC LIMIT 1)
     WHERE id = @id`,
  )
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
      const totals = new Map<number, { lines: number; bytes: number }>()
      for (const { id, stream_id, line_count, raw_bytes } of victims) {
        for (const removal of removals) removal.run(id)
        const sum = totals.get(stream_id) ?? { lines: 0, bytes: 0 }
        sum.lines += line_count
        sum.bytes += raw_bytes
        totals.set(stream_id, sum)
      }
      for (const [id, { lines, bytes }] of totals) {
        shrink.run({ id, lines, bytes, version })
        setTimes.run({ id })
      }
      removeStreams(totals.keys(), version)
      if (victims.length > 0) {
        raise.run({ key: 'swept_commit', value: Math.max(...victims.map((victim) => victim.commit_max)) })
        raise.run({ key: 'sweep_commit', value: journal.rows.at(-1)?.lastCommit ?? 0 })
      }
      const sums = [...totals.values()]
      return {
        blocks: victims.length,
        lines: sums.reduce((total, each) => total + each.lines, 0),
        bytes: sums.reduce((total, each) => total + each.bytes, 0),
      }
    },
  }
}
