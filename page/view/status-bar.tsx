/** The bar at the bottom: what is shown, how the tail is, and what the server warns of. */

import { useEffect } from 'preact/hooks'
import { formatCount } from '../model/amounts.ts'
import { shortTime } from '../model/time-format.ts'
import { behindMsOf, behindText, isBehind, secondsText } from '../model/warning-text.ts'
import { progressText } from '../state/download.ts'
import type { Notice } from '../state/live-tail.ts'
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
  const shown = shownWarnings(store)
  const { error, notice } = live
  return (
    <footer class="status-bar">
      <span>
        {formatCount(items.length)} {items.length === 1 ? 'line' : 'lines'}
        {total !== undefined && total > items.length && ` of ${formatCount(total)}`}
        <Span store={store} />
      </span>
      <span class={`live-status status-${live.status.value}`} data-testid="live-status">
        {liveText(store)}
      </span>
      {shown.map((text) => (
        <span key={text} class="warning">
          ⚠ {text}
        </span>
      ))}
      {notice.value !== null && <NoticeText notice={notice.value} store={store} />}
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
      <Downloading store={store} />
      <span class="grow" />
      <span class="message">{message.value}</span>
    </footer>
  )
}

/** In live the lag is told by itself, as it is now. */
function shownWarnings({ lines, histogram, live }: Store): readonly string[] {
  const all = [...lines.warnings.value, ...histogram.warnings.value]
  const behind = Math.max(...all.map((text) => behindMsOf(text) ?? 0))
  const others = all.filter((text) => !isBehind(text))
  const shown = [...new Set(others)].filter((text) => lines.items.value.length > 0 || !text.startsWith('no '))
  return behind > 0 && live.status.value !== 'live' ? [behindText(behind), ...shown] : shown
}

function NoticeText({ notice, store }: { readonly notice: Notice; readonly store: Store }) {
  const time = shortTime(new Date(notice.atMs).toISOString(), store.address.view.value.zone, '')
  return (
    <span class="warning">
      ⚠ {time.slice(time.indexOf(' ') + 1, -'.000'.length)} {notice.text}{' '}
      <button
        type="button"
        class="link"
        aria-label="Close the notice"
        onClick={() => void (store.live.notice.value = null)}
      >
        ✕
      </button>
    </span>
  )
}

/** Where its dialog is closed. */
function Downloading({ store: { download, dialog } }: { readonly store: Store }) {
  const progress = download.progress.value
  if (progress === null || dialog.value === 'download') return null
  return (
    <span>
      Download: {progressText(progress)}{' '}
      <button type="button" class="link" onClick={download.stop}>
        Stop the download
      </button>
    </span>
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

/** Less than this is the work of the moment. */
const toldMs = 1000

function liveText({ live, lines, address }: Store): string {
  if (!address.view.value.live) return ''
  const lag = live.lagMs.value
  const behind = live.behindMs.value
  if (live.status.value === 'waiting') return 'connection lost, trying again …'
  if (live.status.value === 'connecting') return 'connecting …'
  // The window is away from its newest line, or the lines are still asked for.
  if (live.status.value === 'off')
    return lines.loading.value || lines.error.value !== null ? '' : 'live, paused'
  if (!live.following.value) return 'live, paused'
  if (behind !== null && behind >= toldMs) return `live, the collector is ${secondsText(behind)} behind`
  if (lag !== null) return `live, ${secondsText(lag)} behind`
  return behind === null ? 'live' : 'live, up to date'
}
