/**
 * Stands in for the query and collector layers in tests of the doors: records what is asked, answers what it
 * is told.
 */

import type { Collector, CollectorStatus, FilesAnswer, FilesRequest } from '../../src/collector/contract.ts'
import type { LimitName } from '../../src/errors.ts'
import type { Logger } from '../../src/log.ts'
import type { Metrics } from '../../src/metrics/contract.ts'
import type {
  ContextPage,
  ContextRequest,
  FieldsRequest,
  FieldValuesRequest,
  HistogramRequest,
  ListRequest,
  LogsPage,
  LogsRequest,
  MembersAnswer,
  QueryService,
  TailRead,
  TailStart,
} from '../../src/query/contract.ts'
import type { Plan } from '../../src/query/plan.ts'

const noStats = { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs: 0 }

export const emptyPage: LogsPage = {
  entries: Buffer.from(''),
  count: 0,
  next: null,
  resume: 'r1',
  ended: null,
  stats: noStats,
  warnings: [],
}

export const emptyContext: ContextPage = {
  ...emptyPage,
  target: null,
  moreBefore: false,
  moreAfter: false,
}

export function membersAnswer(members: string, warnings: readonly string[] = []): MembersAnswer {
  return { members: Buffer.from(members), ended: null, stats: noStats, warnings }
}

export type Answers = {
  logs: (request: LogsRequest, signal: AbortSignal) => LogsPage | Promise<LogsPage>
  exportLogs: (request: LogsRequest, signal: AbortSignal) => AsyncGenerator<Uint8Array, void, void>
  list: (request: ListRequest) => MembersAnswer | Promise<MembersAnswer>
  histogram: (request: HistogramRequest) => MembersAnswer | Promise<MembersAnswer>
  context: (request: ContextRequest) => ContextPage | Promise<ContextPage>
  fields: (request: FieldsRequest) => MembersAnswer | Promise<MembersAnswer>
  fieldValues: (request: FieldValuesRequest) => MembersAnswer | Promise<MembersAnswer>
  openTail: (plan: Plan, start: TailStart, signal: AbortSignal) => TailRead | Promise<TailRead>
  readTail: (
    plan: Plan,
    cursor: string,
    bytesMax: number,
    signal: AbortSignal,
  ) => TailRead | Promise<TailRead>
  check: () => void | Promise<void>
  /** In place of those that find nothing. */
  logql: Partial<QueryService['logql']>
}

export function createRecordedQuery(given: Partial<Answers> = {}) {
  const requests: LogsRequest[] = []
  const lists: ListRequest[] = []
  const asked: (HistogramRequest | ContextRequest | FieldsRequest)[] = []
  const opened: TailStart[] = []
  const reads: string[] = []
  const answers: Answers = {
    logs: () => emptyPage,
    exportLogs: async function* () {
      yield Buffer.from('{"kind":"end","complete":true,"reason":null,"next":null}\n')
    },
    list: (request) => membersAnswer(`"${request.kind}":[],"next":null`),
    histogram: () => membersAnswer('"buckets":[]'),
    context: () => emptyContext,
    fields: () => membersAnswer('"fields":[]'),
    fieldValues: () => membersAnswer('"values":[]'),
    openTail: () => ({ entries: Buffer.from(''), count: 0, cursor: 'c0', caughtUp: true, warnings: [] }),
    readTail: (_plan, cursor) => ({
      entries: Buffer.from(''),
      count: 0,
      cursor,
      caughtUp: true,
      warnings: [],
    }),
    check: () => undefined,
    logql: {},
    ...given,
  }
  const service: QueryService = {
    logql: { ...createStillLogql(), ...answers.logql },
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
      return answers.list(request)
    },
    histogram: async (request) => {
      asked.push(request)
      return answers.histogram(request)
    },
    context: async (request) => {
      asked.push(request)
      return answers.context(request)
    },
    fields: async (request) => {
      asked.push(request)
      return answers.fields(request)
    },
    fieldValues: async (request) => {
      asked.push(request)
      return answers.fieldValues(request)
    },
    openTail: async (plan, start, signal) => {
      opened.push(start)
      return answers.openTail(plan, start, signal)
    },
    readTail: async (plan, cursor, bytesMax, signal) => {
      reads.push(cursor)
      return answers.readTail(plan, cursor, bytesMax, signal)
    },
    status: () => ({ lanes: { light: idle, scan: idle }, damage: null }),
    memory: async () => [],
    storage: async () => ({
      bodies: 0,
      columns: 0,
      filters: 0,
      counts: 0,
      journal: 0,
      free: 0,
      file: 0,
      wal: 0,
    }),
    check: async () => answers.check(),
    close: async () => undefined,
  }
  return { service, requests, lists, asked, opened, reads }
}

const idle = { threads: 0, running: 0, waiting: 0 }

export function createStillCollector() {
  const listeners = new Set<(commit: number) => void>()
  const live: boolean[] = []
  const state = {
    syncs: 0,
    behindMs: null as number | null,
    degraded: [] as string[],
    commit: 1,
    held: Promise.resolve(),
    files: { bytes: Buffer.from('"root":"/r","files":[],"next":null'), next: null } as FilesAnswer,
  }
  const filesAsked: FilesRequest[] = []
  const collector: Pick<Collector, 'sync' | 'setLive' | 'onCommit' | 'status' | 'files'> = {
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
    // The doors read nothing else of it.
    status: () => ({ commit: state.commit, degraded: state.degraded }) as unknown as CollectorStatus,
    files: async (request) => {
      filesAsked.push(request)
      return state.files
    },
  }
  const commit = (): void => {
    state.commit += 1
    for (const listener of listeners) listener(state.commit)
  }
  return { collector, state, live, filesAsked, commit, listenerCount: () => listeners.size }
}

export function createRecordedMetrics() {
  const limits: LimitName[] = []
  const answered: string[] = []
  const metrics: Pick<Metrics, 'render' | 'answered' | 'limitReached'> = {
    render: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' }),
    limitReached: (limit) => {
      limits.push(limit)
    },
    answered: (route, status) => {
      answered.push(`${route} ${status}`)
    },
  }
  return { metrics, limits, answered }
}

export function createRecordedLog() {
  const events: string[] = []
  const add = (event: string, message: string): void => {
    events.push(`${event} ${message}`)
  }
  const log: Logger = { debug: add, info: add, warn: add, error: add }
  return { log, events }
}

/** Finds nothing. */
function createStillLogql(): QueryService['logql'] {
  const stats = { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs: 0 }
  return {
    lines: async () => ({ streams: [], count: 0, ended: null, stats, warnings: [] }),
    metric: async () => ({ members: Buffer.from('"resultType":"vector","result":[]'), stats, warnings: [] }),
    index: async () => ({ groups: [], isCut: false }),
    sample: async () => ({ fields: [], values: [] }),
    openTail: async () => ({ entries: [], cursor: 'c0', caughtUp: true, warnings: [] }),
    readTail: async ({ cursor }) => ({ entries: [], cursor, caughtUp: true, warnings: [] }),
  }
}
