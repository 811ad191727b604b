/** Keeps what is shown and the address bar the same. */

import { batch, type Signal, signal } from '@preact/signals'
import { formatAddress, parseAddress, type ViewState } from '../model/view-state.ts'

export type Address = {
  readonly view: Signal<ViewState>
  /** Counts the steps of the browser's back and forward buttons. */
  readonly steps: Signal<number>
  /** A step that the browser's back button takes back. */
  readonly go: (change: Partial<ViewState>) => void
  /** The same without a step: how things are shown. */
  readonly replace: (change: Partial<ViewState>) => void
  /** Address of a view, to be copied. */
  readonly linkTo: (change: Partial<ViewState>) => string
}

export function createAddress(): Address {
  const view = signal(parseAddress(location.search))
  const steps = signal(0)
  const urlOf = (state: ViewState): string => location.pathname + formatAddress(state)
  globalThis.addEventListener('popstate', () => {
    batch(() => {
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
    go: (change) => set(change, (url) => history.pushState(null, '', url)),
    replace: (change) => set(change, (url) => history.replaceState(null, '', url)),
    linkTo: (change) => location.origin + urlOf({ ...view.value, ...change }),
  }
}
