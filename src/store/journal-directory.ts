/**
 * The directory of a journal row: one entry per stream, packed, read one by one, so that a journal of many
 * streams costs a reader 32 bytes each.
 */

import { ByteReader, type ByteWriter } from './byte-writer.ts'
import type { Exceptions, LineSummary, Span } from './columns.ts'
import type { JournalSegment } from './journal-row.ts'

/** Bits of the byte in an entry that says how to go on. */
const entryFlag = { ascending: 1, exceptions: 2 } as const

/** What an entry is made of beside the stream's number, which is written as the difference to the last. */
export type DirectoryEntry = {
  readonly firstLine: number
  readonly lineCount: number
  readonly rawBytes: number
  readonly runsBytes: number
  readonly columnsBytes: number
  readonly summary: LineSummary
  readonly commitMin: number
  readonly commitMax: number
}

export function writeEntry(out: ByteWriter, streamDelta: number, entry: DirectoryEntry): void {
  const { summary } = entry
  const { exceptions } = summary
  out.integer(streamDelta)
  out.integer(entry.firstLine)
  out.integer(entry.lineCount)
  out.integer(entry.rawBytes)
  out.integer(entry.runsBytes)
  out.integer(entry.columnsBytes)
  out.signed(summary.minSec)
  out.integer(summary.minNs)
  out.integer(summary.maxSec - summary.minSec)
  out.integer(summary.maxNs)
  out.byte((summary.ascending ? entryFlag.ascending : 0) | (exceptions === null ? 0 : entryFlag.exceptions))
  out.integer(levelMaskOf(summary.levelCounts))
  out.integer(entry.commitMin)
  out.integer(entry.commitMax - entry.commitMin)
  if (exceptions !== null) writeExceptions(out, exceptions)
}

function writeExceptions(out: ByteWriter, { gaps, gapBytes, span }: Exceptions): void {
  out.integer(gaps)
  out.integer(gapBytes)
  out.byte(span === null ? 0 : 1)
  if (span === null) return
  out.signed(span.first.sec)
  out.integer(span.first.ns)
  out.integer(span.last.sec - span.first.sec)
  out.integer(span.last.ns)
}

function readExceptions(reader: ByteReader): Exceptions {
  const gaps = reader.integer()
  const gapBytes = reader.integer()
  if (reader.byte() === 0) return { gaps, gapBytes, span: null }
  const first = { sec: reader.signed(), ns: reader.integer() }
  const last = { sec: first.sec + reader.integer(), ns: reader.integer() }
  return { gaps, gapBytes, span: { first, last } }
}

/** What listings say of a segment. */
export type SegmentTotals = {
  readonly lines: number
  /** Of the lines' texts, without line ends. */
  readonly bytes: number
  readonly span: Span | null
}

/** Entries in order of stream number. Numbers are positions in this order. */
export class JournalDirectory {
  readonly count: number
  /** Where the entries end and the chunks' table begins. */
  readonly endOffset: number
  readonly #head: Uint8Array
  readonly #streamIds: Float64Array
  readonly #firstLines: Float64Array
  /** Where an entry goes on behind its first line's number. */
  readonly #offsets: Uint32Array
  /** Where the runs begin, counted from the end of the chunks' table. */
  readonly #runsOffsets: Uint32Array
  readonly #chunks: Uint32Array
  readonly #chunkOffsets: Uint32Array
  #dataStart = 0

  constructor(head: Uint8Array) {
    const reader = new ByteReader(head)
    const count = reader.integer()
    this.count = count
    this.#head = head
    this.#streamIds = new Float64Array(count)
    this.#firstLines = new Float64Array(count)
    this.#offsets = new Uint32Array(count)
    this.#runsOffsets = new Uint32Array(count)
    this.#chunks = new Uint32Array(count)
    this.#chunkOffsets = new Uint32Array(count)
    let streamId = 0
    let dataOffset = 0
    for (let index = 0; index < count; index += 1) {
      streamId += reader.integer()
      this.#streamIds[index] = streamId
      this.#firstLines[index] = reader.integer()
      this.#offsets[index] = reader.offset
      this.#runsOffsets[index] = dataOffset
      reader.integer()
      // For now its size: the place follows from the chunks.
      this.#chunkOffsets[index] = reader.integer()
      dataOffset += reader.integer()
      dataOffset += reader.integer()
      for (let field = 0; field < timeFields; field += 1) reader.integer()
      const flags = reader.byte()
      for (let field = 0; field < lastFields; field += 1) reader.integer()
      if (flags & entryFlag.exceptions) readExceptions(reader)
    }
    this.endOffset = reader.offset
  }

  /** `counts`: segments per chunk; `dataStart`: where the chunks' table ends. */
  place(counts: readonly number[], dataStart: number): void {
    this.#dataStart = dataStart
    let next = 0
    for (const [chunk, count] of counts.entries()) {
      let offset = 0
      for (const end = next + count; next < end; next += 1) {
        const bytes = this.#chunkOffsets[next] as number
        this.#chunks[next] = chunk
        this.#chunkOffsets[next] = offset
        offset += bytes
      }
    }
  }

  streamId(index: number): number {
    return this.#streamIds[index] as number
  }

  firstLine(index: number): number {
    return this.#firstLines[index] as number
  }

  /** Number of the first entry whose stream is not below `streamId`. */
  firstFrom(streamId: number, from = 0): number {
    let low = from
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#streamIds[middle] as number) < streamId) low = middle + 1
      else high = middle
    }
    return low
  }

  segment(index: number): JournalSegment {
    const reader = new ByteReader(this.#head, this.#offsets[index])
    const lineCount = reader.integer()
    const rawBytes = reader.integer()
    const runsOffset = this.#dataStart + (this.#runsOffsets[index] as number)
    const columnsOffset = runsOffset + reader.integer()
    reader.integer()
    const minSec = reader.signed()
    const minNs = reader.integer()
    const maxSec = minSec + reader.integer()
    const maxNs = reader.integer()
    const ascending = (reader.byte() & entryFlag.ascending) !== 0
    const levelMask = reader.integer()
    const commitMin = reader.integer()
    const commitMax = commitMin + reader.integer()
    return {
      streamId: this.streamId(index),
      firstLine: this.firstLine(index),
      lineCount,
      rawBytes,
      minSec,
      minNs,
      maxSec,
      maxNs,
      ascending,
      levelMask,
      commitMin,
      commitMax,
      runsOffset,
      columnsOffset,
      chunk: this.#chunks[index] as number,
      chunkOffset: this.#chunkOffsets[index] as number,
    }
  }

  totals(index: number): SegmentTotals {
    const reader = new ByteReader(this.#head, this.#offsets[index])
    const lines = reader.integer()
    const bytes = reader.integer() - lines
    reader.integer()
    reader.integer()
    const first = { sec: reader.signed(), ns: reader.integer() }
    const last = { sec: first.sec + reader.integer(), ns: reader.integer() }
    const flags = reader.byte()
    if ((flags & entryFlag.exceptions) === 0) return { lines, bytes, span: { first, last } }
    for (let field = 0; field < lastFields; field += 1) reader.integer()
    const { gaps, gapBytes, span } = readExceptions(reader)
    return { lines: lines - gaps, bytes: bytes - gapBytes, span }
  }
}

/** Numbers before the flags that a directory steps over: the earliest and the latest time. */
const timeFields = 4
/** Numbers behind the flags: levels and commits. */
const lastFields = 3

function levelMaskOf(counts: Uint32Array): number {
  let mask = 0
  for (const [code, count] of counts.entries()) if (count > 0) mask |= 1 << code
  return mask
}
