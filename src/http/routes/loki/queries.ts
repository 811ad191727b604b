/** `query_range` and `query`: log queries and metric queries in Loki's form. */

import { LogkeepError } from '../../../errors.ts'
import { httpLimits, lokiLimits } from '../../../limits/http.ts'
import { logqlLimits } from '../../../limits/logql.ts'
import type { Steps } from '../../../logql/metric/steps.ts'
import type { LogQuery } from '../../../logql/syntax/tree.ts'
import type { QueryStats } from '../../../query/contract.ts'
import { type LogqlLinesAnswer, linesAdvice } from '../../../query/logql/contract.ts'
import type { Direction } from '../../../query/plan.ts'
import { refresh } from '../../freshness.ts'
import { badParameter, type LokiRange, rangeOfNs, timeOfNs } from '../../loki/parameters.ts'
import type { LokiBody, LokiCall, LokiScope } from '../../loki/scope.ts'
import { parseLokiQuery, planOfLog } from '../../loki/selectors.ts'
import type { RouteDeps } from '../../server.ts'

export function registerLokiQueries({ answer }: LokiScope, deps: RouteDeps): void {
  answer('/query_range', (call) => answerRange(call, deps))
  answer('/query', (call) => answerInstant(call, deps))
}

async function answerRange(call: LokiCall, deps: RouteDeps): Promise<LokiBody> {
  const { parameters, headers, signal } = call
  const { query: service, nowMs, collector } = deps
  const range = parameters.range(nowMs())
  const text = parameters.text('query')
  const query = parseLokiQuery(text)
  const direction = readDirection(parameters.text('direction'))
  const limit = readLimit(call)
  const behind = await refresh(collector, reachesNow(range.endNs, nowMs()))
  if (query.kind === 'log') return answerLog(query, { call, deps, range, direction, limit, behind })
  const steps = stepsOf(call, range)
  const request = { query: text, steps, isInstant: false, cutsSeries: cutsSeries(headers) }
  const { members, stats, warnings } = await service.logql.metric(request, signal)
  return envelope(members, stats, [...warnings, ...behind], 0)
}

type LogRequest = {
  readonly call: LokiCall
  readonly deps: RouteDeps
  readonly range: LokiRange
  readonly direction: Direction
  readonly limit: number
  readonly behind: readonly string[]
}

async function answerLog(
  query: LogQuery,
  { call, deps, range, direction, limit, behind }: LogRequest,
): Promise<LokiBody> {
  const { parameters, headers, signal } = call
  const intervalNs = parameters.duration('interval') ?? 0
  if (intervalNs < 0) throw badParameter('interval must be >= 0')
  if (limit > logqlLimits.entriesMax) {
    throw badParameter(
      `max entries limit per query exceeded, limit > max_entries_limit (${limit} > ${logqlLimits.entriesMax})`,
    )
  }
  const isCategorized = wantsCategories(headers)
  const request = {
    plan: planOfLog(query),
    range: rangeOfNs(range),
    direction,
    limit,
    intervalNs,
    isCategorized,
  }
  const answer = await deps.query.logql.lines(request, signal)
  refuseCutShort(answer, headers)
  const { streams, count, stats, warnings } = answer
  const result = streams.map(({ labels, values }) => `{"stream":${labels},"values":[${values.join(',')}]}`)
  // What announces the form stands before it: Grafana reads the answer as it comes.
  const flags = isCategorized ? '"encodingFlags":["categorize-labels"],' : ''
  const members = Buffer.from(`"resultType":"streams",${flags}"result":[${result.join(',')}]`)
  return envelope(members, stats, [...warnings, ...behind], count)
}

/**
 * What was found by then is no answer where it is nothing, nor to logcli: it shows no warnings, and asks for
 * more until nothing new comes. An answer that is full brings it on.
 */
function refuseCutShort({ ended, count, warnings }: LogqlLinesAnswer, headers: LokiCall['headers']): void {
  if (ended === null) return
  const isLogcli = headers['user-agent']?.startsWith('loki-logcli/') === true
  if (count > 0 && (!isLogcli || ended === 'answer_bytes')) return
  const told = warnings.find((warning) => warning.startsWith('ended:')) ?? 'ended early'
  const [message = told] = told.split(/[;,] /)
  throw new LogkeepError('QUERY_ENDED', message, linesAdvice, { limit: ended })
}

async function answerInstant(
  call: LokiCall,
  { query: service, nowMs, collector }: RouteDeps,
): Promise<LokiBody> {
  const { parameters, headers, signal } = call
  const text = parameters.text('query')
  const query = parseLokiQuery(text)
  readDirection(parameters.text('direction'))
  readLimit(call)
  if (query.kind === 'log') {
    throw badParameter(
      'log queries are not supported as an instant query type, please change your query to a range query type',
    )
  }
  const timeNs = parameters.time('time') ?? BigInt(Math.round(nowMs())) * 1_000_000n
  const behind = await refresh(collector, reachesNow(timeNs, nowMs()))
  const steps: Steps = { start: timeOfNs(timeNs), stepNs: 1, count: 1 }
  const request = { query: text, steps, isInstant: true, cutsSeries: cutsSeries(headers) }
  const { members, stats, warnings } = await service.logql.metric(request, signal)
  return envelope(members, stats, [...warnings, ...behind], 0)
}

function readDirection(text: string): Direction {
  const direction = text === '' ? 'backward' : text.toLowerCase()
  if (direction === 'backward' || direction === 'forward') return direction
  throw badParameter(`invalid direction ${JSON.stringify(text)}: backward or forward`)
}

function readLimit({ parameters }: LokiCall): number {
  return parameters.limit('limit', httpLimits.entriesDefault)
}

/** Grafana ends ranges at its own present, which is a little behind by the time it is read here. */
export function reachesNow(endNs: bigint, nowMs: number): boolean {
  return Number(endNs / 1_000_000n) > nowMs - lokiLimits.nowSlackMs
}

export function stepsOf({ parameters }: LokiCall, { startNs, endNs }: LokiRange): Steps {
  const lengthNs = Number(endNs - startNs)
  const standard = Math.max(Math.floor(lengthNs / 1e9 / lokiLimits.standardSteps), 1) * 1e9
  const stepNs = parameters.duration('step') ?? standard
  if (stepNs <= 0) {
    throw badParameter(
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  }
  if (lengthNs / stepNs > logqlLimits.pointsMax) {
    throw badParameter(
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    )
  }
  return { start: timeOfNs(startNs), stepNs, count: Math.floor(lengthNs / stepNs) + 1 }
}

export function wantsCategories(headers: LokiCall['headers']): boolean {
  const flags = String(headers['x-loki-response-encoding-flags'] ?? '')
  return flags.split(',').some((flag) => flag.trim() === 'categorize-labels')
}

/** Logs Drilldown is shown the first series where there are too many. */
function cutsSeries(headers: LokiCall['headers']): boolean {
  return /(?:^|,)\s*source=grafana-lokiexplore-app\s*(?:,|$)/i.test(String(headers['x-query-tags'] ?? ''))
}

function envelope(
  members: Uint8Array,
  stats: QueryStats,
  warnings: readonly string[],
  entries: number,
): LokiBody {
  const told = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`
  const summary = JSON.stringify({ summary: summaryOf(stats, entries) })
  return ['{"status":"success","data":{', members, `,"stats":${summary}}${told}}`]
}

function summaryOf({ scannedBytes, scannedLines, elapsedMs }: QueryStats, entries: number): object {
  const seconds = elapsedMs / 1000
  const perSecond = (amount: number): number => (seconds === 0 ? 0 : Math.round(amount / seconds))
  return {
    bytesProcessedPerSecond: perSecond(scannedBytes),
    linesProcessedPerSecond: perSecond(scannedLines),
    totalBytesProcessed: scannedBytes,
    totalLinesProcessed: scannedLines,
    execTime: seconds,
    queueTime: 0,
    subqueries: 0,
    totalEntriesReturned: entries,
    splits: 0,
    shards: 0,
    totalPostFilterLines: entries,
    totalStructuredMetadataBytesProcessed: 0,
  }
}
