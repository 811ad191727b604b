/**
 * The lines in memory: a window onto everything that matches, moved by cursor in both directions. What the
 * far end lets go is loaded again when the reader comes back.
 */

import { batch, computed, type Signal, signal } from '@preact/signals'
import { ApiError, type Client, toApiError } from '../api/client.ts'
import type { LogsPage } from '../api/contract.ts'
import { type Anchor, anchorTo, findAnchor, isWithin } from '../model/anchor.ts'
import { type Entry, textOf } from '../model/entry.ts'
import { withParameters, withRange } from '../model/query-parameters.ts'
import { createItem, createSources, type Item } from '../model/rows.ts'
import type { Instants } from '../model/time-range.ts'
import { isBehind } from '../model/warning-text.ts'
import { pageLimits } from './limits.ts'

/**
 * What lies beyond an end of the window. `stopped`: a bound of the server ended the search there. `failed`:
 * there is more, and asking for it failed.
 */
export type Edge = 'more' | 'loading' | 'end' | 'stopped' | 'failed'

export type Question = { readonly filters: URLSearchParams; readonly range: Instants }

/** `anchor` lies within the range. */
export type Place = 'newest' | 'oldest' | { readonly cursor: string } | { readonly anchor: Anchor }

/** Where the reader should be after a load. */
export type Goal =
  | { readonly at: 'start' }
  | { readonly at: 'end' }
  /** `auto`: as little as is needed to see it. `start`: it is at the top, and not the active one. */
  | { readonly at: 'line'; readonly key: number; readonly align: 'center' | 'auto' | 'start' }

type Ask = Readonly<Record<string, string>>

type End = {
  readonly edge: Signal<Edge>
  readonly direction: 'backward' | 'forward'
  /** Of its newest page: what a later one did better is not said any more. */
  readonly warnings: Signal<readonly string[]>
  /** Parameters of its next page, and those behind the end of that walk; null: nothing. */
  next: Ask | null
  beyond: Ask | null
  /** The request that is under way. */
  work: Promise<void>
}

export class LineWindow {
  readonly items = signal<readonly Item[]>([])
  readonly loading = signal(false)
  readonly error = signal<ApiError | null>(null)
  readonly warnings = computed<readonly string[]>(() => [
    ...new Set(
      [this.#behind, this.#olderEnd.warnings, this.#newerEnd.warnings].flatMap(({ value }) => value),
    ),
  ])
  /** Why an end is `failed`. */
  readonly failure = signal<ApiError | null>(null)
  /** Changes with every load; the list goes there. */
  readonly goal = signal<Goal>({ at: 'end' })
  readonly older = signal<Edge>('end')
  readonly newer = signal<Edge>('end')
  /** Counts the loads. */
  readonly generation = signal(0)

  readonly #client: Client
  readonly #olderEnd = createEnd(this.older, 'backward')
  readonly #newerEnd = createEnd(this.newer, 'forward')
  /** That the collector was behind when the lines were asked for holds for all of them. */
  readonly #behind = signal<readonly string[]>([])
  #sourceOf = createSources()
  #question: Question | null = null
  /** Where two walks meet, the older one of which ends there: cursors lead on in their own walk alone. */
  #seam: string | null = null
  #resume: string | null = null
  #abort = new AbortController()
  #lowKey = 0
  #highKey = 0
  #pageLines: number = pageLimits.pageLines
  #pageMs = 0

  constructor(client: Client) {
    this.#client = client
  }

  /** Where a tail goes on behind the newest line; null until the window reaches it. */
  get resume(): string | null {
    return this.#resume
  }

  /** Gives the line that was asked for, where it is among those that are found. */
  async load(question: Question, place: Place): Promise<Item | null> {
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    const before = this.#question?.filters.toString()
    this.#question = question
    this.loading.value = true
    try {
      const found = await fetchPlace(this.#client, question, place, signal)
      if (!signal.aborted) return batch(() => this.#show(found, place))
    } catch (caught) {
      const isSame = before === question.filters.toString()
      if (!signal.aborted) batch(() => this.#fail(toApiError(caught), isSame))
    } finally {
      if (!signal.aborted) this.loading.value = false
    }
    return null
  }

  async loadOlder(): Promise<void> {
    await this.#extend(this.#olderEnd, (page) => {
      // The first lines that a search finds after a limit had stopped it.
      if (this.items.value.length === 0) this.goal.value = { at: 'end' }
      this.items.value = [...this.#asEarlier(page.entries), ...this.items.value]
      this.#trimNewer()
    })
  }

  async loadNewer(): Promise<void> {
    await this.#extend(this.#newerEnd, (page) => {
      this.items.value = [...this.items.value, ...this.#asLater(page.entries)]
      if (page.next === null) this.#resume = page.resume
      this.#trimOlder()
    })
  }

  /** From the tail, behind the newest line. */
  append(entries: readonly Entry[], cursor: string): void {
    batch(() => {
      if (entries.length > 0) this.items.value = [...this.items.value, ...this.#asLater(entries)]
      this.#resume = cursor
      this.#trimOlder()
    })
  }

  #show({ backward, middle, forward, seam, anchor }: Found, place: Place): Item | null {
    this.#seam = seam
    for (const end of [this.#olderEnd, this.#newerEnd]) end.beyond = null
    this.#sourceOf = createSources()
    this.error.value = null
    this.failure.value = null
    this.#behind.value = [backward, forward].flatMap((page) => page?.warnings ?? []).filter(isBehind)
    this.generation.value += 1
    const marked = middle === null ? [] : this.#asLater([middle])
    this.items.value = [
      ...this.#asEarlier(backward?.entries ?? []),
      ...marked,
      ...this.#asLater(forward?.entries ?? []),
    ]
    this.#settle(this.#olderEnd, backward)
    this.#settle(this.#newerEnd, forward)
    this.#resume = this.newer.value === 'end' ? ((forward ?? backward)?.resume ?? null) : null
    const [line] = marked
    if (line !== undefined) this.goal.value = { at: 'line', key: line.key, align: 'center' }
    else if (anchor !== null) return this.#goToAnchor(anchor)
    else this.goal.value = { at: place === 'oldest' ? 'start' : 'end' }
    return null
  }

  #goToAnchor(anchor: Anchor): Item | null {
    const near = findAnchor(this.items.value, anchor)
    if (near === null) this.goal.value = { at: 'end' }
    else {
      const align = near.isExact && anchor.isActive ? 'center' : 'start'
      this.goal.value = { at: 'line', key: near.item.key, align }
    }
    return near?.isExact === true ? near.item : null
  }

  /** What answers the same question stays: the reader keeps what there is. */
  #fail(error: ApiError, isSame: boolean): void {
    this.error.value = error
    if (isSame && this.items.value.length > 0) {
      for (const { edge } of [this.#olderEnd, this.#newerEnd])
        if (edge.value === 'loading') edge.value = 'more'
      return
    }
    this.items.value = []
    this.older.value = 'end'
    this.newer.value = 'end'
    this.#resume = null
  }

  /** Null: the window was not asked to go that way, so nothing lies there. */
  #settle(end: End, page: LogsPage | null): void {
    const isOver = page === null || page.next === null
    end.next = isOver ? end.beyond : { cursor: page.next }
    if (isOver) end.beyond = null
    if (isOver) end.edge.value = end.next === null ? 'end' : 'more'
    // An empty page that has a next one was ended by a bound: the reader decides whether to search on.
    else end.edge.value = page.entries.length === 0 ? 'stopped' : 'more'
    end.warnings.value = (page?.warnings ?? []).filter((text) => !isBehind(text))
  }

  /** One request at a time: who asks meanwhile waits for it. */
  #extend(end: End, show: (page: LogsPage) => void): Promise<void> {
    if (end.edge.value !== 'loading') end.work = this.#fetchMore(end, show)
    return end.work
  }

  async #fetchMore(end: End, show: (page: LogsPage) => void): Promise<void> {
    const { edge, next, direction } = end
    if (this.#question === null || next === null || edge.value === 'end') return
    const { signal } = this.#abort
    edge.value = 'loading'
    const limit = this.#nextPageLines()
    const { filters, range } = this.#question
    // The range is for cursors of the tail, which have none.
    const query = withParameters(withRange(filters, range), { ...next, direction, limit })
    try {
      const page = await this.#client.logs(query, signal)
      if (signal.aborted) return
      batch(() => {
        this.failure.value = null
        this.#settle(end, page)
        show(page)
      })
      this.#pageMs = performance.now()
    } catch (caught) {
      if (signal.aborted) return
      batch(() => {
        edge.value = 'failed'
        this.failure.value = toApiError(caught)
      })
    }
  }

  #nextPageLines(): number {
    const goesOn = performance.now() - this.#pageMs < pageLimits.scrollMs
    this.#pageLines = goesOn ? Math.min(this.#pageLines * 2, pageLimits.pageLinesMax) : pageLimits.pageLines
    return this.#pageLines
  }

  #toItem(entry: Entry, key: number): Item {
    return createItem(entry, key, this.#sourceOf(entry))
  }

  #asLater(entries: readonly Entry[]): Item[] {
    return entries.map((entry) => {
      this.#highKey += 1
      return this.#toItem(entry, this.#highKey)
    })
  }

  /** `entries` newest first; the items oldest first. */
  #asEarlier(entries: readonly Entry[]): Item[] {
    const items = entries.map((entry) => {
      this.#lowKey -= 1
      return this.#toItem(entry, this.#lowKey)
    })
    return items.reverse()
  }

  #trimNewer(): void {
    const kept = countHeld(this.items.value, 1)
    if (kept === this.items.value.length) return
    this.items.value = this.items.value.slice(0, kept)
    const last = (this.items.value.at(-1) as Item).entry
    this.#newerEnd.next = { cursor: last.cursor }
    this.#newerEnd.beyond = this.#seam !== null && last.time < this.#seam ? { since: this.#seam } : null
    this.newer.value = 'more'
    this.#resume = null
  }

  #trimOlder(): void {
    const kept = countHeld(this.items.value, -1)
    if (kept === this.items.value.length) return
    this.items.value = this.items.value.slice(this.items.value.length - kept)
    const first = (this.items.value[0] as Item).entry
    this.#olderEnd.next = { cursor: first.cursor }
    this.#olderEnd.beyond = this.#seam !== null && first.time >= this.#seam ? { until: this.#seam } : null
    this.older.value = 'more'
  }
}

function createEnd(edge: Signal<Edge>, direction: End['direction']): End {
  return { edge, direction, warnings: signal([]), next: null, beyond: null, work: Promise.resolve() }
}

type Found = {
  readonly backward: LogsPage | null
  readonly middle: Entry | null
  readonly forward: LogsPage | null
  /** Time before which the backward walk begins, and at which the forward one does. */
  readonly seam: string | null
  /** What is looked for among them. */
  readonly anchor: Anchor | null
}

const oneWalk = { middle: null, seam: null, anchor: null } as const

async function fetchPlace(
  client: Client,
  question: Question,
  place: Place,
  signal: AbortSignal,
): Promise<Found> {
  const { filters, range } = question
  const limit = pageLimits.firstPageLines
  if (place === 'newest') {
    const backward = await client.logs(withParameters(withRange(filters, range), { limit }), signal)
    return { ...oneWalk, backward, forward: null }
  }
  if (place === 'oldest') {
    const query = withParameters(withRange(filters, range), { limit, direction: 'forward' })
    return { ...oneWalk, backward: null, forward: await client.logs(query, signal) }
  }
  if ('anchor' in place) return fetchAround(client, question, place.anchor, signal)
  const { cursor } = place
  const around = await client.context(new URLSearchParams({ cursor, before: '0', after: '0' }), signal)
  const entry = around.target === null ? undefined : around.entries[around.target]
  if (entry === undefined) {
    const hint = 'retention has deleted it, or it belongs to another node'
    throw new ApiError(404, 'LINE_GONE', 'the marked line is stored no more', hint)
  }
  const anchor = anchorTo(entry, { isActive: true, isMarked: true })
  if (isWithin(anchor, range)) return fetchAround(client, question, anchor, signal)
  // A link of another day, up to now: the range that its cursor has.
  const [backward, forward] = await Promise.all([
    client.logs(withParameters(filters, { cursor, limit, direction: 'backward' }), signal),
    client.logs(withParameters(filters, { cursor, limit, direction: 'forward' }), signal),
  ])
  // Of a query without filters: the cursor of this one stays.
  return { ...oneWalk, backward, middle: { ...entry, cursor }, forward }
}

/** What lies before an instant and from it on: no line is in both, none in neither. */
async function fetchAround(
  client: Client,
  { filters, range }: Question,
  anchor: Anchor,
  signal: AbortSignal,
): Promise<Found> {
  const limit = pageLimits.firstPageLines
  const { time } = anchor
  const whole = withRange(filters, range)
  const ask = async (part: Ask): Promise<LogsPage> => {
    let page = await client.logs(withParameters(whole, { ...part, limit }), signal)
    // A server that was short of time for a moment: the line that is looked for may be the next it finds.
    for (let tries = 1; tries < pageLimits.askOnMax; tries += 1) {
      if (page.entries.length > 0 || page.next === null) break
      page = await client.logs(withParameters(whole, { ...part, limit, cursor: page.next }), signal)
    }
    return page
  }
  const [backward, forward] = await Promise.all([
    ask({ until: time, direction: 'backward' }),
    ask({ since: time, direction: 'forward' }),
  ])
  return { backward, middle: null, forward, seam: time, anchor }
}

/** How many of the items fit, counted from the end that stays: 1: the oldest stay, -1: the newest. */
function countHeld(items: readonly Item[], from: 1 | -1): number {
  let chars = 0
  let count = 0
  while (count < items.length && count < pageLimits.linesHeldMax) {
    const item = items[from === 1 ? count : items.length - 1 - count] as Item
    chars += textOf(item.entry).length
    if (chars > pageLimits.charsHeldMax && count > 0) break
    count += 1
  }
  return count
}
