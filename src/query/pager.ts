/**
 * One page of history: a chain of slices until the limit, the end of the range, the deadline or the answer's
 * size.
 */

import { queryLimits } from '../limits.ts'
import type { Cursor } from '../model/cursor.ts'
import { type CollectedPage, createCollectedPage } from './collected-page.ts'
import type { LogsPage, LogsRequest } from './contract.ts'
import { type Lane, type Lanes, TaskTimeout } from './lanes.ts'
import type { Plan, TimeRange } from './plan.ts'
import { requireCursor } from './require-cursor.ts'
import type { HistoryResult, HistoryTask } from './tasks.ts'

export type Pager = {
  /** `isReversed`: entries come back against the direction of the walk. */
  readonly page: (request: LogsRequest, signal: AbortSignal, isReversed?: boolean) => Promise<LogsPage>
  /** One slice, for exports. */
  readonly slice: (request: LogsRequest, cursor: Cursor | null, size: SliceSize) => Promise<HistoryResult>
  /** Cursor at the beginning of a walk. */
  readonly begin: (plan: Plan, range: TimeRange) => Promise<Cursor>
}

export type SliceSize = {
  readonly lane: Lane
  readonly limit: number
  readonly answerBytesMax: number
  readonly isFirst: boolean
  readonly isReversed: boolean
}

type PagerOptions = { readonly queryDeadlineMs: number; readonly now: () => number }

const millisecondsPerSecond = 1000

export function createPager(lanes: Lanes, { queryDeadlineMs, now }: PagerOptions): Pager {
  const defaultUntilSec = (): number => Math.ceil(now() / millisecondsPerSecond) + queryLimits.untilSlackSec
  const slice: Pager['slice'] = async (request, cursor, size) => {
    const task: HistoryTask = {
      kind: 'history',
      plan: request.plan,
      direction: request.direction,
      limit: size.limit,
      format: request.format,
      cursor,
      range: request.range,
      defaultUntilSec: defaultUntilSec(),
      sliceMs: lanes.sliceMs(size.lane),
      scannedBytesMax: queryLimits.scannedBytesMax,
      answerBytesMax: size.answerBytesMax,
      isReversed: size.isReversed,
      isFirst: size.isFirst,
    }
    return (await lanes.run(size.lane, task)) as HistoryResult
  }
  const begin: Pager['begin'] = async (plan, range) =>
    (await lanes.run('light', { kind: 'begin', plan, range, defaultUntilSec: defaultUntilSec() })) as Cursor

  const page: Pager['page'] = async (request, signal, isReversed = request.format === 'text') => {
    const started = performance.now()
    const limit = request.limit ?? Number.MAX_SAFE_INTEGER
    const collected = createCollectedPage(request.format, isReversed && request.direction === 'backward')
    let cursor = request.cursor === null ? null : requireCursor(request.cursor)
    let lane: Lane = request.plan.lines.length === 0 ? 'light' : 'scan'
    for (;;) {
      signal.throwIfAborted()
      let result: HistoryResult
      try {
        result = await slice(request, cursor, {
          lane,
          limit: limit - collected.count,
          answerBytesMax: queryLimits.answerBytesMax - collected.bytes,
          isFirst: collected.isEmpty,
          isReversed: collected.isReversed,
        })
      } catch (error) {
        if (!(error instanceof TaskTimeout)) throw error
        const place = cursor ?? (await begin(request.plan, request.range))
        const warning = 'ended: an expression took too long on one block; simplify it, or go on with `next`'
        return collected.finish({ next: place, warning, started })
      }
      collected.add(result)
      cursor = result.next
      const elapsed = performance.now() - started
      const warning = stopReason(result, collected, elapsed, queryDeadlineMs)
      if (warning !== null || result.end === 'exhausted' || result.end === 'limit') {
        return collected.finish({ next: result.next, warning, started })
      }
      lane = 'scan'
    }
  }
  return { page, slice, begin }
}

/** Why a page that is not finished ends here; null: it goes on. */
function stopReason(
  { end }: HistoryResult,
  { bytes, scannedBytes }: CollectedPage,
  elapsedMs: number,
  deadlineMs: number,
): string | null {
  if (end === 'answer' || (end === 'over' && bytes >= queryLimits.answerBytesMax)) {
    return `ended: the answer reached ${queryLimits.answerBytesMax} bytes; go on with \`next\``
  }
  if (end !== 'over') return null
  if (elapsedMs >= deadlineMs)
    return `ended: the deadline of ${deadlineMs} ms was reached; go on with \`next\``
  if (scannedBytes >= queryLimits.scannedBytesMax) {
    return `ended: ${queryLimits.scannedBytesMax} bytes were scanned; go on with \`next\``
  }
  return null
}
