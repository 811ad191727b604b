/** Stores blocks: header, columns, body, counts and filter. */

import type { StoreLimits } from '../limits/store.ts'
import { gapLevel } from '../model/entry.ts'
import { levelDetectorVersion } from '../model/level.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { createBlockEncoder, type EncodedBlock } from './block-encoding.ts'
import { ByteWriter } from './byte-writer.ts'
import { type LineSummary, summarize } from './columns.ts'
import type { Connection } from './database.ts'
import { encodeRunsBytes, type Run } from './runs.ts'

/** Tier of a block that is never merged again. */
export const fullTier = 100

/** Consecutive lines of one stream that arrived on one UTC day. */
export type BlockInput = {
  readonly streamId: number
  readonly firstLine: number
  readonly lines: LineBuffer
  readonly from: number
  readonly to: number
  readonly runs: readonly Run[]
  readonly arrivalMin: number
  readonly arrivalMax: number
  readonly tier: number
  /** These lines as they are to be stored, where that is known. */
  readonly encoded?: EncodedBlock | null
}

export type BlockWriter = {
  /** Stores one block, adds it to its stream's totals, returns its summary. */
  readonly write: (input: BlockInput) => LineSummary
  /** Stores the filters of all blocks since the last call, together. To be called before each COMMIT. */
  readonly flushFilters: () => void
  /** Forgets filters of a transaction that was rolled back. */
  readonly discardFilters: () => void
}

/** Deletes a block with all that is stored of it, not out of its stream's totals. Inside a transaction. */
export function createBlockRemover(connection: Connection): (blockId: number) => void {
  const removals = ['block_data', 'block_filter', 'block_counts', 'block_exception'].map((table) =>
    connection.prepare(`DELETE FROM ${table} WHERE block_id = ?`),
  )
  removals.push(connection.prepare('DELETE FROM block WHERE id = ?'))
  return (blockId) => {
    for (const removal of removals) removal.run(blockId)
  }
}

export function createBlockWriter(connection: Connection, limits: StoreLimits): BlockWriter {
  const insertBlock = connection.prepare(
    `INSERT INTO block (stream_id, first_line, line_count, raw_bytes, min_sec, min_ns, max_sec, max_ns,
       ascending, commit_min, commit_max, arrival_min, arrival_max, tier, detector_version, level_counts,
       holds_line_feeds)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertData = connection.prepare(
    'INSERT INTO block_data (block_id, runs, columns, body) VALUES (?, ?, ?, ?)',
  )
  const insertCounts = connection.prepare('INSERT INTO block_counts (block_id, cells) VALUES (?, ?)')
  const insertException = connection.prepare(
    `INSERT INTO block_exception
       (block_id, stream_id, gaps, gap_bytes, first_sec, first_ns, last_sec, last_ns)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertFilter = connection.prepare(
    'INSERT INTO block_filter (block_id, bits, ready_sec) VALUES (?, ?, ?)',
  )
  const encode = createBlockEncoder(limits.countCellsMax)
  let filters: Filter[] = []
  return {
    write: (input) => {
      const { lines, from, to, runs } = input
      const summary = summarize(lines, from, to)
      const rawBytes = (lines.ends[to - 1] as number) + 1 - lines.startOf(from)
      const tier = rawBytes >= limits.blockFullBytes ? fullTier : input.tier
      const { columns, body, cells, filter, holdsLineFeeds } = input.encoded ?? encode(lines, from, to)
      const blockId = insertBlock.run(
        input.streamId,
        input.firstLine,
        to - from,
        rawBytes,
        summary.minSec,
        summary.minNs,
        summary.maxSec,
        summary.maxNs,
        summary.ascending ? 1 : 0,
        (runs[0] as Run).commit,
        (runs.at(-1) as Run).commit,
        input.arrivalMin,
        input.arrivalMax,
        tier,
        levelDetectorVersion,
        encodeLevelCounts(summary),
        holdsLineFeeds ? 1 : 0,
      ).lastInsertRowid
      if (summary.exceptions !== null) {
        const { gaps, gapBytes, span } = summary.exceptions
        const { first, last } = span ?? { first: null, last: null }
        const times = [first?.sec ?? null, first?.ns ?? null, last?.sec ?? null, last?.ns ?? null]
        insertException.run(blockId, input.streamId, gaps, gapBytes, ...times)
      }
      if (cells !== null) insertCounts.run(blockId, cells)
      insertData.run(blockId, encodeRunsBytes(runs), columns, body)
      // A block with a gap record is left without a filter, so that no text excludes it: gaps pass every text
      // condition.
      if (summary.levelCounts[gapLevel] === 0) {
        filters.push({ blockId, bits: filter, readySec: tier === fullTier ? 0 : input.arrivalMax })
      }
      return summary
    },
    flushFilters: () => {
      for (const { blockId, bits, readySec } of filters) insertFilter.run(blockId, bits, readySec)
      filters = []
    },
    discardFilters: () => {
      filters = []
    },
  }
}

/** `readySec`: arrival after which its block is not merged any more; 0: it never is. */
type Filter = {
  readonly blockId: number | bigint
  readonly bits: Uint8Array
  readonly readySec: number
}

function encodeLevelCounts({ levelCounts }: LineSummary): Uint8Array {
  const counts = new ByteWriter(levelCountsBytes)
  for (const count of levelCounts) counts.integer(count)
  return counts.view()
}

const levelCountsBytes = 32
