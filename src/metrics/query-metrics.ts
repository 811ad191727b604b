/** Counts what is asked of the query layer, how it ended and how long it took, and how busy its lanes are. */

import type { LimitName } from '../errors.ts'
import type { QueryService } from '../query/contract.ts'
import { observe, outcomes, queryKinds, type Tally } from './observed-query.ts'
import { type MetricRegistry, type Series, setValues } from './registry.ts'

const millisecondsPerSecond = 1000

/** From a page out of the journal to an export of everything. */
const secondsBuckets = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120]

export type QueryMetrics = {
  readonly update: () => void
  /** The same service, counted. */
  readonly observe: (query: QueryService) => QueryService
}

export function createQueryMetrics(
  registry: MetricRegistry,
  query: Pick<QueryService, 'status'>,
  limitReached: (limit: LimitName) => void,
): QueryMetrics {
  const tally = createTally(registry, limitReached)
  const { gauge } = registry
  const threads = gauge('logkeep_query_threads', 'Query threads that are started.', ['lane'])
  const running = gauge('logkeep_query_tasks_running', 'Steps of queries that a thread works on.', ['lane'])
  const waiting = gauge('logkeep_query_tasks_waiting', 'Steps of queries that wait for a thread.', ['lane'])
  return {
    observe: (service) => observe(service, tally),
    update: () => {
      const lanes = Object.entries(query.status().lanes)
      const byLane = (of: 'threads' | 'running' | 'waiting'): Series[] =>
        lanes.map(([lane, status]) => [{ lane }, status[of]])
      setValues(threads, byLane('threads'))
      setValues(running, byLane('running'))
      setValues(waiting, byLane('waiting'))
    },
  }
}

function createTally(registry: MetricRegistry, limitReached: (limit: LimitName) => void): Tally {
  const total = registry.counter('logkeep_queries_total', 'Queries that have ended.', ['kind', 'outcome'])
  // Rates of what has not happened yet are 0, not missing.
  for (const kind of queryKinds) for (const outcome of outcomes) total.inc({ kind, outcome }, 0)
  const duration = registry.histogram({
    name: 'logkeep_query_duration_seconds',
    help: 'Time of queries that were answered or failed, with waiting; an export lasts until it is taken.',
    labelNames: ['kind'],
    buckets: secondsBuckets,
  })
  const scannedBytes = registry.counter(
    'logkeep_query_scanned_bytes_total',
    'Bytes of lines that queries decompressed and looked at; exports and tails are not in it.',
    ['kind'],
  )
  return {
    limitReached,
    scanned: (kind, stats) => scannedBytes.inc({ kind }, stats.scannedBytes),
    ended: (kind, outcome, startedMs) => {
      total.inc({ kind, outcome })
      if (outcome === 'refused' || outcome === 'aborted') return
      duration.observe({ kind }, (performance.now() - startedMs) / millisecondsPerSecond)
    },
  }
}
