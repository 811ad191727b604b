/** The bar at the top: search, range, live, and the way to everything else. */

import { minuteTime } from '../model/time-format.ts'
import { rangeLabel } from '../model/time-range.ts'
import type { Theme } from '../state/preferences.ts'
import { SearchBox } from './search-box.tsx'
import { useStore } from './store-context.ts'

const themes: readonly (readonly [Theme, string])[] = [
  ['system', 'System theme'],
  ['light', 'Light theme'],
  ['dark', 'Dark theme'],
]

export function TopBar() {
  const { address, preferences, dialog, live, setLive, reload } = useStore()
  const { view, range, zone, live: isLive } = address.view.value
  const isCollector = view === 'collector'
  return (
    <header class="top-bar">
      <button
        type="button"
        class="icon"
        aria-label="Namespaces and pods"
        aria-pressed={preferences.tree.value}
        disabled={isCollector}
        onClick={() => void (preferences.tree.value = !preferences.tree.value)}
      >
        ☰
      </button>
      <h1 class="brand">logkeep</h1>
      {isCollector ? <span class="grow" /> : <SearchBox />}
      {!isCollector && (
        <>
          <button
            type="button"
            class="range"
            aria-haspopup="dialog"
            onClick={() => void (dialog.value = 'range')}
          >
            <span aria-hidden="true">◷</span> {rangeLabel(range, (ms) => minuteTime(ms, zone))}
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Ask again, up to now"
            onClick={() => reload('newest')}
          >
            ⟳
          </button>
          <button
            type="button"
            role="switch"
            class={`live-switch status-${live.status.value}`}
            aria-checked={isLive}
            onClick={({ detail }) => {
              setLive(!isLive)
              // Behind a click of the mouse the keys are the list's: Space pauses.
              if (detail > 0) document.querySelector<HTMLElement>('.lines')?.focus()
            }}
          >
            <span class="dot" aria-hidden="true" /> Live
          </button>
        </>
      )}
      <Menu isCollector={isCollector} />
    </header>
  )
}

function Menu({ isCollector }: { readonly isCollector: boolean }) {
  const { address, preferences, dialog, session } = useStore()
  return (
    <details class="menu">
      <summary aria-label="More">⋯</summary>
      <div class="menu-items">
        <MenuButton label="Statistics" disabled={isCollector} onClick={() => flip(preferences.statistics)} />
        <MenuButton
          label="Download …"
          disabled={isCollector}
          onClick={() => void (dialog.value = 'download')}
        />
        <MenuButton label="Histogram" disabled={isCollector} onClick={() => flip(preferences.histogram)} />
        <MenuButton
          label={isCollector ? 'Back to the lines' : 'Collector and disk'}
          onClick={() => address.go({ view: isCollector ? 'logs' : 'collector' })}
        />
        <MenuButton label="Keys and help" onClick={() => void (dialog.value = 'help')} />
        <select
          aria-label="Theme"
          value={preferences.theme.value}
          onChange={({ currentTarget }) => void (preferences.theme.value = currentTarget.value as Theme)}
        >
          {themes.map(([theme, label]) => (
            <option key={theme} value={theme}>
              {label}
            </option>
          ))}
        </select>
        <a href="docs">API</a>
        {session.signedIn.value && (
          <MenuButton
            label="Sign out"
            onClick={() => void session.signOut().then(() => globalThis.location.reload())}
          />
        )}
      </div>
    </details>
  )
}

function flip(setting: { value: boolean }): void {
  setting.value = !setting.value
}

type MenuButtonProps = {
  readonly label: string
  readonly disabled?: boolean
  readonly onClick: () => void
}

function MenuButton({ label, disabled = false, onClick }: MenuButtonProps) {
  return (
    <button
      type="button"
      disabled={disabled}
      onClick={({ currentTarget }) => {
        currentTarget.closest('details')?.removeAttribute('open')
        onClick()
      }}
    >
      {label}
    </button>
  )
}
