/**
 * Merges small neighbouring blocks of a stream into larger ones, so that a slow stream does not cost a row
 * per seal.
 */

import { zstdDecompressSync } from 'node:zlib'
import type { StoreLimits } from '../limits/store.ts'
import { LineBuffer } from '../model/line-buffer.ts'
import { utcDay } from './block-cuts.ts'
import { type BlockWriter, createBlockRemover, fullTier } from './block-writer.ts'
import { ByteReader } from './byte-writer.ts'
import { decodeColumns } from './columns.ts'
import { decompress } from './compression.ts'
import type { Connection } from './database.ts'
import { appendStored } from './journal-loader.ts'
import { decodeRuns, joinRuns, type Run } from './runs.ts'

type Candidate = {
  id: number
  first_line: number
  line_count: number
  raw_bytes: number
  arrival_min: number
  arrival_max: number
  tier: number
}

export type Merging = {
  /** Merges one group of the stream's blocks, if there is one that should be. Inside a transaction. */
  readonly mergeOne: (streamId: number, version: number) => boolean
}

export function createMerging(connection: Connection, blocks: BlockWriter, limits: StoreLimits): Merging {
  /** Newest blocks that are looked at: two tiers of one day and what a day before left over. */
  const candidatesMax = limits.mergeWidth * 4
  const newest = connection.prepare(
    `SELECT id, first_line, line_count, raw_bytes, arrival_min, arrival_max, tier FROM block
     WHERE stream_id = ? ORDER BY first_line DESC LIMIT ${candidatesMax}`,
  )
  const data = connection.prepare('SELECT runs, columns, body FROM block_data WHERE block_id = ?')
  const removeBlock = createBlockRemover(connection)
  const touch = connection.prepare('UPDATE stream SET version = ? WHERE id = ?')
  return {
    mergeOne: (streamId, version) => {
      const group = findMergeable((newest.all(streamId) as Candidate[]).reverse(), limits)
      if (group === null) return false
      const lines = new LineBuffer(1024, limits.blockBytes)
      const runs: (readonly Run[])[] = []
      for (const block of group) {
        const stored = data.get(block.id) as { runs: Buffer; columns: Buffer; body: Buffer }
        const columns = decodeColumns(zstdDecompressSync(stored.columns), 0, block.line_count)
        appendStored(lines, columns, decompress(stored.body, block.raw_bytes))
        runs.push(decodeRuns(new ByteReader(stored.runs)))
        removeBlock(block.id)
      }
      const first = group[0] as Candidate
      const last = group.at(-1) as Candidate
      blocks.write({
        streamId,
        firstLine: first.first_line,
        lines,
        from: 0,
        to: lines.lineCount,
        runs: joinRuns(runs),
        arrivalMin: first.arrival_min,
        arrivalMax: last.arrival_max,
        tier: Math.max(...group.map((block) => block.tier)) + 1,
      })
      touch.run(version, streamId)
      return true
    },
  }
}

/**
 * The oldest group of neighbours worth merging: `mergeWidth` of one tier, or fewer where they fill a block,
 * or all that a finished day left over. Blocks are in line order.
 */
export function findMergeable(blocks: readonly Candidate[], limits: StoreLimits): Candidate[] | null {
  const lastDay = utcDay(blocks.at(-1)?.arrival_max ?? 0)
  let group: Candidate[] = []
  let bytes = 0
  let lines = 0
  for (const block of blocks) {
    const previous = group.at(-1)
    const day = utcDay(block.arrival_max)
    const isFinished = day < lastDay
    const isTooMuch =
      bytes + block.raw_bytes > limits.blockBytes || lines + block.line_count > limits.blockLinesMax
    const joins =
      previous !== undefined &&
      previous.first_line + previous.line_count === block.first_line &&
      utcDay(previous.arrival_max) === day &&
      (previous.tier === block.tier || isFinished) &&
      block.tier !== fullTier
    if (joins && isTooMuch && group.length > 1) return group
    if (!joins || isTooMuch) {
      if (group.length > 1 && utcDay(previous?.arrival_max ?? 0) < lastDay) return group
      group = []
      bytes = 0
      lines = 0
    }
    if (block.tier !== fullTier) {
      group.push(block)
      bytes += block.raw_bytes
      lines += block.line_count
    }
    if (group.length >= limits.mergeWidth && !isFinished) return group
  }
  return null
}
