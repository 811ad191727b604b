/**
 * The query service as the doors are given it: each question is counted with how it ended, by the shapes of
 * `query/contract.ts`.
 */

import { type LimitName, LogkeepError } from '../errors.ts'
import type { EndReason, LogsRequest, QueryService, QueryStats } from '../query/contract.ts'

export const queryKinds = [
  'logs',
  'export',
  'list',
  'histogram',
  'context',
  'fields',
  'field_values',
  'tail_open',
  'tail_read',
  'logql_lines',
  'logql_metric',
  'logql_index',
  'logql_sample',
] as const
type QueryKind = (typeof queryKinds)[number]

/**
 * `partial`: a bound ended it, and its answer says so; `refused`: the client's doing, or too many;
 * `aborted`: nobody waits for it any more.
 */
export const outcomes = ['ok', 'partial', 'refused', 'failed', 'aborted'] as const
type Outcome = (typeof outcomes)[number]

export type Tally = {
  readonly ended: (kind: QueryKind, outcome: Outcome, startedMs: number) => void
  readonly scanned: (kind: QueryKind, stats: QueryStats) => void
  readonly limitReached: (limit: LimitName) => void
}

/** An answer that says how it ended. */
type Answer = { readonly ended?: EndReason | null; readonly stats: QueryStats }

type Counting = ReturnType<typeof createCounting>

function createCounting(tally: Tally) {
  const timed = async <T>(
    kind: QueryKind,
    signal: AbortSignal,
    work: () => Promise<T>,
    outcomeOf: (answer: T) => Outcome = () => 'ok',
  ): Promise<T> => {
    const startedMs = performance.now()
    let outcome: Outcome = 'failed'
    try {
      const answer = await work()
      outcome = outcomeOf(answer)
      return answer
    } catch (error) {
      outcome = outcomeOfError(error, signal)
      throw error
    } finally {
      tally.ended(kind, outcome, startedMs)
    }
  }
  const answered = <T extends Answer>(
    kind: QueryKind,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> =>
    timed(kind, signal, work, ({ ended = null, stats }) => {
      tally.scanned(kind, stats)
      if (ended === null) return 'ok'
      tally.limitReached(ended)
      return 'partial'
    })
  const tailRead = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const read = async () => {
      try {
        return await work()
      } catch (error) {
        // Its error goes into a frame: no door counts it.
        if (error instanceof LogkeepError && error.limit !== null) tally.limitReached(error.limit)
        throw error
      }
    }
    return timed('tail_read', signal, read)
  }
  return { timed, answered, tailRead }
}

/** The same service; each question is counted when it has ended. */
export function observe(query: QueryService, tally: Tally): QueryService {
  const counting = createCounting(tally)
  const { timed, answered, tailRead } = counting
  return {
    ...query,
    logs: (request, signal) => answered('logs', signal, () => query.logs(request, signal)),
    list: (request, signal) => answered('list', signal, () => query.list(request, signal)),
    histogram: (request, signal) => answered('histogram', signal, () => query.histogram(request, signal)),
    context: (request, signal) => answered('context', signal, () => query.context(request, signal)),
    fields: (request, signal) => answered('fields', signal, () => query.fields(request, signal)),
    fieldValues: (request, signal) =>
      answered('field_values', signal, () => query.fieldValues(request, signal)),
    exportLogs: (request, signal) => observeExport(query, request, signal, tally),
    openTail: (plan, start, signal) => timed('tail_open', signal, () => query.openTail(plan, start, signal)),
    readTail: (plan, cursor, bytesMax, signal) =>
      tailRead(signal, () => query.readTail(plan, cursor, bytesMax, signal)),
    logql: observeLogql(query.logql, counting),
  }
}

function observeLogql(logql: QueryService['logql'], counting: Counting): QueryService['logql'] {
  const { timed, answered, tailRead } = counting
  return {
    lines: (request, signal) => answered('logql_lines', signal, () => logql.lines(request, signal)),
    metric: (request, signal) => answered('logql_metric', signal, () => logql.metric(request, signal)),
    index: (request, signal) => timed('logql_index', signal, () => logql.index(request, signal)),
    sample: (request, signal) => timed('logql_sample', signal, () => logql.sample(request, signal)),
    openTail: (request, signal) => timed('tail_open', signal, () => logql.openTail(request, signal)),
    readTail: (tail, signal) => tailRead(signal, () => logql.readTail(tail, signal)),
  }
}

/** Counted when it has ended, whoever ends it. */
async function* observeExport(
  query: QueryService,
  request: LogsRequest,
  signal: AbortSignal,
  tally: Tally,
): AsyncGenerator<Uint8Array, void, void> {
  const startedMs = performance.now()
  let last: Uint8Array | null = null
  let outcome: Outcome = 'aborted'
  try {
    for await (const piece of query.exportLogs(request, signal)) {
      last = piece
      yield piece
    }
    outcome = outcomeOfExport(last, request, tally)
  } catch (error) {
    outcome = outcomeOfError(error, signal)
    throw error
  } finally {
    tally.ended('export', outcome, startedMs)
  }
}

/** The end line (`EndLine` of the query layer's export) says whether it came to what was asked for. */
function outcomeOfExport(last: Uint8Array | null, { limit }: LogsRequest, tally: Tally): Outcome {
  const end: unknown = last === null ? null : JSON.parse(Buffer.from(last).toString())
  if (!isEndLine(end)) return 'failed'
  if (end.complete || end.count === limit) return 'ok'
  if (end.reason?.includes('expression') !== true) return 'failed'
  tally.limitReached('expression')
  return 'partial'
}

type EndLine = { readonly complete: boolean; readonly count: number; readonly reason: string | null }

function isEndLine(line: unknown): line is EndLine {
  return (
    typeof line === 'object' && line !== null && 'complete' in line && 'count' in line && 'reason' in line
  )
}

function outcomeOfError(error: unknown, signal: AbortSignal): Outcome {
  if (signal.aborted) return 'aborted'
  return error instanceof LogkeepError && error.status < 500 ? 'refused' : 'failed'
}
