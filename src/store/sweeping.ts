/** Deletes the oldest blocks in bounded slices, oldest arrival first, and takes them out of their streams' totals. */

import type { Connection } from './database.ts'
import type { JournalIndex } from './journal-index.ts'

/** Blocks deleted in one transaction: about 40 ms, so that nobody waits longer. */
export const sweepBlocks = 64

export type Swept = { readonly blocks: number; readonly lines: number; readonly bytes: number }

export type Sweeping = {
  /** Deletes up to `sweepBlocks` of the oldest blocks that arrived before `beforeSec`. Inside a transaction. */
  readonly sweep: (beforeSec: number, version: number) => Swept
  /** Arrival of the newest line of the oldest block, in seconds; null where there is no block. */
  readonly oldestArrival: () => number | null
}

type Victim = { id: number; stream_id: number; line_count: number; raw_bytes: number; commit_max: number }

export function createSweeping(connection: Connection, journal: JournalIndex): Sweeping {
  const oldest = connection.prepare('SELECT min(arrival_max) FROM block').pluck()
  const select = connection.prepare(
    `SELECT id, stream_id, line_count, raw_bytes, commit_max FROM block
     WHERE arrival_max < ? ORDER BY arrival_max, id LIMIT ${sweepBlocks}`,
  )
  const removals = ['block WHERE id', 'block_data WHERE block_id', 'block_filter WHERE block_id'].map(
    (target) => connection.prepare(`DELETE FROM ${target} = ?`),
  )
  const shrink = connection.prepare(
    'UPDATE stream SET lines = lines - @lines, bytes = bytes - @bytes, version = @version WHERE id = @id',
  )
  const setFirst = connection.prepare(
    `UPDATE stream SET (first_sec, first_ns) =
       (SELECT min_sec, min_ns FROM block WHERE stream_id = @id ORDER BY first_line LIMIT 1) WHERE id = @id`,
  )
  const raise = connection.prepare(
    `INSERT INTO meta (key, value) VALUES (@key, @commit)
     ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)`,
  )
  const removeEmpty = connection.prepare(
    `DELETE FROM stream WHERE id = @id AND lines = 0
       AND NOT EXISTS (SELECT 1 FROM file WHERE stream_id = @id)
       AND NOT EXISTS (SELECT 1 FROM fragment WHERE stream_id = @id)`,
  )
  return {
    oldestArrival: () => oldest.get() as number | null,
    sweep: (beforeSec, version) => {
      const victims = select.all(beforeSec) as Victim[]
      const streams = new Map<number, { lines: number; bytes: number }>()
      for (const { id, stream_id, line_count, raw_bytes } of victims) {
        for (const removal of removals) removal.run(id)
        const sum = streams.get(stream_id) ?? { lines: 0, bytes: 0 }
        sum.lines += line_count
        sum.bytes += raw_bytes
        streams.set(stream_id, sum)
      }
      for (const [id, { lines, bytes }] of streams) {
        shrink.run({ id, lines, bytes, version })
        setFirst.run({ id })
        if (journal.parts(id).length === 0) removeEmpty.run({ id })
      }
      if (victims.length > 0) {
        raise.run({ key: 'swept_commit', commit: Math.max(...victims.map((victim) => victim.commit_max)) })
        raise.run({ key: 'sweep_commit', commit: journal.rows.at(-1)?.lastCommit ?? 0 })
      }
      const sums = [...streams.values()]
      return {
        blocks: victims.length,
        lines: sums.reduce((total, each) => total + each.lines, 0),
        bytes: sums.reduce((total, each) => total + each.bytes, 0),
      }
    },
  }
}
