/**
 * The collector as the main thread holds it: starts its thread, asks it to sync, hears of its commits, stops
 * it.
 */

import type { Config } from '../config.ts'
import { LogkeepError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Collector, CollectorStatus } from './contract.ts'
import { noStatus } from './counters.ts'
import { createFilesQueue, type FilesQueue, type FilesQueueDeps } from './files-queue.ts'
import type { FromWorker, RefusedMessage, ToWorker, WorkerSettings } from './messages.ts'
import { createSyncQueue, type SyncQueue } from './sync-queue.ts'
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

type CollectorClientOptions = {
  readonly config: CollectorConfig
  readonly log: Logger
  /** Another figure than the program's own, for tests. */
  readonly filesWaitMs?: number | undefined
}

export function createCollector({ config, log, filesWaitMs }: CollectorClientOptions): Collector {
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
    files.restart()
    ready.resolve()
  }

  const refused = (error: LogkeepError): void => {
    // Before the first opening this ends the start; later it is one more death.
    if (!hasOpened) keeper.expectEnd()
    ready.reject(error)
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

  /** False: there is no thread that could answer now. */
  const send = (message: ToWorker): boolean => {
    if (isOpen) keeper.post(message)
    return isOpen
  }
  const syncs = createSyncQueue({
    start: (id) => send({ type: 'sync', id }),
    nowMs: () => performance.now(),
  })
  const ask: FilesQueueDeps['send'] = (id, request) => void send({ type: 'files', id, request })
  const files = createFilesQueue({ send: ask, waitMs: filesWaitMs })
  const keeper = createWorkerKeeper<ToWorker, FromWorker>({
    script: new URL('./worker.ts', import.meta.url),
    workerData: settingsOf(config),
    log,
    onMessage: (message) => receive(message, { log, board, syncs, files, opened, refused }),
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
    files: files.ask,
    syncs: syncs.counts,
    deaths: () => keeper.deaths(),
    memory: () => keeper.heap(),
    ready: ready.promise,
    failed: failed.promise,
    close: async () => {
      keeper.expectEnd()
      syncs.close()
      files.close()
      keeper.post({ type: 'stop' })
      await keeper.end()
    },
  }
}

type Receivers = {
  readonly log: Logger
  readonly board: Board
  readonly syncs: SyncQueue
  readonly files: FilesQueue
  readonly opened: (commit: number) => void
  readonly refused: (error: LogkeepError) => void
}

function receive(message: FromWorker, { log, board, syncs, files, opened, refused }: Receivers): void {
  switch (message.type) {
    case 'log':
      return log[message.level](message.event, message.message, message.fields)
    case 'committed':
      return board.committed(message.commit)
    case 'status':
      return board.set(message.status)
    case 'opened':
      return opened(message.commit)
    case 'synced':
      board.committed(message.commit)
      return syncs.ended(message.id, message.commit, message.isComplete)
    case 'files':
      return files.answered(message.id, message.answer)
    case 'filesRefused':
      return files.refused(message.id, errorOf(message))
    case 'refused':
      return refused(errorOf(message))
  }
}

/** Classes do not survive the way between threads. */
function errorOf({ code, hint, message }: RefusedMessage): LogkeepError {
  return new LogkeepError(code, message, hint)
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
