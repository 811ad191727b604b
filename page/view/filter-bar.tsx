/** Levels, stdout and stderr, what is selected, and how lines are shown. */

import { shortCount } from '../model/amounts.ts'
import { type Level, levelNames } from '../model/entry.ts'
import { pathLabel } from '../model/stream-tree.ts'
import type { Wrap } from '../model/view-state.ts'
import type { Store } from '../state/store.ts'
import { useStore } from './store-context.ts'

const iostreams = [
  [null, 'out+err'],
  ['stdout', 'stdout'],
  ['stderr', 'stderr'],
] as const

export const wraps: readonly (readonly [Wrap, string])[] = [
  ['off', 'no wrap'],
  ['on', 'wrap'],
  ['pretty', 'pretty JSON'],
]

export function FilterBar() {
  const store = useStore()
  const { address, preferences } = store
  const { select, iostream, wrap, zone } = address.view.value
  return (
    <div class="filter-bar">
      <Levels store={store} />
      <select
        aria-label="stdout or stderr"
        value={iostream ?? ''}
        onChange={({ currentTarget }) => {
          const { value } = currentTarget
          address.go({ iostream: value === 'stdout' || value === 'stderr' ? value : null, line: null })
        }}
      >
        {iostreams.map(([value, label]) => (
          <option key={label} value={value ?? ''}>
            {label}
          </option>
        ))}
      </select>
      {select.length > 0 && (
        <ul class="selected" aria-label="Selected">
          {select.map((path) => (
            <li key={path}>
              <button
                type="button"
                class="chip"
                aria-label={`Do not select ${pathLabel(path)}`}
                onClick={() => address.go({ select: select.filter((other) => other !== path), line: null })}
              >
                {pathLabel(path)} <span aria-hidden="true">✕</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <span class="grow" />
      <select
        aria-label="Wrapping"
        value={wrap}
        onChange={({ currentTarget }) => address.replace({ wrap: currentTarget.value as Wrap })}
      >
        {wraps.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="chip"
        aria-pressed={preferences.times.value}
        onClick={() => void (preferences.times.value = !preferences.times.value)}
      >
        times
      </button>
      <button
        type="button"
        class="chip"
        aria-label={`Time zone: ${zone === 'utc' ? 'UTC' : 'local'}`}
        onClick={() => address.replace({ zone: zone === 'utc' ? 'local' : 'utc' })}
      >
        {zone === 'utc' ? 'UTC' : 'local'}
      </button>
    </div>
  )
}

/** The most severe first. */
const shownLevels = levelNames.filter((level) => level !== 'unknown').toReversed()

function Levels({ store }: { readonly store: Store }) {
  const { levels } = store.address.view.value
  const totals = store.histogram.counts.value?.totals
  // The histogram counts what the filter lets through: of other levels nothing is known.
  const isCounted = (level: Level): boolean => levels.length === 0 || levels.includes(level)
  const isShown = (level: Level): boolean => (totals?.[level] ?? 0) > 0 || levels.includes(level)
  const usual: readonly Level[] = ['error', 'warn', 'info', 'debug']
  const shown = [...shownLevels, 'unknown' as const].filter(
    (level) => isShown(level) || usual.includes(level),
  )
  return (
    <div class="levels" role="group" aria-label="Levels">
      {shown.map((level) => (
        <button
          key={level}
          type="button"
          class={`chip level-chip level-${level}`}
          aria-pressed={levels.includes(level)}
          onClick={() => store.toggleLevel(level)}
        >
          <span class="swatch" aria-hidden="true" />
          {level}
          {totals !== undefined && isCounted(level) && <span class="count">{shortCount(totals[level])}</span>}
        </button>
      ))}
    </div>
  )
}
