/**
 * Where the sealed part of each stream ends, for streams that have lines in the journal: looked up when first
 * asked for, then kept up to date by the version of the stream's row.
 */

import type { Connection } from './database.ts'

export type SealedLines = {
  /** Forgets what later snapshots have changed. Inside the snapshot's transaction. */
  readonly refresh: (version: number) => void
  /** Looks up those that are not known yet, together. */
  readonly load: (streamIds: readonly number[]) => void
  /**
   * Lines of a loaded stream before this number lie in blocks, or lay there. Infinite where the stream is
   * gone: a journal row keeps what of it was sealed as long as it holds lines of others.
   */
  readonly of: (streamId: number) => number
}

/** Figures of streams whose journal lines are gone are dropped above so many that were not asked for. */
const staleMax = 10_000

export function createSealedLines(connection: Connection): SealedLines {
  const changed = connection.prepare('SELECT id, sealed_line FROM stream WHERE version > ?').raw()
  const select = connection
    .prepare('SELECT id, sealed_line FROM stream WHERE id IN (SELECT value FROM json_each(?))')
    .raw()
  let known = new Map<number, number>()
  let seen = Number.MAX_SAFE_INTEGER
  return {
    refresh: (version) => {
      if (known.size > 0 && version > seen) {
        for (const [id, line] of changed.iterate(seen) as IterableIterator<[number, number]>) {
          if (known.has(id)) known.set(id, line)
        }
      }
      seen = version
    },
    load: (streamIds) => {
      if (known.size > 2 * streamIds.length + staleMax) known = new Map()
      const missing: number[] = []
      for (const id of streamIds) {
        if (known.has(id)) continue
        known.set(id, Number.POSITIVE_INFINITY)
        missing.push(id)
      }
      if (missing.length === 0) return
      for (const [id, line] of select.all(JSON.stringify(missing)) as [number, number][]) known.set(id, line)
    },
    of: (streamId) => known.get(streamId) ?? 0,
  }
}
