/** What one reader likes, kept in the browser: theme, panels, earlier searches. Not part of links. */

import { effect, type Signal, signal } from '@preact/signals'
import { pageLimits } from './limits.ts'

export type Theme = 'system' | 'light' | 'dark'

export type Preferences = {
  readonly theme: Signal<Theme>
  readonly times: Signal<boolean>
  readonly tree: Signal<boolean>
  readonly histogram: Signal<boolean>
  readonly statistics: Signal<boolean>
  /** Earlier searches, newest first. */
  readonly history: Signal<readonly string[]>
  readonly remember: (search: string) => void
}

const storageKey = 'logkeep'

type Stored = {
  theme?: Theme
  times?: boolean
  tree?: boolean
  histogram?: boolean
  statistics?: boolean
  history?: readonly string[]
}

/** `wide`: whether there is room for the tree beside the lines. */
export function createPreferences(wide: boolean): Preferences {
  const stored = readStored()
  const theme = signal<Theme>(stored.theme ?? 'system')
  const times = signal(stored.times ?? true)
  const tree = signal(wide && (stored.tree ?? true))
  const histogram = signal(stored.histogram ?? true)
  const statistics = signal(wide && (stored.statistics ?? false))
  const history = signal<readonly string[]>(stored.history ?? [])
  effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme.value
  })
  effect(() => {
    write({
      theme: theme.value,
      times: times.value,
      histogram: histogram.value,
      // Where there is no room they are opened for a moment: what is liked elsewhere stays.
      ...(wide ? { tree: tree.value, statistics: statistics.value } : keptPanels(stored)),
      history: history.value,
    })
  })
  return {
    theme,
    times,
    tree,
    histogram,
    statistics,
    history,
    remember: (search) => {
      if (search === '') return
      const others = history.value.filter((text) => text !== search)
      history.value = [search, ...others].slice(0, pageLimits.historyMax)
    },
  }
}

function keptPanels({ tree, statistics }: Stored): Pick<Stored, 'tree' | 'statistics'> {
  return { ...(tree === undefined ? {} : { tree }), ...(statistics === undefined ? {} : { statistics }) }
}

function readStored(): Stored {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // Damaged, or storage is forbidden: defaults.
    return {}
  }
}

function write(value: Stored): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(value))
  } catch {
    // Full or forbidden: they hold for this visit.
  }
}
