/**
 * The process: processor time, memory, descriptors and the delay of the main thread's event loop, under the
 * names that Prometheus' client libraries share; heaps by thread.
 */

import { readdir, readFile } from 'node:fs/promises'
import type { Collector } from '../collector/contract.ts'
import { metricsLimits } from '../limits/http.ts'
import type { QueryService, ThreadMemory } from '../query/contract.ts'
import { type MetricRegistry, type Series, setTotal, setValue, setValues } from './registry.ts'
import { createTimedPart } from './timed-part.ts'

export type ProcessMetrics = { readonly update: () => Promise<void>; readonly close: () => void }

type Sources = {
  readonly collector: Pick<Collector, 'memory'>
  readonly query: Pick<QueryService, 'memory'>
  /** Of the package. */
  readonly version: string
}

const microsecondsPerSecond = 1_000_000
const millisecondsPerSecond = 1000

export function createProcessMetrics(registry: MetricRegistry, sources: Sources): ProcessMetrics {
  const { counter, gauge } = registry
  gauge('logkeep_build_info', 'Always 1; the versions of logkeep and of Node.', [
    'version',
    'node_version',
  ]).set({ version: sources.version, node_version: process.version }, 1)
  const started = gauge('process_start_time_seconds', 'When the process started, in unix time.')
  started.set(performance.timeOrigin / millisecondsPerSecond)
  const cpu = counter('process_cpu_seconds_total', 'Processor time of the process, all threads together.')
  const resident = gauge('process_resident_memory_bytes', 'Resident memory of the process.')
  const open = gauge('process_open_fds', 'Open file descriptors; missing where the system does not tell.')
  const most = gauge('process_max_fds', 'File descriptors that the process may open; missing likewise.')
  const updateHeaps = createHeapMetrics(registry, sources)
  const stopSampling = sampleEventLoop(registry)
  // The limit does not change; where one of them cannot be read, both are left out.
  const maxOf = createTimedPart({
    read: readDescriptorsMax,
    waitMs: metricsLimits.partWaitMs,
    freshMs: Number.POSITIVE_INFINITY,
  })
  const openOf = createTimedPart({ read: countDescriptors, waitMs: metricsLimits.partWaitMs, freshMs: 0 })
  return {
    close: stopSampling,
    update: async () => {
      const [descriptors, descriptorsMax] = await Promise.all([openOf(), maxOf(), updateHeaps()])
      const { user, system } = process.cpuUsage()
      setTotal(cpu, (user + system) / microsecondsPerSecond)
      setValue(resident, process.memoryUsage.rss())
      setValue(open, descriptors)
      setValue(most, descriptorsMax)
    },
  }
}

/** Heaps by kind of thread: several threads of a lane are added up. A thread that is silent is left out. */
function createHeapMetrics({ gauge }: MetricRegistry, { collector, query }: Sources): () => Promise<void> {
  const used = gauge('logkeep_thread_heap_used_bytes', 'JavaScript heap in use, by thread.', ['thread'])
  const total = gauge('logkeep_thread_heap_total_bytes', 'JavaScript heap taken from the system.', ['thread'])
  const external = gauge(
    'logkeep_thread_external_bytes',
    'Memory outside the heap that JavaScript objects hold: bodies, answers, buffers.',
    ['thread'],
  )
  const { partWaitMs: waitMs } = metricsLimits
  const collectorOf = createTimedPart({ read: () => collector.memory(), waitMs, freshMs: 0 })
  const queryOf = createTimedPart({ read: () => query.memory(), waitMs, freshMs: 0 })
  return async () => {
    const [ofCollector, ofQuery] = await Promise.all([collectorOf(), queryOf()])
    const { heapUsed, heapTotal, external: outside } = process.memoryUsage()
    const heaps: ThreadMemory[] = [{ thread: 'main', heapUsed, heapTotal, external: outside }]
    if (ofCollector !== null) heaps.push({ thread: 'collector', ...ofCollector })
    heaps.push(...(ofQuery ?? []))
    setValues(used, sumBy(heaps, 'heapUsed'))
    setValues(total, sumBy(heaps, 'heapTotal'))
    setValues(external, sumBy(heaps, 'external'))
  }
}

function sumBy(heaps: readonly ThreadMemory[], of: 'heapUsed' | 'heapTotal' | 'external'): Series[] {
  const sums = new Map<string, number>()
  for (const heap of heaps) sums.set(heap.thread, (sums.get(heap.thread) ?? 0) + heap[of])
  return [...sums].map(([thread, bytes]) => [{ thread }, bytes])
}

/**
 * Samples how late a timer fires, into a histogram, which scrapers may read as often as they like (Node's own
 * has to be reset to forget). Returns what ends it.
 */
function sampleEventLoop({ histogram }: MetricRegistry): () => void {
  const delay = histogram({
    name: 'logkeep_event_loop_delay_seconds',
    help: "How late the main thread's event loop came to a timer, sampled ten times a second.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  })
  const { eventLoopSampleMs } = metricsLimits
  let dueMs = performance.now() + eventLoopSampleMs
  const timer = setInterval(() => {
    const nowMs = performance.now()
    delay.observe(Math.max(0, nowMs - dueMs) / millisecondsPerSecond)
    dueMs = nowMs + eventLoopSampleMs
  }, eventLoopSampleMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** One of them is the one that is open for reading the list. */
async function countDescriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length - 1
}

async function readDescriptorsMax(): Promise<number> {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8')) ?? []
  if (soft === undefined) throw new Error('no limit of open files is stated')
  return Number(soft)
}
