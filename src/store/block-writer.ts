/**
 * Writes blocks: cuts a stream's lines to size, encodes each part and stores header, columns, body and
 * filter.
 */

import type { StoreLimits } from '../limits/store.ts'
import { gapLevel } from '../model/entry.ts'
import { levelDetectorVersion } from '../model/level.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { ByteWriter } from './byte-writer.ts'
import { encodeColumns, type LineSummary, summarize } from './columns.ts'
import { compress } from './compression.ts'
import { encodeCountCells } from './count-cells.ts'
import type { Connection } from './database.ts'
import { buildFilter } from './gram-filter.ts'
import { encodeRunsBytes, joinRuns, type Run, sliceRuns } from './runs.ts'

/** Tier of a block that is never merged again. */
export const fullTier = 100
const secondsPerDay = 86_400

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
}

/** Consecutive lines of one stream, oldest first, with when they arrived. */
export type ArrivedPart = {
  readonly from: number
  readonly to: number
  readonly runs: readonly Run[]
  readonly arrivalMin: number
  readonly arrivalMax: number
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

export function utcDay(sec: number): number {
  return Math.floor(sec / secondsPerDay)
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
  const insertFilter = connection.prepare('INSERT INTO block_filter (block_id, bits) VALUES (?, ?)')
  const columns = new ByteWriter(64 * 1024)
  let filters: { readonly blockId: number | bigint; readonly bits: Uint8Array }[] = []
  return {
    write: (input) => {
      const { lines, from, to, runs } = input
      const summary = summarize(lines, from, to)
      const start = lines.startOf(from)
      const end = (lines.ends[to - 1] as number) + 1
      columns.reset()
      const holdsLineFeeds = encodeColumns(lines, from, to, columns)
      const blockId = insertBlock.run(
        input.streamId,
        input.firstLine,
        to - from,
        end - start,
        summary.minSec,
        summary.minNs,
        summary.maxSec,
        summary.maxNs,
        summary.ascending ? 1 : 0,
        (runs[0] as Run).commit,
        (runs.at(-1) as Run).commit,
        input.arrivalMin,
        input.arrivalMax,
        end - start >= limits.blockFullBytes ? fullTier : input.tier,
        levelDetectorVersion,
        encodeLevelCounts(summary),
        holdsLineFeeds ? 1 : 0,
      ).lastInsertRowid
      const body = lines.body.subarray(start, end)
      if (summary.exceptions !== null) {
        const { gaps, gapBytes, span } = summary.exceptions
        const { first, last } = span ?? { first: null, last: null }
        const times = [first?.sec ?? null, first?.ns ?? null, last?.sec ?? null, last?.ns ?? null]
        insertException.run(blockId, input.streamId, gaps, gapBytes, ...times)
      }
      const cells = encodeCountCells(lines, from, to, limits.countCellsMax)
      if (cells !== null) insertCounts.run(blockId, cells)
      insertData.run(blockId, encodeRunsBytes(runs), compress(columns.view()), compress(body))
      // A block with a gap record is left without a filter, so that no text excludes it: gaps pass every text
      // condition.
      if (summary.levelCounts[gapLevel] === 0)
        filters.push({ blockId, bits: buildFilter(body, 0, body.length) })
      return summary
    },
    flushFilters: () => {
      for (const { blockId, bits } of filters) insertFilter.run(blockId, bits)
      filters = []
    },
    discardFilters: () => {
      filters = []
    },
  }
}

function encodeLevelCounts({ levelCounts }: LineSummary): Uint8Array {
  const counts = new ByteWriter(levelCountsBytes)
  for (const count of levelCounts) counts.integer(count)
  return counts.view()
}

const levelCountsBytes = 32

/**
 * Cuts lines into blocks: at the full size, at the line bound, at each change of the UTC day of arrival. The
 * rest after the last cut is a block too where one of its lines is before `through`; returns the index of the
 * first line that went into no block.
 */
export function cutBlocks(
  lines: LineBuffer,
  parts: readonly ArrivedPart[],
  through: number,
  limits: StoreLimits,
  write: (from: number, to: number, part: Omit<ArrivedPart, 'from' | 'to'>) => void,
): number {
  let from = 0
  let startByte = 0
  let open: ArrivedPart[] = []
  const cut = (to: number): void => {
    const runs = joinRuns(
      open.map((part) => sliceRuns(part.runs, Math.max(from, part.from) - part.from, to - part.from)),
    )
    const arrivalMin = Math.min(...open.map((part) => part.arrivalMin))
    write(from, to, { runs, arrivalMin, arrivalMax: (open.at(-1) as ArrivedPart).arrivalMax })
    open = []
    from = to
    startByte = (lines.ends[to - 1] as number) + 1
  }
  for (const part of parts) {
    const last = open.at(-1)
    if (last !== undefined && utcDay(last.arrivalMax) !== utcDay(part.arrivalMax)) cut(part.from)
    open.push(part)
    for (let index = part.from; index < part.to; index += 1) {
      const bytes = (lines.ends[index] as number) + 1 - startByte
      if (bytes < limits.blockBytes && index + 1 - from < limits.blockLinesMax) continue
      cut(index + 1)
      if (index + 1 < part.to) open.push(part)
    }
  }
  if (from < through) cut(lines.lineCount)
  return from
}
