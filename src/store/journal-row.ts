/** A journal row: lines of many streams from one commit or several folded ones, as a head (directory, columns) and chunked body. */

import { zstdDecompressSync } from 'node:zlib'
import { storeLimits } from '../limits.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { ByteReader, ByteWriter } from './byte-writer.ts'
import { encodeColumns, type LineSummary, summarize } from './columns.ts'
import { compress, decompress } from './compression.ts'
import { decodeRuns, encodeRuns, type Run } from './runs.ts'

/** Lines of one stream inside a journal row. */
export type JournalSegment = {
  readonly streamId: number
  readonly firstLine: number
  readonly lineCount: number
  /** Body bytes, one LF per line included. */
  readonly rawBytes: number
  readonly summary: Pick<LineSummary, 'minSec' | 'minNs' | 'maxSec' | 'maxNs' | 'ascending'>
  /** Bit per level code that occurs. */
  readonly levelMask: number
  readonly runs: readonly Run[]
  /** Where its columns begin in the row's decompressed head. */
  readonly columnsOffset: number
  readonly chunk: number
  /** Offset of its body in its chunk. */
  readonly chunkOffset: number
}

type Chunk = { readonly rawBytes: number; readonly offset: number; readonly bytes: number }

/** A row's directory, decoded; `head` holds the columns too. */
export type JournalHead = {
  readonly segments: readonly JournalSegment[]
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
  const columns = new ByteWriter(16 * 1024)
  directory.integer(inputs.length)
  let lastStream = 0
  for (const input of inputs) {
    const { lines, from, to } = input
    const summary = summarize(lines, from, to)
    const columnsStart = columns.length
    encodeColumns(lines, from, to, columns)
    directory.integer(input.streamId - lastStream)
    lastStream = input.streamId
    directory.integer(input.firstLine)
    directory.integer(to - from)
    directory.integer(bodyBytesOf(input))
    directory.integer(columns.length - columnsStart)
    directory.signed(summary.minSec)
    directory.integer(summary.minNs)
    directory.integer(summary.maxSec - summary.minSec)
    directory.integer(summary.maxNs)
    directory.byte(summary.ascending ? 1 : 0)
    directory.integer(levelMaskOf(summary.levelCounts))
    encodeRuns(input.runs, directory)
  }
  const body = encodeChunks(inputs, directory)
  directory.append(columns.view())
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
  const reader = new ByteReader(head)
  const count = reader.integer()
  const raw: (Omit<JournalSegment, 'columnsOffset' | 'chunk' | 'chunkOffset'> & { columnsBytes: number })[] =
    []
  let streamId = 0
  for (let index = 0; index < count; index += 1) {
    streamId += reader.integer()
    const firstLine = reader.integer()
    const lineCount = reader.integer()
    const rawBytes = reader.integer()
    const columnsBytes = reader.integer()
    const minSec = reader.signed()
    const minNs = reader.integer()
    const maxSec = minSec + reader.integer()
    const maxNs = reader.integer()
    const ascending = reader.byte() === 1
    const levelMask = reader.integer()
    const runs = decodeRuns(reader)
    const summary = { minSec, minNs, maxSec, maxNs, ascending }
    raw.push({ streamId, firstLine, lineCount, rawBytes, columnsBytes, summary, levelMask, runs })
  }
  const chunks: (Chunk & { segments: number })[] = []
  const chunkCount = reader.integer()
  let offset = 0
  for (let index = 0; index < chunkCount; index += 1) {
    const segments = reader.integer()
    const rawBytes = reader.integer()
    const bytes = reader.integer()
    chunks.push({ segments, rawBytes, bytes, offset })
    offset += bytes
  }
  let columnsOffset = reader.offset
  const segments: JournalSegment[] = []
  let next = 0
  for (const [chunk, { segments: inChunk }] of chunks.entries()) {
    let chunkOffset = 0
    for (let index = 0; index < inChunk; index += 1) {
      const { columnsBytes, ...segment } = raw[next++] as (typeof raw)[number]
      segments.push({ ...segment, columnsOffset, chunk, chunkOffset })
      columnsOffset += columnsBytes
      chunkOffset += segment.rawBytes
    }
  }
  return { segments, chunks, head }
}

/** Decompressed chunk `index` of a row's body. */
export function readChunk(head: JournalHead, body: Uint8Array, index: number): Buffer {
  const chunk = head.chunks[index] as Chunk
  return decompress(body.subarray(chunk.offset, chunk.offset + chunk.bytes), chunk.rawBytes)
}

export function bodyBytesOf({ lines, from, to }: SegmentInput): number {
  return (lines.ends[to - 1] as number) + 1 - lines.startOf(from)
}

function levelMaskOf(counts: Uint32Array): number {
  let mask = 0
  for (const [code, count] of counts.entries()) if (count > 0) mask |= 1 << code
  return mask
}
