/**
 * Loads pending lines back out of journal rows, for sealing and folding. Keeps the rows of one pass decoded.
 */

import { LineBuffer } from '../model/line-buffer.ts'
import type { ArrivedPart } from './block-cuts.ts'
import { decodeColumns } from './columns.ts'
import type { Connection } from './database.ts'
import type { PendingPart } from './journal-index.ts'
import {
  decodeJournalHead,
  type JournalHead,
  type JournalSegment,
  readChunk,
  readRuns,
  segmentsOf,
} from './journal-row.ts'
import { lineEnds } from './line-ends.ts'

type LoadedRow = {
  readonly head: JournalHead
  readonly segments: ReadonlyMap<number, JournalSegment>
  readonly body: Uint8Array
  chunk: number
  chunkBytes: Buffer
}

export type LoadedLines = { readonly lines: LineBuffer; readonly parts: readonly ArrivedPart[] }

export type JournalLoader = {
  /** Lines of the given parts of one stream, in order. */
  readonly load: (parts: readonly PendingPart[]) => LoadedLines
  /** Forgets the rows: they take memory, and rows change when they are folded. */
  readonly clear: () => void
}

export function createJournalLoader(connection: Connection): JournalLoader {
  const select = connection.prepare('SELECT head, body FROM journal WHERE last_commit = ?')
  const rows = new Map<number, LoadedRow>()
  const rowOf = (commit: number): LoadedRow => {
    const present = rows.get(commit)
    if (present !== undefined) return present
    const stored = select.get(commit) as { head: Uint8Array; body: Uint8Array }
    const head = decodeJournalHead(stored.head)
    const segments = new Map(segmentsOf(head).map((segment) => [segment.streamId, segment]))
    const row = { head, segments, body: stored.body, chunk: -1, chunkBytes: Buffer.alloc(0) }
    rows.set(commit, row)
    return row
  }
  return {
    load: (pending) => {
      const bytes = pending.reduce((sum, { segment }) => sum + segment.rawBytes, 0)
      const count = pending.reduce((sum, { segment }) => sum + segment.lineCount, 0)
      const lines = new LineBuffer(Math.max(1, count), Math.max(1, bytes))
      const parts: ArrivedPart[] = []
      for (const { row, segment: wanted } of pending) {
        const loaded = rowOf(row.lastCommit)
        const segment = loaded.segments.get(wanted.streamId) as JournalSegment
        if (loaded.chunk !== segment.chunk) {
          loaded.chunkBytes = readChunk(loaded.head, loaded.body, segment.chunk)
          loaded.chunk = segment.chunk
        }
        const body = loaded.chunkBytes.subarray(segment.chunkOffset, segment.chunkOffset + segment.rawBytes)
        const columns = decodeColumns(loaded.head.head, segment.columnsOffset, segment.lineCount)
        const from = lines.lineCount
        appendStored(lines, columns, body)
        parts.push({
          from,
          to: lines.lineCount,
          runs: readRuns(loaded.head.head, segment),
          arrivalMin: row.arrivalMin,
          arrivalMax: row.arrivalMax,
        })
      }
      return { lines, parts }
    },
    clear: () => rows.clear(),
  }
}

/** Appends decoded lines with their ends. */
export function appendStored(
  target: LineBuffer,
  columns: ReturnType<typeof decodeColumns>,
  body: Buffer,
): void {
  const first = target.lineCount
  const shift = target.bodyBytes
  target.appendColumns(columns, 0, columns.lineCount, body)
  const ends = lineEnds(body, columns)
  for (let index = 0; index < ends.length; index += 1)
    target.ends[first + index] = (ends[index] as number) + shift
}
