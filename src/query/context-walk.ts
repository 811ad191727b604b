/** One side of a context: a chain of slices that leads away from the entry in the middle. */

import { queryLimits } from '../limits/query.ts'
import type { Cursor } from '../model/cursor.ts'
import { type CollectedPage, createCollectedPage } from './collected-page.ts'
import type { ContextRequest } from './contract.ts'
import { untilDeadline } from './deadline.ts'
import { answerEnding, type Ending, type QueryBounds, spentEnding, timeoutEnding } from './ending.ts'
import { type Lane, TaskTimeout } from './lanes.ts'
import type { Pager, SliceRequest, SliceSize } from './pager.ts'
import { type Direction, looksAtText } from './plan.ts'
import type { HistoryResult, Scope } from './tasks.ts'

export type ContextWalk = {
  readonly collected: CollectedPage
  /** All that is wanted is there, or a bound has ended the walk. */
  readonly isDone: boolean
  /** Whether entries lie beyond; true as well where `ending` left that unknown. */
  readonly hasMore: boolean
  readonly ending: Ending | null
  /** Reads one slice. */
  readonly step: () => Promise<void>
}

export type ContextWalkOptions = {
  readonly request: ContextRequest
  readonly direction: Direction
  /** Entries wanted; with 0 it is only found out whether there are any. */
  readonly limit: number
  readonly scope: Scope
  /** The place in the middle, where the walk begins. */
  readonly around: Cursor
  readonly bounds: QueryBounds
  /** `performance.now()` at the beginning of the request. */
  readonly started: number
  readonly signal: AbortSignal
}

/** Each side has its share of an answer's bytes, so that long lines on one leave the other its own. */
const answerBytesMax = queryLimits.answerBytesMax / 2

/** One slice; rejects with `DeadlineReached` when the time of the request is over. */
function sliceInTime(
  pager: Pager,
  request: SliceRequest,
  { bounds, started, signal }: ContextWalkOptions,
  { cursor, size }: { readonly cursor: Cursor | null; readonly size: SliceSize },
): Promise<HistoryResult> {
  const endMs = started + bounds.queryDeadlineMs
  return untilDeadline(endMs, signal, (bounded) => pager.slice(request, cursor, size, bounded))
}

export function createContextWalk(pager: Pager, options: ContextWalkOptions): ContextWalk {
  const { direction, limit, scope, started } = options
  const { plan, format } = options.request
  const sliced: SliceRequest = { plan, format, direction, scope, range: { since: null, until: null } }
  const isReversed = direction === 'backward'
  const collected = createCollectedPage(format, isReversed)
  let cursor: Cursor | null = options.around
  let lane: Lane = looksAtText(plan) ? 'scan' : 'light'
  let isDone = false
  let hasMore = true
  let ending: Ending | null = null

  const finish = (more: boolean, by: Ending | null = null): void => {
    isDone = true
    hasMore = more
    if (by === null) return
    const side = isReversed ? 'before' : 'after'
    ending = { reason: by.reason, warning: `${by.warning}; entries ${side} this line may be missing` }
  }

  /** Looks for one entry more, where the slices before did not happen to see one. */
  const probe = async (): Promise<void> => {
    const size: SliceSize = { lane, limit: 1, answerBytesMax: 1, isFirst: false, isReversed }
    const result = await sliceInTime(pager, sliced, options, { cursor, size })
    collected.add({ ...result, entries: new Uint8Array(0), count: 0 })
    if (result.count > 0 || result.end === 'exhausted') finish(result.count > 0)
    cursor = result.next
  }

  const read = async (): Promise<void> => {
    const size: SliceSize = {
      lane,
      limit: limit - collected.count,
      answerBytesMax: answerBytesMax - collected.bytes,
      isFirst: false,
      isReversed,
    }
    const result = await sliceInTime(pager, sliced, options, { cursor, size })
    collected.add(result)
    cursor = result.next
    if (result.end === 'exhausted') finish(false)
    else if (result.isMoreSeen && result.end === 'limit') finish(true)
    else if (result.end === 'answer' || (result.end === 'over' && collected.bytes >= answerBytesMax)) {
      finish(true, answerEnding(answerBytesMax))
    }
  }

  return {
    collected,
    get isDone() {
      return isDone
    },
    get hasMore() {
      return hasMore
    },
    get ending() {
      return ending
    },
    step: async () => {
      try {
        await (collected.count < limit ? read() : probe())
      } catch (error) {
        if (!(error instanceof TaskTimeout)) throw error
        finish(true, timeoutEnding(error, options.bounds))
      }
      if (isDone) return
      const spent = { elapsedMs: performance.now() - started, scannedBytes: collected.scannedBytes }
      const bound = spentEnding(spent, options.bounds)
      if (bound !== null) finish(true, bound)
      lane = 'scan'
    },
  }
}
