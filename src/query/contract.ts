/** What the query layer offers to the doors (HTTP and tails): requests, answers and their shapes. */

import type { LogqlService } from './logql/contract.ts'
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

/** Which bound ended an answer before everything was looked at. */
export type EndReason = 'deadline' | 'scanned_bytes' | 'answer_bytes' | 'expression'

/**
 * One page. `entries` is ready to send: JSON objects joined by `,` (json), lines ending in LF (the others).
 */
export type LogsPage = {
  readonly entries: Uint8Array
  readonly count: number
  readonly next: string | null
  readonly resume: string
  /** Null: the limit or the end of the range was reached. */
  readonly ended: EndReason | null
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

/**
 * An answer that is an object in JSON: `members` are its first members as text, ready to send, without braces
 * (`"buckets":[…],"count":7`); whoever sends it adds node, stats and warnings.
 */
export type MembersAnswer = {
  readonly members: Uint8Array
  readonly ended: EndReason | null
  readonly stats: QueryStats
  readonly warnings: readonly string[]
}

export const histogramGroups = ['level', 'namespace', 'pod', 'container', 'node', 'stream'] as const
export type HistogramGroup = (typeof histogramGroups)[number]

/** Counts of matching lines over time; gap records are in no count. */
export type HistogramRequest = {
  readonly plan: Plan
  readonly range: TimeRange
  /** Width of a bucket in milliseconds, or how many there may be at most. Buckets begin at its multiples. */
  readonly bucket: { readonly stepMs: number } | { readonly countMax: number }
  /** `stream` is stdout or stderr. */
  readonly by: HistogramGroup | null
}

export const contextScopes = ['stream', 'pod', 'namespace'] as const
export type ContextScope = (typeof contextScopes)[number]

/** The entries around one, which its cursor names (of any query of this database, whatever its filters). */
export type ContextRequest = {
  /** The filters apply to the entries around, never to the one in the middle. */
  readonly plan: Plan
  readonly cursor: string
  readonly scope: ContextScope
  readonly before: number
  readonly after: number
  readonly format: 'json' | 'text'
}

/** `entries` oldest first, as in `LogsPage`. */
export type ContextPage = Pick<LogsPage, 'entries' | 'count' | 'ended' | 'stats' | 'warnings'> & {
  /** Index of the entry in the middle; null where it is stored no more. */
  readonly target: number | null
  readonly moreBefore: boolean
  readonly moreAfter: boolean
}

/** Names of fields in JSON and logfmt lines, of the newest `sample` matching lines. */
export type FieldsRequest = {
  readonly plan: Plan
  readonly range: TimeRange
  /** Lines that are looked at. */
  readonly sample: number
  /** Names, or values, that are returned: the most frequent ones. */
  readonly limit: number
}

/** The most frequent values of one field. */
export type FieldValuesRequest = FieldsRequest & { readonly name: string }

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

export type QueryStatus = {
  readonly lanes: Readonly<Record<'light' | 'scan', LaneStatus>>
  /** What a query last found broken in the present database, in words; null: nothing. */
  readonly damage: string | null
}

export type LaneStatus = {
  readonly threads: number
  /** Tasks that run, and tasks that wait for a thread. */
  readonly running: number
  readonly waiting: number
}

/** Bytes of one thread's JavaScript heap, and of what it holds outside. */
export type ThreadMemory = {
  readonly thread: 'main' | 'collector' | 'light' | 'scan'
  readonly heapUsed: number
  readonly heapTotal: number
  readonly external: number
}

/** Bytes as stored, of each part of the database file. */
export type StorageSizes = {
  readonly bodies: number
  readonly columns: number
  readonly filters: number
  /** Counts per time, for histograms. */
  readonly counts: number
  readonly journal: number
  /** Pages without content, which are used again. */
  readonly free: number
  /** Of the file and of its write-ahead log. */
  readonly file: number
  readonly wal: number
}

/**
 * The query layer as seen from the main thread. Rejects with `LogkeepError` (codes in `errors.ts`); an
 * aborted signal rejects with its reason and ends the work.
 */
export type QueryService = {
  /** One page; limits and deadlines end it early with a warning and `next`, never silently. */
  readonly logs: (request: LogsRequest, signal: AbortSignal) => Promise<LogsPage>
  /**
   * Every matching entry in ndjson, in pieces, then the `end` line. A few pieces are computed ahead. A piece
   * may be read until the next one is asked for: its memory is used again then.
   */
  readonly exportLogs: (request: LogsRequest, signal: AbortSignal) => AsyncGenerator<Uint8Array, void, void>
  readonly list: (request: ListRequest, signal: AbortSignal) => Promise<MembersAnswer>
  readonly histogram: (request: HistogramRequest, signal: AbortSignal) => Promise<MembersAnswer>
  readonly context: (request: ContextRequest, signal: AbortSignal) => Promise<ContextPage>
  readonly fields: (request: FieldsRequest, signal: AbortSignal) => Promise<MembersAnswer>
  readonly fieldValues: (request: FieldValuesRequest, signal: AbortSignal) => Promise<MembersAnswer>
  /** First frame of a tail and the cursor to go on from; checks the cursor. */
  readonly openTail: (plan: Plan, start: TailStart, signal: AbortSignal) => Promise<TailRead>
  /** What was committed after `cursor`; bounded by `bytesMax` of answer. */
  readonly readTail: (plan: Plan, cursor: string, bytesMax: number, signal: AbortSignal) => Promise<TailRead>
  readonly logql: LogqlService
  readonly status: () => QueryStatus
  /** Heaps of the threads that run now. */
  readonly memory: () => Promise<readonly ThreadMemory[]>
  /** Where the bytes of the database are. */
  readonly storage: () => Promise<StorageSizes>
  /** Rejects when queries cannot be answered. */
  readonly check: () => Promise<void>
  readonly close: () => Promise<void>
}
