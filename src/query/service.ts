/** The query layer on the main thread: chains slices of query threads into pages, exports and tails. */

import { queryLimits } from '../limits/query.ts'
import type { Logger } from '../log.ts'
import { readContext } from './context.ts'
import type {
  ListRequest,
  LogsRequest,
  MembersAnswer,
  QueryService,
  StorageSizes,
  TailRead,
  TailStart,
} from './contract.ts'
import { createExporter } from './export.ts'
import { runFields } from './fields/run-fields.ts'
import { runHistogram } from './histogram-run.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createLogqlService } from './logql/service.ts'
import { createPager } from './pager.ts'
import type { Plan } from './plan.ts'
import { requireCursor } from './require-cursor.ts'
import { createTailReader } from './tail-reader.ts'

export type QueryServiceOptions = {
  readonly dataDir: string
  readonly nodeName: string
  readonly queryThreads: number
  readonly queryDeadlineMs: number
  /** Body bytes that one query may look at, and queries that may wait: of `limits/` unless given. */
  readonly scannedBytesMax?: number
  readonly waitingMax?: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Logger
}

export function createQueryService(options: QueryServiceOptions): QueryService {
  const { scannedBytesMax = queryLimits.scannedBytesMax, waitingMax = queryLimits.scanQueueMax } = options
  const lanes = createLanes({
    dataDir: options.dataDir,
    scanThreads: options.queryThreads,
    scanQueueMax: waitingMax,
    onBroken: (error) => {
      options.log.error('query_thread_failed', 'a query thread could not go on', { reason: error.message })
    },
    onDamaged: (what) => {
      damage.found(what)
      options.log.error('query_damaged', what)
    },
    onFailed: (message, reason) => options.log.error('query_failed', message, { reason }),
  })
  const damage = createDamageMemory()
  const bounds = { queryDeadlineMs: options.queryDeadlineMs, scannedBytesMax }
  const pager = createPager(lanes, { ...bounds, now: options.now })
  const exporter = createExporter(pager)
  const tails = createTailReader(lanes)
  const deps = { lanes, pager, bounds }
  const check = async (): Promise<void> =>
    damage.asked((await lanes.run('light', { kind: 'check' })) as string)

  return {
    logs: (request, signal) => pager.page(request, signal),
    exportLogs: (request, signal) => exporter(request, signal),
    list: (request, signal) => readList(lanes, request, signal),
    histogram: (request, signal) => runHistogram(lanes, request, { bounds, now: options.now }, signal),
    context: (request, signal) => readContext(deps, request, signal),
    fields: (request, signal) => runFields(deps, { ...request, name: null }, signal),
    fieldValues: (request, signal) => runFields(deps, request, signal),
    openTail: (plan, start, signal) => openTail(plan, start, signal),
    readTail: async (plan, cursor, bytesMax) => tails.read(plan, requireCursor(cursor), bytesMax),
    check: createReadiness(lanes, check),
    logql: createLogqlService({ ...deps, now: options.now, runTail: tails.step }),
    status: () => ({ lanes: lanes.status(), damage: damage.last() }),
    memory: lanes.memory,
    storage: async () => (await lanes.run('light', { kind: 'storage' })) as StorageSizes,
    close: () => lanes.close(),
  }

  async function openTail(plan: Plan, start: TailStart, signal: AbortSignal): Promise<TailRead> {
    switch (start.kind) {
      case 'now':
        return tails.open(plan, null)
      case 'cursor':
        return tails.open(plan, requireCursor(start.cursor))
      case 'since': {
        const begun = await pager.begin(plan, { since: start.since, until: null })
        return tails.open(plan, begun)
      }
      case 'newest': {
        if (start.count === 0) return tails.open(plan, null)
        const page = await pager.page(newestOf(plan, start.count), signal, true)
        return { ...page, cursor: page.resume, caughtUp: false }
      }
    }
  }
}

/** Probes come every few seconds: while nobody else asks, a good answer is kept, and no thread for it. */
function createReadiness(lanes: Lanes, check: () => Promise<void>): () => Promise<void> {
  let askedMs = Number.NEGATIVE_INFINITY
  let isGood = false
  let result = Promise.resolve()
  const checkOnce = async (): Promise<void> => {
    await check()
    isGood = true
  }
  return () => {
    const now = performance.now()
    const isIdle = now - lanes.lastTaskMs() > queryLimits.threadIdleMs
    const freshMs = isIdle && isGood ? queryLimits.checkIdleMs : queryLimits.checkFreshMs
    if (now - askedMs > freshMs) {
      askedMs = now
      isGood = false
      result = checkOnce()
    }
    return result
  }
}

/** What was last found broken, as long as the same database is asked. */
function createDamageMemory() {
  let last: string | null = null
  let databaseId: string | null = null
  return {
    found: (what: string): void => {
      last = what
    },
    asked: (present: string): void => {
      if (databaseId !== null && databaseId !== present) last = null
      databaseId = present
    },
    last: (): string | null => last,
  }
}

async function readList(
  lanes: Lanes,
  { kind, streams, limit, cursor }: ListRequest,
  signal: AbortSignal,
): Promise<MembersAnswer> {
  const started = performance.now()
  const deadlineMs = queryLimits.listMs
  const task = { kind: 'list', list: kind, streams, limit, cursor, deadlineMs } as const
  const answer = (await lanes.run('light', task, signal)) as MembersAnswer
  const elapsedMs = Math.round((performance.now() - started) * 100) / 100
  return { ...answer, stats: { ...answer.stats, elapsedMs } }
}

function newestOf(plan: Plan, limit: number): LogsRequest {
  const range = { since: null, until: null }
  return { plan, range, direction: 'backward', limit, cursor: null, format: 'json' }
}
