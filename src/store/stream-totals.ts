/** What is stored of streams, in blocks and in the journal together, and whether their files are there. */

import { storeLimits } from '../limits.ts'
import type { Time } from '../model/entry.ts'
import { compareTime } from '../model/time.ts'
import type { Span } from './columns.ts'
import type { Connection } from './database.ts'
import type { JournalCache } from './journal-cache.ts'

/** Gap records count for nothing, and lines of broken clocks have no time. */
export type StreamTotals = {
  readonly id: number
  readonly namespace: string
  lines: number
  /** Of the lines' texts, without line ends. */
  bytes: number
  first: Time | null
  last: Time | null
  /** A log file of it is there. */
  readonly present: boolean
  /** Something of it is stored, be it a gap record only, or it is present. */
  isThere: boolean
}

export type TotalsReader = {
  /** Of these streams that are there, by number. */
  readonly of: (streamIds: readonly number[]) => StreamTotals[]
  /** Of all streams that are there, some at a time. */
  readonly all: () => Generator<StreamTotals[], void, void>
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
  journal: Pick<JournalCache, 'totals'>,
): TotalsReader {
  const select = `SELECT id, namespace, sealed_line, lines, bytes, gaps, gap_bytes, first_sec, first_ns, last_sec,
    last_ns, EXISTS (SELECT 1 FROM file WHERE stream_id = stream.id) FROM stream`
  const some = connection.prepare(`${select} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`).raw()
  const next = connection.prepare(`${select} WHERE id > ? ORDER BY id LIMIT ${storeLimits.streamRows}`).raw()
  const withJournal = (rows: readonly Row[]): StreamTotals[] => {
    const totals = rows.map(totalsOf)
    const streams = rows.map(([id, , sealedLine]) => ({ id, sealedLine }))
    journal.totals(streams, (index, { lines, bytes, span }) => {
      const own = totals[index] as StreamTotals
      own.lines += lines
      own.bytes += bytes
      own.isThere = true
      if (span !== null) widen(own, span)
    })
    return totals.filter((each) => each.isThere)
  }
  return {
    of: (streamIds) => withJournal(some.all(JSON.stringify(streamIds)) as Row[]),
    all: function* () {
      for (let last = 0; ; ) {
        const rows = next.all(last) as Row[]
        const newest = rows.at(-1)
        if (newest === undefined) return
        yield withJournal(rows)
        last = newest[0]
      }
    },
  }
}

function totalsOf(row: Row): StreamTotals {
  const [id, namespace, , lines, bytes, gaps, gapBytes, firstSec, firstNs, lastSec, lastNs, present] = row
  return {
    id,
    namespace,
    lines: lines - gaps,
    bytes: bytes - lines - gapBytes,
    first: firstSec === null ? null : { sec: firstSec, ns: firstNs ?? 0 },
    last: lastSec === null ? null : { sec: lastSec, ns: lastNs ?? 0 },
    present: present === 1,
    isThere: lines > 0 || present === 1,
  }
}

/** Makes `target` reach over `span`. */
export function widen(target: { first: Time | null; last: Time | null }, { first, last }: Span): void {
  if (target.first === null || compareTime(first, target.first) < 0) target.first = first
  if (target.last === null || compareTime(last, target.last) > 0) target.last = last
}
