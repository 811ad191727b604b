/** Asks for lines, counts and the tail whenever what decides them changes. */

import { computed, effect, type Signal, untracked } from '@preact/signals'
import { isWithin } from '../model/anchor.ts'
import { filterParameters } from '../model/query-parameters.ts'
import { type Instants, resolveRange } from '../model/time-range.ts'
import { defaultRange } from '../model/view-state.ts'
import type { Address } from './address.ts'
import type { HistogramData } from './histogram-data.ts'
import { pageLimits } from './limits.ts'
import type { LineWindow, Place, Question } from './line-window.ts'
import type { LiveTail } from './live-tail.ts'
import { placeOf } from './place.ts'
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
  /** Key of the line that the keyboard is at. */
  readonly active: Signal<number | null>
  /** Keys of the first and the last line that are seen: told by the list. */
  readonly visible: Signal<readonly [first: number | null, last: number | null]>
}

/** Asks for everything again, up to now. */
export type Reload = (place?: Place) => void

export function startLoading(parts: Parts): Reload {
  const { address, preferences, lines, live, streams, session } = parts
  const { view } = address
  const filters = computed(() => filterParameters(view.value).toString())
  let asked: Place | undefined
  const reload: Reload = (place) => {
    asked = place
    loadAll(parts, new URLSearchParams(filters.value), place)
  }

  address.watchPlace(() => placeOf(parts))
  const question = computed(() => {
    const { range, view: page } = view.value
    const isShown = page === 'logs' && session.refusal.value === null
    return JSON.stringify([isShown, filters.value, range, address.steps.value])
  })
  question.subscribe((text) => {
    const [isShown] = JSON.parse(text) as [boolean]
    const anchor = address.place()
    if (!isShown) live.stop()
    else if (anchor === null) reload()
    else reload({ anchor })
  })
  retryLater(parts, () => reload(asked))
  computed(() => view.value.live && view.value.view === 'logs').subscribe((wanted) => {
    if (!wanted) live.stop()
    else if (lines.resume === null && !lines.loading.value) reload('newest')
    else startTail(parts, new URLSearchParams(filters.value))
  })
  computed(() => wantsCounts(preferences)).subscribe(() => {
    if (!parts.histogram.loading.value) loadHistogram(parts, new URLSearchParams(filters.value))
  })
  session.refusal.subscribe((refusal) => {
    if (refusal === null) void streams.refresh()
  })
  // The database was replaced: what its cursors led to is not there any more.
  live.error.subscribe((error) => {
    if (error?.code === 'BAD_CURSOR') reload('newest')
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
      loadHistogram(parts, new URLSearchParams(filters.value), 'refresh')
  }, pageLimits.histogramLiveMs)
  return reload
}

function loadAll(parts: Parts, filters: URLSearchParams, place: Place | undefined): void {
  const { address, live, instants } = parts
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
  const fits = typeof place !== 'object' || !('anchor' in place) || isWithin(place.anchor, range)
  const goal = (fits ? place : undefined) ?? (line === null ? 'newest' : { cursor: line })
  void loadLines(parts, { filters, range }, goal)
}

async function loadLines(parts: Parts, question: Question, place: Place): Promise<void> {
  const { address, lines } = parts
  const found = await lines.load(question, place)
  const isMarked = typeof place === 'object' && ('cursor' in place || place.anchor.isMarked)
  // Its cursor is another one now: that of these filters.
  if (found !== null && isMarked) address.replace({ line: found.entry.cursor })
  startTail(parts, question.filters)
}

/** A server that is gone is asked again by itself, whether lines are shown or not. */
function retryLater({ address, lines, session }: Parts, retry: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  lines.error.subscribe((error) => {
    clearTimeout(timer)
    if (error?.status !== 0) return
    timer = setTimeout(() => {
      const isShown = address.view.value.view === 'logs' && session.refusal.value === null
      if (isShown && !lines.loading.value) retry()
    }, pageLimits.reloadMs)
  })
}

/** The statistics show lines per level too. */
function wantsCounts({ histogram, statistics }: Preferences): boolean {
  return histogram.value || statistics.value
}

function loadHistogram(
  { address, preferences, histogram, session }: Parts,
  filters: URLSearchParams,
  how: 'load' | 'refresh' = 'load',
): void {
  const { view, range: wanted } = address.view.value
  const range = resolveRange(wanted, Date.now())
  if (range === null || session.refusal.value !== null || view !== 'logs') return
  if (wantsCounts(preferences)) void histogram[how]({ filters, range })
  else histogram.forget()
}

/**
 * Behind the newest line that is shown: the seam has no gap and no repeat. That the lines could not be loaded
 * anew does not matter: those that stay answer the same question, and the tail connects by itself.
 */
function startTail({ address, lines, live }: Parts, filters: URLSearchParams): void {
  const { resume } = lines
  if (!address.view.value.live || lines.loading.value || resume === null) return
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
