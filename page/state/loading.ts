/** Asks for lines, counts and the tail whenever what decides them changes. */

import { computed, effect, type Signal, untracked } from '@preact/signals'
import { filterParameters } from '../model/query-parameters.ts'
import { type Instants, resolveRange } from '../model/time-range.ts'
import { defaultRange } from '../model/view-state.ts'
import type { Address } from './address.ts'
import type { HistogramData } from './histogram-data.ts'
import { pageLimits } from './limits.ts'
import type { LineWindow, Place, Question } from './line-window.ts'
import type { LiveTail } from './live-tail.ts'
import type { Preferences } from './preferences.ts'
import type { Session } from './session.ts'
import type { StreamList } from './stream-list.ts'

export type Parts = {
  readonly address: Address
  readonly preferences: Preferences
  readonly lines: LineWindow
  readonly live: LiveTail
  readonly histogram: HistogramData
  readonly streams: StreamList
  readonly session: Session
  /** The range as it was when the lines were asked for. */
  readonly instants: Signal<Instants | null>
}

/** Asks for everything again, up to now. */
export type Reload = (place?: Place) => void

export function startLoading(parts: Parts): Reload {
  const { address, preferences, lines, live, streams, session } = parts
  const { view } = address
  const filters = computed(() => filterParameters(view.value).toString())
  const reload: Reload = (place) => loadAll(parts, new URLSearchParams(filters.value), place)

  const asked = computed(() => {
    const { range, view: page } = view.value
    const isShown = page === 'logs' && session.refusal.value === null
    return JSON.stringify([isShown, filters.value, range, address.steps.value])
  })
  asked.subscribe((text) => {
    const [isShown] = JSON.parse(text) as [boolean]
    if (isShown) reload()
    else live.stop()
  })
  computed(() => view.value.live && view.value.view === 'logs').subscribe((wanted) => {
    if (!wanted) live.stop()
    else if (lines.resume === null && !lines.loading.value) reload('newest')
    else startTail(parts, new URLSearchParams(filters.value))
  })
  preferences.histogram.subscribe((isShown) => {
    if (isShown && !parts.histogram.loading.value) loadHistogram(parts, new URLSearchParams(filters.value))
  })
  session.refusal.subscribe((refusal) => {
    if (refusal === null) void streams.refresh()
  })
  followWindow(parts, () => new URLSearchParams(filters.value))

  setInterval(() => {
    if (!document.hidden && session.refusal.value === null) void streams.refresh()
  }, pageLimits.treeMs)
  streams.error.subscribe((error) => {
    if (error !== null) setTimeout(() => void streams.refresh(), pageLimits.treeRetryMs)
  })
  setInterval(() => {
    if (live.status.value === 'live' && !document.hidden)
      loadHistogram(parts, new URLSearchParams(filters.value))
  }, pageLimits.histogramLiveMs)
  return reload
}

function loadAll(parts: Parts, filters: URLSearchParams, place: Place | undefined): void {
  const { address, lines, live, instants } = parts
  const { range: wanted, line } = address.view.value
  const range = resolveRange(wanted, Date.now())
  live.stop()
  if (range === null) {
    // An address that was typed wrong: the default is shown in its place.
    address.replace({ range: defaultRange })
    return
  }
  instants.value = range
  loadHistogram(parts, filters)
  const goal = place ?? (line === null ? 'newest' : { cursor: line })
  void lines.load({ filters, range }, goal).then(() => startTail(parts, filters))
}

function loadHistogram({ address, preferences, histogram, session }: Parts, filters: URLSearchParams): void {
  const range = resolveRange(address.view.value.range, Date.now())
  if (range === null || !preferences.histogram.value || session.refusal.value !== null) return
  if (address.view.value.view === 'logs') void histogram.load({ filters, range } satisfies Question)
}

/** Behind the newest line that is shown: the seam has no gap and no repeat. */
function startTail({ address, lines, live }: Parts, filters: URLSearchParams): void {
  const { resume } = lines
  if (!address.view.value.live || lines.loading.value || lines.error.value !== null || resume === null) return
  if (live.status.value === 'off') live.start(filters, resume)
}

/** Keeps the tail where the window is. */
function followWindow({ address, lines, live }: Parts, filters: () => URLSearchParams): void {
  let wasAway = false
  // The window came back to its newest line by pages: the tail goes on there, and what waited comes again.
  lines.newer.subscribe((edge) => {
    const { resume } = lines
    const isBack = wasAway && edge === 'end' && !lines.loading.value
    wasAway = edge !== 'end'
    if (isBack && resume !== null && address.view.value.live) live.start(filters(), resume)
  })
  effect(() => {
    const isShown = live.following.value && lines.newer.value === 'end' && live.pending.value > 0
    if (isShown) untracked(() => live.flush())
  })
}
