/** One line: time, level, pod and text, and its details where it is opened. */

import { gapText, type Level, textOf } from '../model/entry.ts'
import type { Highlighter } from '../model/highlight.ts'
import { prettyJson } from '../model/line-fields.ts'
import { shownCharsMax } from '../model/line-pieces.ts'
import type { EntryRow, Source } from '../model/rows.ts'
import { workloadOf } from '../model/stream-tree.ts'
import { shortTime } from '../model/time-format.ts'
import type { Wrap, Zone } from '../model/view-state.ts'
import type { Store } from '../state/store.ts'
import { LineDetails } from './line-details.tsx'
import { LineText } from './line-text.tsx'
import { useStore } from './store-context.ts'

export type LineSettings = {
  readonly wrap: Wrap
  readonly zone: Zone
  readonly times: boolean
  readonly highlighter: Highlighter | null
  /** `2026-11-30`: lines of other days show theirs. */
  readonly today: string
}

export type LineRowProps = {
  readonly row: EntryRow
  readonly settings: LineSettings
  readonly isOpen: boolean
  readonly isActive: boolean
  readonly isMarked: boolean
}

export const levelTags: Readonly<Record<Level, string>> = {
  trace: 'TRC',
  debug: 'DBG',
  info: 'INF',
  warn: 'WRN',
  error: 'ERR',
  critical: 'CRT',
  fatal: 'FTL',
  unknown: '···',
}

export function LineRow({ row, settings, isOpen, isActive, isMarked }: LineRowProps) {
  const store = useStore()
  const { item, folded, unfolded } = row
  const { entry, source, key } = item
  const level = entry.kind === 'line' ? entry.level : 'unknown'
  const state = `${isActive ? ' active' : ''}${isMarked ? ' marked' : ''}${isOpen ? ' open' : ''}`
  return (
    <>
      <div class={`line level-${level} kind-${entry.kind}${state}`} onClick={() => clickLine(store, key)}>
        <span class={`source-mark hue-${source.hue}`} />
        {settings.times && <time class="time">{shortTime(entry.time, settings.zone, settings.today)}</time>}
        <span class="level" title={`level: ${level}`}>
          {entry.kind === 'gap' ? 'GAP' : levelTags[level]}
        </span>
        <span class={`pod hue-${source.hue}`} title={`${source.id} on ${entry.node}`}>
          {shortName(source)}
        </span>
        <span class="text" dir="ltr">
          {entry.kind === 'gap' ? gapText(entry) : <Text row={row} settings={settings} />}
        </span>
        {(folded.length > 0 || unfolded > 0) && (
          <button
            type="button"
            class="fold"
            aria-expanded={unfolded > 0}
            onClick={(event) => {
              event.stopPropagation()
              toggle(store.unfolded, key)
            }}
          >
            {folded.length > 0 ? `+ ${folded.length} lines of the trace` : '− fold the trace'}
          </button>
        )}
      </div>
      {isOpen && <LineDetails item={item} folded={folded} zone={settings.zone} />}
    </>
  )
}

function Text({ row, settings }: { readonly row: EntryRow; readonly settings: LineSettings }) {
  const text = textOf(row.item.entry)
  const { flags } = row.item.entry
  const pretty = settings.wrap === 'pretty' ? prettyJson(text) : null
  const shown = pretty ?? text
  const left = shown.length - shownCharsMax
  return (
    <>
      {flags.map((flag) => (
        <span key={flag} class="flag">
          {flag}
        </span>
      ))}
      <LineText text={shown} highlighter={settings.highlighter} charsMax={shownCharsMax} />
      {left > 0 && <span class="clamped"> … {left.toLocaleString('en')} more characters</span>}
    </>
  )
}

/** Without the parts that only its controller needs: `api-x2x4z`. */
function shortName({ pod, container }: Source): string {
  const workload = workloadOf(pod)
  const last = pod.slice(pod.lastIndexOf('-') + 1)
  const name = workload === pod ? pod : `${workload}-${last}`
  return container === workload || workload.startsWith(container) ? name : `${name}/${container}`
}

function clickLine(store: Store, key: number): void {
  // A click that ends a selection of text is none.
  if (document.getSelection()?.isCollapsed === false) return
  store.active.value = key
  toggleDetails(store, key)
}

/** Who reads details is not led away from them by new lines. */
export function toggleDetails({ opened, live }: Store, key: number): void {
  toggle(opened, key)
  if (opened.value.has(key) && live.status.value !== 'off') live.paused.value = true
}

function toggle(keys: { value: ReadonlySet<number> }, key: number): void {
  const next = new Set(keys.value)
  if (!next.delete(key)) next.add(key)
  keys.value = next
}
