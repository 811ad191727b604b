/** What the page shows, as it stands in the address bar: a link gives a colleague the same. */

import { type Iostream, type Level, levelNames } from './entry.ts'

export type Wrap = 'off' | 'on' | 'pretty'
export type Zone = 'local' | 'utc'

/** `since`: a duration before now (`1h`), or RFC 3339. `until`: RFC 3339; null: now. */
export type Range = { readonly since: string; readonly until: string | null }

export type ViewState = {
  readonly view: 'logs' | 'collector'
  /** `namespace`, `namespace/pod` or `namespace/pod/container`, pods as names or globs; empty: everything. */
  readonly select: readonly string[]
  /** The text of the search box. */
  readonly search: string
  readonly matchCase: boolean
  /** Empty: all. */
  readonly levels: readonly Level[]
  readonly iostream: Iostream | null
  readonly range: Range
  readonly live: boolean
  readonly wrap: Wrap
  readonly zone: Zone
  /** Cursor of the marked line. */
  readonly line: string | null
}

export const defaultRange: Range = { since: '1h', until: null }

/** `query` is what follows `?`. What is not understood is left out: an old link shows what it can. */
export function parseAddress(query: string): ViewState {
  const given = new URLSearchParams(query)
  const wrap = given.get('wrap')
  const iostream = given.get('stream')
  const levels = (given.get('level') ?? '').split(',').filter(isLevel)
  return {
    view: given.get('view') === 'collector' ? 'collector' : 'logs',
    select: given.getAll('select').filter((path) => path !== ''),
    search: given.get('q') ?? '',
    matchCase: given.get('case') === '1',
    levels: [...new Set(levels)],
    iostream: iostream === 'stdout' || iostream === 'stderr' ? iostream : null,
    range: { since: given.get('since') ?? defaultRange.since, until: given.get('until') },
    live: given.get('live') === '1',
    wrap: wrap === 'on' || wrap === 'pretty' ? wrap : 'off',
    zone: given.get('zone') === 'utc' ? 'utc' : 'local',
    line: given.get('line'),
  }
}

/** The opposite of `parseAddress`, with defaults left out: `?…`, or nothing. */
export function formatAddress(state: ViewState): string {
  const query = new URLSearchParams()
  if (state.view !== 'logs') query.set('view', state.view)
  for (const path of state.select) query.append('select', path)
  if (state.search !== '') query.set('q', state.search)
  if (state.matchCase) query.set('case', '1')
  if (state.levels.length > 0) query.set('level', state.levels.join(','))
  if (state.iostream !== null) query.set('stream', state.iostream)
  if (state.range.since !== defaultRange.since) query.set('since', state.range.since)
  if (state.range.until !== null) query.set('until', state.range.until)
  if (state.live) query.set('live', '1')
  if (state.wrap !== 'off') query.set('wrap', state.wrap)
  if (state.zone !== 'local') query.set('zone', state.zone)
  if (state.line !== null) query.set('line', state.line)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

function isLevel(name: string): name is Level {
  return (levelNames as readonly string[]).includes(name)
}
