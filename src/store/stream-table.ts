/** Streams as the writer keeps them: ids by labels, next line numbers, totals of what lies in blocks. */

import type { StreamLabels, Time } from '../model/entry.ts'
import { compareTime } from '../model/time.ts'
import { type LineSummary, spanOf } from './columns.ts'
import type { Connection } from './database.ts'
import type { JournalIndex } from './journal-index.ts'
import type { AfterCommit } from './transaction.ts'

/** What sealing adds to a stream. */
export type Sealed = {
  /** Lines before this number lie in blocks from now on. */
  readonly sealedLine: number
  readonly lines: number
  readonly bytes: number
  readonly summaries: readonly LineSummary[]
}

export type StreamTable = {
  /** Id of the stream with these labels; a new one is inserted by the next `insertNew`. */
  readonly resolve: (labels: StreamLabels) => number
  /** Inserts what `resolve` made up. Inside a transaction; returns whether there was any. */
  readonly insertNew: (version: number, after: AfterCommit) => boolean
  /** These streams have a file now: `isAwaited` no longer keeps them. */
  readonly noteFiles: (streamIds: Iterable<number>) => void
  /** Whether the caller of `resolve` may still write to it although nothing in the database says so. */
  readonly isAwaited: (streamId: number) => boolean
  /** Lines before this number lie in blocks; infinite where there is no such stream (any more). */
  readonly sealedLine: (streamId: number) => number
  /** Number that the stream's next line gets. */
  readonly nextLine: (streamId: number) => number
  /** Inside a transaction. */
  readonly addSealed: (streamId: number, sealed: Sealed, version: number) => void
}

/** `::` cannot occur in a Kubernetes name, nor in a node's. */
function keyOf(labels: StreamLabels): string {
  return [labels.namespace, labels.pod, labels.podUid, labels.container, labels.restart, labels.node].join(
    '::',
  )
}

export function createStreamTable(connection: Connection, journal: JournalIndex): StreamTable {
  const find = connection
    .prepare(
      `SELECT id FROM stream
       WHERE namespace = ? AND pod = ? AND pod_uid = ? AND container = ? AND restart = ? AND node = ?`,
    )
    .pluck()
  const insert = connection.prepare(
    'INSERT INTO stream (id, namespace, pod, pod_uid, container, restart, node, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const hasFile = connection.prepare('SELECT EXISTS (SELECT 1 FROM file WHERE stream_id = ?)').pluck()
  const sealedOf = connection.prepare('SELECT sealed_line FROM stream WHERE id = ?').pluck()
  const lastId = connection.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'stream'").pluck().get()
  let nextId = ((lastId as number | undefined) ?? 0) + 1
  const made = new Map<string, { readonly id: number; readonly labels: StreamLabels }>()
  const awaited = new Set<number>()
  const storedSealedLine = (streamId: number) => sealedOf.get(streamId) as number | undefined
  return {
    resolve: (labels) => {
      const { namespace, pod, podUid, container, restart, node } = labels
      const present = find.get(namespace, pod, podUid, container, restart, node) as number | undefined
      if (present !== undefined) {
        if (hasFile.get(present) === 0) awaited.add(present)
        return present
      }
      const key = keyOf(labels)
      const waiting = made.get(key)
      if (waiting !== undefined) return waiting.id
      const id = nextId++
      made.set(key, { id, labels })
      awaited.add(id)
      return id
    },
    noteFiles: (streamIds) => {
      for (const id of streamIds) awaited.delete(id)
    },
    isAwaited: (id) => awaited.has(id),
    insertNew: (version, after) => {
      if (made.size === 0) return false
      for (const { id, labels } of made.values()) {
        const { namespace, pod, podUid, container, restart, node } = labels
        insert.run(id, namespace, pod, podUid, container, restart, node, version)
      }
      after(() => made.clear())
      return true
    },
    sealedLine: (streamId) => storedSealedLine(streamId) ?? Number.POSITIVE_INFINITY,
    nextLine: (streamId) => journal.endLine(streamId) ?? storedSealedLine(streamId) ?? 0,
    addSealed: createSealedAdder(connection),
  }
}

function createSealedAdder(connection: Connection): StreamTable['addSealed'] {
  const isEarlier = '@firstSec < first_sec OR (@firstSec = first_sec AND @firstNs < first_ns)'
  const isLater = '@lastSec > last_sec OR (@lastSec = last_sec AND @lastNs > last_ns)'
  // Where no time is given none of the comparisons is true.
  const update = connection.prepare(
    `UPDATE stream SET sealed_line = @sealedLine, lines = lines + @lines, bytes = bytes + @bytes,
       gaps = gaps + @gaps, gap_bytes = gap_bytes + @gapBytes, version = @version,
       first_sec = CASE WHEN first_sec IS NULL OR ${isEarlier} THEN @firstSec ELSE first_sec END,
       first_ns = CASE WHEN first_sec IS NULL OR ${isEarlier} THEN @firstNs ELSE first_ns END,
       last_sec = CASE WHEN last_sec IS NULL OR ${isLater} THEN @lastSec ELSE last_sec END,
       last_ns = CASE WHEN last_sec IS NULL OR ${isLater} THEN @lastNs ELSE last_ns END
     WHERE id = @id`,
  )
  return (id, { sealedLine, lines, bytes, summaries }, version) => {
    let gaps = 0
    let gapBytes = 0
    let first: Time | null = null
    let last: Time | null = null
    for (const summary of summaries) {
      gaps += summary.exceptions?.gaps ?? 0
      gapBytes += summary.exceptions?.gapBytes ?? 0
      const span = spanOf(summary)
      if (span === null) continue
      if (first === null || compareTime(span.first, first) < 0) first = span.first
      if (last === null || compareTime(span.last, last) > 0) last = span.last
    }
    update.run({
      id,
      sealedLine,
      lines,
      bytes,
      gaps,
      gapBytes,
      version,
      firstSec: first?.sec ?? null,
      firstNs: first?.ns ?? null,
      lastSec: last?.sec ?? null,
      lastNs: last?.ns ?? null,
    })
  }
}
