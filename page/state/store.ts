/** Everything that the page knows, and what a reader can do with it. */

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type ApiError, type Client, createClient } from '../api/client.ts'
import { createHighlighter, type Highlighter } from '../model/highlight.ts'
import { type Actions, createActions } from './actions.ts'
import { createAddress } from './address.ts'
import { createHistogramData } from './histogram-data.ts'
import { LineWindow } from './line-window.ts'
import { LiveTail } from './live-tail.ts'
import { type Parts, type Reload, startLoading } from './loading.ts'
import { createPreferences } from './preferences.ts'
import { createSession } from './session.ts'
import { createStreamList } from './stream-list.ts'

/** What covers the page. */
export type Dialog = 'jump' | 'help' | 'range' | 'download' | null

export type Store = Parts &
  Actions & {
    readonly client: Client
    readonly reload: Reload
    readonly dialog: Signal<Dialog>
    /** Said once to the reader, and to screen readers. */
    readonly message: Signal<string>
    readonly highlighter: ReadonlySignal<Highlighter | null>
    /** Key of the line that the keyboard is at. */
    readonly active: Signal<number | null>
    /** Keys of the first and the last line that are seen: told by the list. */
    readonly visible: Signal<readonly [first: number | null, last: number | null]>
    /** Keys of lines whose details are shown, and whose stack trace is unfolded. */
    readonly opened: Signal<ReadonlySet<number>>
    readonly unfolded: Signal<ReadonlySet<number>>
  }

/** `wide`: whether there is room for panels beside the lines. */
export function createStore(wide: boolean): Store {
  const refusal = signal<ApiError | null>(null)
  const client = createClient((error) => {
    refusal.value = error
  })
  const lines = new LineWindow(client)
  const address = createAddress()
  const parts: Parts = {
    address,
    preferences: createPreferences(wide),
    lines,
    live: new LiveTail(client, lines),
    histogram: createHistogramData(client),
    streams: createStreamList(client),
    session: createSession(client, refusal),
    instants: signal(null),
  }
  const reload = startLoading(parts)
  return {
    ...parts,
    ...createActions(parts, reload),
    client,
    reload,
    dialog: signal<Dialog>(null),
    message: signal(''),
    highlighter: computed(() => createHighlighter(address.view.value.search, address.view.value.matchCase)),
    active: signal<number | null>(null),
    visible: signal<readonly [number | null, number | null]>([null, null]),
    opened: signal<ReadonlySet<number>>(new Set()),
    unfolded: signal<ReadonlySet<number>>(new Set()),
  }
}
