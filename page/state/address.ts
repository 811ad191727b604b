/** Keeps what is shown and the address bar the same, and where the reader was at each step. */

import { batch, type Signal, signal } from '@preact/signals'
import type { Anchor } from '../model/anchor.ts'
import { formatAddress, parseAddress, type ViewState } from '../model/view-state.ts'

export type Address = {
  readonly view: Signal<ViewState>
  /** Counts the browser's back and forward steps, and those to a place that is named. */
  readonly steps: Signal<number>
  /** A step that the browser's back button takes back. `anchor`: where it leads, else where the reader is. */
  readonly go: (change: Partial<ViewState>, anchor?: Anchor) => void
  /** The same without a step: how things are shown. */
  readonly replace: (change: Partial<ViewState>) => void
  /** Address of a view, to be copied. */
  readonly linkTo: (change: Partial<ViewState>) => string
  /** Tells where the reader is; asked before each step. */
  readonly watchPlace: (placeOf: () => Anchor | null) => void
  /** Where the last step leads; null: to the newest line, or the marked one. */
  readonly place: () => Anchor | null
}

export function createAddress(): Address {
  const view = signal(parseAddress(location.search))
  const steps = signal(0)
  let placeOf = (): Anchor | null => null
  let place: Anchor | null = null
  const urlOf = (state: ViewState): string => location.pathname + formatAddress(state)
  globalThis.addEventListener('popstate', ({ state }: PopStateEvent) => {
    batch(() => {
      // As `go` left it there; null for other pages' entries.
      place = (state as Anchor | null) ?? null
      view.value = parseAddress(location.search)
      steps.value += 1
    })
  })
  const set = (change: Partial<ViewState>, write: (url: string) => void): void => {
    const next = { ...view.value, ...change }
    if (formatAddress(next) === formatAddress(view.value)) return
    write(urlOf(next))
    view.value = next
  }
  return {
    view,
    steps,
    go: (change, anchor) =>
      batch(() => {
        const left = placeOf()
        place = anchor ?? left
        if (anchor !== undefined) steps.value += 1
        set(change, (url) => {
          history.replaceState(left, '')
          history.pushState(null, '', url)
        })
      }),
    replace: (change) => set(change, (url) => history.replaceState(history.state, '', url)),
    linkTo: (change) => location.origin + urlOf({ ...view.value, ...change }),
    watchPlace: (next) => {
      placeOf = next
    },
    place: () => place,
  }
}
