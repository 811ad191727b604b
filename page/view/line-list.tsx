/** The lines: a virtual list that loads on at both ends and stands still where the reader is. */

import type { VirtualItem } from '@tanstack/virtual-core'
import { Component, type VNode } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { EntryRow, Row } from '../model/rows.ts'
import { dayIn } from '../model/time-format.ts'
import type { Store } from '../state/store.ts'
import { EmptyState } from './empty-state.tsx'
import { LineRow, type LineRowProps, type LineSettings } from './line-row.tsx'
import { LivePill } from './live-pill.tsx'
import { RestartRow } from './restart-row.tsx'
import { useStore } from './store-context.ts'
import { useVirtualList, type VirtualList } from './use-virtual-list.ts'

/** As in lines.css. */
const rowHeight = 20
/** Rows before an end at which the next page is asked for. */
const aheadRows = 150
/** Nearer than this to the end counts as there: new lines are followed. */
const bottomPixels = 30
/** After it the next page is asked for again, where that failed. */
const retryMs = 3000

export function LineList() {
  const store = useStore()
  const { lines, live } = store
  const scroller = useRef<HTMLDivElement>(null)
  const rows = store.rows.value
  const settings = useSettings(store)
  const list = useVirtualList({
    scroller,
    count: rows.length,
    keyOf: (index) => rows[index]?.key ?? '',
    rowHeight,
    padding: rowHeight,
    bottomPixels,
    follow: live.status.value !== 'off' && live.following.value,
  })
  // Works out the range that the next lines look at.
  const place = list.getVirtualItems()
  useGoal(store, list, rows)
  useEdges(store, list, rows)
  useWidth(scroller.current, store)
  useSelection(scroller.current, store)
  useWrap(store, list)
  const isEmpty = rows.length === 0
  const height = list.scrollRect?.height ?? 0
  useLayoutEffect(() => {
    // Nothing scrolls, and so nothing tells.
    if (list.getTotalSize() <= height) live.atBottom.value = true
  }, [rows, height])
  return (
    <div class="lines-frame">
      {lines.loading.value && <div class="progress" role="progressbar" aria-label="Lines are being loaded" />}
      <div
        class={`lines wrap-${settings.wrap}`}
        ref={scroller}
        data-testid="lines"
        tabIndex={0}
        role="region"
        aria-label="Lines"
        aria-busy={lines.loading.value}
        onScroll={({ currentTarget }) => {
          const rest = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight
          live.atBottom.value = rest < bottomPixels
        }}
      >
        <div class="rows" style={{ height: `${list.getTotalSize()}px` }}>
          {!isEmpty && <EdgeNote store={store} end="older" />}
          <div role="list" aria-label="Lines, oldest first">
            {place.map((place) => {
              const row = rows[place.index]
              return row === undefined ? null : drawPlace(place, row, list, drawRow(row, store, settings))
            })}
          </div>
          {!isEmpty && <EdgeNote store={store} end="newer" />}
        </div>
      </div>
      {isEmpty && !lines.loading.value && <EmptyState />}
      <LivePill />
    </div>
  )
}

function drawPlace({ key, index, start }: VirtualItem, row: Row, list: VirtualList, drawn: VNode) {
  return (
    <div
      key={key}
      class="row"
      role="listitem"
      tabIndex={-1}
      data-index={index}
      data-key={row.item.key}
      ref={list.measureElement}
      style={{ transform: `translateY(${start}px)` }}
    >
      {drawn}
    </div>
  )
}

function drawRow(row: Row, store: Store, settings: LineSettings) {
  if (row.kind === 'restart') return <RestartRow row={row} />
  const { key, entry } = row.item
  const isOpen = store.opened.value.has(key)
  const isActive = store.active.value === key
  const isMarked = store.address.view.value.line === entry.cursor
  return <KeptLine row={row} settings={settings} isOpen={isOpen} isActive={isActive} isMarked={isMarked} />
}

/**
 * Is not drawn again while the list scrolls. Nodes are made anew each time: one that is given to Preact again
 * holds the tree that it stood in before, and that one the tree before it.
 */
class KeptLine extends Component<LineRowProps> {
  override shouldComponentUpdate(next: LineRowProps): boolean {
    const { row, settings, isOpen, isActive, isMarked } = this.props
    return (
      next.row !== row ||
      next.settings !== settings ||
      next.isOpen !== isOpen ||
      next.isActive !== isActive ||
      next.isMarked !== isMarked
    )
  }

  override render() {
    return <LineRow {...this.props} />
  }
}

function useSettings({ address, preferences, highlighter }: Store): LineSettings {
  const { wrap, zone } = address.view.value
  const times = preferences.times.value
  const marks = highlighter.value
  const today = dayIn(Date.now(), zone)
  return useMemo(() => ({ wrap, zone, times, highlighter: marks, today }), [wrap, zone, times, marks, today])
}

/** Goes where a load, or a key, wants the reader to be. */
function useGoal({ lines, live, active }: Store, list: VirtualList, rows: readonly Row[]): void {
  const goal = lines.goal.value
  useLayoutEffect(() => {
    if (goal.at === 'end') {
      live.atBottom.value = true
      list.scrollToEnd()
    } else if (goal.at === 'start') list.scrollToOffset(0)
    else {
      const index = rows.findIndex((row) => row.kind === 'entry' && holds(row, goal.key))
      if (index >= 0) list.scrollToIndex(index, { align: goal.align })
      if (goal.align !== 'start') active.value = goal.key
    }
  }, [goal])
}

function holds(row: EntryRow, key: number): boolean {
  return row.item.key === key || row.folded.some((item) => item.key === key)
}

/** Other wrapping makes all rows higher or lower: the one at the top stays there. */
function useWrap({ address, live }: Store, list: VirtualList): void {
  const { wrap } = address.view.value
  const shown = useRef(wrap)
  useLayoutEffect(() => {
    if (shown.current === wrap) return
    shown.current = wrap
    const top = list.getVirtualItemForOffset(list.scrollOffset ?? 0)
    const isAtEnd = live.atBottom.value
    list.measure()
    if (isAtEnd) list.scrollToEnd()
    else if (top !== undefined) list.scrollToIndex(top.index, { align: 'start' })
  }, [wrap])
}

/** Asks for the next page before the reader gets there. */
function useEdges({ lines, visible }: Store, list: VirtualList, rows: readonly Row[]): void {
  const { range } = list
  const count = rows.length
  const first = range?.startIndex ?? 0
  const last = range?.endIndex ?? 0
  visible.value = [rows[first]?.item.key ?? null, rows[last]?.item.key ?? null]
  const older = lines.older.value
  const newer = lines.newer.value
  useEffect(() => {
    if (count === 0) return undefined
    if (older === 'more' && first < aheadRows) void lines.loadOlder()
    if (newer === 'more' && last > count - aheadRows) void lines.loadNewer()
    const again = (): void => {
      if (older === 'failed' && first < aheadRows) void lines.loadOlder()
      if (newer === 'failed' && last > count - aheadRows) void lines.loadNewer()
    }
    const timer = setTimeout(again, retryMs)
    return () => clearTimeout(timer)
  }, [first, last, count, older, newer])
}

/** While the reader looks at the end of a long line, other lines must not move it. */
function useWidth(scroller: HTMLElement | null, { lines, address }: Store): void {
  const widest = useRef(0)
  useLayoutEffect(() => {
    widest.current = 0
  }, [lines.generation.value, address.view.value.wrap])
  useLayoutEffect(() => {
    const rows = scroller?.querySelector<HTMLElement>('.rows')
    if (scroller === null || rows === null || rows === undefined) return
    if (scroller.scrollLeft > 0) widest.current = Math.max(widest.current, scroller.scrollWidth)
    rows.style.minWidth = widest.current > 0 ? `${widest.current}px` : ''
  })
}

/** Live waits while text is selected: it would be taken from under the reader. */
function useSelection(scroller: HTMLElement | null, { live }: Store): void {
  useEffect(() => {
    if (scroller === null) return
    const look = (): void => {
      const selection = document.getSelection()
      const isHere = selection !== null && !selection.isCollapsed && scroller.contains(selection.anchorNode)
      live.selecting.value = isHere
    }
    document.addEventListener('selectionchange', look)
    return () => document.removeEventListener('selectionchange', look)
  }, [scroller])
}

function EdgeNote({ store, end }: { readonly store: Store; readonly end: 'older' | 'newer' }) {
  const { lines, address } = store
  const edge = lines[end].value
  const load = (): void => void (end === 'older' ? lines.loadOlder() : lines.loadNewer())
  if (edge === 'loading') return <p class={`edge ${end}`}>Loading {end} lines …</p>
  if (edge === 'failed') {
    return (
      <p class={`edge ${end}`} role="alert">
        The {end} lines could not be loaded: {lines.failure.value?.message}; it is tried again.{' '}
        <button type="button" class="link" onClick={load}>
          Try now
        </button>
      </p>
    )
  }
  if (edge === 'stopped') {
    return (
      <p class={`edge ${end}`}>
        The search stopped here at a limit of the server.{' '}
        <button type="button" class="link" onClick={load}>
          Search on
        </button>
      </p>
    )
  }
  if (edge === 'more') return <p class={`edge ${end}`}>…</p>
  if (end === 'newer') return null
  return (
    <p class="edge older">
      {address.view.value.range.since === '0' ? 'The oldest line.' : 'No older lines in this range.'}{' '}
      <button type="button" class="link" onClick={store.zoomOut}>
        Widen the range
      </button>
    </p>
  )
}
