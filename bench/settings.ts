/**
 * Prints what other settings of SQLite would cost and bring, each changed by itself: `node bench/settings.ts
 * [lines]`. Each is measured in processes of its own: one that ingests the bench's data, one that asks.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { createCore } from '../src/collector/core.ts'
import { createRandom } from '../src/demo/random.ts'
import { parseLogsRequest } from '../src/http/requests.ts'
import { queryLimits } from '../src/limits/query.ts'
import { storeLimits } from '../src/limits/store.ts'
import { createEngine } from '../src/query/engine.ts'
import { createPager } from '../src/query/pager.ts'
import { databaseFile, type FileSettings } from '../src/store/database.ts'
import { openReader } from '../src/store/reader.ts'
import { openWriter } from '../src/store/writer.ts'
import { createDirectLanes } from '../test/support/direct-lanes.ts'
import { openCorpus } from './corpus.ts'
import { percentile } from './figures.ts'
import { absentText } from './limits.ts'

const linesUsual = 4_000_000
const mebibyte = 1024 * 1024
const mega = 1e6
const latestAsked = 300
const needlesAsked = 60
const seed = 5
const sliceMs = 60_000

type Variant = readonly [name: string, settings: Partial<FileSettings>]

const variants: readonly Variant[] = [
  ['as it is', {}],
  ...[8, 16, 32].map((size): Variant => [`page_size ${size} KiB`, { pageBytes: size * 1024 }]),
  ...[1, 16, 64].map((size): Variant => [`cache_size ${size} MiB`, { cacheBytes: size * mebibyte }]),
  ...[64, 1024].map((size): Variant => [`mmap_size ${size} MiB`, { mmapBytes: size * mebibyte }]),
  ['synchronous OFF', { synchronous: 0 }],
  ['synchronous FULL', { synchronous: 2 }],
  ...[1, 16, 64].map((size): Variant => [`checkpoint at ${size} MiB`, { checkpointBytes: size * mebibyte }]),
  ['as it is, again', {}],
]

type Job = {
  readonly kind: 'write' | 'read'
  readonly dataDir: string
  readonly logRoot: string
  readonly pods: readonly string[]
  readonly settings: Partial<FileSettings>
}

type Measured = Readonly<Record<string, number>>

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  process.once('message', (job: Job) => void work(job))
} else await main(Number(process.argv[2] ?? linesUsual))

async function main(lines: number): Promise<void> {
  const corpus = await openCorpus(lines)
  const pods = corpus.streams.map((stream) => stream.pod)
  console.log(`${corpus.lines} lines, ${(corpus.bytes / mega).toFixed(0)} MB of files`)
  try {
    for (const [name, settings] of variants) {
      const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-settings-'))
      try {
        const job = { dataDir, logRoot: corpus.root, pods, settings }
        const written = await inProcess({ ...job, kind: 'write' })
        const read = await inProcess({ ...job, kind: 'read' })
        const figures = Object.entries({ ...written, ...read })
        console.log(
          `${name.padEnd(22)} ${figures.map(([what, value]) => `${what} ${format(value)}`).join('  ')}`,
        )
      } finally {
        fs.rmSync(dataDir, { recursive: true, force: true })
      }
    }
  } finally {
    corpus.close()
  }
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

async function inProcess(job: Job): Promise<Measured> {
  const child = fork(import.meta.filename, { execArgv: ['--max-semi-space-size=1'] })
  child.send(job)
  const [measured] = await once(child, 'message')
  await once(child, 'exit')
  return measured as Measured
}

async function work(job: Job): Promise<void> {
  const measured = job.kind === 'write' ? write(job) : await read(job)
  process.send?.(measured, () => process.exit())
}

/** The collector's own code in this thread, until everything is stored, sealed and merged. */
function write({ dataDir, logRoot, settings }: Job): Measured {
  const limits = { ...storeLimits, ...settings }
  const writer = openWriter({ dataDir, limits, retention: { ageSec: 1e9, sizeBytes: 1e15, diskFreeMin: 0 } })
  const core = createCore({
    options: {
      logRoot,
      linkRoots: [logRoot],
      nodeName: 'n1',
      namespaces: [],
      namespacesExcluded: [],
      lineBytesMax: mebibyte,
    },
    writer,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    wake: () => {},
    onCommit: () => {},
  })
  const startedMs = performance.now()
  let longestMs = 0
  const timed = <T>(act: () => T): T => {
    const beganMs = performance.now()
    const result = act()
    longestMs = Math.max(longestMs, performance.now() - beganMs)
    return result
  }
  core.scan(Date.now())
  for (;;) {
    const isMore = timed(() => core.poll(Date.now(), { all: true }))
    timed(() => core.commitIfDue(Date.now()))
    timed(() => writer.maintain(Math.floor(Date.now() / 1000), 1))
    if (!isMore) break
  }
  core.commit(Date.now())
  const seconds = (performance.now() - startedMs) / 1000
  const later = Math.ceil(Date.now() / 1000) + storeLimits.journalAgeMaxSec
  while (writer.maintain(later, 1_000)) continue
  core.close()
  writer.close()
  const size = fs.statSync(path.join(dataDir, databaseFile)).size
  return {
    'ingest s': seconds,
    'longest step ms': longestMs,
    'database MB': size / mega,
    'written MB': ioOf('write_bytes') / mega,
    'ingest RSS MB': peakBytes() / mega,
  }
}

/** In a fresh process, with what it reads in the system's memory. */
async function read({ dataDir, pods, settings }: Job): Promise<Measured> {
  const startedMs = performance.now()
  const engine = createEngine(openReader(dataDir, { ...storeLimits, ...settings }))
  const pager = createPager(createDirectLanes(engine), {
    queryDeadlineMs: sliceMs,
    scannedBytesMax: queryLimits.scannedBytesMax,
    now: Date.now,
  })
  const ask = async (query: string): Promise<number> => {
    const beganMs = performance.now()
    const asked = parseLogsRequest(query, { nowMs: Date.now(), accept: undefined })
    await pager.page(asked, AbortSignal.timeout(sliceMs))
    return performance.now() - beganMs
  }
  const random = createRandom(seed)
  const latest = (): Promise<number> => ask(`pod=${pods[random.between(0, pods.length - 1)]}&limit=100`)
  const needle = (): Promise<number> =>
    ask(`q=${encodeURIComponent(`"${absentText.slice(0, -8) + random.hex(8)}"`)}`)
  await latest()
  const coldMs = performance.now() - startedMs
  const coldNeedleMs = await needle()
  const latestMs: number[] = []
  const needleMs: number[] = []
  for (let turn = 0; turn < latestAsked; turn += 1) latestMs.push(await latest())
  for (let turn = 0; turn < needlesAsked; turn += 1) needleMs.push(await needle())
  engine.close()
  return {
    'cold start ms': coldMs,
    'first needle ms': coldNeedleMs,
    'latest 100 p50': percentile(latestMs, 0.5) ?? 0,
    p99: percentile(latestMs, 0.99) ?? 0,
    'needle p50': percentile(needleMs, 0.5) ?? 0,
    'query RSS MB': peakBytes() / mega,
  }
}

function ioOf(name: string): number {
  return Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(fs.readFileSync('/proc/self/io', 'utf8'))?.[1])
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}
