/** What the query layer offers to the doors (HTTP and tails): requests, answers and their shapes. */

import type { Direction, Format, Plan, TimeRange } from './plan.ts'

export type LogsRequest = {
  readonly plan: Plan
  readonly range: TimeRange
  readonly direction: Direction
  /** Largest number of entries; null (ndjson only): all. */
  readonly limit: number | null
  /** As given by the client; null: from the beginning of the walk. */
  readonly cursor: string | null
  readonly format: Format
}

export type QueryStats = {
  /** Body bytes decompressed and looked at. */
  readonly scannedBytes: number
  readonly scannedLines: number
  /** Blocks and journal segments opened. */
  readonly blocks: number
  readonly elapsedMs: number
}

/**
 * One page. `entries` is ready to send: JSON objects joined by `,` (json), lines ending in LF (ndjson, text).
 */
export type LogsPage = {
  readonly entries: Uint8Array
  readonly count: number
  readonly next: string | null
  readonly resume: string
  readonly stats: QueryStats
  readonly warnings: readonly string[]
}

/** Read-only questions about what is stored, answered in pages ordered by name. */
export type ListRequest = {
  readonly kind: 'namespaces' | 'pods' | 'containers' | 'streams'
  readonly streams: Plan['streams']
  readonly limit: number
  /** Opaque, from an earlier answer's `next`. */
  readonly cursor: string | null
}

/** JSON text of the whole answer object, ready to send. */
export type ListAnswer = { readonly body: Uint8Array }

export type TailStart =
  | { readonly kind: 'now' }
  | { readonly kind: 'cursor'; readonly cursor: string }
  | { readonly kind: 'since'; readonly since: NonNullable<TimeRange['since']> }
  | { readonly kind: 'newest'; readonly count: number }

/**
 * What a subscriber is sent next. `entries`: JSON objects joined by `,`, in the order in which to send them.
 */
export type TailRead = {
  readonly entries: Uint8Array
  readonly count: number
  /** Where to go on, also when nothing was found. */
  readonly cursor: string
  /** False: there is more now, read again at once. */
  readonly caughtUp: boolean
  readonly warnings: readonly string[]
}

/**
 * The query layer as seen from the main thread. Rejects with `LogkeepError` (codes in `errors.ts`); an
 * aborted signal rejects with its reason and ends the work.
 */
export type QueryService = {
  /** One page; limits and deadlines end it early with a warning and `next`, never silently. */
  readonly logs: (request: LogsRequest, signal: AbortSignal) => Promise<LogsPage>
  /**
   * Every matching entry in ndjson, in pieces, then the `end` line. The next piece is computed when it is
   * asked for.
   */
  readonly exportLogs: (request: LogsRequest, signal: AbortSignal) => AsyncGenerator<Uint8Array, void, void>
  readonly list: (request: ListRequest, signal: AbortSignal) => Promise<ListAnswer>
  /** First frame of a tail and the cursor to go on from; checks the cursor. */
  readonly openTail: (plan: Plan, start: TailStart, signal: AbortSignal) => Promise<TailRead>
  /** What was committed after `cursor`; bounded by `bytesMax` of answer. */
  readonly readTail: (plan: Plan, cursor: string, bytesMax: number, signal: AbortSignal) => Promise<TailRead>
  /** Rejects when queries cannot be answered. */
  readonly check: () => Promise<void>
  readonly close: () => Promise<void>
}
