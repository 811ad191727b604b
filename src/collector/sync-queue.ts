/** Lets calls of `sync` share runs: a run answers all calls until 100 ms after it began. */

import { workerLimits } from '../limits/collector.ts'
import type { Collector, SyncResult } from './contract.ts'

export type SyncQueue = {
  /** Never rejects. `lastCommit` is asked where the run does not end in time. */
  readonly sync: (waitMs: number, lastCommit: () => number) => Promise<SyncResult>
  /** The run is over. */
  readonly ended: (id: number, commit: number, isComplete: boolean) => void
  /** The thread is new: runs that it has not heard of are started again. */
  readonly restart: () => void
  /** Runs that have ended since the start. */
  readonly counts: Collector['syncs']
  readonly close: () => void
}

export type SyncQueueDeps = {
  /** Starts a run; false when that is not possible now: `restart` will be called. */
  readonly start: (id: number) => boolean
  /** Monotonic. */
  readonly nowMs: () => number
}

type RunCounts = { runs: number; incomplete: number; seconds: number }

type Run = { readonly id: number; readonly waiting: Set<(result: SyncResult) => void> }

export function createSyncQueue({ start, nowMs }: SyncQueueDeps): SyncQueue {
  let nextId = 1
  let running: Run | null = null
  let queued: Run | null = null
  let startedMs = Number.NEGATIVE_INFINITY
  let completeMs = nowMs()
  /** Commit of the newest complete run. */
  let completeCommit = 0
  const counts: RunCounts = { runs: 0, incomplete: 0, seconds: 0 }
  let timer: NodeJS.Timeout | null = null

  const begin = (): void => {
    timer = null
    if (running !== null || queued === null || !start(queued.id)) return
    startedMs = nowMs()
    running = queued
    queued = null
  }

  const plan = (): void => {
    if (running !== null || queued === null || timer !== null) return
    const delayMs = startedMs + workerLimits.syncShareMs - nowMs()
    if (delayMs <= 0) begin()
    else timer = setTimeout(begin, delayMs)
  }

  const sync = (waitMs: number, lastCommit: () => number): Promise<SyncResult> => {
    if (completeCommit > 0 && nowMs() - completeMs < workerLimits.syncShareMs)
      return Promise.resolve({ commit: completeCommit, behindMs: null })
    const { promise, resolve } = Promise.withResolvers<SyncResult>()
    const recent = nowMs() - startedMs < workerLimits.syncShareMs ? running : null
    const { waiting } = recent ?? (queued ??= { id: nextId++, waiting: new Set() })
    const late = setTimeout(() => {
      waiting.delete(answer)
      resolve({ commit: lastCommit(), behindMs: Math.round(nowMs() - completeMs) })
    }, waitMs)
    const answer = (result: SyncResult): void => {
      clearTimeout(late)
      resolve(result)
    }
    waiting.add(answer)
    plan()
    return promise
  }

  const ended = (id: number, commit: number, isComplete: boolean): void => {
    if (running?.id !== id) return
    count(counts, nowMs() - startedMs, isComplete)
    if (isComplete) [completeMs, completeCommit] = [startedMs, commit]
    const behindMs = isComplete ? null : Math.round(nowMs() - completeMs)
    for (const answer of running.waiting) answer({ commit, behindMs })
    running = null
    plan()
  }

  const restart = (): void => {
    if (running !== null) {
      const lost = running
      running = null
      queued ??= { id: nextId++, waiting: new Set() }
      for (const answer of lost.waiting) queued.waiting.add(answer)
    }
    plan()
  }

  const close = (): void => {
    if (timer !== null) clearTimeout(timer)
    const behindMs = Math.round(nowMs() - completeMs)
    for (const run of [running, queued])
      for (const answer of run?.waiting ?? []) answer({ commit: 0, behindMs })
    running = null
    queued = null
  }

  return { sync, ended, restart, counts: () => ({ ...counts }), close }
}

const millisecondsPerSecond = 1000

function count(counts: RunCounts, ms: number, isComplete: boolean): void {
  counts.runs += 1
  counts.seconds += ms / millisecondsPerSecond
  if (!isComplete) counts.incomplete += 1
}
