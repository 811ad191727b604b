/**
 * A journal row: lines of many streams from one commit or several folded ones, as a head (directory, columns)
 * and chunked body.
 */

import { zstdDecompressSync } from 'node:zlib'
import { storeLimits } from '../limits/store.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { ByteReader, ByteWriter } from './byte-writer.ts'
import { encodeColumns, summarize } from './columns.ts'
import { compress, decompress } from './compression.ts'
import { JournalDirectory, writeEntry } from './journal-directory.ts'
import { decodeRuns, encodeRuns, type Run } from './runs.ts'

/** Which lines of a stream they are. */
export type JournalLines = {
  readonly streamId: number
  readonly firstLine: number
  readonly lineCount: number
  /** Body bytes, one LF per line included. */
  readonly rawBytes: number
}

/** What is known of consecutive lines of one stream without reading them. */
export type SegmentHeader = JournalLines & {
  readonly minSec: number
  readonly minNs: number
  readonly maxSec: number
  readonly maxNs: number
  readonly ascending: boolean
  /** Bit per level code that occurs; bit 8: gap records. */
  readonly levelMask: number
  readonly commitMin: number
  readonly commitMax: number
}

/** Lines of one stream inside a journal row, and where they lie in it. A row has one segment per stream. */
export type JournalSegment = SegmentHeader & {
  /**
   * Where its runs and its columns begin in the row's decompressed head. They stay there: decoded they take
   * much room.
   */
  readonly runsOffset: number
  readonly columnsOffset: number
  readonly chunk: number
  /** Offset of its body in its chunk. */
  readonly chunkOffset: number
}

type Chunk = { readonly rawBytes: number; readonly offset: number; readonly bytes: number }

/** A row's directory; `head` holds runs and columns too. */
export type JournalHead = {
  readonly directory: JournalDirectory
  readonly chunks: readonly Chunk[]
  readonly head: Uint8Array
}

/** Lines of one stream to be written, with the commits that they belong to, in line order. */
export type SegmentInput = {
  readonly streamId: number
  readonly firstLine: number
  readonly lines: LineBuffer
  readonly from: number
  readonly to: number
  readonly runs: readonly Run[]
}

/** Encodes segments, which are in order of stream id. */
export function encodeJournalRow(inputs: readonly SegmentInput[]): { head: Uint8Array; body: Uint8Array } {
  const directory = new ByteWriter()
  const data = new ByteWriter(16 * 1024)
  directory.integer(inputs.length)
  let lastStream = 0
  for (const input of inputs) {
    const { lines, from, to, runs } = input
    const summary = summarize(lines, from, to)
    const runsStart = data.length
    encodeRuns(runs, data)
    const columnsStart = data.length
    encodeColumns(lines, from, to, data)
    const commitMin = (runs[0] as Run).commit
    writeEntry(directory, input.streamId - lastStream, {
      firstLine: input.firstLine,
      lineCount: to - from,
      rawBytes: bodyBytesOf(input),
      runsBytes: columnsStart - runsStart,
      columnsBytes: data.length - columnsStart,
      summary,
      commitMin,
      commitMax: (runs.at(-1) as Run).commit,
    })
    lastStream = input.streamId
  }
  const body = encodeChunks(inputs, directory)
  directory.append(data.view())
  return { head: compress(directory.view()), body }
}

/** Compresses bodies in chunks that hold whole segments, and notes the chunks in the directory. */
function encodeChunks(inputs: readonly SegmentInput[], directory: ByteWriter): Uint8Array {
  const parts: Uint8Array[] = []
  const counts: number[] = []
  const raws: number[] = []
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  const flush = (): void => {
    if (pending.length === 0) return
    counts.push(pending.length)
    raws.push(pendingBytes)
    parts.push(
      compress(pending.length === 1 ? (pending[0] as Uint8Array) : Buffer.concat(pending, pendingBytes)),
    )
    pending = []
    pendingBytes = 0
  }
  for (const input of inputs) {
    const { lines, from, to } = input
    const body = lines.body.subarray(lines.startOf(from), (lines.ends[to - 1] as number) + 1)
    pending.push(body)
    pendingBytes += body.length
    if (pendingBytes >= storeLimits.journalChunkBytes) flush()
  }
  flush()
  directory.integer(parts.length)
  for (const [index, part] of parts.entries()) {
    directory.integer(counts[index] as number)
    directory.integer(raws[index] as number)
    directory.integer(part.length)
  }
  return Buffer.concat(parts)
}

export function decodeJournalHead(stored: Uint8Array): JournalHead {
  const head = zstdDecompressSync(stored)
  const directory = new JournalDirectory(head)
  const reader = new ByteReader(head, directory.endOffset)
  const chunks: Chunk[] = []
  const counts: number[] = []
  const chunkCount = reader.integer()
  let offset = 0
  for (let chunk = 0; chunk < chunkCount; chunk += 1) {
    counts.push(reader.integer())
    const rawBytes = reader.integer()
    const bytes = reader.integer()
    chunks.push({ rawBytes, bytes, offset })
    offset += bytes
  }
  directory.place(counts, reader.offset)
  return { directory, chunks, head }
}

/** All segments of a row. */
export function segmentsOf({ directory }: JournalHead): JournalSegment[] {
  return Array.from({ length: directory.count }, (_, index) => directory.segment(index))
}

/** Runs of a segment, out of its row's decompressed head. */
export function readRuns(
  head: Uint8Array,
  { runsOffset }: Pick<JournalSegment, 'runsOffset'>,
): readonly Run[] {
  return decodeRuns(new ByteReader(head, runsOffset))
}

/** Decompressed chunk `index` of a row's body. */
export function readChunk(head: JournalHead, body: Uint8Array, index: number): Buffer {
  const chunk = head.chunks[index] as Chunk
  return decompress(body.subarray(chunk.offset, chunk.offset + chunk.bytes), chunk.rawBytes)
}

/** What the writer remembers of a segment. */
export function linesOfInput(input: SegmentInput): JournalLines {
  const { streamId, firstLine, from, to } = input
  return { streamId, firstLine, lineCount: to - from, rawBytes: bodyBytesOf(input) }
}

export function bodyBytesOf({ lines, from, to }: SegmentInput): number {
  return (lines.ends[to - 1] as number) + 1 - lines.startOf(from)
}
