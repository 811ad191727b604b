/**
 * The database: its upkeep and what retention deleted, as the collector's thread reports it; its size by
 * part, as a query thread reads it; the disk under it, as `statfs` tells.
 */

import { statfs } from 'node:fs/promises'
import type { Collector } from '../collector/contract.ts'
import { metricsLimits } from '../limits/http.ts'
import type { QueryService, StorageSizes } from '../query/contract.ts'
import { type MetricRegistry, seriesBy, setTotal, setValue, setValues } from './registry.ts'
import { createTimedPart } from './timed-part.ts'

export type StorageOptions = {
  readonly dataDir: string
  readonly retentionAgeSec: number
  readonly retentionSizeBytes: number
  /** Share of the disk that stays free, 0 to 1. */
  readonly diskFreeMinShare: number
}

type Sources = {
  readonly collector: Pick<Collector, 'status'>
  readonly query: Pick<QueryService, 'storage'>
}

/** Returns what brings the metrics up to date. */
export function createStorageMetrics(
  registry: MetricRegistry,
  { collector, query }: Sources,
  options: StorageOptions,
): () => Promise<void> {
  const updateUpkeep = createUpkeepMetrics(registry, collector)
  const { gauge } = registry
  setLimits(registry, options)
  const parts = gauge(
    'logkeep_database_bytes',
    'Size of the database file by part: "free" is used again, "other" is indexes and what pages add.',
    ['part'],
  )
  const wal = gauge('logkeep_wal_bytes', "Size of the database's write-ahead log.")
  const available = gauge(
    'logkeep_disk_available_bytes',
    'Free on the file system that holds the data folder.',
  )
  const total = gauge('logkeep_disk_size_bytes', 'Size of the file system that holds the data folder.')
  const { partWaitMs: waitMs, partFreshMs: freshMs } = metricsLimits
  const sizesOf = createTimedPart({ read: () => query.storage(), waitMs, freshMs })
  const diskOf = createTimedPart({ read: () => readDisk(options.dataDir), waitMs, freshMs })
  return async () => {
    const [sizes, disk] = await Promise.all([sizesOf(), diskOf()])
    updateUpkeep()
    setValues(parts, sizes === null ? [] : seriesBy('part', partsOf(sizes)))
    setValue(wal, sizes?.wal ?? null)
    setValue(available, disk?.available ?? null)
    setValue(total, disk?.total ?? null)
  }
}

/** Parts that add up to the file. */
function partsOf({ file, wal: _wal, ...parts }: StorageSizes): Record<string, number> {
  const known = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)
  return { ...parts, other: Math.max(0, file - known) }
}

async function readDisk(dataDir: string): Promise<{ readonly available: number; readonly total: number }> {
  const { bavail, blocks, bsize } = await statfs(dataDir)
  return { available: bavail * bsize, total: blocks * bsize }
}

function createUpkeepMetrics(registry: MetricRegistry, collector: Pick<Collector, 'status'>): () => void {
  const { counter, gauge } = registry
  const sealed = counter('logkeep_blocks_sealed_total', 'Blocks made of lines from the journal.')
  const merges = counter('logkeep_block_merges_total', 'Merges of small blocks into a larger one.')
  const folds = counter('logkeep_journal_folds_total', 'Times that journal rows were joined into one.')
  const upkeepSec = counter('logkeep_upkeep_seconds_total', 'Time spent on sealing, merging and retention.')
  const blocks = counter('logkeep_swept_blocks_total', 'Blocks that retention deleted.')
  const lines = counter('logkeep_swept_lines_total', 'Lines that retention deleted.')
  const bytes = counter('logkeep_swept_bytes_total', 'Bytes of the lines that retention deleted.')
  const oldest = gauge(
    'logkeep_oldest_arrival_timestamp_seconds',
    'When the oldest block that is stored arrived; missing while there is none.',
  )
  return () => {
    const { store } = collector.status().counters
    setTotal(sealed, store.blocksSealed)
    setTotal(merges, store.merges)
    setTotal(folds, store.folds)
    setTotal(upkeepSec, store.upkeepSec)
    setTotal(blocks, store.swept.blocks)
    setTotal(lines, store.swept.lines)
    setTotal(bytes, store.swept.bytes)
    setValue(oldest, store.oldestArrivalSec)
  }
}

/** What is configured, so that rules can compare. */
function setLimits({ gauge }: MetricRegistry, options: StorageOptions): void {
  const age = gauge('logkeep_retention_age_seconds', 'LOGKEEP_RETENTION_AGE.')
  age.set(options.retentionAgeSec)
  const size = gauge('logkeep_retention_size_bytes', 'LOGKEEP_RETENTION_SIZE.')
  size.set(options.retentionSizeBytes)
  const floor = gauge('logkeep_disk_free_min_ratio', 'LOGKEEP_DISK_FREE_MIN, 0 to 1.')
  floor.set(options.diskFreeMinShare)
}
