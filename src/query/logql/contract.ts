/** What the query layer offers to the doors that speak LogQL. */

import type { Steps } from '../../logql/metric/steps.ts'
import type { EndReason, QueryStats, TailRead } from '../contract.ts'
import type { Direction, Plan, TimeRange } from '../plan.ts'
import type { IndexGroup, SampledField } from './tasks.ts'

export type LogqlLinesRequest = {
  /** Its `logql` is set. */
  readonly plan: Plan
  readonly range: TimeRange
  readonly direction: Direction
  readonly limit: number
  /** An entry is kept only if it is so far from the last one that was; 0: all are. */
  readonly intervalNs: number
  /** Labels of the stream alone, the others with each entry. */
  readonly isCategorized: boolean
}

/** Entries with the same labels, in the order of the request. */
export type LogqlStream = {
  /** JSON of the labels, ready to send. */
  readonly labels: string
  /** JSON of each entry: `["<ns>","line"]`, with a third element where categorized. */
  readonly values: readonly string[]
}

export type LogqlLinesAnswer = {
  /** Sorted by labels. */
  readonly streams: readonly LogqlStream[]
  readonly count: number
  readonly ended: EndReason | null
  readonly stats: QueryStats
  readonly warnings: readonly string[]
}

/** What is to be done where a bound has ended the answer: Loki's API knows no cursors. */
export const linesAdvice = 'ask for a shorter range of time, or for fewer entries'

export type LogqlMetricRequest = {
  /** A metric query. */
  readonly query: string
  readonly steps: Steps
  readonly isInstant: boolean
  /** Series beyond the bound are cut off with a warning in place of an error. */
  readonly cutsSeries: boolean
}

export type LogqlMetricAnswer = {
  /** Members of `data`, ready to send: `"resultType":…,"result":…`. */
  readonly members: Uint8Array
  readonly stats: QueryStats
  readonly warnings: readonly string[]
}

export type LogqlIndexRequest = {
  readonly plan: Plan
  readonly range: TimeRange
  readonly by: readonly string[] | null
  readonly stepMs: number | null
}

export type LogqlIndexAnswer = { readonly groups: readonly IndexGroup[]; readonly isCut: boolean }

export type LogqlSampleRequest = {
  readonly plan: Plan
  readonly range: TimeRange
  readonly lines: number
  readonly name: string | null
  readonly limit: number
}

export type LogqlSampleAnswer = {
  readonly fields: readonly SampledField[]
  readonly values: readonly string[]
}

/** One entry of a tail with its labels, both as JSON. */
export type LogqlEntry = { readonly labels: string; readonly value: string }

export type LogqlTailRead = Omit<TailRead, 'entries' | 'count'> & {
  readonly entries: readonly LogqlEntry[]
}

/** Rejects with `LogkeepError` (BAD_QUERY, QUERY_ENDED and what every query may reject with). */
export type LogqlService = {
  readonly lines: (request: LogqlLinesRequest, signal: AbortSignal) => Promise<LogqlLinesAnswer>
  readonly metric: (request: LogqlMetricRequest, signal: AbortSignal) => Promise<LogqlMetricAnswer>
  readonly index: (request: LogqlIndexRequest, signal: AbortSignal) => Promise<LogqlIndexAnswer>
  readonly sample: (request: LogqlSampleRequest, signal: AbortSignal) => Promise<LogqlSampleAnswer>
  /** The newest entries of a range, oldest first, and the cursor to go on from. */
  readonly openTail: (
    request: Omit<LogqlLinesRequest, 'direction' | 'intervalNs'>,
    signal: AbortSignal,
  ) => Promise<LogqlTailRead>
  /** What was committed after the cursor. */
  readonly readTail: (
    tail: {
      readonly plan: Plan
      readonly cursor: string
      readonly isCategorized: boolean
      readonly bytesMax: number
    },
    signal: AbortSignal,
  ) => Promise<LogqlTailRead>
}
