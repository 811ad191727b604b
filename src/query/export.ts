/**
 * Exports: every matching entry in pieces, each computed when the client has taken the one before, then an
 * `end` line.
 */

import { LogkeepError } from '../errors.ts'
import { queryLimits } from '../limits/query.ts'
import { type Cursor, encodeCursor } from '../model/cursor.ts'
import type { LogsRequest } from './contract.ts'
import { TaskTimeout } from './lanes.ts'
import { type Pager, scanPart } from './pager.ts'
import type { PartWalk } from './part-walk.ts'
import { looksAtText } from './plan.ts'
import { requireCursor } from './require-cursor.ts'
import { createRooms } from './rooms.ts'
import type { HistoryResult } from './tasks.ts'

export type Exporter = (request: LogsRequest, signal: AbortSignal) => AsyncGenerator<Uint8Array, void, void>

const exportPart = { usual: queryLimits.exportPartBytes, wide: queryLimits.exportWidePartBytes }

/** Last line of an export: whether it holds everything, and if not, why and where to go on. */
type EndLine = {
  readonly kind: 'end'
  readonly complete: boolean
  readonly reason: string | null
  readonly next: string | null
  readonly count: number
  readonly warnings: readonly string[]
}

/**
 * A piece is whoever's asked for it until the next one is asked for: its memory is used again then. Errors of
 * the first piece are thrown, so that they become an answer of their own; later ones end the
 * export.
 */
export function createExporter(pager: Pager): Exporter {
  return async function* exportLogs(request, signal) {
    const limit = request.limit ?? Number.MAX_SAFE_INTEGER
    const bytesPerPart = looksAtText(request.plan) ? scanPart : exportPart
    let cursor: Cursor | null = request.cursor === null ? null : requireCursor(request.cursor)
    let count = 0
    let rest: PartWalk | null = null
    const rooms = createRooms(queryLimits.exportRoomBytes, queryLimits.exportRoomsKept)
    const warnings = new Set<string>()
    try {
      for (;;) {
        signal.throwIfAborted()
        let result: HistoryResult
        const size = {
          limit: Math.min(limit - count, queryLimits.exportLinesPerSlice),
          answerBytesMax: queryLimits.exportBytesPerSlice,
          isReversed: false,
        }
        try {
          result =
            rest === null
              ? await pager.slice(request, cursor, {
                  ...size,
                  lane: 'scan',
                  isFirst: true,
                  room: rooms.take(),
                })
              : await rest.next(size)
        } catch (error) {
          if (rest === null && !(error instanceof TaskTimeout)) throw error
          cursor ??= await pager.begin(request.plan, request.range)
          yield endLine({ complete: false, reason: reasonOf(error), next: cursor, count, warnings })
          return
        }
        for (const warning of result.warnings) warnings.add(warning)
        count += result.count
        if (result.count > 0) yield result.entries
        rooms.give(result.entries)
        cursor = result.next
        if (cursor === null) {
          yield endLine({ complete: true, reason: null, next: null, count, warnings })
          return
        }
        if (count >= limit) {
          const reason = `the limit of ${limit} was reached`
          yield endLine({ complete: false, reason, next: cursor, count, warnings })
          return
        }
        rest ??= pager.parts(request, cursor, { clearTo: null, bytesPerPart, rooms })
      }
    } finally {
      rest?.close()
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TaskTimeout) return 'an expression took too long on one block'
  return error instanceof LogkeepError ? error.message : 'the query failed'
}

function endLine(end: {
  complete: boolean
  reason: string | null
  next: Cursor | null
  count: number
  warnings: ReadonlySet<string>
}): Uint8Array {
  const { complete, reason, next, count, warnings } = end
  const line: EndLine = {
    kind: 'end',
    complete,
    reason,
    next: next === null ? null : encodeCursor(next),
    count,
    warnings: [...warnings],
  }
  return Buffer.from(`${JSON.stringify(line)}\n`)
}
