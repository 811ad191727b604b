/** Labels of streams, looked up when asked for; those asked for lately are kept. */

import { storeLimits } from '../limits/store.ts'
import type { StreamLabels } from '../model/entry.ts'
import type { Connection } from './database.ts'

/** Never changes: labels identify a stream, and its number is not used again. */
export type StreamRecord = { readonly id: number; readonly labels: StreamLabels }

type Row = [namespace: string, pod: string, podUid: string, container: string, restart: number, node: string]

export type StreamCache = {
  /** Forgets labels when streams were deleted since the last call. Inside the snapshot's transaction. */
  readonly refresh: (version: number) => void
  /** Undefined where there is no such stream. */
  readonly get: (id: number) => StreamRecord | undefined
}

export function createStreamCache(connection: Connection): StreamCache {
  const removal = connection.prepare("SELECT value FROM meta WHERE key = 'stream_removal'").pluck()
  const select = connection
    .prepare('SELECT namespace, pod, pod_uid, container, restart, node FROM stream WHERE id = ?')
    .raw()
  const records = new Map<number, StreamRecord>()
  let seen = -1
  return {
    refresh: (version) => {
      if (version === seen) return
      if (((removal.get() as number | undefined) ?? -1) > seen) records.clear()
      seen = version
    },
    get: (id) => {
      const known = records.get(id)
      if (known !== undefined) return known
      const row = select.get(id) as Row | undefined
      if (row === undefined) return undefined
      const [namespace, pod, podUid, container, restart, node] = row
      const record = { id, labels: { namespace, pod, podUid, container, restart, node } }
      if (records.size >= storeLimits.labelsCached) records.clear()
      records.set(id, record)
      return record
    },
  }
}
