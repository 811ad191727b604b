/**
 * Keeps age, budget and the floor of free disk, one bounded step at a time. Facts: section "Retention" of
 * `docs/design.md`.
 */

import { type StoreLimits, storeLimits } from '../limits/store.ts'
import type { Logger } from '../log.ts'
import type { Connection } from './database.ts'
import type { DiskRoom } from './disk.ts'
import { findSetAside, removeSetAside } from './set-aside.ts'
import type { Sweeping } from './sweeping.ts'
import { sweepStreams } from './sweeping.ts'

export type RetentionSettings = {
  /** Lines are deleted this long after they arrived. */
  readonly ageSec: number
  /** Bytes that the data folder may take. */
  readonly sizeBytes: number
  /** Share of the file system that stays free, 0 to 1. */
  readonly diskFreeMin: number
}

/**
 * Pages given back to the file system in one step: with their checkpoint 20 ms, 70 at most on a disk that is
 * busy. Four times as many took 40 ms, and 570 at most.
 */
const vacuumPages = 256
/** SQLite looks through its list of free pages for each: where that is long, a step ends early. */
const vacuumPagesAtOnce = 32
const vacuumMsMax = 15
/** A WAL above it has not begun anew when it could: what it takes more lies above the folder's budget. */
const walBytesLong = 6 * 1024 * 1024
/** For so long readers of that moment are waited for; later ones read the database alone. */
const walWaitMs = 50
/** How often age and room are looked at while nothing is to be done. */
const checkIntervalSec = 2
/** How often streams without anything are looked for: each look reads all streams. */
const streamIntervalSec = 600
/** Part of the budget kept free for the WAL and for what arrives between two checks. */
const slackShare = 0.05
const slackBytesMax = 64 * 1024 * 1024

export type RetentionCounts = { blocks: number; lines: number; bytes: number }

export type Retention = {
  /** One bounded step; true when there is more to do now. */
  readonly step: (nowSec: number) => boolean
  /**
   * Deletes one slice whatever the limits, the set-aside database last: the disk is full. False when there is
   * nothing left.
   */
  readonly force: () => boolean
  /** What was deleted since the start. */
  readonly swept: RetentionCounts
}

type Deps = {
  readonly limits: Pick<StoreLimits, 'vacuumRestFactor'>
  readonly connection: Connection
  readonly sweeping: Sweeping
  readonly room: DiskRoom
  readonly settings: RetentionSettings
  readonly dataDir: string
  readonly log: Logger
  /** Runs a change of the stored structure in a transaction. */
  readonly change: <T>(work: (version: number) => T) => T
}

export function createRetention(deps: Deps): Retention {
  const { connection, sweeping, room, settings, dataDir, log, change, limits } = deps
  const swept: RetentionCounts = { blocks: 0, lines: 0, bytes: 0 }
  const slack = Math.min(settings.sizeBytes * slackShare, slackBytesMax)
  let checkedSec = Number.NEGATIVE_INFINITY
  let streamsCheckedSec = Number.NEGATIVE_INFINITY
  const checkpoint = (): void => checkpointStep(connection)
  const beginLogAnew = createLogKeeper(connection, room)
  const giveBack = createVacuum(connection, limits.vacuumRestFactor)
  const sweep = (beforeSec: number): void => {
    const result = change((version) => sweeping.sweep(beforeSec, version))
    swept.blocks += result.blocks
    swept.lines += result.lines
    swept.bytes += result.bytes
  }
  /** A broken database that was set aside; false: there is none. */
  const dropSetAside = (why: string): boolean => {
    const dropped = removeSetAside(dataDir)
    if (dropped === null) return false
    const message = `The broken database that was set aside is deleted: ${why}.`
    log.error('set_aside_deleted', message, { bytes: dropped.bytes })
    return true
  }
  /** Lines that are swept for a database that has to go all the same would be lost for nothing. */
  const leavesNoRoom = (setAsideBytes: number): boolean => {
    const left = settings.sizeBytes - slack - room.otherBytes()
    return left < 0 && left + setAsideBytes > 0
  }
  const pages = (name: string): number => connection.pragma(name, { simple: true }) as number
  return {
    swept,
    force: () => {
      const before = swept.blocks
      sweep(Number.MAX_SAFE_INTEGER)
      return swept.blocks > before || dropSetAside('the disk is full, and nothing else is left to delete')
    },
    step: (nowSec) => {
      if (nowSec < checkedSec + checkIntervalSec && nowSec >= checkedSec) return false
      beginLogAnew(nowSec)
      const oldest = sweeping.oldestArrival()
      if (oldest !== null && oldest < nowSec - settings.ageSec) {
        sweep(nowSec - settings.ageSec)
        checkpoint()
        return true
      }
      const setAside = findSetAside(dataDir)
      if (setAside !== null && setAside.writtenSec < nowSec - settings.ageSec)
        return dropSetAside('what it holds is too old to be kept')
      // What the database file will have once the WAL is in it: its size on disk follows with the next
      // checkpoint.
      const pageBytes = pages('page_size')
      const used = room.otherBytes() + pages('page_count') * pageBytes
      const freePages = pages('freelist_count')
      const isLow = room.freeShare() < settings.diskFreeMin
      const isOver = used - freePages * pageBytes > settings.sizeBytes - slack
      if (isOver || (isLow && freePages === 0)) {
        if (setAside !== null && leavesNoRoom(setAside.bytes)) return dropSetAside('it leaves no room')
        if (oldest !== null) {
          sweep(Number.MAX_SAFE_INTEGER)
          checkpoint()
          return true
        }
        if (dropSetAside('nothing else is left to delete, and its room is needed')) return true
      }
      if (freePages > 0 && (isLow || used > settings.sizeBytes)) return giveBack()
      if (!isLow) room.takeReserve()
      checkedSec = nowSec
      if (Math.abs(nowSec - streamsCheckedSec) < streamIntervalSec) return false
      if (change((version) => sweeping.sweepStreams(version)) < sweepStreams) streamsCheckedSec = nowSec
      else checkedSec = Number.NEGATIVE_INFINITY
      return true
    },
  }
}

/**
 * Begins a long WAL anew. Readers that follow one another without a pause keep it from its end, and it grows:
 * 48 MB within two minutes at 20,000 lines/s with walks and a tail beside.
 */
function createLogKeeper(connection: Connection, room: DiskRoom): (nowSec: number) => void {
  let triedSec = Number.NEGATIVE_INFINITY
  return (nowSec) => {
    if (room.walBytes() <= walBytesLong || Math.abs(nowSec - triedSec) < checkIntervalSec) return
    triedSec = nowSec
    connection.pragma(`busy_timeout = ${walWaitMs}`)
    try {
      connection.pragma('wal_checkpoint(TRUNCATE)')
    } finally {
      connection.pragma(`busy_timeout = ${storeLimits.busyTimeoutMs}`)
    }
  }
}

/** What a step wrote: SQLite's own checkpoint, of many steps at once, would keep everybody waiting. */
function checkpointStep(connection: Connection): void {
  connection.pragma('wal_checkpoint(PASSIVE)')
}

/**
 * Gives pages back to the file system, one step per call, unless the step before was just now. False: nothing
 * is to be done until it has rested.
 */
function createVacuum(connection: Connection, restFactor: number): () => boolean {
  let restedMs = Number.NEGATIVE_INFINITY
  // In one transaction: each writes its own copy of what the list of free pages lies in.
  const vacuum = connection.transaction((untilMs: number) => {
    for (let pages = 0; pages < vacuumPages && performance.now() < untilMs; pages += vacuumPagesAtOnce)
      connection.pragma(`incremental_vacuum(${vacuumPagesAtOnce})`)
  })
  return () => {
    const startedMs = performance.now()
    if (startedMs < restedMs) return false
    vacuum(startedMs + vacuumMsMax)
    checkpointStep(connection)
    const endedMs = performance.now()
    restedMs = endedMs + (endedMs - startedMs) * restFactor
    return true
  }
}
