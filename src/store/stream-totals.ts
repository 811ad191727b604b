/** What is stored of streams, in blocks and in the journal together, and whether their files are there. */

import { storeLimits } from '../limits/store.ts'
import type { Time } from '../model/entry.ts'
import { compareTime } from '../model/time.ts'
import type { Span } from './columns.ts'
import type { Connection } from './database.ts'
import type { JournalCache } from './journal-cache.ts'
import type { StreamIds } from './stream-ids.ts'

/** Gap records count for nothing, and lines of broken clocks have no time. */
export type Totals = {
  lines: number
  /** Of the lines' texts, without line ends. */
  bytes: number
  first: Time | null
  last: Time | null
  /** A log file is there. */
  present: boolean
}

export type StreamTotals = Totals & {
  readonly id: number
  /** Something of it is stored, be it a gap record only, or it is present. */
  isThere: boolean
}

/** `streams`: those that are there. */
export type NamespaceTotals = Totals & { readonly namespace: string; streams: number }

export type TotalsReader = {
  /** Of these streams that are there, by number. */
  readonly of: (streamIds: readonly number[]) => StreamTotals[]
  /** Of all streams that are there, by namespace in the order of names. */
  readonly byNamespace: () => NamespaceTotals[]
  /** The earliest time of these streams (null: of all); null where there is none. */
  readonly firstOf: (streamIds: StreamIds | null) => Time | null
}

type Row = [
  id: number,
  namespace: string,
  sealedLine: number,
  lines: number,
  bytes: number,
  gaps: number,
  gapBytes: number,
  firstSec: number | null,
  firstNs: number | null,
  lastSec: number | null,
  lastNs: number | null,
  present: number,
]

export function createTotalsReader(
  connection: Connection,
  journal: Pick<JournalCache, 'totals' | 'streamIds'>,
): TotalsReader {
  const select = connection
    .prepare(
      `SELECT id, namespace, sealed_line, lines, bytes, gaps, gap_bytes, first_sec, first_ns, last_sec,
         last_ns, EXISTS (SELECT 1 FROM file WHERE stream_id = stream.id)
       FROM stream WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`,
    )
    .raw()
  const read = (streamIds: readonly number[]): Row[] => select.all(JSON.stringify(streamIds)) as Row[]
  const addJournal = (rows: readonly Row[], totals: readonly StreamTotals[]): void => {
    const streams = rows.map(([id, , sealedLine]) => ({ id, sealedLine }))
    journal.totals(streams, (index, { lines, bytes, span }) => {
      const own = totals[index] as StreamTotals
      own.lines += lines
      own.bytes += bytes
      own.isThere = true
      if (span !== null) widen(own, span)
    })
  }
  /** What the journal tells of these streams, some at a time: few have lines in it. */
  function* inJournal(streamIds: Iterable<number>): Generator<[Row, StreamTotals], void, void> {
    const ids = [...streamIds].sort(byNumber)
    for (let start = 0; start < ids.length; start += storeLimits.streamRows) {
      const rows = read(ids.slice(start, start + storeLimits.streamRows))
      const totals = rows.map(([id]) => ({ id, isThere: false, ...nothing }))
      addJournal(rows, totals)
      for (const [index, row] of rows.entries()) yield [row, totals[index] as StreamTotals]
    }
  }
  const readNamespaces = createNamespaceReader(connection)
  const readFirst = createFirstReader(connection)
  const withFile = connection.prepare('SELECT DISTINCT stream_id FROM file').pluck()
  return {
    of: (streamIds) => {
      const rows = read(streamIds)
      const totals = rows.map(totalsOf)
      addJournal(rows, totals)
      return totals.filter((each) => each.isThere)
    },
    byNamespace: () => {
      const namespaces = readNamespaces()
      // What blocks do not tell.
      const live = new Set([...(withFile.all() as number[]), ...journal.streamIds()])
      for (const [row, own] of inJournal(live)) {
        addLive(namespaces.get(row[1]) as NamespaceTotals, row, own)
      }
      return [...namespaces.values()].filter((each) => each.streams > 0)
    },
    firstOf: (streamIds) => {
      let first = readFirst(streamIds)
      const live = journal.streamIds().values()
      for (const [, own] of inJournal(live.filter((id) => streamIds?.has(id) ?? true))) {
        if (own.first !== null && (first === null || compareTime(own.first, first) < 0)) first = own.first
      }
      return first
    },
  }
}

/** The earliest time in the blocks of these streams (null: of all). */
function createFirstReader(connection: Connection): TotalsReader['firstOf'] {
  const select = (which: string) =>
    connection.prepare(
      `SELECT first_sec AS sec, first_ns AS ns FROM stream WHERE ${which} AND first_sec IS NOT NULL
       ORDER BY first_sec, first_ns LIMIT 1`,
    )
  const ofAll = select('true')
  const ofSome = select('id IN (SELECT value FROM json_each(?))')
  return (streamIds) =>
    ((streamIds === null ? ofAll.get() : ofSome.get(JSON.stringify([...streamIds]))) as Time | undefined) ??
    null
}

const byNumber = (one: number, other: number): number => one - other
const nothing: Totals = { lines: 0, bytes: 0, first: null, last: null, present: false }

/** Adds to a namespace what the journal and the files tell of one of its streams. */
function addLive(namespace: NamespaceTotals, row: Row, own: StreamTotals): void {
  const [, , , storedLines] = row
  const present = row.at(-1) === 1
  addTotals(namespace, { ...own, present })
  if (storedLines === 0 && (own.isThere || present)) namespace.streams += 1
}

/** Every namespace with what its blocks hold; `streams` counts those that have blocks. */
function createNamespaceReader(connection: Connection): () => Map<string, NamespaceTotals> {
  // Times of right clocks lie between the years 2000 and 2262, whose nanoseconds SQLite's integers hold.
  const select = connection
    .prepare(
      `SELECT namespace, streams, lines, bytes, first / ${nanosPerSecond}, first % ${nanosPerSecond},
         last / ${nanosPerSecond}, last % ${nanosPerSecond}
       FROM (
         SELECT namespace, sum(lines > 0) AS streams, sum(lines - gaps) AS lines,
           sum(bytes - lines - gap_bytes) AS bytes,
           min(first_sec * ${nanosPerSecond} + first_ns) AS first,
           max(last_sec * ${nanosPerSecond} + last_ns) AS last
         FROM stream GROUP BY namespace)
       ORDER BY namespace`,
    )
    .raw()
  return () => {
    const namespaces = new Map<string, NamespaceTotals>()
    for (const row of select.all() as NamespaceRow[]) {
      const [namespace, streams, lines, bytes, firstSec, firstNs, lastSec, lastNs] = row
      const first = timeOf(firstSec, firstNs)
      const last = timeOf(lastSec, lastNs)
      namespaces.set(namespace, { namespace, streams, lines, bytes, first, last, present: false })
    }
    return namespaces
  }
}

type NamespaceRow = [
  namespace: string,
  streams: number,
  lines: number,
  bytes: number,
  firstSec: number | null,
  firstNs: number | null,
  lastSec: number | null,
  lastNs: number | null,
]

const nanosPerSecond = 1_000_000_000

function timeOf(sec: number | null, ns: number | null): Time | null {
  return sec === null ? null : { sec, ns: ns ?? 0 }
}

function totalsOf(row: Row): StreamTotals {
  const [id, , , lines, bytes, gaps, gapBytes, firstSec, firstNs, lastSec, lastNs, present] = row
  return {
    id,
    lines: lines - gaps,
    bytes: bytes - lines - gapBytes,
    first: timeOf(firstSec, firstNs),
    last: timeOf(lastSec, lastNs),
    present: present === 1,
    isThere: lines > 0 || present === 1,
  }
}

/** Adds what another holds. */
export function addTotals(target: Totals, { lines, bytes, first, last, present }: Totals): void {
  target.lines += lines
  target.bytes += bytes
  target.present ||= present
  if (first !== null && last !== null) widen(target, { first, last })
}

function widen(target: Pick<Totals, 'first' | 'last'>, { first, last }: Span): void {
  if (target.first === null || compareTime(first, target.first) < 0) target.first = first
  if (target.last === null || compareTime(last, target.last) > 0) target.last = last
}
