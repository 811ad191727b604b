/** Everything that the page knows, and what a reader can do with it. */

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type ApiError, type Client, createClient } from '../api/client.ts'
import { createHighlighter, type Highlighter } from '../model/highlight.ts'
import { layRows, type Row } from '../model/rows.ts'
import { createServerClock } from '../model/server-clock.ts'
import { type Actions, createActions } from './actions.ts'
import { createAddress } from './address.ts'
import { createDownload, type Download } from './download.ts'
import { createHistogramData } from './histogram-data.ts'
import { LineWindow } from './line-window.ts'
import { LiveTail } from './live-tail.ts'
import { type Parts, type Reload, startLoading } from './loading.ts'
import { createPreferences } from './preferences.ts'
import { revealLines } from './reveal.ts'
import { createSession } from './session.ts'
import { createStreamList } from './stream-list.ts'

/** What covers the page. */
export type Dialog = 'jump' | 'help' | 'range' | 'download' | null

export type Store = Parts &
  Actions & {
    readonly client: Client
    readonly reload: Reload
    readonly download: Download
    readonly dialog: Signal<Dialog>
    /** Said once to the reader, and to screen readers. */
    readonly message: Signal<string>
    readonly highlighter: ReadonlySignal<Highlighter | null>
    /** Keys of lines whose details are shown, and whose stack trace is unfolded. */
    readonly opened: Signal<ReadonlySet<number>>
    readonly unfolded: Signal<ReadonlySet<number>>
    /** The lines as they are laid out. */
    readonly rows: ReadonlySignal<readonly Row[]>
  }

/** `wide`: whether there is room for panels beside the lines. */
export function createStore(wide: boolean): Store {
  const refusal = signal<ApiError | null>(null)
  const clock = createServerClock()
  const client = createClient(clock, (error) => {
    refusal.value = error
  })
  const lines = new LineWindow(client)
  const address = createAddress()
  const parts: Parts = {
    address,
    preferences: createPreferences(wide),
    lines,
    live: new LiveTail(client, lines, clock),
    histogram: createHistogramData(client),
    streams: createStreamList(client),
    session: createSession(client, refusal),
    instants: signal(null),
    active: signal(null),
    visible: signal([null, null]),
  }
  const reload = startLoading(parts)
  const { view } = address
  const highlighter = computed(() => createHighlighter(view.value.search, view.value.matchCase))
  const unfolded = signal<ReadonlySet<number>>(new Set())
  const rows = computed(() =>
    layRows(lines.items.value, { unfolded: unfolded.value, isOn: highlighter.value === null }),
  )
  revealLines(parts, rows, unfolded)
  return {
    ...parts,
    ...createActions(parts, reload),
    client,
    reload,
    download: createDownload(client),
    dialog: signal<Dialog>(null),
    message: signal(''),
    highlighter,
    opened: signal<ReadonlySet<number>>(new Set()),
    unfolded,
    rows,
  }
}
