/** Lays entries out as rows: stack traces folded, the start of a new container instance marked. */

import { type Entry, textOf } from './entry.ts'
import { isContinuation } from './stack-trace.ts'

/** One container, whatever its instance. `hue`: of its pod's colour. */
export type Source = {
  readonly id: string
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly hue: number
}

/** An entry in the list, with what is worked out once. `key` is never used again. */
export type Item = {
  readonly key: number
  readonly entry: Entry
  readonly source: Source
  readonly goesOn: boolean
  /** Its row where nothing is folded: most rows are laid out again and again. */
  readonly row: EntryRow
}

export type EntryRow = {
  readonly kind: 'entry'
  readonly key: string
  readonly item: Item
  /** Lines of the stack trace that are folded behind this one. */
  readonly folded: readonly Item[]
  /** Lines of its unfolded trace behind it; 0: none. */
  readonly unfolded: number
}

/** `restart`: here a new instance of the container begins. */
export type Row = EntryRow | { readonly kind: 'restart'; readonly key: string; readonly item: Item }

export const huesCount = 12

/** Gives equal names the same source, and pods their colour by name: the same on every screen. */
export function createSources(): (entry: Entry) => Source {
  const known = new Map<string, Source>()
  return (entry) => {
    const { namespace, pod, container } = entry
    const id = `${namespace}/${pod}/${container}`
    const found = known.get(id)
    if (found !== undefined) return found
    const source = { id, namespace, pod, container, hue: hueOf(`${namespace}/${pod}`) }
    known.set(id, source)
    return source
  }
}

export function hueOf(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at += 1) hash = (hash * 31 + text.charCodeAt(at)) | 0
  return Math.abs(hash) % huesCount
}

export function createItem(entry: Entry, key: number, source: Source): Item {
  const goesOn = entry.kind === 'line' && isContinuation(textOf(entry))
  const item: { -readonly [name in keyof Item]: Item[name] } = { key, entry, source, goesOn, row: noRow }
  item.row = { ...noRow, key: `e${key}`, item }
  return item
}

const noRow = { kind: 'entry', key: '', item: {} as Item, folded: [], unfolded: 0 } as const

/** Fewer further lines of a trace are shown as they are. */
const foldedMin = 2

/** `unfolded`: keys of the lines whose trace is shown. Linear, some 20 ns an entry. */
export function layRows(items: readonly Item[], unfolded: ReadonlySet<number>): readonly Row[] {
  const rows: Row[] = []
  const restarts = new Map<Source, number>()
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item
    const before = restarts.get(item.source)
    if (before !== undefined && item.entry.restart > before) {
      rows.push({ kind: 'restart', key: `r${item.key}`, item })
    }
    if (before === undefined || item.entry.restart > before) restarts.set(item.source, item.entry.restart)
    const end = endOfTrace(items, at)
    const inner = end - at - 1
    if (inner < foldedMin) rows.push(item.row)
    else {
      if (unfolded.has(item.key)) {
        rows.push({ ...item.row, unfolded: inner })
        for (let next = at + 1; next < end; next += 1) rows.push((items[next] as Item).row)
      } else rows.push({ ...item.row, folded: items.slice(at + 1, end) })
      at = end - 1
    }
  }
  return rows
}

/** Behind the last line that goes on with the one at `from`. */
function endOfTrace(items: readonly Item[], from: number): number {
  const head = items[from] as Item
  if (head.entry.kind !== 'line') return from + 1
  let at = from + 1
  while (at < items.length) {
    const item = items[at] as Item
    if (!item.goesOn || item.source !== head.source || item.entry.restart !== head.entry.restart) break
    at += 1
  }
  return at
}
