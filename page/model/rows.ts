/** Lays entries out as rows: stack traces folded, the start of a new container instance marked. */

import { type Entry, textOf } from './entry.ts'
import { isBeforeCall, type TracePart, tracePartOf } from './stack-trace.ts'

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
  /** Of a stack trace; null: a line of its own. */
  readonly tracePart: TracePart | null
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

/** Here a new instance of the container begins; `isNewPod`: of a new pod with the name of the one before. */
export type RestartRow = {
  readonly kind: 'restart'
  readonly key: string
  readonly item: Item
  readonly isNewPod: boolean
}

export type Row = EntryRow | RestartRow

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
  const tracePart = entry.kind === 'line' ? tracePartOf(entry.line) : null
  const item: { -readonly [name in keyof Item]: Item[name] } = { key, entry, source, tracePart, row: noRow }
  item.row = { ...noRow, key: `e${key}`, item }
  return item
}

const noRow = { kind: 'entry', key: '', item: {} as Item, folded: [], unfolded: 0 } as const

/** Fewer further lines of a trace are shown as they are. */
const foldedMin = 2

export type Folding = {
  /** Keys of the lines whose trace is shown. */
  readonly unfolded: ReadonlySet<number>
  /** Off where lines between are missing: what a search found is not hidden, and follows no line. */
  readonly isOn: boolean
}

/** Linear, some 20 ns an entry. */
export function layRows(items: readonly Item[], { unfolded, isOn }: Folding): readonly Row[] {
  const rows: Row[] = []
  const instances = new Map<Source, Instance>()
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item
    const border = borderBefore(item, instances)
    if (border !== null) rows.push(border)
    const end = isOn ? endOfTrace(items, at) : at + 1
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

/** Newest one of a container, and the pods of its name that are left behind. */
type Instance = { podUid: string; restart: number; readonly before: Set<string> }

/** Late lines of an instance that is over begin nothing. */
function borderBefore(item: Item, instances: Map<Source, Instance>): RestartRow | null {
  const { podUid, restart } = item.entry
  const known = instances.get(item.source)
  if (known === undefined) {
    instances.set(item.source, { podUid, restart, before: new Set() })
    return null
  }
  const isNewPod = podUid !== known.podUid
  if (isNewPod ? known.before.has(podUid) : restart <= known.restart) return null
  if (isNewPod) known.before.add(known.podUid)
  known.podUid = podUid
  known.restart = restart
  return { kind: 'restart', key: `r${item.key}`, item, isNewPod }
}

/** Behind the last line that goes on with the one at `from`; a trace without a frame is none. */
function endOfTrace(items: readonly Item[], from: number): number {
  const head = items[from] as Item
  if (head.entry.kind !== 'line') return from + 1
  let at = from + 1
  let hasFrame = false
  while (at < items.length) {
    const item = items[at] as Item
    const { tracePart, entry, source } = item
    const isSame =
      source === head.source && entry.restart === head.entry.restart && entry.podUid === head.entry.podUid
    if (!isSame || tracePart === null) break
    if (tracePart === 'call' && !isBeforeCall(textOf((items[at - 1] as Item).entry))) break
    hasFrame ||= tracePart === 'frame'
    at += 1
  }
  return hasFrame ? at : from + 1
}
