/** Selectors and log queries of Loki's API as plans. */

import { parseQuery } from '../../logql/syntax/parse-query.ts'
import { printLogQuery } from '../../logql/syntax/print-query.ts'
import type { LogQuery, Matcher, Query } from '../../logql/syntax/tree.ts'
import { asLogkeepError, normalLogQuery } from '../../query/logql/compile-selection.ts'
import type { Plan } from '../../query/plan.ts'
import { badParameter } from './parameters.ts'

const anyStream: Plan['streams'] = { namespace: [], pod: [], container: [], node: [], restart: [] }

/** `logql` null: every line. Records of missing lines are among the entries: they become warnings. */
export function planOf(logql: string | null, gaps: boolean): Plan {
  const plan: Plan = { streams: anyStream, iostream: null, levels: null, lines: [], gaps }
  return logql === null ? plan : { ...plan, logql }
}

/** Throws `LogkeepError` BAD_QUERY. */
export function parseLokiQuery(text: string): Query {
  return asLogkeepError(() => parseQuery(text))
}

export function planOfLog(query: LogQuery): Plan {
  return planOf(normalLogQuery(printLogQuery(query)), true)
}

export type Selected = { readonly plan: Plan; readonly matchers: readonly Matcher[] }

/** A selector without a pipeline; `{}` and nothing at all select everything. */
export function selectorOf(text: string): Selected {
  if (/^\s*(?:\{\s*\})?\s*$/.test(text)) return { plan: planOf(null, false), matchers: [] }
  const query = parseLokiQuery(text)
  if (query.kind !== 'log' || query.stages.length > 0) {
    throw badParameter('only label matchers are supported')
  }
  return { plan: planOf(printLogQuery(query), false), matchers: query.matchers }
}

/** The same with a pipeline, where only log queries make sense. */
export function logSelectorOf(text: string): Plan {
  if (/^\s*(?:\{\s*\})?\s*$/.test(text)) return planOf(null, false)
  return planOf(normalLogQuery(text), false)
}
