/** The bar at the bottom: what is shown, how the tail is, and what the server warns of. */

import { useEffect } from 'preact/hooks'
import { formatAge, formatCount } from '../model/amounts.ts'
import { shortTime } from '../model/time-format.ts'
import { warningText } from '../model/warning-text.ts'
import type { Store } from '../state/store.ts'
import { useStore } from './store-context.ts'

/** A message is said, then it goes. */
const messageMs = 6000

export function StatusBar() {
  const store = useStore()
  const said = store.message.value
  useEffect(() => {
    const timer = setTimeout(() => void (store.message.value = ''), messageMs)
    return () => clearTimeout(timer)
  }, [said])
  const { lines, live, streams, histogram, message } = store
  const items = lines.items.value
  const total = histogram.counts.value?.total
  const warnings = [...lines.warnings.value, ...histogram.warnings.value]
  const shown = [...new Set(warnings)].filter((text) => items.length > 0 || !text.startsWith('no '))
  const { error, notice } = live
  return (
    <footer class="status-bar">
      <span>
        {formatCount(items.length)} lines
        {total !== undefined && total > items.length && ` of ${formatCount(total)}`}
        <Span store={store} />
      </span>
      <span class={`live-status status-${live.status.value}`} data-testid="live-status">
        {liveText(store)}
      </span>
      {shown.map((text) => (
        <span key={text} class="warning">
          ⚠ {warningText(text)}
        </span>
      ))}
      {notice.value !== null && <span class="warning">⚠ {notice.value}</span>}
      {items.length > 0 && lines.error.value !== null && (
        <span class="error-text" role="alert">
          Not up to date: {lines.error.value.message}
          {lines.error.value.status === 0 && '; it is tried again by itself'}
        </span>
      )}
      {error.value !== null && (
        <span class="error-text">
          {error.value.message}: {error.value.hint}
        </span>
      )}
      {streams.error.value?.status === 0 && <span class="error-text">The server cannot be reached.</span>}
      {histogram.error.value !== null && lines.error.value === null && (
        <span class="error-text">Histogram: {histogram.error.value.message}</span>
      )}
      <span class="grow" />
      <span class="message">{message.value}</span>
    </footer>
  )
}

function Span({ store }: { readonly store: Store }) {
  const items = store.lines.items.value
  const { zone } = store.address.view.value
  const first = items[0]
  const last = items.at(-1)
  if (first === undefined || last === undefined) return null
  return (
    <span class="span">
      , {shortTime(first.entry.time, zone, '')} to{' '}
      {shortTime(last.entry.time, zone, first.entry.time.slice(0, 10))}
    </span>
  )
}

function liveText({ live, address }: Store): string {
  if (!address.view.value.live) return ''
  const lag = live.lagMs.value
  if (live.status.value === 'waiting') return 'connection lost, trying again …'
  if (live.status.value === 'connecting') return 'connecting …'
  if (live.status.value === 'off') return ''
  if (!live.following.value) return 'live, paused'
  return lag === null ? 'live' : `live, ${lag < 950 ? `${(lag / 1000).toFixed(1)} s` : formatAge(lag)} behind`
}
