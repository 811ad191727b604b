/**
 * Keeps a worker thread alive: starts it, ends it when it is silent, starts it again when it dies, a few
 * times.
 */

import { Worker } from 'node:worker_threads'
import { workerLimits } from '../limits/collector.ts'
import { threadHeap } from '../limits/query.ts'
import type { Logger } from '../log.ts'
import type { Collector } from './contract.ts'

export type WorkerKeeper<Sent> = {
  readonly post: (message: Sent) => void
  /** Null while there is no thread, and of one that does not say it in time. */
  readonly heap: Collector['memory']
  /** Unexpected ends since the start. */
  readonly deaths: () => number
  /** Deaths from now on are expected. */
  readonly expectEnd: () => void
  /** Waits for the thread's end, and brings it about after `stopMaxMs`. */
  readonly end: () => Promise<void>
}

export type WorkerKeeperDeps<Received> = {
  readonly script: URL
  readonly workerData: unknown
  readonly log: Logger
  /** Every message is a sign of life as well. */
  readonly onMessage: (message: Received) => void
  /** It is dead; `isFinal`: it has died too often and is not started again. */
  readonly onDeath: (reason: Error, isFinal: boolean) => void
}

export function createWorkerKeeper<Sent, Received>(deps: WorkerKeeperDeps<Received>): WorkerKeeper<Sent> {
  const { log, onDeath, onMessage, script, workerData } = deps
  let worker: Worker | null = null
  let exited: Promise<void> = Promise.resolve()
  let isEndExpected = false
  let lastBeatMs = performance.now()
  let deaths: number[] = []
  let deathsTotal = 0
  let restartTimer: NodeJS.Timeout | null = null

  const died = (reason: Error): void => {
    worker = null
    if (isEndExpected) return
    const now = performance.now()
    deathsTotal += 1
    deaths = [...deaths.filter((at) => now - at < workerLimits.restartWindowMs), now]
    const isFinal = deaths.length > workerLimits.restartsMax
    onDeath(reason, isFinal)
    if (!isFinal) restartTimer = setTimeout(start, workerLimits.restartDelayMs)
  }

  const start = (): void => {
    restartTimer = null
    lastBeatMs = performance.now()
    const exit = Promise.withResolvers<void>()
    exited = exit.promise
    worker = new Worker(script, {
      resourceLimits: threadHeap,
      workerData,
    })
    let reason: Error | null = null
    worker.on('message', (message: Received) => {
      lastBeatMs = performance.now()
      onMessage(message)
    })
    worker.on('error', (error) => {
      reason = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('exit', (code) => {
      exit.resolve()
      died(reason ?? new Error(`exit code ${code}`))
    })
  }

  const watch = setInterval(() => {
    if (worker === null || performance.now() - lastBeatMs < workerLimits.heartbeatLostMs) return
    log.error('thread_silent', 'A thread gives no sign of life and is ended.')
    lastBeatMs = performance.now()
    void worker.terminate()
  }, workerLimits.heartbeatMs)
  watch.unref()
  start()

  return {
    post: (message) => worker?.postMessage(message, []),
    heap: () => (worker === null ? Promise.resolve(null) : heapOf(worker)),
    deaths: () => deathsTotal,
    expectEnd: () => {
      isEndExpected = true
      clearInterval(watch)
      if (restartTimer !== null) clearTimeout(restartTimer)
    },
    end: async () => {
      const ending = worker
      if (ending === null) return
      const force = setTimeout(() => void ending.terminate(), workerLimits.stopMaxMs)
      await exited
      clearTimeout(force)
    },
  }
}

/** A thread that is busy with the system answers late, and one that ends perhaps never. */
async function heapOf(worker: Worker): ReturnType<Collector['memory']> {
  const { promise, resolve } = Promise.withResolvers<null>()
  const late = setTimeout(() => resolve(null), workerLimits.memoryWaitMs)
  try {
    const heap = await Promise.race([worker.getHeapStatistics(), promise])
    if (heap === null) return null
    const { external_memory: external, total_heap_size: heapTotal, used_heap_size: heapUsed } = heap
    return { heapUsed, heapTotal, external }
  } catch {
    // It has just ended.
    return null
  } finally {
    clearTimeout(late)
  }
}
