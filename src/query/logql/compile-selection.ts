/**
 * Compiles the LogQL of a plan: which streams, which conditions the store answers, and the pipeline over
 * the rest.
 */

import { LogkeepError } from '../../errors.ts'
import { LogqlError } from '../../logql/error.ts'
import type { LineStage } from '../../logql/stages/line-state.ts'
import { compileStages } from '../../logql/stages/pipeline.ts'
import { parseQuery } from '../../logql/syntax/parse-query.ts'
import { printLogQuery } from '../../logql/syntax/print-query.ts'
import type { Matcher, Stage } from '../../logql/syntax/tree.ts'
import { type SplitStages, splitStages } from './split-stages.ts'

export type LogqlSelection = SplitStages & {
  readonly matchers: readonly Matcher[]
  /** The stages up to the last that may drop a line; null: none does. */
  readonly filter: LineStage | null
  /** All of `rest`, for the lines that are written; null: it is empty. */
  readonly write: LineStage | null
}

/** `logql`: a log query. Throws `LogkeepError` BAD_QUERY. */
export function compileSelection(logql: string): LogqlSelection {
  return asLogkeepError(() => {
    const query = parseQuery(logql)
    if (query.kind !== 'log') throw new LogqlError('parse', metricRefused)
    const split = splitStages(query.stages)
    const last = split.rest.findLastIndex(dropsLines)
    return {
      ...split,
      matchers: query.matchers,
      filter: last < 0 ? null : compileStages(split.rest.slice(0, last + 1), []),
      write: split.rest.length === 0 ? null : compileStages(split.rest),
    }
  })
}

/**
 * The same query as every writing of it has it, once it is known to be one that can be built. Throws
 * `LogkeepError` BAD_QUERY.
 */
export function normalLogQuery(text: string): string {
  return asLogkeepError(() => {
    const query = parseQuery(text)
    if (query.kind !== 'log') throw new LogqlError('parse', metricRefused)
    compileStages(query.stages)
    return printLogQuery(query)
  })
}

const metricRefused = 'only log queries are supported here: a selector with a pipeline'

function dropsLines({ kind }: Stage): boolean {
  return kind === 'lineFilter' || kind === 'labelFilter'
}

/** Errors of the language as the program's own, which travel between threads. */
export function asLogkeepError<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    const hint = 'queries have the syntax of LogQL: https://grafana.com/docs/loki/latest/query/'
    throw new LogkeepError('BAD_QUERY', error.message, hint, { cause: error })
  }
}
