/**
 * What the main thread asks a query thread to do, and what it gets back. Plain data: it travels between
 * threads.
 */

import type { Cursor } from '../model/cursor.ts'
import type { ContextScope, HistogramGroup, HistogramRequest, QueryStats } from './contract.ts'
import type { Grid, GroupCounts } from './histogram-grid.ts'
import type { IndexTask, MetricFinishTask, MetricPartTask, SampleTask } from './logql/tasks.ts'
import type { Direction, Format, Plan, StreamSelector, TimeRange } from './plan.ts'

/** One slice of a history walk. */
export type HistoryTask = {
  readonly kind: 'history'
  readonly plan: Plan
  readonly direction: Direction
  readonly limit: number
  readonly format: Format
  /** Where the walk goes on; null: it begins here, over `range`. */
  readonly cursor: Cursor | null
  readonly range: TimeRange
  /** `until` of a range that names none: a little after now. */
  readonly defaultUntilSec: number
  /** Ends the slice once it has moved; a slice always moves. */
  readonly sliceMs: number
  readonly scannedBytesMax: number
  readonly answerBytesMax: number
  /** Give the entries back against the direction of the walk. */
  readonly isReversed: boolean
  /** First slice of an answer: names that match nothing and empty answers are explained. */
  readonly isFirst: boolean
  /** Second at which a part of the walk ends: its first backward, behind its last forward. Null: none. */
  readonly endSec: number | null
  /**
   * Blocks up to this number that reach across the place where it begins hold no hits behind it, as a slice
   * before has shown: they are not opened. Null: that is not known.
   */
  readonly clearTo: number | null
  /** Of the selected streams only these; null: all. */
  readonly scope: Scope | null
  /** Memory for the entries, which nobody else uses until the result is there; null: it takes its own. */
  readonly room: SharedArrayBuffer | null
}

/** Cuts the rest of a walk into parts for several threads. */
export type CutTask = {
  readonly kind: 'cuts'
  readonly plan: Plan
  readonly direction: Direction
  readonly scope: Scope | null
  readonly cursor: Cursor
  readonly bytesPerPart: PartBytes
}

export type CutResult = {
  /** Seconds at which parts end. */
  readonly ends: readonly number[]
  /** Behind the last of them lies less than a part. */
  readonly isAll: boolean
  /** Number of the newest block. */
  readonly lastBlock: number
}

/** Bodies of one part; `wide` where a thread cannot keep all blocks across a moment. */
export type PartBytes = { readonly usual: number; readonly wide: number }

/** The streams around one: itself, those of its pod, or those of its namespace. */
export type Scope = { readonly streamId: number; readonly kind: ContextScope }

export type HistoryResult = {
  /** In the task's room, if it had one and that was large enough. */
  readonly entries: Uint8Array
  readonly count: number
  readonly end: 'exhausted' | 'limit' | 'over' | 'answer'
  /** `limit`: a further entry was seen; else there may be one. */
  readonly isMoreSeen: boolean
  /** Where to go on; null when exhausted. */
  readonly next: Cursor | null
  /** No block that was opened has hits behind where it ended. False also where that is not known. */
  readonly isClear: boolean
  /** Number of the newest block. */
  readonly lastBlock: number
  readonly resumeText: string
  readonly stats: QueryStats
  readonly warnings: readonly string[]
}

/** The one entry that a cursor names, whatever the filters, as of now. */
export type EntryTask = {
  readonly kind: 'entry'
  /** Of the entries around: their cursors and its own carry its hash. */
  readonly plan: Plan
  readonly cursor: Cursor
  readonly format: Format
}

export type EntryResult = {
  /** Empty where it is stored no more. */
  readonly entries: Uint8Array
  /** Its place as of the newest commit: where walks around it begin. Null: its stream is gone. */
  readonly around: Cursor | null
  readonly warnings: readonly string[]
}

/** One slice of a look at the fields of the newest lines. */
export type FieldsTask = {
  readonly kind: 'fields'
  readonly plan: Plan
  /** Where the walk goes on. */
  readonly cursor: Cursor
  /** Null: names are counted; else the values of this one. */
  readonly name: string | null
  /** Lines of the whole sample. */
  readonly sample: number
  readonly limit: number
  readonly sliceMs: number
  readonly scannedBytesMax: number
  /** What the slices before have counted; null: this is the first. */
  readonly state: Uint8Array | null
  /** Nothing more is to be looked at: write the answer. */
  readonly isLast: boolean
}

export type FieldsResult = {
  /** What is counted so far; empty with the answer. */
  readonly state: Uint8Array
  /** Where to go on; null with the answer. */
  readonly next: Cursor | null
  /** Members of the answer's object; empty before. */
  readonly members: Uint8Array
  readonly stats: QueryStats
  readonly warnings: readonly string[]
}

/** One step of a tail. */
export type TailTask = {
  readonly kind: 'tail'
  readonly plan: Plan
  readonly format: Format
  /** Null: begin with what is committed after now. */
  readonly cursor: Cursor | null
  readonly sliceMs: number
  readonly answerBytesMax: number
}

export type TailResult = {
  readonly entries: Uint8Array
  readonly count: number
  readonly cursor: string
  readonly caughtUp: boolean
  readonly warnings: readonly string[]
}

/** One step each of several tails, all as of one moment. */
export type TailsTask = {
  readonly kind: 'tails'
  readonly tails: readonly (Pick<TailTask, 'plan' | 'answerBytesMax'> & { readonly cursor: Cursor })[]
  /** Of each; what the last ones would begin after that much of all is left out. */
  readonly sliceMs: number
  /** Entries of all, beyond which the rest is left out. */
  readonly answersBytesMax: number
}

export type TailsResult = {
  /** Of all, one behind the other. */
  readonly entries: Uint8Array
  /** Of the first tails, at least one; `length`: bytes of its entries. */
  readonly steps: readonly (Omit<TailResult, 'entries'> & { readonly length: number })[]
}

/** One slice of a histogram. */
export type HistogramTask = {
  readonly kind: 'histogram'
  readonly plan: Plan
  readonly range: TimeRange
  readonly bucket: HistogramRequest['bucket']
  readonly by: HistogramGroup | null
  readonly nowSec: number
  readonly defaultUntilSec: number
  readonly sliceMs: number
  readonly scannedBytesMax: number
  /** Of the slice before; null: the first. */
  readonly state: HistogramState | null
  /** Nothing more is to be counted: write the answer. */
  readonly isLast: boolean
  /** Counted by itself, without an answer; null: the whole. */
  readonly part: HistogramPart | null
}

/** `endSec`: its first second, with which counting ends, which goes backward; null: that of the range. */
export type HistogramPart = { readonly endSec: number | null }

/** What a histogram has counted so far: everything from the cursor's place on, as of its commit. */
export type HistogramState = GroupCounts & {
  readonly grid: Grid
  readonly cursor: Cursor
  /** Nothing is left of the range, or of the part. */
  readonly isCounted: boolean
}

export type HistogramResult = {
  /** Null: the answer is there. */
  readonly state: HistogramState | null
  /** Members of the answer's object; empty while there is a state. */
  readonly members: Uint8Array
  readonly stats: QueryStats
  readonly warnings: readonly string[]
}

/** Fixes commit and range of a walk without reading any of it. */
export type BeginTask = {
  readonly kind: 'begin'
  readonly plan: Plan
  readonly range: TimeRange
  readonly defaultUntilSec: number
}

export type ListTask = {
  readonly kind: 'list'
  readonly list: 'namespaces' | 'pods' | 'containers' | 'streams'
  readonly streams: StreamSelector
  readonly limit: number
  readonly cursor: string | null
  /** A page that takes longer goes on with its `next`. */
  readonly deadlineMs: number
}

/** Whether the database can be read, and which it is. */
export type CheckTask = { readonly kind: 'check' }

/** Where the bytes of the database are. */
export type StorageTask = { readonly kind: 'storage' }

export type Task =
  | MetricPartTask
  | MetricFinishTask
  | IndexTask
  | SampleTask
  | HistoryTask
  | CutTask
  | HistogramTask
  | EntryTask
  | FieldsTask
  | BeginTask
  | TailTask
  | TailsTask
  | ListTask
  | CheckTask
  | StorageTask
