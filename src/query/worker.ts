/** Entry of a query thread: opens its own read-only connection and answers one task at a time. */

import { setFlagsFromString } from 'node:v8'
import { workerData } from 'node:worker_threads'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { type ErrorCode, errorStatus, type LimitName, LogkeepError } from '../errors.ts'
import { regexEngineFlags } from '../regex/compile.ts'
import { databaseIdentity, isDamaged, isSqliteError } from '../store/database.ts'
import { openReader } from '../store/reader.ts'
import { createEngine, type Engine } from './engine.ts'
import { causeOf, failed, unreadable } from './failure.ts'
import { giveWay } from './priority.ts'
import type { Task } from './tasks.ts'

export type QueryWorkerData = {
  readonly dataDir: string
  /** Its work may wait: it is long. */
  readonly givesWay: boolean
}

/** An error as it travels: classes do not survive the way between threads. */
export type TaskFailure = {
  readonly failure: {
    readonly code: ErrorCode
    readonly message: string
    readonly hint: string
    readonly limit: LimitName | null
    /** Of what was not expected, for the program's own log; null: it is the client's doing. */
    readonly cause: string | null
  }
}

for (const flag of regexEngineFlags) setFlagsFromString(flag)
if ((workerData as QueryWorkerData).givesWay) giveWay()
const engineOf = createLazyEngine(workerData as QueryWorkerData)

export default function answer(task: Task): unknown {
  try {
    return run(openEngine(), task)
  } catch (error) {
    const told = error instanceof LogkeepError ? error : toldAs(error)
    const { code, message, hint, limit } = told
    const cause = told.status >= errorStatus.INTERNAL ? causeOf(told) : null
    return { failure: { code, message, hint, limit, cause } } satisfies TaskFailure
  }
}

function openEngine(): Engine {
  try {
    return engineOf()
  } catch (error) {
    throw error instanceof LogkeepError || isDamaged(error) ? error : unreadable(error)
  }
}

function toldAs(error: unknown): LogkeepError {
  if (isDamaged(error)) return damageOf(error)
  return isUnreadable(error) ? unreadable(error) : failed(error)
}

function damageOf(cause: unknown): LogkeepError {
  return new LogkeepError(
    'DATABASE_DAMAGED',
    `the database is damaged where this query reads (${(cause as Error).message})`,
    'ask for another range of time or other streams: what is whole is answered; new lines are stored',
    { cause },
  )
}

/** What SQLite says of how it is used says nothing of the file. */
function isUnreadable(error: unknown): boolean {
  return isSqliteError(error, 'SQLITE_') && !misuseCodes.some((code) => isSqliteError(error, code))
}

const misuseCodes = ['SQLITE_ERROR', 'SQLITE_MISUSE', 'SQLITE_RANGE', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG']

/**
 * Opens the database with the first task: a thread that cannot start would not be started again; and again
 * when another one is in its place. While that is not ready, or none is there, the old one goes on.
 */
function createLazyEngine({ dataDir }: QueryWorkerData): () => Engine {
  let open: { readonly engine: Engine; readonly identity: string | null } | null = null
  return () => {
    const identity = databaseIdentity(dataDir)
    if (open !== null && (identity === null || identity === open.identity)) return open.engine
    try {
      const engine = createEngine(openReader(dataDir))
      open?.engine.close()
      open = { engine, identity }
    } catch (error) {
      if (open === null) throw error
    }
    return open.engine
  }
}

function run(engine: Engine, task: Task): unknown {
  switch (task.kind) {
    case 'history': {
      const result = engine.history(task)
      return transferred(result, result.entries)
    }
    case 'histogram': {
      const result = engine.histogram(task)
      return transferred(result, result.members)
    }
    case 'entry': {
      const result = engine.entry(task)
      return transferred(result, result.entries)
    }
    case 'fields': {
      const result = engine.fields(task)
      return transferred(result, result.next === null ? result.members : result.state)
    }
    case 'tail': {
      const result = engine.tail(task)
      return transferred(result, result.entries)
    }
    case 'tails': {
      const result = engine.tails(task)
      return transferred(result, result.entries)
    }
    case 'list': {
      const result = engine.list(task)
      return transferred(result, result.members)
    }
    case 'metricFinish': {
      const result = engine.metricFinish(task)
      return transferred(result, result.members)
    }
    case 'metricPart':
      return engine.metricPart(task)
    case 'index':
      return engine.index(task)
    case 'sample':
      return engine.sample(task)
    case 'cuts':
      return engine.cuts(task)
    case 'begin':
      return engine.begin(task)
    case 'check':
      return engine.check()
    case 'storage':
      return engine.storage()
  }
}

/** A result whose bytes move to the main thread in place of being copied, where it does not have them too. */
function transferred(value: unknown, bytes: Uint8Array): unknown {
  if (bytes.buffer instanceof SharedArrayBuffer) return value
  const wrapped = { [transferableSymbol]: [bytes.buffer], [valueSymbol]: value }
  return move(wrapped as unknown as ArrayBuffer)
}
