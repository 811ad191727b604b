/**
 * One page of history: a chain of slices until the limit, the end of the range, the deadline or the answer's
 * size.
 */

import { queryLimits } from '../limits/query.ts'
import type { Cursor } from '../model/cursor.ts'
import { type CollectedPage, createCollectedPage } from './collected-page.ts'
import type { LogsPage, LogsRequest } from './contract.ts'
import { untilDeadline } from './deadline.ts'
import {
  answerEnding,
  type Ending,
  type QueryBounds,
  spentEnding,
  timeoutEnding,
  withAdvice,
} from './ending.ts'
import { type Lane, type Lanes, TaskTimeout } from './lanes.ts'
import { createPartWalk, type PartWalk, type PartWalkOptions } from './part-walk.ts'
import { type Format, looksAtText, type Plan, type TimeRange } from './plan.ts'
import { requireCursor } from './require-cursor.ts'
import type { HistoryResult, HistoryTask, PartBytes, Scope } from './tasks.ts'

export type Pager = {
  /** `isReversed`: entries come back against the direction of the walk. */
  readonly page: (
    request: LogsRequest,
    signal: AbortSignal,
    isReversed?: boolean,
    share?: PageShare,
  ) => Promise<LogsPage>
  /** One slice, for exports and contexts. */
  readonly slice: (
    request: SliceRequest,
    cursor: Cursor | null,
    size: SliceSize,
    signal?: AbortSignal,
  ) => Promise<HistoryResult>
  /** What is left of a walk, read by all threads that scan. To be closed. */
  readonly parts: (request: SliceRequest, cursor: Cursor, size: PartsSize) => PartWalk
  /** Cursor at the beginning of a walk. */
  readonly begin: (plan: Plan, range: TimeRange) => Promise<Cursor>
}

/** What a page that is one of several of an answer has in common with the others. */
export type PageShare = {
  /** Of the first of them, as `performance.now()`. */
  readonly started: number
  /** By those before. */
  readonly scannedBytes: number
  /** What is to be done about a bound that ended it. */
  readonly advice: string
}

export type SliceRequest = Pick<LogsRequest, 'plan' | 'range' | 'direction' | 'format'> & {
  /** Of the selected streams only these. */
  readonly scope?: Scope
}

export type SliceSize = {
  readonly lane: Lane
  readonly limit: number
  readonly answerBytesMax: number
  readonly isFirst: boolean
  readonly isReversed: boolean
  /** As in `HistoryTask`; none unless given, like what follows. */
  readonly endSec?: number | null
  readonly clearTo?: number | null
  /** That of the lane unless given. */
  readonly sliceMs?: number
  readonly room?: SharedArrayBuffer | null
}

export type PartsSize = Pick<PartWalkOptions, 'clearTo' | 'bytesPerPart' | 'rooms'>

type PagerOptions = QueryBounds & { readonly now: () => number }

const millisecondsPerSecond = 1000

export function createPager(lanes: Lanes, options: PagerOptions): Pager {
  const { scannedBytesMax, now } = options
  const defaultUntilSec = (): number => Math.ceil(now() / millisecondsPerSecond) + queryLimits.untilSlackSec
  const slice = createSlices(lanes, scannedBytesMax, defaultUntilSec)
  const parts: Pager['parts'] = (request, cursor, size) =>
    createPartWalk({ lanes, slice, request, cursor, ...size })
  const begin: Pager['begin'] = async (plan, range) =>
    (await lanes.run('light', { kind: 'begin', plan, range, defaultUntilSec: defaultUntilSec() })) as Cursor

  const page: Pager['page'] = async (
    request,
    signal,
    isReversed = isOldestFirst(request.format),
    share = { started: performance.now(), scannedBytes: 0, advice: 'go on with `next`' },
  ) => {
    const started = performance.now()
    const deadline = share.started + options.queryDeadlineMs
    const limit = request.limit ?? Number.MAX_SAFE_INTEGER
    const collected = createCollectedPage(request.format, isReversed && request.direction === 'backward')
    let cursor = request.cursor === null ? null : requireCursor(request.cursor)
    const lane: Lane = looksAtText(request.plan) ? 'scan' : 'light'
    // What the first slice does not answer is long: all threads that scan go on with it.
    let rest: PartWalk | null = null
    try {
      for (;;) {
        signal.throwIfAborted()
        const size = {
          limit: limit - collected.count,
          answerBytesMax: queryLimits.answerBytesMax - collected.bytes,
          isReversed: collected.isReversed,
        }
        const from = cursor
        const result = await untilDeadline(deadline, signal, (bounded) => {
          if (rest !== null) return rest.next(size)
          const first = { ...size, lane, isFirst: true, sliceMs: firstMs(lanes) }
          return slice(request, from, first, bounded)
        })
        collected.add(result)
        cursor = result.next
        const ending = endingOf(result, collected, share, options)
        // A part may end with the last entry that is wanted.
        const isFull = result.end === 'limit' || collected.count === limit
        if (ending !== null || cursor === null || isFull) {
          return collected.finish({ next: result.next, ending, started })
        }
        const clearTo = result.isClear ? result.lastBlock : null
        rest ??= parts(request, cursor, { clearTo, bytesPerPart: scanPart, rooms: null })
      }
    } catch (error) {
      if (!(error instanceof TaskTimeout)) throw error
      const place = cursor ?? (await begin(request.plan, request.range))
      return collected.finish({
        next: place,
        ending: withAdvice(timeoutEnding(error, options), share.advice),
        started,
      })
    } finally {
      rest?.close()
    }
  }
  return { page, slice, parts, begin }
}

function createSlices(lanes: Lanes, scannedBytesMax: number, defaultUntilSec: () => number): Pager['slice'] {
  return async (request, cursor, size, signal) => {
    const task: HistoryTask = {
      kind: 'history',
      plan: request.plan,
      direction: request.direction,
      limit: size.limit,
      format: request.format,
      cursor,
      range: request.range,
      defaultUntilSec: defaultUntilSec(),
      sliceMs: size.sliceMs ?? lanes.sliceMs(size.lane),
      scannedBytesMax,
      answerBytesMax: size.answerBytesMax,
      isReversed: size.isReversed,
      isFirst: size.isFirst,
      endSec: size.endSec ?? null,
      clearTo: size.clearTo ?? null,
      scope: request.scope ?? null,
      room: size.room ?? null,
    }
    return (await lanes.run(size.lane, task, signal)) as HistoryResult
  }
}

const { scanPartBytes } = queryLimits
/** Parts of whatever is searched for a text. */
export const scanPart: PartBytes = { usual: scanPartBytes, wide: scanPartBytes }

/** Alone, as long as among others: what it does not answer is for all threads. */
function firstMs(lanes: Lanes): number {
  return Math.min(queryLimits.sliceMs, lanes.sliceMs('scan'))
}

/** What is bare lines is read downwards, whichever way the walk goes. */
function isOldestFirst(format: Format): boolean {
  return format === 'text' || format === 'raw'
}

/** Why a page that is not finished ends here; null: it goes on. */
function endingOf(
  { end }: HistoryResult,
  { bytes, scannedBytes }: CollectedPage,
  share: PageShare,
  bounds: QueryBounds,
): Ending | null {
  const { answerBytesMax } = queryLimits
  if (end === 'answer' || (end === 'over' && bytes >= answerBytesMax)) {
    return withAdvice(answerEnding(answerBytesMax), share.advice)
  }
  if (end !== 'over') return null
  const elapsedMs = performance.now() - share.started
  const ending = spentEnding({ elapsedMs, scannedBytes: share.scannedBytes + scannedBytes }, bounds)
  return ending && withAdvice(ending, share.advice)
}
