/**
 * The two lanes of query threads: a light one for cheap reads and tails, and one for scans, whose threads may
 * be ended.
 */

import { Piscina } from 'piscina'
import { LogkeepError } from '../errors.ts'
import { queryLimits, threadHeap } from '../limits/query.ts'
import type { LaneStatus, QueryStatus, ThreadMemory } from './contract.ts'
import { causeOf, failed } from './failure.ts'
import { createGate } from './gate.ts'
import type { Task } from './tasks.ts'
import { readThreadMemory } from './thread-memory.ts'
import type { QueryWorkerData, TaskFailure } from './worker.ts'

export type Lane = 'light' | 'scan'

/** The thread was ended because a task took longer than its hard limit. Where nobody can go on it is told. */
export class TaskTimeout extends LogkeepError {
  constructor(message: string, options?: ErrorOptions) {
    const hint = 'ask for less, with narrower filters or a shorter range, or try again in a while'
    super('QUERY_ENDED', message, hint, { ...options, limit: 'deadline' })
  }
}

export type Lanes = {
  /**
   * Runs one task in a thread of the lane. Rejects with `LogkeepError` (the task's own, TOO_MANY,
   * STORE_UNAVAILABLE, INTERNAL, STOPPING), with `TaskTimeout`, or as the signal says: at once where the task
   * waits when it is aborted; a running one is let end, or ended with its thread if it does not do so soon.
   */
  readonly run: (lane: Lane, task: Task, signal?: AbortSignal) => Promise<unknown>
  /**
   * How long a slice may be now: short where others wait, longer alone, since each slice opens its blocks
   * anew.
   */
  readonly sliceMs: (lane: Lane) => number
  /** Threads that scan which one query may ask at a time: one where others wait. */
  readonly widthOfScan: () => number
  readonly status: () => QueryStatus['lanes']
  /** When anything but a check was last asked for, on the clock of `performance.now()`. */
  readonly lastTaskMs: () => number
  /** Of the threads that run and answer in time. Never rejects. */
  readonly memory: () => Promise<readonly ThreadMemory[]>
  readonly close: () => Promise<void>
}

export type LanesOptions = {
  readonly dataDir: string
  readonly scanThreads: number
  /** Tasks that may wait for a thread that scans. */
  readonly scanQueueMax: number
  /** A thread could not start or died by itself. */
  readonly onBroken: (error: Error) => void
  /** A task met something in the database that cannot be read, in words. */
  readonly onDamaged: (what: string) => void
  /** A task failed by no fault of whoever asked. `cause`: for the program's own log alone. */
  readonly onFailed: (message: string, cause: string) => void
}

export function createLanes(options: LanesOptions): Lanes {
  const { dataDir, scanThreads, scanQueueMax, onBroken, onDamaged, onFailed } = options
  const { lightQueueMax, lightHardMs, sliceHardMs } = queryLimits
  const shared = { dataDir, onBroken, onFailed }
  const lanes = {
    light: createLane({
      ...shared,
      threads: 1,
      waitingMax: lightQueueMax,
      hardMs: lightHardMs,
      givesWay: false,
    }),
    scan: createLane({
      ...shared,
      threads: scanThreads,
      waitingMax: scanQueueMax,
      hardMs: sliceHardMs,
      givesWay: true,
    }),
  }
  let lastTaskMs = performance.now()
  return {
    run: async (lane, task, signal) => {
      if (task.kind !== 'check') lastTaskMs = performance.now()
      const result = await lanes[lane].run(task, signal)
      if (!isFailure(result)) return result
      const { code, message, hint, limit, cause } = result.failure
      if (code === 'DATABASE_DAMAGED') onDamaged(message)
      else if (cause !== null) onFailed(message, cause)
      throw new LogkeepError(code, message, hint, limit === null ? {} : { limit })
    },
    sliceMs: (lane) =>
      lane === 'scan' && lanes.scan.waiting() === 0 ? queryLimits.sliceAloneMs : queryLimits.sliceMs,
    widthOfScan: () => (lanes.scan.waiting() === 0 ? scanThreads : 1),
    status: () => ({ light: lanes.light.status(), scan: lanes.scan.status() }),
    lastTaskMs: () => lastTaskMs,
    memory: async () => {
      const [light, scan] = await Promise.all([lanes.light.memory(), lanes.scan.memory()])
      return [
        ...light.map((heap) => ({ thread: 'light', ...heap }) as const),
        ...scan.map((heap) => ({ thread: 'scan', ...heap }) as const),
      ]
    },
    close: async () => {
      await Promise.all([lanes.light.close(), lanes.scan.close()])
    },
  }
}

type LaneOptions = {
  readonly dataDir: string
  readonly threads: number
  readonly waitingMax: number
  readonly hardMs: number
  readonly givesWay: boolean
  readonly onBroken: (error: Error) => void
  readonly onFailed: (message: string, cause: string) => void
}

type ThreadLane = {
  readonly run: (task: Task, signal?: AbortSignal) => Promise<unknown>
  readonly waiting: () => number
  readonly status: () => LaneStatus
  readonly memory: () => Promise<readonly Omit<ThreadMemory, 'thread'>[]>
  readonly close: () => Promise<void>
}

/**
 * The gate keeps the queue, so that the hard limit counts from when a task runs, not from when it begins to
 * wait.
 */
function createLane({
  dataDir,
  threads,
  waitingMax,
  hardMs,
  givesWay,
  onBroken,
  onFailed,
}: LaneOptions): ThreadLane {
  const gate = createGate(threads, waitingMax)
  let isClosed = false
  const pool = new Piscina({
    filename: new URL('./worker.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: queryLimits.threadIdleMs,
    atomics: 'disabled',
    // Histograms that nobody asks for, 0.7 MB a lane.
    recordTiming: false,
    resourceLimits: threadHeap,
    workerData: { dataDir, givesWay } satisfies QueryWorkerData,
  })
  // A thread that cannot start is told here and to the tasks that wait for it; without a listener it would
  // end the process.
  pool.on('error', (error: Error) => onBroken(error))
  return {
    run: async (task, signal) => {
      await gate.enter(signal)
      const limit = createLimit(hardMs + (pool.threads.length === 0 ? queryLimits.threadStartMs : 0), signal)
      try {
        signal?.throwIfAborted()
        return await pool.run(task, { signal: limit.signal })
      } catch (cause) {
        if (signal?.aborted) throw signal.reason
        if (limit.signal.aborted)
          throw new TaskTimeout(`one step of the query took longer than ${hardMs} ms and was ended`, {
            cause,
          })
        if (isClosed) throw new LogkeepError('STOPPING', 'the program is stopping', 'ask again when it is up')
        const error = failed(cause)
        onFailed(error.message, causeOf(error) ?? '')
        throw error
      } finally {
        limit.clear()
        gate.leave()
      }
    },
    waiting: gate.waiting,
    status: () => ({ threads: pool.threads.length, running: gate.running(), waiting: gate.waiting() }),
    memory: async () => {
      const heaps = await Promise.all(pool.threads.map((thread) => readThreadMemory(thread)))
      return heaps.filter((heap) => heap !== null)
    },
    close: () => {
      isClosed = true
      return pool.destroy()
    },
  }
}

/** Aborts after `hardMs`, or soon after `given`: nobody waits for the task any more. */
function createLimit(hardMs: number, given: AbortSignal | undefined) {
  const limit = new AbortController()
  const end = (): void => limit.abort()
  let timer = setTimeout(end, hardMs)
  const hurry = (): void => {
    clearTimeout(timer)
    timer = setTimeout(end, queryLimits.abandonedMs)
  }
  given?.addEventListener('abort', hurry)
  return {
    signal: limit.signal,
    clear: (): void => {
      clearTimeout(timer)
      given?.removeEventListener('abort', hurry)
    },
  }
}

function isFailure(result: unknown): result is TaskFailure {
  return typeof result === 'object' && result !== null && 'failure' in result
}
