/**
 * Prints what other settings of V8, Node and the C library's allocator would cost and bring, each changed by
 * itself: `node bench/runtime-settings.ts [names] [lines]`, where names are matched by a regular expression.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { regexEngineFlags } from '../src/regex/compile.ts'
import { delay } from '../test/support/wait.ts'
import { type Corpus, openCorpus } from './corpus.ts'
import { percentile } from './figures.ts'
import { ingest } from './ingest.ts'
import { load } from './load.ts'
import { type MeasuredOptions, type MeasuredProgram, startMeasured } from './program.ts'
import { rangeOfData } from './query-kinds.ts'
import { openTailClient } from './tail-client.ts'
import { takeExport } from './take-export.ts'
import { silence, startLogWriter } from './writer.ts'

const linesUsual = 400_000
const files = 300
/** Longer than an idle query thread is kept. */
const idleMs = 24_000
const loadMs = 6_000
const pagesAsked = 200
const mega = 1e6
const launcher = path.join(import.meta.dirname, 'start-with-flags.ts')
/** As in `start.mjs`. */
const regexFlags = regexEngineFlags.join(' ')
const usualFlags = `--max-semi-space-size=1 --expose-gc ${regexFlags}`

type Variant = readonly [name: string, flags: string, env: Readonly<Record<string, string>>]

const variants: readonly Variant[] = [
  ['as it is', usualFlags, {}],
  ['semi-space 2 MB', `--max-semi-space-size=2 --expose-gc ${regexFlags}`, {}],
  ['semi-space of V8 (16 MB)', `--expose-gc ${regexFlags}`, {}],
  ['without a collection at the start', `--max-semi-space-size=1 ${regexFlags}`, {}],
  ['flags of regular expressions set by threads', '--max-semi-space-size=1 --expose-gc', {}],
  ['--single-threaded-gc', `${usualFlags} --single-threaded-gc`, {}],
  ['--v8-pool-size=1', `${usualFlags} --v8-pool-size=1`, {}],
  ['--optimize-for-size', `${usualFlags} --optimize-for-size`, {}],
  ['external memory in the limit', `${usualFlags} --external-memory-accounted-in-global-limit`, {}],
  ['arenas as many as glibc likes', usualFlags, { MALLOC_ARENA_MAX: '16' }],
  ['one arena', usualFlags, { MALLOC_ARENA_MAX: '1' }],
  ['mmap threshold 128 KiB', usualFlags, { MALLOC_MMAP_THRESHOLD_: '131072' }],
  ['mmap threshold 1 MiB', usualFlags, { MALLOC_MMAP_THRESHOLD_: '1048576' }],
]

await main(new RegExp(process.argv[2] ?? ''), Number(process.argv[3] ?? linesUsual))

async function main(names: RegExp, lines: number): Promise<void> {
  const corpus = await openCorpus(lines)
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-runtime-'))
  const logRoot = path.join(base, 'pods')
  const writer = await startLogWriter(logRoot, files)
  try {
    for (const [index, [name, flags, env]] of variants.entries()) {
      if (!names.test(name)) continue
      const folder = path.join(base, String(index))
      const cache = { NODE_COMPILE_CACHE: path.join(folder, 'cache'), BENCH_NODE_FLAGS: flags }
      const program = {
        file: launcher,
        settings: { MALLOC_ARENA_MAX: '2', ...cache, ...env },
        dataDir: path.join(folder, 'data'),
      }
      // Code that is compiled at the first start is kept for the second.
      await stopped(await startMeasured({ ...program, logRoot }), ({ get }) => get('/logs?limit=1'))
      const figures = [
        ...(await stopped(await startMeasured({ ...program, logRoot }), async (running) => {
          await delay(idleMs)
          const idle = running.usage().rssBytes
          const tail = await openTailClient(running.base, '')
          const pace = { ...silence, linesPerSec: 5_000 }
          const loaded = await load({ program: running, writer }, pace, { steadyMs: 2_000, phaseMs: loadMs })
          tail.close()
          return [
            `idle ${inMB(idle)} MB`,
            `tail ${loaded.samples.rss()?.toFixed(0)} MB ${loaded.samples.cpu()?.toFixed(0)} %`,
          ]
        })),
        ...(await storedFigures({ ...program, dataDir: path.join(folder, 'stored') }, corpus)),
      ]
      console.log(`${name.padEnd(44)} ${figures.join('; ')}`)
      fs.rmSync(folder, { recursive: true, force: true })
    }
  } finally {
    await writer.close()
    corpus.close()
    fs.rmSync(base, { recursive: true, force: true })
  }
}

async function stopped<T>(
  program: MeasuredProgram,
  work: (program: MeasuredProgram) => Promise<T>,
): Promise<T> {
  try {
    return await work(program)
  } finally {
    await program.stop()
  }
}

/** Ingest, pages and an export of everything. */
async function storedFigures(options: Omit<MeasuredOptions, 'logRoot'>, corpus: Corpus): Promise<string[]> {
  const { program, seconds } = await ingest(corpus, options.dataDir, null, options)
  return stopped(program, async ({ get, base, usage }) => {
    const times: number[] = []
    const { untilSec } = rangeOfData(corpus)
    const pods = corpus.streams.map((stream) => stream.pod)
    for (let turn = 0; turn < pagesAsked; turn += 1)
      times.push((await get(`/logs?pod=${pods[turn % pods.length]}&limit=1000&until=${untilSec}`)).ms)
    const startedMs = performance.now()
    let bytes = 0
    await takeExport(`${base}/logs?format=ndjson&until=${untilSec}`, (length) => {
      bytes += length
    })
    const exportMBps = bytes / 1e3 / (performance.now() - startedMs)
    return [
      `ingest ${(corpus.lines / seconds / 1000).toFixed(0)} k/s`,
      `page of 1,000 ${percentile(times, 0.5)?.toFixed(1)} ms`,
      `export ${exportMBps.toFixed(0)} MB/s`,
      `peak ${inMB(usage().rssPeakBytes)} MB`,
    ]
  })
}

function inMB(bytes: number | null): string {
  return bytes === null ? '-' : (bytes / mega).toFixed(0)
}
