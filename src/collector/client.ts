/** The collector's thread as the main thread holds it: starts it, asks it to sync, restarts it when it dies, stops it. */

import { Worker } from 'node:worker_threads'
import type { Config } from '../config.ts'
import { LogkeepError } from '../errors.ts'
import { workerLimits } from '../limits.ts'
import type { Logger } from '../log.ts'
import type { Collector, CollectorStatus } from './contract.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './messages.ts'
import { createSyncQueue } from './sync-queue.ts'

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
  const listeners = new Set<(commit: number) => void>()
  let worker: Worker | null = null
  let exited: Promise<void> = Promise.resolve()
  let status = noStatus
  let isLive = false
  let isStopping = false
  let isOpen = false
  let hasOpened = false
  let lastBeatMs = performance.now()
  let deaths: number[] = []
  let restartTimer: NodeJS.Timeout | null = null

  const post = (message: ToWorker): void => worker?.postMessage(message)
  const syncs = createSyncQueue({
    start: (id) => {
      if (isOpen) post({ type: 'sync', id })
      return isOpen
    },
    nowMs: () => performance.now(),
  })

  const committed = (commit: number): void => {
    if (commit <= status.commit) return
    status = { ...status, commit }
    for (const listener of listeners) listener(commit)
  }

  const receive = (message: FromWorker): void => {
    lastBeatMs = performance.now()
    if (message.type === 'log') log[message.level](message.event, message.message, message.fields)
    else if (message.type === 'committed') committed(message.commit)
    else if (message.type === 'status') status = message.status
    else if (message.type === 'synced') {
      committed(message.commit)
      syncs.ended(message.id, message.commit, message.isComplete)
    } else if (message.type === 'opened') {
      isOpen = true
      hasOpened = true
      status = { ...status, commit: message.commit }
      post({ type: 'live', isLive })
      syncs.restart()
      ready.resolve()
    } else {
      // Before the first opening this ends the start; later it is one more death.
      isStopping ||= !hasOpened
      ready.reject(new LogkeepError(message.code, message.message, message.hint))
    }
  }

  const died = (reason: Error): void => {
    isOpen = false
    worker = null
    if (isStopping) return
    const now = performance.now()
    deaths = [...deaths.filter((at) => now - at < workerLimits.restartWindowMs), now]
    status = { ...status, degraded: [`The collector's thread has ended (${reason.message}).`] }
    if (deaths.length > workerLimits.restartsMax) {
      log.error('collector_failed', `The collector died ${deaths.length} times: ${reason.message}`)
      ready.reject(reason)
      failed.resolve(reason)
      return
    }
    log.error('collector_died', `The collector's thread has ended and is started again: ${reason.message}`)
    restartTimer = setTimeout(start, workerLimits.restartDelayMs)
  }

  const start = (): void => {
    restartTimer = null
    lastBeatMs = performance.now()
    const started = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settingsOf(config) })
    const exit = Promise.withResolvers<void>()
    exited = exit.promise
    worker = started
    let reason: Error | null = null
    started.on('message', receive)
    started.on('error', (error) => {
      reason = error instanceof Error ? error : new Error(String(error))
    })
    started.on('exit', (code) => {
      exit.resolve()
      died(reason ?? new Error(`exit code ${code}`))
    })
  }

  const beat = setInterval(() => {
    if (worker === null || performance.now() - lastBeatMs < workerLimits.heartbeatLostMs) return
    log.error('collector_silent', "The collector's thread gives no sign of life and is ended.")
    lastBeatMs = performance.now()
    void worker.terminate()
  }, workerLimits.heartbeatMs)
  beat.unref()
  start()

  return {
    sync: (waitMs) => syncs.sync(waitMs, () => status.commit),
    setLive: (live) => {
      isLive = live
      post({ type: 'live', isLive })
    },
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    status: () => status,
    ready: ready.promise,
    failed: failed.promise,
    close: async () => {
      isStopping = true
      clearInterval(beat)
      if (restartTimer !== null) clearTimeout(restartTimer)
      syncs.close()
      const stopping = worker
      if (stopping === null) return
      post({ type: 'stop' })
      const force = setTimeout(() => void stopping.terminate(), workerLimits.stopMaxMs)
      await exited
      clearTimeout(force)
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
