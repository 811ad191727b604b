/** A segment: consecutive lines of one stream as a reader finds them, in a block or in a journal row. */

import { levelCodeCount } from '../model/entry.ts'
import { ByteReader } from './byte-writer.ts'
import type { JournalSegment, SegmentHeader } from './journal-row.ts'

export type Segment = SegmentHeader & {
  readonly place: BlockPlace | JournalPlace
  /** False: none of its lines holds an LF, as far as that is known without its columns. */
  readonly mayHoldLineFeeds: boolean
  /** Its filter was asked already for what is searched, and does not exclude it. */
  readonly isSifted: boolean
}

export type BlockPlace = {
  readonly kind: 'block'
  readonly id: number
  /** Where its filter lies (`migrations/0005_filter_packs.sql`); null: in a row of its own, or nowhere. */
  readonly packed: number | null
}

/** `row` is the journal row's last commit. */
export type JournalPlace = Pick<JournalSegment, 'runsOffset' | 'columnsOffset' | 'chunk' | 'chunkOffset'> & {
  readonly kind: 'journal'
  readonly row: number
}

/** Columns of `block` that make a segment, in a SELECT. */
export const blockColumns = `id, stream_id, first_line, line_count, raw_bytes, min_sec, min_ns, max_sec,
  max_ns, ascending, commit_min, commit_max, level_counts, holds_line_feeds, packed`

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
  packed: number | null
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
    place: { kind: 'block', id: row.id, packed: row.packed },
    mayHoldLineFeeds: row.holds_line_feeds !== 0,
    isSifted: false,
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
    isSifted: false,
  }
}

/** No lines at a second of a walk: lets whoever walks look at the time. */
export function pauseAt(sec: number): Segment {
  return {
    streamId: 0,
    firstLine: 0,
    lineCount: 0,
    rawBytes: 0,
    minSec: sec,
    minNs: 0,
    maxSec: sec,
    maxNs: 0,
    ascending: true,
    levelMask: 0,
    commitMin: 0,
    commitMax: 0,
    place: { kind: 'block', id: 0, packed: null },
    mayHoldLineFeeds: false,
    isSifted: true,
  }
}

function levelMaskOf(counts: Buffer): number {
  const reader = new ByteReader(counts)
  let mask = 0
  for (let code = 0; code < levelCodeCount; code += 1) if (reader.integer() > 0) mask |= 1 << code
  return mask
}
