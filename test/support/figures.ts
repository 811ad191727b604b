/** Figures that the collector would report, and a store with a real query service over it, to be measured. */

import type { Collector, CollectorStatus } from '../../src/collector/contract.ts'
import { createMetrics, type MetricsOptions } from '../../src/metrics/metrics.ts'
import type { QueryService } from '../../src/query/contract.ts'
import { createQueryService } from '../../src/query/service.ts'
import { type Exposition, parseExposition } from './exposition.ts'
import { createStoreModel, type StoreModel } from './store-model.ts'

/** Distinct figures, so that no two can be taken for each other. */
export const collectorStatus: CollectorStatus = {
  commit: 7,
  degraded: ['one trouble', 'another'],
  filesOpen: 3,
  linesRead: 30,
  bytesRead: 300,
  linesMalformed: 4,
  gaps: 2,
  counters: {
    namespaces: [
      { namespace: 'shop', lines: 20, bytes: 2000 },
      { namespace: '_other', lines: 10, bytes: 1000 },
    ],
    files: { live: 5, rotated: 2, done: 6, waiting: 1, unreadable: 8 },
    lagBytes: 1234,
    lagSec: 5.5,
    malformed: { time: 41, iostream: 42, format: 43, json: 44 },
    gaps: { rotated_away: 51, truncated: 52, deleted_unread: 53, cut_gzip: 54, database_replaced: 55 },
    rotations: 61,
    commits: 62,
    commitFailures: 63,
    commitSec: 6.4,
    store: {
      blocksSealed: 71,
      merges: 72,
      folds: 73,
      swept: { blocks: 74, lines: 75, bytes: 76 },
      oldestArrivalSec: 1_780_000_000,
      upkeepSec: 7.7,
    },
  },
}

export type StillCollector = Pick<Collector, 'status' | 'syncs' | 'deaths' | 'memory'> & {
  set: (status: CollectorStatus) => void
}

export function createFigures(): StillCollector {
  let status = collectorStatus
  return {
    status: () => status,
    set: (next) => {
      status = next
    },
    syncs: () => ({ runs: 81, incomplete: 82, seconds: 8.3 }),
    deaths: () => 84,
    memory: async () => ({ heapUsed: 91, heapTotal: 92, external: 93 }),
  }
}

export type Measured = {
  readonly model: StoreModel
  /** The real service, not counted. */
  readonly service: QueryService
  /** The same, counted. */
  readonly query: QueryService
  readonly metrics: ReturnType<typeof createMetrics>
  readonly scrape: () => Promise<Exposition>
}

const startSec = 1_780_000_000

/** Metrics over a store, a real query service and still figures of a collector; all gone afterwards. */
export async function measure(
  work: (measured: Measured) => Promise<void>,
  given: Partial<MetricsOptions> = {},
): Promise<void> {
  const model = createStoreModel()
  const quiet = (): void => undefined
  const service = createQueryService({
    dataDir: model.dataDir,
    nodeName: 'n1',
    queryThreads: 1,
    queryDeadlineMs: 30_000,
    now: () => (startSec + 1000) * 1000,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  })
  const metrics = createMetrics({
    collector: createFigures(),
    query: service,
    tails: () => ({ count: 3, groupCount: 2 }),
    version: '1.2.3',
    dataDir: model.dataDir,
    retentionAgeSec: 3600,
    retentionSizeBytes: 1e9,
    diskFreeMinShare: 0.15,
    ...given,
  })
  try {
    const query = metrics.observe(service)
    await work({ model, service, query, metrics, scrape: () => scrape(metrics) })
  } finally {
    metrics.close()
    await service.close()
    model.close()
  }
}

async function scrape(metrics: ReturnType<typeof createMetrics>): Promise<Exposition> {
  return parseExposition((await metrics.render()).text)
}
