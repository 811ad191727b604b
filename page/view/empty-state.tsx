/** What is said in place of lines: an error with what to do, or where the nearest lines are. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { toApiError } from '../api/client.ts'
import type { LogsPage } from '../api/contract.ts'
import { filterParameters, withParameters } from '../model/query-parameters.ts'
import { minuteTime } from '../model/time-format.ts'
import { presets, widerPreset } from '../model/time-range.ts'
import { warningText } from '../model/warning-text.ts'
import { pageLimits } from '../state/limits.ts'
import type { Store } from '../state/store.ts'
import { useStore } from './store-context.ts'

export function EmptyState() {
  const store = useStore()
  const error = store.lines.error.value
  if (error !== null) {
    return (
      <div class="empty" role="alert">
        <h2>
          {error.status === 0
            ? 'The server cannot be reached'
            : error.message.replace(/^parameter "q(?:uery)?":? /, '')}
        </h2>
        <p>
          {error.status === 0
            ? 'It may be starting, or the way to it is cut: a port-forward ends with its pod.'
            : error.hint}
        </p>
        <button type="button" onClick={() => store.reload('newest')}>
          Try again
        </button>
        {error.code === 'LINE_GONE' || error.code === 'BAD_CURSOR' ? (
          <button
            type="button"
            onClick={() => {
              store.address.replace({ line: null })
              store.reload('newest')
            }}
          >
            Show the newest lines
          </button>
        ) : null}
      </div>
    )
  }
  if (store.streams.streams.value?.length === 0) {
    return (
      <div class="empty">
        <h2>No logs yet</h2>
        <p>Nothing has been collected. The collector's page says what it reads, and what it may not read.</p>
        <button type="button" onClick={() => store.address.go({ view: 'collector' })}>
          Collector and disk
        </button>
      </div>
    )
  }
  // One component while it searches on, which counts how often it did.
  if (store.lines.older.value !== 'end' || store.lines.newer.value !== 'end')
    return <StoppedSearch key={store.lines.generation.value} store={store} />
  return <NothingFound store={store} />
}

/** Nothing is known yet: a bound of the server ended the search before it had found a line. */
function StoppedSearch({ store: { lines } }: { readonly store: Store }) {
  const isOlder = lines.older.value !== 'end'
  const isStopped = lines.older.value === 'stopped' || lines.newer.value === 'stopped'
  const searches = useRef(0)
  useEffect(() => {
    if (!isStopped || searches.current >= pageLimits.askOnMax) return
    searches.current += 1
    void (isOlder ? lines.loadOlder() : lines.loadNewer())
  })
  return (
    <div class="empty">
      <h2>{isStopped ? 'Nothing found so far' : 'Searching on …'}</h2>
      {lines.warnings.value.map((text) => (
        <p key={text}>{warningText(text)}</p>
      ))}
      <button
        type="button"
        disabled={!isStopped}
        onClick={() => void (isOlder ? lines.loadOlder() : lines.loadNewer())}
      >
        Search on
      </button>
    </div>
  )
}

/** Half a second around the newest match: it is seen with what was written with it. */
const aroundMs = 5 * 60_000

function NothingFound({ store }: { readonly store: Store }) {
  const { address, lines, instants } = store
  const view = address.view.value
  const newest = useNewest(store)
  const spanMs = instants.value === null ? 0 : (instants.value.untilMs ?? Date.now()) - instants.value.sinceMs
  const wider = view.range.until === null ? widerPreset(spanMs) : null
  const label = presets.find(([value]) => value === wider)?.[1]
  const newestMs = newest === null ? Number.NaN : Date.parse(newest.entries[0]?.time ?? '')
  const isFiltered = view.levels.length > 0 || view.search !== '' || view.iostream !== null
  return (
    <div class="empty">
      <h2>No lines found in this range</h2>
      {lines.warnings.value
        .filter((text) => !text.startsWith('no line matches'))
        .map((text) => (
          <p key={text}>{warningText(text)}</p>
        ))}
      {!Number.isNaN(newestMs) && (
        <p>
          The newest line that matches is of {minuteTime(newestMs, view.zone)}.{' '}
          <button
            type="button"
            onClick={() => {
              const untilMs = Math.min(newestMs + aroundMs, Date.now())
              store.zoomTo(newestMs - aroundMs, Math.max(untilMs, newestMs + 1))
            }}
          >
            Show the lines around it
          </button>
        </p>
      )}
      {newest !== null && Number.isNaN(newestMs) && newest.next === null && (
        <p>There is no such line at any time{isFiltered ? ' with these filters' : ''}.</p>
      )}
      {newest !== null && Number.isNaN(newestMs) && newest.next !== null && (
        <p>The search over all times reached a limit of the server: {newest.warnings.join('; ')}.</p>
      )}
      {wider !== null && (
        <button type="button" onClick={() => store.setRange({ since: wider, until: null })}>
          {label}
        </button>
      )}
      {isFiltered && (
        <button
          type="button"
          onClick={() => address.go({ search: '', levels: [], iostream: null, line: null })}
        >
          Clear search and levels
        </button>
      )}
      {view.live && <p>New lines are shown as they come.</p>}
    </div>
  )
}

/** The newest line that matches, whatever its time; null until it is known. */
function useNewest(store: Store): LogsPage | null {
  const [page, setPage] = useState<LogsPage | null>(null)
  const filters = filterParameters(store.address.view.value).toString()
  useEffect(() => {
    const abort = new AbortController()
    setPage(null)
    const query = withParameters(new URLSearchParams(filters), { limit: 1, gaps: 'false' })
    store.client.logs(query, abort.signal).then(setPage, (caught: unknown) => {
      if (!abort.signal.aborted) store.message.value = toApiError(caught).message
    })
    return () => abort.abort()
  }, [filters])
  return page
}
