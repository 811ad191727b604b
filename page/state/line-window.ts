/**
 * The lines in memory: a window onto everything that matches, moved by cursor in both directions. What the
 * far end lets go is loaded again when the reader comes back.
 */

import { batch, type Signal, signal } from '@preact/signals'
import { ApiError, type Client, toApiError } from '../api/client.ts'
import type { LogsPage } from '../api/contract.ts'
import { type Entry, textOf } from '../model/entry.ts'
import { withParameters, withRange } from '../model/query-parameters.ts'
import { createItem, createSources, type Item } from '../model/rows.ts'
import type { Instants } from '../model/time-range.ts'
import { pageLimits } from './limits.ts'

/** What lies beyond an end of the window. `stopped`: a bound of the server ended the search there. */
export type Edge = 'more' | 'loading' | 'end' | 'stopped'

export type Question = { readonly filters: URLSearchParams; readonly range: Instants }

export type Place = 'newest' | 'oldest' | { readonly cursor: string }

/** Where the reader should be after a load. */
export type Goal =
  | { readonly at: 'start' }
  | { readonly at: 'end' }
  /** `auto`: as little as is needed to see it. */
  | { readonly at: 'line'; readonly key: number; readonly align: 'center' | 'auto' }

type End = {
  readonly edge: Signal<Edge>
  readonly direction: 'backward' | 'forward'
  cursor: string | null
}

export class LineWindow {
  readonly items = signal<readonly Item[]>([])
  readonly loading = signal(false)
  readonly error = signal<ApiError | null>(null)
  readonly warnings = signal<readonly string[]>([])
  /** Changes with every load; the list goes there. */
  readonly goal = signal<Goal>({ at: 'end' })
  readonly older = signal<Edge>('end')
  readonly newer = signal<Edge>('end')
  /** Counts the loads. */
  readonly generation = signal(0)

  readonly #client: Client
  readonly #olderEnd: End = { edge: this.older, direction: 'backward', cursor: null }
  readonly #newerEnd: End = { edge: this.newer, direction: 'forward', cursor: null }
  #sourceOf = createSources()
  #question: Question | null = null
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

  async load(question: Question, place: Place): Promise<void> {
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    const before = this.#question?.filters.toString()
    this.#question = question
    this.loading.value = true
    try {
      const found = await fetchPlace(this.#client, question, place, signal)
      if (!signal.aborted) batch(() => this.#show(found, place))
    } catch (caught) {
      const isSame = before === question.filters.toString()
      if (!signal.aborted) batch(() => this.#fail(toApiError(caught), isSame))
    } finally {
      if (!signal.aborted) this.loading.value = false
    }
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

  #show({ backward, middle, forward }: Found, place: Place): void {
    this.#sourceOf = createSources()
    this.error.value = null
    this.warnings.value = []
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
    else this.goal.value = { at: place === 'oldest' ? 'start' : 'end' }
  }

  /** What answers the same question stays: the reader keeps what there is. */
  #fail(error: ApiError, isSame: boolean): void {
    this.error.value = error
    if (isSame && this.items.value.length > 0) return
    this.items.value = []
    this.older.value = 'end'
    this.newer.value = 'end'
    this.#resume = null
  }

  /** Null: the window was not asked to go that way, so nothing lies there. */
  #settle(end: End, page: LogsPage | null): void {
    end.cursor = page?.next ?? null
    if (page === null || page.next === null) end.edge.value = 'end'
    // An empty page that has a next one was ended by a bound: the reader decides whether to search on.
    else end.edge.value = page.entries.length === 0 ? 'stopped' : 'more'
    const warnings = page?.warnings ?? []
    if (warnings.length > 0) this.warnings.value = [...new Set([...this.warnings.value, ...warnings])]
  }

  async #extend(end: End, show: (page: LogsPage) => void): Promise<void> {
    const { edge, cursor, direction } = end
    if (this.#question === null || cursor === null || edge.value === 'loading' || edge.value === 'end') return
    const { signal } = this.#abort
    edge.value = 'loading'
    const limit = this.#nextPageLines()
    const query = withParameters(this.#question.filters, { cursor, direction, limit })
    try {
      const page = await this.#client.logs(query, signal)
      if (signal.aborted) return
      batch(() => {
        this.#settle(end, page)
        show(page)
      })
      this.#pageMs = performance.now()
    } catch (caught) {
      if (signal.aborted) return
      batch(() => {
        edge.value = 'stopped'
        this.warnings.value = [toApiError(caught).message]
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
    this.#newerEnd.cursor = this.items.value.at(-1)?.entry.cursor ?? null
    this.newer.value = 'more'
    this.#resume = null
  }

  #trimOlder(): void {
    const kept = countHeld(this.items.value, -1)
    if (kept === this.items.value.length) return
    this.items.value = this.items.value.slice(this.items.value.length - kept)
    this.#olderEnd.cursor = this.items.value[0]?.entry.cursor ?? null
    this.older.value = 'more'
  }
}

type Found = {
  readonly backward: LogsPage | null
  readonly middle: Entry | null
  readonly forward: LogsPage | null
}

async function fetchPlace(
  client: Client,
  { filters, range }: Question,
  place: Place,
  signal: AbortSignal,
): Promise<Found> {
  const limit = pageLimits.firstPageLines
  if (place === 'newest') {
    const backward = await client.logs(withParameters(withRange(filters, range), { limit }), signal)
    return { backward, middle: null, forward: null }
  }
  if (place === 'oldest') {
    const query = withParameters(withRange(filters, range), { limit, direction: 'forward' })
    return { backward: null, middle: null, forward: await client.logs(query, signal) }
  }
  const { cursor } = place
  const [backward, forward, around] = await Promise.all([
    client.logs(withParameters(filters, { cursor, limit, direction: 'backward' }), signal),
    client.logs(withParameters(filters, { cursor, limit, direction: 'forward' }), signal),
    client.context(new URLSearchParams({ cursor, before: '0', after: '0' }), signal),
  ])
  if (around.target === null) {
    const hint = 'retention has deleted it, or it belongs to another node'
    throw new ApiError(404, 'LINE_GONE', 'the marked line is stored no more', hint)
  }
  // Of a query without filters: the cursor of this one stays.
  const middle = around.entries[around.target]
  return { backward, middle: middle === undefined ? null : { ...middle, cursor }, forward }
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
