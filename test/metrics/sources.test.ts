/** Figures of collector, store, threads and process; and what a silent part does to a scrape. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { metricsLimits } from '../../src/limits/http.ts'
import type { QueryService, StorageSizes } from '../../src/query/contract.ts'
import { valueOf, valuesBy } from '../support/exposition.ts'
import { collectorStatus, createFigures, measure } from '../support/figures.ts'
import { waitFor } from '../support/wait.ts'

const { counters } = collectorStatus
const sizes: StorageSizes = {
  bodies: 1,
  columns: 2,
  filters: 3,
  counts: 4,
  journal: 5,
  free: 6,
  file: 30,
  wal: 7,
}

function stillQuery(given: Partial<QueryService> = {}) {
  return {
    status: () => ({
      lanes: { light: { threads: 1, running: 1, waiting: 4 }, scan: { threads: 2, running: 2, waiting: 5 } },
      damage: null,
    }),
    memory: async () => [
      { thread: 'light', heapUsed: 1, heapTotal: 2, external: 3 },
      { thread: 'scan', heapUsed: 10, heapTotal: 20, external: 30 },
      { thread: 'scan', heapUsed: 100, heapTotal: 200, external: 300 },
    ],
    storage: async () => sizes,
    check: async () => undefined,
    ...given,
  } satisfies Partial<QueryService>
}

test('S-METRIC-05 what the collector has counted stands in the scrape as it is', () =>
  measure(async ({ scrape }) => {
    const families = await scrape()
    const value = (name: string): number | undefined => valueOf(families, name)
    const { store } = counters
    const expected = {
      logkeep_lag_bytes: counters.lagBytes,
      logkeep_lag_seconds: counters.lagSec,
      logkeep_rotations_total: counters.rotations,
      logkeep_commits_total: counters.commits,
      logkeep_commit_failures_total: counters.commitFailures,
      logkeep_commit_seconds_total: counters.commitSec,
      logkeep_syncs_total: 81,
      logkeep_syncs_incomplete_total: 82,
      logkeep_sync_seconds_total: 8.3,
      logkeep_collector_deaths_total: 84,
      logkeep_degraded_reasons: 2,
      logkeep_blocks_sealed_total: store.blocksSealed,
      logkeep_block_merges_total: store.merges,
      logkeep_journal_folds_total: store.folds,
      logkeep_upkeep_seconds_total: store.upkeepSec,
      logkeep_swept_blocks_total: store.swept.blocks,
      logkeep_swept_lines_total: store.swept.lines,
      logkeep_swept_bytes_total: store.swept.bytes,
      logkeep_oldest_arrival_timestamp_seconds: store.oldestArrivalSec,
      logkeep_retention_age_seconds: 3600,
      logkeep_retention_size_bytes: 1e9,
      logkeep_disk_free_min_ratio: 0.15,
      logkeep_tails_open: 3,
      logkeep_tail_groups: 2,
    }
    const found = Object.fromEntries(Object.keys(expected).map((name) => [name, value(name)]))
    assert.deepEqual(found, expected)
    assert.deepEqual(valuesBy(families, 'logkeep_read_lines_total', 'log_namespace'), {
      shop: 20,
      _other: 10,
    })
    assert.deepEqual(valuesBy(families, 'logkeep_read_bytes_total', 'log_namespace'), {
      shop: 2000,
      _other: 1000,
    })
    assert.deepEqual(valuesBy(families, 'logkeep_files', 'state'), counters.files)
    assert.deepEqual(valuesBy(families, 'logkeep_malformed_lines_total', 'reason'), counters.malformed)
    assert.deepEqual(valuesBy(families, 'logkeep_gaps_total', 'reason'), counters.gaps)
  }))

test('S-METRIC-06 totals are not added up again by a second scrape, and series that are gone vanish', () => {
  const collector = createFigures()
  return measure(
    async ({ scrape }) => {
      const first = await scrape()
      const namespaces = [{ namespace: 'shop', lines: 21, bytes: 2100 }]
      const store = { ...counters.store, oldestArrivalSec: null }
      collector.set({ ...collectorStatus, counters: { ...counters, namespaces, commits: 1, store } })
      const second = await scrape()
      assert.deepEqual(valuesBy(second, 'logkeep_read_lines_total', 'log_namespace'), { shop: 21 })
      assert.equal(valueOf(first, 'logkeep_commits_total'), 62)
      // A restarted thread counts from 0: Prometheus takes a smaller value for that.
      assert.equal(valueOf(second, 'logkeep_commits_total'), 1)
      assert.equal(valueOf(second, 'logkeep_oldest_arrival_timestamp_seconds'), undefined)
    },
    { collector },
  )
})

test('S-METRIC-07 the parts of the database add up to its file, heaps of a lane to one figure', () =>
  measure(
    async ({ scrape }) => {
      const families = await scrape()
      const { file: _file, wal, ...parts } = sizes
      assert.deepEqual(valuesBy(families, 'logkeep_database_bytes', 'part'), { ...parts, other: 9 })
      assert.equal(valueOf(families, 'logkeep_wal_bytes'), wal)
      const { main, ...used } = valuesBy(families, 'logkeep_thread_heap_used_bytes', 'thread')
      assert.deepEqual(used, { collector: 91, light: 1, scan: 110 })
      assert.ok((main ?? 0) > 1e6)
      const { main: _main, ...outside } = valuesBy(families, 'logkeep_thread_external_bytes', 'thread')
      assert.deepEqual(outside, { collector: 93, light: 3, scan: 330 })
      assert.deepEqual(valuesBy(families, 'logkeep_query_tasks_waiting', 'lane'), { light: 4, scan: 5 })
      assert.deepEqual(valuesBy(families, 'logkeep_query_tasks_running', 'lane'), { light: 1, scan: 2 })
      assert.deepEqual(valuesBy(families, 'logkeep_query_threads', 'lane'), { light: 1, scan: 2 })
    },
    { query: stillQuery() },
  ))

test('S-METRIC-08 a part that is silent or fails leaves its series out, and the scrape is given all the same', () => {
  const silent = (): Promise<never> => new Promise(() => undefined)
  const collector = { ...createFigures(), memory: silent }
  const query = stillQuery({
    memory: () => Promise.reject(new Error('gone')),
    storage: silent,
    check: () => {
      throw new Error('not even a promise')
    },
  })
  return measure(
    async ({ scrape }) => {
      const startedMs = performance.now()
      const families = await scrape()
      assert.ok(performance.now() - startedMs < metricsLimits.partWaitMs * 5)
      assert.deepEqual(valuesBy(families, 'logkeep_database_bytes', 'part'), {})
      assert.equal(valueOf(families, 'logkeep_wal_bytes'), undefined)
      assert.deepEqual(Object.keys(valuesBy(families, 'logkeep_thread_heap_used_bytes', 'thread')), ['main'])
      assert.equal(valueOf(families, 'logkeep_ready'), 0)
      assert.equal(valueOf(families, 'logkeep_commits_total'), counters.commits)
      assert.ok(valueOf(families, 'logkeep_disk_size_bytes'))
      assert.equal(valueOf(await scrape(), 'logkeep_ready'), 0, 'and again')
    },
    { collector, query },
  )
})

test('S-METRIC-09 scrapes at once share one, and sizes are asked for every ten seconds at most', () => {
  let asked = 0
  const query = stillQuery({
    storage: async () => {
      asked += 1
      return sizes
    },
  })
  return measure(
    async ({ metrics }) => {
      const texts = await Promise.all([metrics.render(), metrics.render(), metrics.render()])
      assert.equal(new Set(texts).size, 1)
      await metrics.render()
      assert.equal(asked, 1)
    },
    { query },
  )
})

test('S-METRIC-10 the process tells versions, processor time, memory, descriptors and event loop', () =>
  measure(async ({ metrics, scrape, service }) => {
    await service.check()
    const families = await waitFor('a sample of the event loop and a heap of the light thread', async () => {
      const found = await scrape()
      const heaps = valuesBy(found, 'logkeep_thread_heap_used_bytes', 'thread')
      return (valueOf(found, 'logkeep_event_loop_delay_seconds_count') ?? 0) > 1 && heaps['light']
        ? found
        : null
    })
    const versions = { version: '1.2.3', node_version: process.version }
    assert.equal(valueOf(families, 'logkeep_build_info', versions), 1)
    const of = (name: string): number => valueOf(families, name) ?? Number.NaN
    assert.ok(of('process_cpu_seconds_total') > 0 && of('process_cpu_seconds_total') < 1e4)
    const resident = process.memoryUsage.rss()
    assert.ok(
      of('process_resident_memory_bytes') > resident / 3 &&
        of('process_resident_memory_bytes') < resident * 3,
    )
    assert.ok(Math.abs(of('process_start_time_seconds') - (Date.now() / 1000 - process.uptime())) < 60)
    assert.ok(of('logkeep_disk_available_bytes') <= of('logkeep_disk_size_bytes'))
    if (fs.existsSync('/proc/self/fd')) {
      assert.ok(of('process_open_fds') > 5 && of('process_open_fds') <= of('process_max_fds'))
    }
    // Blocked for longer than a sample's interval: seen for certain.
    const before = of('logkeep_event_loop_delay_seconds_sum')
    const end = performance.now() + 4 * metricsLimits.eventLoopSampleMs
    while (performance.now() < end);
    const after = await waitFor('the blocked loop in the samples', async () => {
      const sum = valueOf(await scrape(), 'logkeep_event_loop_delay_seconds_sum') ?? 0
      return sum - before > (2 * metricsLimits.eventLoopSampleMs) / 1000 ? sum : null
    })
    assert.ok(after > before)
    metrics.close()
  }))
