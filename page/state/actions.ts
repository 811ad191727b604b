/** What a reader can do: each changes the address, and loading follows it. */

import type { Level } from '../model/entry.ts'
import { withTerm } from '../model/search-text.ts'
import { absoluteRange, parseDuration, resolveRange } from '../model/time-range.ts'
import type { Range } from '../model/view-state.ts'
import type { Parts, Reload } from './loading.ts'

export type Actions = {
  readonly setLive: (on: boolean) => void
  /** To the newest line, or the oldest; in live the newest ends a pause. */
  readonly toNewest: () => void
  readonly toOldest: () => void
  readonly search: (text: string) => void
  readonly addTerm: (text: string, negate: boolean) => void
  readonly toggleLevel: (level: Level) => void
  /** Goes to a range; `zoomOut` comes back to the one before, then to wider ones. */
  readonly zoomTo: (sinceMs: number, untilMs: number) => void
  readonly zoomOut: () => void
  readonly setRange: (range: Range) => void
  /** Around a line, which is marked; the filters stay. */
  readonly showAround: (cursor: string) => void
}

export function createActions({ address, lines, live, preferences }: Parts, reload: Reload): Actions {
  const { view } = address
  const zoomedFrom: Range[] = []

  function setLive(on: boolean): void {
    live.paused.value = false
    if (on) address.replace({ live: true, line: null, range: { ...view.value.range, until: null } })
    else address.replace({ live: false })
  }

  function toNewest(): void {
    live.paused.value = false
    live.selecting.value = false
    if (view.value.line !== null) address.replace({ line: null })
    if (lines.newer.value !== 'end' || live.pendingMore.value) reload('newest')
    else {
      live.flush()
      lines.goal.value = { at: 'end' }
    }
  }

  function toOldest(): void {
    if (lines.older.value === 'end') lines.goal.value = { at: 'start' }
    else reload('oldest')
  }

  function zoomOut(): void {
    const before = zoomedFrom.pop()
    address.go({ range: before ?? widerRange(view.value.range, Date.now()), line: null })
  }

  return {
    setLive,
    toNewest,
    toOldest,
    search: (text) => {
      preferences.remember(text.trim())
      address.go({ search: text.trim(), line: null })
    },
    addTerm: (text, negate) => address.go({ search: withTerm(view.value.search, text, negate), line: null }),
    toggleLevel: (level) => {
      const { levels } = view.value
      const isOn = levels.includes(level)
      address.go({
        levels: isOn ? levels.filter((other) => other !== level) : [...levels, level],
        line: null,
      })
    },
    zoomTo: (sinceMs, untilMs) => {
      zoomedFrom.push(view.value.range)
      address.go({ range: absoluteRange(sinceMs, untilMs), live: false, line: null })
    },
    zoomOut,
    setRange: (range) => {
      const { live } = view.value
      address.go({ range, line: null, live: live && range.until === null })
    },
    showAround: (cursor) => {
      address.go({ line: cursor, live: false })
      reload({ cursor })
    },
  }
}

/** Twice as wide, around the same middle, not beyond now. */
function widerRange(range: Range, nowMs: number): Range {
  const instants = resolveRange(range, nowMs)
  if (instants === null) return range
  const untilMs = instants.untilMs ?? nowMs
  const spanMs = untilMs - instants.sinceMs
  const isRelative = range.until === null && parseDuration(range.since) !== null
  if (isRelative) return { since: `${Math.round((2 * spanMs) / 1000)}s`, until: null }
  return absoluteRange(instants.sinceMs - spanMs / 2, Math.min(untilMs + spanMs / 2, nowMs))
}
