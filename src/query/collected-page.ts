/** Answers of slices, put together into one page. */

import { type Cursor, encodeCursor } from '../model/cursor.ts'
import type { LogsPage } from './contract.ts'
import type { Ending } from './ending.ts'
import type { Format } from './plan.ts'
import type { HistoryResult } from './tasks.ts'

export type CollectedPage = {
  readonly isReversed: boolean
  readonly count: number
  /** Of the entries so far. */
  readonly bytes: number
  readonly scannedBytes: number
  /** No slice was added yet. */
  readonly isEmpty: boolean
  readonly add: (result: HistoryResult) => void
  /**
   * `next` null: nothing lies beyond. `ending` null: the limit or the end was reached. `started`: of the
   * page, as `performance.now()`.
   */
  readonly finish: (end: { next: Cursor | null; ending: Ending | null; started: number }) => LogsPage
}

/** `isReversed`: slices and the entries in them come back against the direction of the walk. */
export function createCollectedPage(format: Format, isReversed: boolean): CollectedPage {
  const parts: Uint8Array[] = []
  const warnings: string[] = []
  const stats = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  let resume = ''
  let count = 0
  let bytes = 0
  let slices = 0
  return {
    isReversed,
    get count() {
      return count
    },
    get bytes() {
      return bytes
    },
    get scannedBytes() {
      return stats.scannedBytes
    },
    get isEmpty() {
      return slices === 0
    },
    add: (result) => {
      if (slices === 0) resume = result.resumeText
      slices += 1
      if (result.count > 0) parts.push(result.entries)
      count += result.count
      bytes += result.entries.length
      stats.scannedBytes += result.stats.scannedBytes
      stats.scannedLines += result.stats.scannedLines
      stats.blocks += result.stats.blocks
      for (const warning of result.warnings) if (!warnings.includes(warning)) warnings.push(warning)
    },
    finish: ({ next, ending, started }) => {
      if (ending !== null) warnings.push(ending.warning)
      if (slices === 0 && next !== null) resume = resumeOf(next)
      return {
        entries: joinEntries(isReversed ? parts.toReversed() : parts, format),
        count,
        next: next === null ? null : encodeCursor(next),
        resume,
        ended: ending?.reason ?? null,
        stats: { ...stats, elapsedMs: Math.round((performance.now() - started) * 100) / 100 },
        warnings,
      }
    },
  }
}

/** The cursor that a tail goes on from after a walk: everything committed later. */
export function resumeOf(cursor: Cursor): string {
  return encodeCursor({ ...cursor, kind: 'tail', isPartial: false, since: null, until: null, place: null })
}

/** Puts runs of entries together, none of them empty, as `EntryWriter` would have written them at once. */
export function joinEntries(parts: readonly Uint8Array[], format: Format): Uint8Array {
  const only = parts[0]
  if (parts.length === 1 && only !== undefined) return only
  const between = Buffer.from(format === 'json' ? ',' : '')
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [between, part])))
}
