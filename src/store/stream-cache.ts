/** A reader's copy of the stream rows, brought up to date by what changed since the last look. */

import type { StreamLabels } from '../model/entry.ts'
import type { Connection } from './database.ts'

export type StreamRecord = {
  readonly id: number
  readonly labels: StreamLabels
  /** Lines before this number lie in blocks. */
  readonly sealedLine: number
}

type Row = {
  id: number
  namespace: string
  pod: string
  pod_uid: string
  container: string
  restart: number
  node: string
  sealed_line: number
}

export type StreamCache = {
  /**
   * Loads rows changed since the version of the last call, forgets deleted ones. Inside the snapshot's
   * transaction.
   */
  readonly refresh: (version: number) => void
  readonly get: (id: number) => StreamRecord | undefined
  readonly all: () => IterableIterator<StreamRecord>
  readonly version: () => number
}

export function createStreamCache(connection: Connection): StreamCache {
  const changed = connection.prepare(
    `SELECT id, namespace, pod, pod_uid, container, restart, node, sealed_line FROM stream WHERE version > ?`,
  )
  const removal = connection.prepare("SELECT value FROM meta WHERE key = 'stream_removal'").pluck()
  const present = connection.prepare('SELECT id FROM stream').pluck()
  const records = new Map<number, StreamRecord>()
  let seen = -1
  return {
    refresh: (version) => {
      if (version === seen) return
      for (const row of changed.iterate(seen) as IterableIterator<Row>) {
        const { namespace, pod, container, restart, node } = row
        const labels = { namespace, pod, podUid: row.pod_uid, container, restart, node }
        records.set(row.id, { id: row.id, labels, sealedLine: row.sealed_line })
      }
      if (((removal.get() as number | undefined) ?? -1) > seen) {
        const ids = new Set(present.all() as number[])
        for (const id of records.keys()) if (!ids.has(id)) records.delete(id)
      }
      seen = version
    },
    get: (id) => records.get(id),
    all: () => records.values(),
    version: () => seen,
  }
}
