/** Puts the metrics of all parts together, and renders them for Prometheus. `docs/metrics.md` lists them. */

import type { Collector } from '../collector/contract.ts'
import { limitNames } from '../errors.ts'
import { metricsLimits } from '../limits/http.ts'
import type { QueryService } from '../query/contract.ts'
import { createCollectionMetrics } from './collection-metrics.ts'
import type { Metrics } from './contract.ts'
import { createProcessMetrics } from './process-metrics.ts'
import { createQueryMetrics } from './query-metrics.ts'
import { createMetricRegistry, type MetricRegistry, setValue } from './registry.ts'
import { createStorageMetrics, type StorageOptions } from './storage-metrics.ts'
import { createTimedPart } from './timed-part.ts'

export type MetricsOptions = StorageOptions & {
  readonly collector: Pick<Collector, 'status' | 'syncs' | 'deaths' | 'memory'>
  /** The service itself, not the observed one. */
  readonly query: Pick<QueryService, 'status' | 'memory' | 'storage' | 'check'>
  /** Clients of live tails, and groups of them that are read separately. */
  readonly tails: () => { readonly count: number; readonly groupCount: number }
  /** Of the package. */
  readonly version: string
}

/** From a health check to a page that waited for its turn. */
const requestSecondsBuckets = [0.01, 0.1, 0.5, 2.5, 10]

/** With a registry of its own; `close` ends the sampling of the event loop. */
export function createMetrics(options: MetricsOptions): Metrics & { readonly close: () => void } {
  const { collector, query } = options
  const registry = createMetricRegistry()
  const limits = registry.counter(
    'logkeep_limit_reached_total',
    'Requests and answers that ran into a bound.',
    ['limit'],
  )
  for (const limit of limitNames) limits.inc({ limit }, 0)
  const limitReached: Metrics['limitReached'] = (limit) => limits.inc({ limit })
  const updateCollection = createCollectionMetrics(registry, collector)
  const updateStorage = createStorageMetrics(registry, { collector, query }, options)
  const queries = createQueryMetrics(registry, query, limitReached)
  const updateTails = createTailMetrics(registry, options.tails)
  const updateReadiness = createReadiness(registry, query)
  const answered = createRequestMetrics(registry)
  const ofProcess = createProcessMetrics(registry, options)

  const render: Metrics['render'] = async () => {
    await Promise.all([updateStorage(), updateReadiness(), ofProcess.update()])
    updateCollection()
    queries.update()
    updateTails()
    return registry.render()
  }
  /** Scrapes at the same time share one. */
  let rendering: ReturnType<Metrics['render']> | null = null
  return {
    render: () => {
      rendering ??= render().finally(() => {
        rendering = null
      })
      return rendering
    },
    limitReached,
    answered,
    observe: queries.observe,
    close: ofProcess.close,
  }
}

function createTailMetrics({ gauge }: MetricRegistry, tails: MetricsOptions['tails']): () => void {
  const open = gauge('logkeep_tails_open', 'Live tails that are open or being opened.')
  const groups = gauge('logkeep_tail_groups', 'Groups of live tails that are read separately.')
  return () => {
    const { count, groupCount } = tails()
    setValue(open, count)
    setValue(groups, groupCount)
  }
}

function createReadiness({ gauge }: MetricRegistry, query: Pick<QueryService, 'check'>): () => Promise<void> {
  const ready = gauge('logkeep_ready', '1 while queries can be answered, as /readyz says, else 0.')
  const isReady = createTimedPart({
    read: async () => {
      await query.check()
      return true
    },
    waitMs: metricsLimits.partWaitMs,
    freshMs: 0,
  })
  return async () => setValue(ready, (await isReady()) === true ? 1 : 0)
}

function createRequestMetrics({ counter, histogram }: MetricRegistry): Metrics['answered'] {
  const total = counter('logkeep_http_requests_total', 'Requests that were answered.', ['route', 'status'])
  const duration = histogram({
    name: 'logkeep_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: requestSecondsBuckets,
  })
  return (route, status, seconds) => {
    total.inc({ route, status: `${Math.floor(status / 100)}xx` })
    duration.observe({ route }, seconds)
  }
}
