/**
 * Upkeep of the database between commits, one bounded step at a time: sealing, dropping, folding, merging,
 * packing, retention.
 */

import type { StoreLimits } from '../limits/store.ts'
import type { Changes } from './changes.ts'
import type { UpkeepCounts } from './contract.ts'
import type { Connection } from './database.ts'
import type { FileTable } from './file-table.ts'
import { createFolding, findFoldable } from './folding.ts'
import type { JournalIndex } from './journal-index.ts'
import type { JournalLoader } from './journal-loader.ts'
import type { Merging } from './merging.ts'
import type { Packing } from './packing.ts'
import type { Retention } from './retention.ts'
import type { Sealing } from './sealing.ts'

type Deps = {
  readonly connection: Connection
  readonly limits: StoreLimits
  readonly changes: Changes
  readonly journal: JournalIndex
  readonly loader: JournalLoader
  readonly files: FileTable
  readonly sealing: Sealing
  readonly merging: Merging
  readonly packing: Packing
  readonly retention: Retention
  readonly counts: UpkeepCounts
}

export type Upkeep = {
  /** The most urgent step, or one of retention; false when there is none. */
  readonly step: (nowSec: number) => boolean
  /** A stream got new blocks: they may be worth merging. */
  readonly noteSealed: (streamId: number) => void
  /** The journal is far above what it may hold: it is sealed before more is read. */
  readonly isLate: () => boolean
  /** Streams are being sealed, some per step: rows of the journal that are decoded are still needed. */
  readonly isSealing: () => boolean
}

export function createUpkeep(deps: Deps): Upkeep {
  const { changes, counts, journal, merging, packing, retention } = deps
  const folding = createFolding(deps)
  const mergeQueue = new Set<number>()
  const noteSealed = (streamId: number): void => {
    mergeQueue.add(streamId)
  }
  const sealer = createSealer(deps, noteSealed)
  const dropSealedRow = createRowDropper(deps)

  const fold = (): boolean => {
    const start = findFoldable(journal.rows, deps.limits)
    if (start === null) return false
    changes.run((_version, after) => folding.fold(start, after))
    counts.folds += 1
    return true
  }
  const merge = (): boolean => {
    const [streamId] = mergeQueue
    if (streamId === undefined) return false
    if (changes.run((version) => merging.mergeOne(streamId, version))) counts.merges += 1
    else mergeQueue.delete(streamId)
    return true
  }
  const pack = (nowSec: number): boolean => {
    if (!packing.isDue(nowSec)) return false
    let isPacked = false
    // Readers find a filter wherever it lies: nothing that they keep has changed.
    changes.runIf(() => {
      isPacked = packing.packOne(nowSec)
      return false
    })
    return isPacked
  }
  const tidy = (nowSec: number): boolean =>
    sealer.step(nowSec) || dropSealedRow() || fold() || merge() || pack(nowSec)
  let isRetentionsTurn = false
  return {
    noteSealed,
    isLate: () => journal.rawBytes >= deps.limits.journalBytesLate,
    isSealing: sealer.isSealing,
    // In turn: lines that arrive faster than they are sealed must not keep the data folder from its budget,
    // nor a deletion of gigabytes the journal from being sealed.
    step: (nowSec) => {
      isRetentionsTurn = !isRetentionsTurn
      if (isRetentionsTurn) return retention.step(nowSec) || tidy(nowSec)
      return tidy(nowSec) || retention.step(nowSec)
    },
  }
}

/** Seals everything once the journal is large or old, a few streams per step. */
function createSealer(
  { changes, journal, limits, loader, sealing }: Deps,
  noteSealed: (streamId: number) => void,
): { readonly step: (nowSec: number) => boolean; readonly isSealing: () => boolean } {
  let queue: number[] = []
  let target = 0
  const step = (nowSec: number): boolean => {
    if (queue.length === 0) {
      const oldest = journal.rows[0]
      if (oldest === undefined || oldest.lastCommit <= target) return false
      const isOld = nowSec - oldest.arrivalMin >= limits.journalAgeMaxSec
      if (!isOld && journal.rawBytes < limits.journalBytesMax) return false
      target = journal.rows.at(-1)?.lastCommit ?? 0
      queue = journal.pendingStreams()
      return true
    }
    const slice = queue.slice(0, limits.sealStreamsPerSlice)
    changes.run((version, after) => {
      for (const streamId of slice) sealing.sealPending(streamId, version, after)
    })
    queue = queue.slice(slice.length)
    for (const streamId of slice) noteSealed(streamId)
    if (queue.length === 0) loader.clear()
    return true
  }
  return { step, isSealing: () => queue.length > 0 }
}

/**
 * Deletes the oldest row once every line of it is sealed; the newest row stays: it holds the last commit's
 * number.
 */
function createRowDropper({ changes, connection, files, journal }: Deps): () => boolean {
  const movesOf = connection.prepare('SELECT moves FROM journal WHERE last_commit = ?').pluck()
  const remove = connection.prepare('DELETE FROM journal WHERE last_commit = ?')
  return () => {
    const oldest = journal.rows[0]
    if (oldest === undefined || journal.rows.length === 1 || !journal.isSealed(oldest)) return false
    changes.run((_version, after) => {
      files.applyMoves(movesOf.get(oldest.lastCommit) as Buffer)
      remove.run(oldest.lastCommit)
      after(() => journal.removeOldest())
    })
    return true
  }
}
