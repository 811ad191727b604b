/**
 * Stands in for the query and collector layers in tests of the doors: records what is asked, answers what it
 * is told.
 */

import type { Collector } from '../../src/collector/contract.ts'
import type { Logger } from '../../src/log.ts'
import type {
  ListRequest,
  LogsPage,
  LogsRequest,
  QueryService,
  TailRead,
  TailStart,
} from '../../src/query/contract.ts'
import type { Plan } from '../../src/query/plan.ts'

export const emptyPage: LogsPage = {
  entries: Buffer.from(''),
  count: 0,
  next: null,
  resume: 'r1',
  stats: { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs: 0 },
  warnings: [],
}

export type Answers = {
  logs: (request: LogsRequest, signal: AbortSignal) => LogsPage | Promise<LogsPage>
  exportLogs: (request: LogsRequest, signal: AbortSignal) => AsyncGenerator<Uint8Array, void, void>
  list: (request: ListRequest) => string
  openTail: (plan: Plan, start: TailStart, signal: AbortSignal) => TailRead | Promise<TailRead>
  readTail: (
    plan: Plan,
    cursor: string,
    bytesMax: number,
    signal: AbortSignal,
  ) => TailRead | Promise<TailRead>
  check: () => void | Promise<void>
}

export function createRecordedQuery(given: Partial<Answers> = {}) {
  const requests: LogsRequest[] = []
  const lists: ListRequest[] = []
  const opened: TailStart[] = []
  const reads: string[] = []
  const answers: Answers = {
    logs: () => emptyPage,
    exportLogs: async function* () {
      yield Buffer.from('{"kind":"end","complete":true,"reason":null,"next":null}\n')
    },
    list: (request) => `{"${request.kind}":[],"next":null}`,
    openTail: () => ({ entries: Buffer.from(''), count: 0, cursor: 'c0', caughtUp: true, warnings: [] }),
    readTail: (_plan, cursor) => ({
      entries: Buffer.from(''),
      count: 0,
      cursor,
      caughtUp: true,
      warnings: [],
    }),
    check: () => undefined,
    ...given,
  }
  const service: QueryService = {
    logs: async (request, signal) => {
      requests.push(request)
      return answers.logs(request, signal)
    },
    exportLogs: (request, signal) => {
      requests.push(request)
      return answers.exportLogs(request, signal)
    },
    list: async (request) => {
      lists.push(request)
      return { body: Buffer.from(answers.list(request)) }
    },
    openTail: async (plan, start, signal) => {
      opened.push(start)
      return answers.openTail(plan, start, signal)
    },
    readTail: async (plan, cursor, bytesMax, signal) => {
      reads.push(cursor)
      return answers.readTail(plan, cursor, bytesMax, signal)
    },
    check: async () => answers.check(),
    close: async () => undefined,
  }
  return { service, requests, lists, opened, reads }
}

export function createStillCollector() {
  const listeners = new Set<(commit: number) => void>()
  const live: boolean[] = []
  const state = {
    syncs: 0,
    behindMs: null as number | null,
    degraded: [] as string[],
    commit: 1,
    held: Promise.resolve(),
  }
  const collector: Pick<Collector, 'sync' | 'setLive' | 'onCommit' | 'status'> = {
    sync: async () => {
      state.syncs += 1
      await state.held
      return { commit: state.commit, behindMs: state.behindMs }
    },
    setLive: (value) => {
      live.push(value)
    },
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    status: () => ({
      commit: state.commit,
      degraded: state.degraded,
      filesOpen: 0,
      linesRead: 0,
      bytesRead: 0,
      linesMalformed: 0,
      gaps: 0,
    }),
  }
  const commit = (): void => {
    state.commit += 1
    for (const listener of listeners) listener(state.commit)
  }
  return { collector, state, live, commit, listenerCount: () => listeners.size }
}

export function createRecordedLog() {
  const events: string[] = []
  const add = (event: string, message: string): void => {
    events.push(`${event} ${message}`)
  }
  const log: Logger = { debug: add, info: add, warn: add, error: add }
  return { log, events }
}
