/**
 * What query threads are asked for LogQL, and what they give back. Plain data: it travels between threads.
 */

import type { CollectedSeries } from '../../logql/metric/range-collector.ts'
import type { Steps } from '../../logql/metric/steps.ts'
import type { Cursor } from '../../model/cursor.ts'
import type { QueryStats } from '../contract.ts'
import type { Plan, TimeRange } from '../plan.ts'

/** Collects samples of one range aggregation over a part of its time. */
export type MetricPartTask = {
  readonly kind: 'metricPart'
  /** The whole metric query. */
  readonly query: string
  /** Number of the range aggregation in it. */
  readonly leaf: number
  /** Of its log query. */
  readonly plan: Plan
  readonly steps: Steps
  /** The newest end of the part. */
  readonly cursor: Cursor
  /** Its first second; null: it goes to the beginning of the range. */
  readonly endSec: number | null
  /** A part that takes longer is given up, to be read in halves; null: it cannot be halved. */
  readonly sliceMs: number | null
}

export type MetricPartResult = {
  /** Null: it was given up. */
  readonly partials: readonly CollectedSeries[] | null
  /** Records of missing lines in the part. */
  readonly gaps: number
  readonly stats: QueryStats
}

/** Evaluates a metric query over what was collected, and writes the answer. */
export type MetricFinishTask = {
  readonly kind: 'metricFinish'
  readonly query: string
  readonly steps: Steps
  readonly isInstant: boolean
  /** Of each range aggregation, in any order. */
  readonly partials: readonly (readonly CollectedSeries[])[]
  /** Too many series are cut off with a warning; else they are refused. */
  readonly cutsSeries: boolean
}

export type MetricFinishResult = {
  /** Members of `data`: `"resultType":…,"result":…`. */
  readonly members: Uint8Array
  readonly warnings: readonly string[]
}

/** Sums of what is stored of the selected streams in a range, by the headers of segments alone. */
export type IndexTask = {
  readonly kind: 'index'
  readonly plan: Plan
  readonly range: TimeRange
  /** Labels by which streams are summed up; null: by all. */
  readonly by: readonly string[] | null
  /** Width of a step in milliseconds from the beginning of the range on; null: one sum. */
  readonly stepMs: number | null
}

/** Bytes and entries of segments that lie across an end of the range count by their share in it. */
export type IndexGroup = {
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly streams: number
  readonly chunks: number
  readonly bytes: number
  readonly entries: number
  /** Bytes per step; empty where no step was asked for. */
  readonly steps: readonly number[]
}

export type IndexResult = { readonly groups: readonly IndexGroup[]; readonly isCut: boolean }

/** Fields that parsers find in the newest lines, or the values of one. */
export type SampleTask = {
  readonly kind: 'sample'
  readonly plan: Plan
  readonly range: TimeRange
  readonly defaultUntilSec: number
  /** Lines that are looked at. */
  readonly lines: number
  /** Null: fields; else values of this one. */
  readonly name: string | null
  readonly limit: number
}

export type SampledField = {
  readonly label: string
  readonly type: 'string' | 'int' | 'float' | 'boolean' | 'duration' | 'bytes'
  readonly cardinality: number
  /** Null: metadata. */
  readonly parsers: readonly string[] | null
  readonly jsonPath?: readonly string[]
}

export type SampleResult = { readonly fields: readonly SampledField[]; readonly values: readonly string[] }
