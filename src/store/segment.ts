/** A segment: consecutive lines of one stream as a reader finds them, in a block or in a journal row. */

import { levelCodeCount } from '../model/entry.ts'
import { ByteReader } from './byte-writer.ts'
import type { JournalSegment, SegmentHeader } from './journal-row.ts'

export type Segment = SegmentHeader & {
  readonly place: { readonly kind: 'block'; readonly id: number } | JournalPlace
  /** False: none of its lines holds an LF, as far as that is known without its columns. */
  readonly mayHoldLineFeeds: boolean
}

/** `row` is the journal row's last commit. */
export type JournalPlace = Pick<JournalSegment, 'runsOffset' | 'columnsOffset' | 'chunk' | 'chunkOffset'> & {
  readonly kind: 'journal'
  readonly row: number
}

/** Columns of `block` that make a segment, in a SELECT. */
export const blockColumns = `id, stream_id, first_line, line_count, raw_bytes, min_sec, min_ns, max_sec,
  max_ns, ascending, commit_min, commit_max, level_counts, holds_line_feeds`

export type BlockRow = {
  id: number
  stream_id: number
  first_line: number
  line_count: number
  raw_bytes: number
  min_sec: number
  min_ns: number
  max_sec: number
  max_ns: number
  ascending: number
  commit_min: number
  commit_max: number
  level_counts: Buffer
  /** Null in blocks of before it was noted. */
  holds_line_feeds: number | null
}

export function segmentOfBlock(row: BlockRow): Segment {
  return {
    streamId: row.stream_id,
    firstLine: row.first_line,
    lineCount: row.line_count,
    rawBytes: row.raw_bytes,
    minSec: row.min_sec,
    minNs: row.min_ns,
    maxSec: row.max_sec,
    maxNs: row.max_ns,
    ascending: row.ascending === 1,
    levelMask: levelMaskOf(row.level_counts),
    commitMin: row.commit_min,
    commitMax: row.commit_max,
    place: { kind: 'block', id: row.id },
    mayHoldLineFeeds: row.holds_line_feeds !== 0,
  }
}

/** `row` is the journal row's last commit. */
export function segmentOfJournal(row: number, segment: JournalSegment): Segment {
  const { runsOffset, columnsOffset, chunk, chunkOffset } = segment
  return {
    streamId: segment.streamId,
    firstLine: segment.firstLine,
    lineCount: segment.lineCount,
    rawBytes: segment.rawBytes,
    minSec: segment.minSec,
    minNs: segment.minNs,
    maxSec: segment.maxSec,
    maxNs: segment.maxNs,
    ascending: segment.ascending,
    levelMask: segment.levelMask,
    commitMin: segment.commitMin,
    commitMax: segment.commitMax,
    place: { kind: 'journal', row, runsOffset, columnsOffset, chunk, chunkOffset },
    mayHoldLineFeeds: true,
  }
}

function levelMaskOf(counts: Buffer): number {
  const reader = new ByteReader(counts)
  let mask = 0
  for (let code = 0; code < levelCodeCount; code += 1) if (reader.integer() > 0) mask |= 1 << code
  return mask
}
