/**
 * What the writer knows of the journal in memory: its rows, and per stream the segments that are not sealed
 * yet.
 */

import type { Filling } from './block-cuts.ts'
import type { JournalLines } from './journal-row.ts'

export type JournalRow = {
  readonly firstCommit: number
  readonly lastCommit: number
  readonly arrivalMin: number
  readonly arrivalMax: number
  readonly tier: number
  readonly rawBytes: number
  readonly segments: readonly JournalLines[]
}

/** A segment and the row that holds it. */
export type PendingPart = { readonly row: JournalRow; readonly segment: JournalLines }

/** Bounded by the journal's own bounds: at most a few hundred rows, sealed at `journalBytesMax`. */
export class JournalIndex {
  /** Oldest first. */
  readonly rows: JournalRow[] = []
  readonly #parts = new Map<number, PendingPart[]>()
  #rawBytes = 0

  /** Body bytes of all rows, sealed ones included. */
  get rawBytes(): number {
    return this.#rawBytes
  }

  /** Streams with lines that are not sealed, ascending. */
  pendingStreams(): number[] {
    return [...this.#parts.keys()].sort((a, b) => a - b)
  }

  /** Unsealed parts of a stream in line order. */
  parts(streamId: number): readonly PendingPart[] {
    return this.#parts.get(streamId) ?? []
  }

  /** How many lines of a stream are not sealed, and their bytes. */
  pending(streamId: number): Filling {
    let lines = 0
    let bytes = 0
    for (const { segment } of this.parts(streamId)) {
      lines += segment.lineCount
      bytes += segment.rawBytes
    }
    return { lines, bytes }
  }

  /** Number after the stream's last journal line; null where it has none here. */
  endLine(streamId: number): number | null {
    const last = this.#parts.get(streamId)?.at(-1)?.segment
    return last === undefined ? null : last.firstLine + last.lineCount
  }

  /** Adds the newest row; segments that begin before `sealedLine(stream)` are sealed and left out. */
  add(row: JournalRow, sealedLine: (streamId: number) => number): void {
    this.rows.push(row)
    this.#rawBytes += row.rawBytes
    for (const segment of row.segments) {
      if (segment.firstLine < sealedLine(segment.streamId)) continue
      const parts = this.#parts.get(segment.streamId)
      if (parts === undefined) this.#parts.set(segment.streamId, [{ row, segment }])
      else parts.push({ row, segment })
    }
  }

  /** All pending lines of the stream lie in blocks now. */
  sealed(streamId: number): void {
    this.#parts.delete(streamId)
  }

  /** Whether every line of the row lies in a block. */
  isSealed(row: JournalRow): boolean {
    return row.segments.every(({ streamId }) => !this.parts(streamId).some((part) => part.row === row))
  }

  /** The oldest row is deleted. */
  removeOldest(): void {
    const row = this.rows.shift()
    if (row !== undefined) this.#rawBytes -= row.rawBytes
  }

  /** Neighbouring rows from `start` were folded into `row`. */
  replace(start: number, count: number, row: JournalRow): void {
    const old = new Set(this.rows.splice(start, count, row))
    for (const each of old) this.#rawBytes -= each.rawBytes
    this.#rawBytes += row.rawBytes
    for (const segment of row.segments) {
      const parts = this.#parts.get(segment.streamId) ?? []
      const at = parts.findIndex((part) => old.has(part.row))
      const kept = parts.filter((part) => !old.has(part.row))
      kept.splice(at, 0, { row, segment })
      this.#parts.set(segment.streamId, kept)
    }
  }
}
