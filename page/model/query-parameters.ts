/** Turns what is shown into the parameters of the server's routes. */

import { parseSearch, toParameter } from './search-text.ts'
import type { Instants } from './time-range.ts'
import type { ViewState } from './view-state.ts'

type Filters = Pick<ViewState, 'select' | 'search' | 'matchCase' | 'levels' | 'iostream'>

/** The filters, which cursors are bound to. */
export function filterParameters(view: Filters): URLSearchParams {
  const query = new URLSearchParams()
  for (const path of view.select) query.append('select', path)
  const search = parseSearch(view.search)
  if (search.kind === 'logql') query.set('query', search.query)
  else {
    for (const term of search.terms) query.append('q', toParameter(term))
    if (search.terms.length > 0 && !view.matchCase) query.set('ignoreCase', 'true')
  }
  if (view.levels.length > 0) query.set('level', view.levels.join(','))
  if (view.iostream !== null) query.set('stream', view.iostream)
  return query
}

/** Adds the range as unix milliseconds. */
export function withRange(query: URLSearchParams, { sinceMs, untilMs }: Instants): URLSearchParams {
  const ranged = new URLSearchParams(query)
  ranged.set('since', unixMs(sinceMs))
  if (untilMs !== null) ranged.set('until', unixMs(untilMs))
  return ranged
}

export function withParameters(
  query: URLSearchParams,
  added: Readonly<Record<string, string | number>>,
): URLSearchParams {
  const whole = new URLSearchParams(query)
  for (const [name, value] of Object.entries(added)) whole.set(name, String(value))
  return whole
}

/** By their number of digits the server tells milliseconds from seconds. */
function unixMs(ms: number): string {
  return String(Math.max(Math.floor(ms), 100_000_000_000))
}
