/** Entry of a query thread: opens its own read-only connection and answers one task at a time. */

import { setFlagsFromString } from 'node:v8'
import { workerData } from 'node:worker_threads'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { type ErrorCode, type LimitName, LogkeepError } from '../errors.ts'
import { databaseIdentity, isDamaged } from '../store/database.ts'
import { openReader } from '../store/reader.ts'
import { createEngine, type Engine } from './engine.ts'
import { regexEngineFlags } from './regex/compile.ts'
import type { Task } from './tasks.ts'

export type QueryWorkerData = { readonly dataDir: string; readonly bodyCacheBytes: number }

/** An error as it travels: classes do not survive the way between threads. */
export type TaskFailure = {
  readonly failure: {
    readonly code: ErrorCode
    readonly message: string
    readonly hint: string
    readonly limit: LimitName | null
  }
}

for (const flag of regexEngineFlags) setFlagsFromString(flag)
const engineOf = createLazyEngine(workerData as QueryWorkerData)

export default function answer(task: Task): unknown {
  try {
    return run(engineOf(), task)
  } catch (error) {
    if (!(error instanceof LogkeepError) && !isDamaged(error)) throw error
    const { code, message, hint, limit } = error instanceof LogkeepError ? error : damageOf(error)
    return { failure: { code, message, hint, limit } } satisfies TaskFailure
  }
}

function damageOf(cause: unknown): LogkeepError {
  return new LogkeepError(
    'DATABASE_DAMAGED',
    `the database is damaged where this query reads (${(cause as Error).message})`,
    'ask for another range of time or other streams: what is whole is answered; new lines are stored',
    { cause },
  )
}

/**
 * Opens the database with the first task: a thread that cannot start would not be started again; and again
 * when another one is in its place. While that is not ready, or none is there, the old one goes on.
 */
function createLazyEngine({ dataDir, bodyCacheBytes }: QueryWorkerData): () => Engine {
  let open: { readonly engine: Engine; readonly identity: string | null } | null = null
  return () => {
    const identity = databaseIdentity(dataDir)
    if (open !== null && (identity === null || identity === open.identity)) return open.engine
    try {
      const engine = createEngine(openReader(dataDir, bodyCacheBytes))
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
    case 'list': {
      const result = engine.list(task)
      return transferred(result, result.members)
    }
    case 'begin':
      return engine.begin(task)
    case 'check':
      return engine.check()
    case 'storage':
      return engine.storage()
  }
}

/** A result whose bytes move to the main thread in place of being copied. */
function transferred(value: unknown, bytes: Uint8Array): unknown {
  const wrapped = { [transferableSymbol]: [bytes.buffer], [valueSymbol]: value }
  return move(wrapped as unknown as ArrayBuffer)
}
