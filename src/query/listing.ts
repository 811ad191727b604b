/** Answers listings of namespaces, pods, containers and streams, in pages ordered by name. */

import { LogkeepError } from '../errors.ts'
import type { Time } from '../model/entry.ts'
import { compareTime, formatTime } from '../model/time.ts'
import type { Snapshot } from '../store/reader.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import { compileSelector } from './compiled-plan.ts'
import type { ListTask } from './tasks.ts'

/** What is known of a stream, or of a group of streams. */
type Totals = {
  lines: number
  bytes: number
  first: Time | null
  last: Time | null
  present: boolean
  streams: number
}

type StoredTotals = {
  id: number
  lines: number
  bytes: number
  first_sec: number | null
  first_ns: number | null
  last_sec: number | null
  last_ns: number | null
  present: number
}

type Group = { readonly key: string; readonly names: object; readonly totals: Totals }

/** The answer as JSON: `{ "<list>": […], "next", "node" }`. */
export function answerList(snapshot: Snapshot, task: ListTask): Uint8Array {
  const isSelected = compileSelector(task.streams)
  const after = task.cursor === null ? null : parseListCursor(task.cursor)
  const groups = new Map<string, { names: object; streams: StreamRecord[] }>()
  for (const stream of snapshot.streams()) {
    if (isSelected !== null && !isSelected(stream)) continue
    const { key, names } = groupOf(stream, task.list)
    if (after !== null && key <= after) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { names, streams: [stream] })
    else group.streams.push(stream)
  }
  const keys = [...groups.keys()].sort()
  const totalsOf = createTotals(snapshot)
  const page: Group[] = []
  let next: string | null = null
  for (const key of keys) {
    const { names, streams } = groups.get(key) as { names: object; streams: StreamRecord[] }
    const totals = sumTotals(streams.map((stream) => totalsOf(stream.id)).filter((each) => each !== null))
    if (totals.streams === 0) continue
    if (page.length === task.limit) {
      next = Buffer.from((page.at(-1) as Group).key).toString('base64url')
      break
    }
    page.push({ key, names, totals })
  }
  const items = page.map(({ names, totals }) => itemOf(names, totals, task.list))
  return new TextEncoder().encode(JSON.stringify({ [task.list]: items, next, node: task.node }))
}

function groupOf({ id, labels }: StreamRecord, list: ListTask['list']): { key: string; names: object } {
  const { namespace, pod, podUid, container, restart, node } = labels
  switch (list) {
    case 'namespaces':
      return { key: namespace, names: { namespace } }
    case 'pods':
      return { key: `${namespace}/${pod}/${podUid}`, names: { namespace, pod, podUid, node } }
    case 'containers':
      return {
        key: `${namespace}/${pod}/${podUid}/${container}`,
        names: { namespace, pod, podUid, container, node },
      }
    case 'streams': {
      const order = String(id).padStart(12, '0')
      return {
        key: `${namespace}/${pod}/${podUid}/${container}/${order}`,
        names: { namespace, pod, podUid, container, node, restart },
      }
    }
  }
}

function itemOf(names: object, totals: Totals, list: ListTask['list']): object {
  const { lines, bytes, first, last, present, streams } = totals
  return {
    ...names,
    ...(list === 'streams' ? {} : { streams }),
    lines,
    bytes,
    firstTime: first === null ? null : formatTime(first),
    lastTime: last === null ? null : formatTime(last),
    present,
  }
}

/**
 * Totals of one stream: of its blocks, and of its lines in the journal. Null: nothing is stored and nothing
 * is there.
 */
function createTotals(snapshot: Snapshot): (streamId: number) => Totals | null {
  const stored = snapshot.connection.prepare(
    `SELECT id, lines, bytes, first_sec, first_ns, last_sec, last_ns,
       EXISTS (SELECT 1 FROM file WHERE stream_id = stream.id) AS present
     FROM stream WHERE id = ?`,
  )
  const pending = new Map<number, Totals>()
  for (const segment of snapshot.journal()) {
    const { streamId, lineCount, rawBytes, minSec, minNs, maxSec, maxNs } = segment
    const own: Totals = {
      lines: lineCount,
      bytes: rawBytes - lineCount,
      first: { sec: minSec, ns: minNs },
      last: { sec: maxSec, ns: maxNs },
      present: false,
      streams: 1,
    }
    const before = pending.get(streamId)
    pending.set(streamId, before === undefined ? own : { ...sumTotals([before, own]), streams: 1 })
  }
  return (streamId) => {
    const row = stored.get(streamId) as StoredTotals | undefined
    if (row === undefined) return null
    const sealed: Totals = {
      lines: row.lines,
      bytes: row.bytes - row.lines,
      first: row.first_sec === null ? null : { sec: row.first_sec, ns: row.first_ns ?? 0 },
      last: row.last_sec === null ? null : { sec: row.last_sec, ns: row.last_ns ?? 0 },
      present: row.present === 1,
      streams: 1,
    }
    const own = pending.get(streamId)
    if (own === undefined && sealed.lines === 0 && !sealed.present) return null
    return own === undefined ? sealed : { ...sumTotals([sealed, own]), streams: 1 }
  }
}

function sumTotals(parts: readonly Totals[]): Totals {
  const sum: Totals = { lines: 0, bytes: 0, first: null, last: null, present: false, streams: 0 }
  for (const { lines, bytes, first, last, present, streams } of parts) {
    sum.lines += lines
    sum.bytes += bytes
    if (first !== null && (sum.first === null || compareTime(first, sum.first) < 0)) sum.first = first
    if (last !== null && (sum.last === null || compareTime(last, sum.last) > 0)) sum.last = last
    sum.present ||= present
    sum.streams += streams
  }
  return sum
}

function parseListCursor(text: string): string {
  const key = Buffer.from(text, 'base64url')
  if (key.length > 0 && key.toString('base64url') === text) return key.toString()
  throw new LogkeepError(
    'BAD_CURSOR',
    'cursor: it is damaged',
    'give back `next` of an earlier answer as it was',
  )
}
