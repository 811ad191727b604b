/** A metric query on the main thread: parts of time for all threads that scan, then one evaluation. */

import { LogkeepError } from '../../errors.ts'
import { logqlLimits } from '../../limits/logql.ts'
import { queryLimits } from '../../limits/query.ts'
import { type Leaf, leavesOf } from '../../logql/metric/leaves.ts'
import type { CollectedSeries } from '../../logql/metric/range-collector.ts'
import { createSampler } from '../../logql/metric/sampler.ts'
import type { Steps } from '../../logql/metric/steps.ts'
import { parseQuery } from '../../logql/syntax/parse-query.ts'
import { printLogQuery } from '../../logql/syntax/print-query.ts'
import type { Cursor } from '../../model/cursor.ts'
import type { Time } from '../../model/entry.ts'
import { untilDeadline } from '../deadline.ts'
import { type QueryBounds, spentEnding, timeoutEnding } from '../ending.ts'
import { type Lanes, TaskTimeout } from '../lanes.ts'
import type { Pager } from '../pager.ts'
import type { Plan, TimeRange } from '../plan.ts'
import type { CutResult, CutTask, PartBytes } from '../tasks.ts'
import { asLogkeepError } from './compile-selection.ts'
import type { LogqlMetricAnswer, LogqlMetricRequest } from './contract.ts'
import { splitStages } from './split-stages.ts'
import type { MetricFinishResult, MetricPartResult, MetricPartTask } from './tasks.ts'

export type LogqlDeps = { readonly lanes: Lanes; readonly pager: Pager; readonly bounds: QueryBounds }

/** Rejects with `LogkeepError`: BAD_QUERY, QUERY_ENDED and what lanes reject with. */
export async function runMetric(
  deps: LogqlDeps,
  request: LogqlMetricRequest,
  signal: AbortSignal,
): Promise<LogqlMetricAnswer> {
  const { query: text, steps, isInstant, cutsSeries } = request
  const started = performance.now()
  const leaves = checkedLeaves(text)
  const { lanes, bounds } = deps
  const collection = createCollection(deps, started)
  const collect = (asked: Asked): Promise<CollectedSeries[]> =>
    untilDeadline(started + bounds.queryDeadlineMs, signal, (bounded) =>
      collection.collect(asked, bounded),
    ).catch((error: unknown) => {
      throw error instanceof TaskTimeout ? tooSlow(error, bounds) : error
    })
  const partials: (readonly CollectedSeries[])[] = []
  const known = new Map<string, readonly CollectedSeries[]>()
  for (const [number, leaf] of leaves.entries()) {
    const key = JSON.stringify(leaf)
    const present = known.get(key) ?? (await collect({ text, number, leaf, steps }))
    known.set(key, present)
    partials.push(present)
  }
  const task = { kind: 'metricFinish', query: text, steps, isInstant, partials, cutsSeries } as const
  // Numbers alone need no thread that scans; Grafana asks for such to see whether anybody is there.
  const lane = leaves.length === 0 ? 'light' : 'scan'
  const { members, warnings } = (await lanes.run(lane, task, signal)) as MetricFinishResult
  const { stats, gaps } = collection.total()
  const missing =
    gaps === 0 ? [] : [`${gaps} records of missing lines lie in this range: values may be too low`]
  const elapsedMs = Math.round((performance.now() - started) * 100) / 100
  return { members, stats: { ...stats, elapsedMs }, warnings: [...warnings, ...missing] }
}

/** Everything that can be refused is refused before anything is read. */
function checkedLeaves(text: string): Leaf[] {
  return asLogkeepError(() => {
    const query = parseQuery(text)
    if (query.kind === 'log') throw new TypeError('a metric query is expected')
    const leaves = leavesOf(query)
    for (const leaf of leaves) createSampler(leaf)
    return leaves
  })
}

type Asked = { readonly text: string; readonly number: number; readonly leaf: Leaf; readonly steps: Steps }
type Part = Pick<MetricPartTask, 'cursor' | 'endSec'>

/** What the query has taken so far, and whether it may take more. */
function createSpending(bounds: QueryBounds, started: number) {
  const stats = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  let gaps = 0
  let numbers = 0
  return {
    /** Throws `LogkeepError` QUERY_ENDED. */
    check: (): void => {
      const spent = { elapsedMs: performance.now() - started, scannedBytes: stats.scannedBytes }
      const ending = spentEnding(spent, bounds)
      if (ending === null) return
      const hint = 'ask for a shorter range of time, or for fewer streams'
      throw new LogkeepError('QUERY_ENDED', ending.warning, hint, { limit: ending.reason })
    },
    add: (result: MetricPartResult): readonly CollectedSeries[] => {
      const { scannedBytes, scannedLines, blocks } = result.stats
      stats.scannedBytes += scannedBytes
      stats.scannedLines += scannedLines
      stats.blocks += blocks
      gaps += result.gaps
      const partials = result.partials ?? []
      for (const { cells } of partials) numbers += cells.length
      if (numbers > 2 * logqlLimits.cellsMax) {
        throw new LogkeepError('BAD_QUERY', 'the query has too many series and steps', 'use fewer of either')
      }
      return partials
    },
    total: () => ({ stats, gaps }),
  }
}

function createCollection({ lanes, pager, bounds }: LogqlDeps, started: number) {
  const spending = createSpending(bounds, started)
  const collect = async (
    { text, number, leaf, steps }: Asked,
    signal: AbortSignal,
  ): Promise<CollectedSeries[]> => {
    const range = rangeOfLeaf(leaf, steps)
    const plan = planOf(leaf)
    const found: CollectedSeries[] = []
    if (range === null) return found
    const abort = new AbortController()
    const either = AbortSignal.any([signal, abort.signal])
    const running = new Set<Promise<void>>()
    const failures: unknown[] = []
    const run = async (part: Part): Promise<void> => {
      const halves = halvesOf(part)
      const sliceMs = halves === null ? null : queryLimits.metricPartMs
      const task: MetricPartTask = {
        kind: 'metricPart',
        query: text,
        leaf: number,
        plan,
        steps,
        sliceMs,
        ...part,
      }
      const result = (await lanes.run('scan', task, either)) as MetricPartResult
      found.push(...spending.add(result))
      if (result.partials !== null) return
      spending.check()
      for (const half of halves ?? []) await run(half)
    }
    /** Waits until fewer than `most` parts are read; the first failure ends all. */
    const waitFor = async (most: number): Promise<void> => {
      while (running.size > most && failures.length === 0) await Promise.race(running)
      if (failures.length > 0) throw failures[0]
    }
    try {
      for await (const part of partsOf(lanes, plan, await pager.begin(plan, range), bytesOf(leaf), signal)) {
        signal.throwIfAborted()
        spending.check()
        await waitFor(lanes.widthOfScan() - 1)
        const work: Promise<void> = run(part)
          .catch((error: unknown) => void failures.push(error))
          .finally(() => running.delete(work))
        running.add(work)
      }
      await waitFor(0)
    } finally {
      abort.abort(new Error('the query has ended'))
      await Promise.all(running)
    }
    return found
  }
  return { collect, total: spending.total }
}

function tooSlow(cause: TaskTimeout, bounds: QueryBounds): LogkeepError {
  const { reason, warning } = timeoutEnding(cause, bounds)
  const hint = 'use a simpler expression, or a shorter range of time'
  return new LogkeepError('QUERY_ENDED', warning, hint, { cause, limit: reason })
}

/** The parts of a walk backwards. What lies behind the last cut is cut anew. */
async function* partsOf(
  lanes: Lanes,
  plan: Plan,
  begun: Cursor,
  bytesPerPart: PartBytes,
  signal: AbortSignal,
): AsyncGenerator<Part, void, void> {
  let cursor = begun
  for (;;) {
    const task: CutTask = { kind: 'cuts', plan, direction: 'backward', scope: null, cursor, bytesPerPart }
    const { ends } = (await lanes.run('scan', task, signal)) as CutResult
    if (ends.length === 0) {
      yield { cursor, endSec: null }
      return
    }
    for (const endSec of ends) {
      yield { cursor, endSec }
      cursor = { ...cursor, place: { sec: endSec, ns: 0, streamId: 0, line: 0 } }
    }
  }
}

/** The two halves of a part; null: it is a second long, or less. */
function halvesOf({ cursor, endSec }: Part): [Part, Part] | null {
  const newestSec = cursor.place?.sec ?? (cursor.until as Time).sec + 1
  const oldestSec = endSec ?? (cursor.since as Time).sec
  if (newestSec - oldestSec <= 1) return null
  const middle = Math.floor((newestSec + oldestSec) / 2)
  const place = { sec: middle, ns: 0, streamId: 0, line: 0 }
  return [
    { cursor, endSec: middle },
    { cursor: { ...cursor, place }, endSec },
  ]
}

/** Bodies of one part: about a tenth of a second of one thread. */
function bytesOf({ range }: Leaf): PartBytes {
  const { rest, lines } = splitStages(range.query.stages)
  const isParsed = rest.length > 0 || range.unwrap !== null
  const ofColumns = lines.length > 0 ? 1 : columnPartFactor
  const usual = isParsed ? queryLimits.metricPartBytes : ofColumns * queryLimits.scanPartBytes
  return { usual, wide: usual }
}

/** What is counted by columns costs so much less. */
const columnPartFactor = 4

function planOf({ range }: Leaf): Plan {
  const streams = { namespace: [], pod: [], container: [], node: [], restart: [] }
  const logql = printLogQuery(range.query)
  return { streams, iostream: null, levels: null, lines: [], gaps: true, logql }
}

const secondNs = 1_000_000_000n

/** From behind the first window's start up to and with the last one's end; null: windows hold nothing. */
function rangeOfLeaf({ range }: Leaf, { start, stepNs, count }: Steps): TimeRange | null {
  if (range.rangeNs === 0) return null
  const first = BigInt(start.sec) * secondNs + BigInt(start.ns)
  const last = first + BigInt(Math.round(stepNs)) * BigInt(count - 1)
  const offset = BigInt(Math.round(range.offsetNs))
  return {
    since: timeOf(first - BigInt(Math.round(range.rangeNs)) - offset + 1n),
    until: timeOf(last - offset + 1n),
  }
}

function timeOf(ns: bigint): Time {
  const rest = ((ns % secondNs) + secondNs) % secondNs
  return { sec: Number((ns - rest) / secondNs), ns: Number(rest) }
}
