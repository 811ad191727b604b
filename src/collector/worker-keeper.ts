/**
 * Keeps a worker thread alive: starts it, ends it when it is silent, starts it again when it dies, a few
 * times.
 */

import { Worker } from 'node:worker_threads'
import { threadHeap, workerLimits } from '../limits.ts'
import type { Logger } from '../log.ts'

export type WorkerKeeper<Sent> = {
  readonly post: (message: Sent) => void
  /** A message has come: a sign of life. */
  readonly beat: () => void
  /** Deaths from now on are expected. */
  readonly expectEnd: () => void
  /** Waits for the thread's end, and brings it about after `stopMaxMs`. */
  readonly end: () => Promise<void>
}

export type WorkerKeeperDeps<Received> = {
  readonly script: URL
  readonly workerData: unknown
  readonly log: Logger
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
  let restartTimer: NodeJS.Timeout | null = null

  const died = (reason: Error): void => {
    worker = null
    if (isEndExpected) return
    const now = performance.now()
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
    worker.on('message', onMessage)
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
    beat: () => {
      lastBeatMs = performance.now()
    },
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
