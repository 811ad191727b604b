/** What a reader can do: each changes the address, and loading follows it. */

import { anchorTo } from '../model/anchor.ts'
import type { Entry, Level } from '../model/entry.ts'
import { type Wanted, withTerm } from '../model/search-text.ts'
import { absoluteRange } from '../model/time-range.ts'
import type { Range } from '../model/view-state.ts'
import type { Parts, Reload } from './loading.ts'
import { createZoom, type Zoom } from './zoom.ts'

export type Actions = Zoom & {
  readonly setLive: (on: boolean) => void
  /** To the newest line, or the oldest; in live the newest ends a pause. */
  readonly toNewest: () => void
  readonly toOldest: () => void
  readonly search: (text: string) => void
  readonly addTerm: (wanted: Wanted, negate: boolean) => void
  readonly toggleLevel: (level: Level) => void
  readonly setRange: (range: Range) => void
  /** Goes to a line and marks it; `spanMs`: in a range of so much before and behind it. */
  readonly goToLine: (entry: Entry, spanMs?: number) => void
  /** Address of the marked line, whose range stays the same on later days. */
  readonly linkToLine: (entry: Entry) => string
}

export function createActions(parts: Parts, reload: Reload): Actions {
  const { address, lines, live, preferences, instants } = parts
  const { view } = address

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

  /** A range up to now, or of so long before it, is another one tomorrow. */
  function fixedRange(): Range {
    const { range } = view.value
    if (instants.value === null) return range
    return absoluteRange(instants.value.sinceMs, instants.value.untilMs ?? Date.now())
  }

  return {
    setLive,
    toNewest,
    toOldest,
    search: (text) => {
      preferences.remember(text.trim())
      address.go({ search: text.trim(), line: null })
    },
    addTerm: (wanted, negate) =>
      address.go({ search: withTerm(view.value.search, wanted, negate), line: null }),
    toggleLevel: (level) => {
      const { levels } = view.value
      const isOn = levels.includes(level)
      address.go({
        levels: isOn ? levels.filter((other) => other !== level) : [...levels, level],
        line: null,
      })
    },
    ...createZoom(address),
    setRange: (range) => {
      const { live } = view.value
      address.go({ range, line: null, live: live && range.until === null })
    },
    goToLine: (entry, spanMs) => {
      const ms = Date.parse(entry.time)
      const range = spanMs === undefined ? fixedRange() : absoluteRange(ms - spanMs, ms + spanMs)
      const anchor = anchorTo(entry, { isActive: true, isMarked: true })
      address.go({ line: entry.cursor, live: false, range }, anchor)
    },
    linkToLine: (entry) => address.linkTo({ line: entry.cursor, live: false, range: fixedRange() }),
  }
}
