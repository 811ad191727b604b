/**
 * Questions for the log tree on their way to the collector's thread: how many may wait, for how long, and
 * what becomes of them when the thread is started anew.
 */

import { LogkeepError } from '../errors.ts'
import { workerLimits } from '../limits/collector.ts'
import type { FilesAnswer, FilesRequest } from './contract.ts'

export type FilesQueue = {
  /** Rejects with `LogkeepError`: STORE_UNAVAILABLE, TOO_MANY, STOPPING, or as the thread refuses. */
  readonly ask: (request: FilesRequest) => Promise<FilesAnswer>
  readonly answered: (id: number, answer: FilesAnswer) => void
  readonly refused: (id: number, error: LogkeepError) => void
  /** The thread is new: it is asked again what the old one did not answer. */
  readonly restart: () => void
  readonly close: () => void
}

export type FilesQueueDeps = {
  /** Hands a question to the thread; where there is none, `restart` will be called. */
  readonly send: (id: number, request: FilesRequest) => void
  /** By default that of `workerLimits`. */
  readonly waitMs?: number | undefined
}

type Waiting = {
  readonly request: FilesRequest
  readonly settle: (outcome: FilesAnswer | LogkeepError) => void
}

export function createFilesQueue({ send, waitMs = workerLimits.filesWaitMs }: FilesQueueDeps): FilesQueue {
  const waiting = new Map<number, Waiting>()
  let nextId = 1
  let isClosed = false

  const ask = (request: FilesRequest): Promise<FilesAnswer> => {
    if (isClosed) return Promise.reject(stopping())
    if (waiting.size >= workerLimits.filesWaitingMax) return Promise.reject(tooMany())
    const { promise, resolve, reject } = Promise.withResolvers<FilesAnswer>()
    const id = nextId++
    const late = setTimeout(() => waiting.get(id)?.settle(notInTime(waitMs)), waitMs)
    const settle = (outcome: FilesAnswer | LogkeepError): void => {
      clearTimeout(late)
      waiting.delete(id)
      if (outcome instanceof LogkeepError) reject(outcome)
      else resolve(outcome)
    }
    waiting.set(id, { request, settle })
    send(id, request)
    return promise
  }

  return {
    ask,
    answered: (id, answer) => waiting.get(id)?.settle(answer),
    refused: (id, error) => waiting.get(id)?.settle(error),
    restart: () => {
      for (const [id, { request }] of waiting) send(id, request)
    },
    close: () => {
      isClosed = true
      for (const { settle } of waiting.values()) settle(stopping())
    },
  }
}

function notInTime(waitMs: number): LogkeepError {
  return new LogkeepError(
    'STORE_UNAVAILABLE',
    `the collector did not answer within ${waitMs} ms`,
    'it may be starting, or its disk may be slow; ask again in a moment',
  )
}

function tooMany(): LogkeepError {
  return new LogkeepError(
    'TOO_MANY',
    `${workerLimits.filesWaitingMax} questions for the log tree are waiting already`,
    'ask again when others are answered',
    { limit: 'waiting_queries' },
  )
}

function stopping(): LogkeepError {
  return new LogkeepError('STOPPING', 'the program is stopping', 'ask again when it is up')
}
