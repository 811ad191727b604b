/**
 * The check data of LogQL, which lies beside a checkout where it was made, or where `LOGKEEP_LOGQL_DATA`
 * says.
 */

import fs from 'node:fs'
import path from 'node:path'
import type { MemoryEntry } from './logql-entries.ts'

export type ValidExpression = { readonly q: string; readonly kind: 'log' | 'metric'; readonly phase: number }
export type InvalidExpression = {
  readonly q: string
  readonly stage: 'parse' | 'compile'
  readonly line?: number
  readonly col?: number
}

export type Expectation =
  | { readonly type: 'streams'; readonly entries: readonly MemoryEntry[] }
  | { readonly type: 'lines'; readonly lines: readonly string[] }
  | {
      readonly type: 'vector'
      readonly result: readonly { readonly metric: Record<string, string>; readonly value: string }[]
      readonly ordered?: boolean
    }
  | {
      readonly type: 'matrix'
      readonly result: readonly {
        readonly metric: Record<string, string>
        readonly values: readonly (readonly [number, string])[]
      }[]
    }
  | { readonly type: 'scalar'; readonly value: string }
  | { readonly type: 'empty' | 'error' }

export type EvaluationCase = {
  readonly id: string
  readonly phase: number
  readonly query: string
  readonly data?: string
  readonly entries?: readonly MemoryEntry[]
  readonly expect: Expectation
} & (
  | {
      readonly type: 'log'
      readonly start: string
      readonly end: string
      readonly limit: number
      readonly direction: 'forward' | 'backward'
    }
  | { readonly type: 'range'; readonly start: string; readonly end: string; readonly step: string }
  | { readonly type: 'instant'; readonly time: string }
)

export type HttpCase = {
  readonly method: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly body_contains?: string
}

export type LogqlData = {
  readonly valid: readonly ValidExpression[]
  readonly invalid: readonly InvalidExpression[]
  readonly cases: readonly EvaluationCase[]
  readonly httpCases: readonly HttpCase[]
  readonly datasets: Readonly<Record<string, readonly MemoryEntry[]>>
}

const besideCheckout = path.join(import.meta.dirname, '../../../shared/data/logql')

/** Null: it is not there. */
export function readLogqlData(): LogqlData | null {
  const folder = process.env.LOGKEEP_LOGQL_DATA ?? besideCheckout
  if (!fs.existsSync(folder)) return null
  const read = (name: string) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))
  const evaluation = read('eval.json')
  return {
    valid: read('valid.json').expressions,
    invalid: read('invalid.json').expressions,
    cases: evaluation.cases,
    httpCases: evaluation.http_cases,
    datasets: evaluation.datasets,
  }
}

export const missingData = 'the check data of LogQL is not there: set LOGKEEP_LOGQL_DATA to its folder'
