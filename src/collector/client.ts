/**
 * The collector as the main thread holds it: starts its thread, asks it to sync, hears of its commits, stops
 * it.
 */

import type { Config } from '../config.ts'
import { LogkeepError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Collector, CollectorStatus } from './contract.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './messages.ts'
import { createSyncQueue } from './sync-queue.ts'
import { createWorkerKeeper } from './worker-keeper.ts'

export type CollectorConfig = Pick<
  Config,
  | 'logRoot'
  | 'linkRoots'
  | 'dataDir'
  | 'namespaces'
  | 'namespacesExcluded'
  | 'nodeName'
  | 'lineBytesMax'
  | 'retentionAgeMs'
  | 'retentionSizeBytes'
  | 'diskFreeMinPercent'
>

const noStatus: CollectorStatus = {
  commit: 0,
  degraded: [],
  filesOpen: 0,
  linesRead: 0,
  bytesRead: 0,
  linesMalformed: 0,
  gaps: 0,
}

export function createCollector({ config, log }: { config: CollectorConfig; log: Logger }): Collector {
  const ready = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<Error>()
  const board = createBoard()
  let isLive = false
  let isOpen = false
  let hasOpened = false

  const opened = (commit: number): void => {
    isOpen = true
    hasOpened = true
    board.set({ ...board.status(), commit, degraded: [] })
    keeper.post({ type: 'live', isLive })
    syncs.restart()
    ready.resolve()
  }

  const receive = (message: FromWorker): void => {
    keeper.beat()
    if (message.type === 'log') log[message.level](message.event, message.message, message.fields)
    else if (message.type === 'committed') board.committed(message.commit)
    else if (message.type === 'status') board.set(message.status)
    else if (message.type === 'opened') opened(message.commit)
    else if (message.type === 'synced') {
      board.committed(message.commit)
      syncs.ended(message.id, message.commit, message.isComplete)
    } else {
      // Before the first opening this ends the start; later it is one more death.
      if (!hasOpened) keeper.expectEnd()
      ready.reject(new LogkeepError(message.code, message.message, message.hint))
    }
  }

  const died = (reason: Error, isFinal: boolean): void => {
    isOpen = false
    board.set({ ...board.status(), degraded: [`The collector's thread has ended (${reason.message}).`] })
    if (isFinal) {
      ready.reject(reason)
      failed.resolve(reason)
    } else
      log.error('collector_died', `The collector's thread has ended and is started again: ${reason.message}`)
  }

  const syncs = createSyncQueue({
    start: (id) => {
      if (isOpen) keeper.post({ type: 'sync', id })
      return isOpen
    },
    nowMs: () => performance.now(),
  })
  const keeper = createWorkerKeeper<ToWorker, FromWorker>({
    script: new URL('./worker.ts', import.meta.url),
    workerData: settingsOf(config),
    log,
    onMessage: receive,
    onDeath: died,
  })

  return {
    sync: (waitMs) => syncs.sync(waitMs, () => board.status().commit),
    setLive: (live) => {
      isLive = live
      keeper.post({ type: 'live', isLive })
    },
    onCommit: board.onCommit,
    status: board.status,
    ready: ready.promise,
    failed: failed.promise,
    close: async () => {
      keeper.expectEnd()
      syncs.close()
      keeper.post({ type: 'stop' })
      await keeper.end()
    },
  }
}

type Board = Pick<Collector, 'onCommit' | 'status'> & {
  readonly set: (status: CollectorStatus) => void
  readonly committed: (commit: number) => void
}

/** What is known of the collector, and who wants to hear of commits. */
function createBoard(): Board {
  const listeners = new Set<(commit: number) => void>()
  let status = noStatus
  return {
    status: () => status,
    set: (next) => {
      status = next
    },
    committed: (commit) => {
      if (commit <= status.commit) return
      status = { ...status, commit }
      for (const listener of listeners) listener(commit)
    },
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function settingsOf(config: CollectorConfig): WorkerSettings {
  const { logRoot, linkRoots, nodeName, namespaces, namespacesExcluded, lineBytesMax } = config
  return {
    collector: { logRoot, linkRoots, nodeName, namespaces, namespacesExcluded, lineBytesMax },
    dataDir: config.dataDir,
    retention: {
      ageSec: Math.floor(config.retentionAgeMs / 1000),
      sizeBytes: config.retentionSizeBytes,
      diskFreeMin: config.diskFreeMinPercent / 100,
    },
  }
}
