/**
 * Measures the real program on real files and prints what it found: `npm run bench -- --help`. Goals and what
 * the figures mean: `docs/performance.md`. It reports, it never fails the build.
 */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { parseArgs } from 'node:util'
import { type BudgetOptions, budgetFigures } from './budget.ts'
import { contentionFigures } from './contention.ts'
import { type Corpus, openCorpus, wrapFolder } from './corpus.ts'
import { diskFigures, measureDisk } from './disk.ts'
import { type EndlessOptions, endlessFigures } from './endless.ts'
import { exportFigures } from './export.ts'
import type { Figure } from './figures.ts'
import { startFirst } from './first-start.ts'
import { type FollowOptions, followFigures, followProfiled } from './follow.ts'
import { type GrowthOptions, growthFigures, growthTable } from './growth.ts'
import { ingest, ingestFigures } from './ingest.ts'
import { type MachineLimits, measureLimits } from './limits.ts'
import { logqlFigures } from './logql.ts'
import { type ManyStreamsOptions, manyStreamsFigures } from './many-streams.ts'
import { type ManyTailsOptions, manyTailsFigures, manyTailsProfiled } from './many-tails.ts'
import { type MemoryOptions, memoryFigures } from './memory.ts'
import { type NoisyOptions, noisyFigures } from './noisy.ts'
import { type PairOptions, pairFigures } from './pairs.ts'
import { profileTables } from './profile.ts'
import { coldFigures, type QueryOptions, queryFigures } from './queries.ts'
import { scanPattern } from './query-kinds.ts'
import { format, machineOf, readFigures, tableOf, writeRun } from './report.ts'
import { type RetentionOptions, retentionFigures } from './retention.ts'
import { surfaceFigures } from './surface.ts'
import { type WideOptions, wideFigures } from './wide.ts'

const help = `npm run bench -- [options]
  --quick             less of everything: under a minute
  --lines N           lines of the generated data (4,000,000; quick: 400,000)
  --corpus DIR        text files of DIR in place of generated data, at most --lines lines
  --only A,B          of: limits, ingest, query, logql, wide, growth, streams, budget, follow, tails,
                      noisy, contention, memory, endless, retention (all; quick: without budget and
                      retention)
  --compare FILE      also print the ratio to an earlier JSON
  --profile           write CPU profiles of the program's threads while it ingests and while it follows
                      5,000 lines/s (with tails), print where the time went, and measure nothing else`

const stored = ['limits', 'ingest', 'query', 'logql'] as const
/** Many things at once, over the same data. */
const busy = ['contention', 'memory', 'endless'] as const
const sections = [
  ...stored,
  'wide',
  'growth',
  'streams',
  'budget',
  'follow',
  'tails',
  'noisy',
  ...busy,
  'retention',
] as const
type Section = (typeof sections)[number]

const resultsFolder = path.join(import.meta.dirname, 'results')

const sizes = {
  full: {
    lines: 4_000_000,
    query: { queries: 200, scans: 20, singles: 200, coldStarts: 200, exportShare: 1 },
    pairs: { needles: 100, scans: 15 },
    surface: 200,
    logql: 5,
    wide: { lines: 2_000_000, queries: 200, singles: 200 },
    growth: { sizes: [400_000, 4_000_000, 40_000_000], queries: 200, singles: 100, starts: 10 },
    streams: { streams: 100_000, pages: 200, starts: 20, queries: 200 },
    budget: {
      lines: 4_000_000,
      newestLines: 400_000,
      bytes: 5 * 1024 ** 3,
      queries: 50,
      singles: 50,
      starts: 10,
    },
    follow: {
      restMs: 30_000,
      steadyMs: 3_000,
      phaseMs: 30_000,
      tailMs: 60_000,
      storingMs: 180_000,
      newPodMs: 1_000,
      probes: 200,
      longTailMs: 600_000,
      withRotation: true,
      withSlowTail: true,
    },
    tails: { steadyMs: 3_000, phaseMs: 60_000 },
    noisy: { seconds: 25 },
    memory: {
      steadyMs: 10_000,
      mixedMs: 1_800_000,
      queryRestMs: 500,
      scanRestMs: 20_000,
      exportRestMs: 60_000,
    },
    endless: { steadyMs: 2_000, phaseMs: 30_000, deadlineSec: 5 },
    retention: { lines: 400_000, bytes: 1.4e9, freeBytes: 1e9, quietMs: 10_000, freeMsMax: 240_000 },
  },
  quick: {
    lines: 400_000,
    query: { queries: 100, scans: 5, singles: 10, coldStarts: 1, exportShare: 0.1 },
    pairs: { needles: 10, scans: 3 },
    surface: 20,
    logql: 2,
    wide: { lines: 100_000, queries: 20, singles: 5 },
    growth: { sizes: [40_000, 400_000], queries: 20, singles: 5, starts: 1 },
    streams: { streams: 5_000, pages: 10, starts: 2, queries: 10 },
    budget: null,
    follow: {
      restMs: 0,
      steadyMs: 800,
      phaseMs: 2_500,
      tailMs: 2_500,
      storingMs: 10_500,
      newPodMs: 300,
      probes: 20,
      longTailMs: null,
      withRotation: false,
      withSlowTail: false,
    },
    tails: { steadyMs: 500, phaseMs: 3_000 },
    noisy: { seconds: 4 },
    memory: { steadyMs: 500, mixedMs: 4_000, queryRestMs: 100, scanRestMs: 300, exportRestMs: 300 },
    endless: { steadyMs: 300, phaseMs: 3_000, deadlineSec: 1 },
    retention: null,
  },
} as const

type Options = {
  readonly lines: number
  readonly corpusDir: string | null
  readonly only: ReadonlySet<Section>
  readonly compare: string | null
  readonly profileDir: string | null
  readonly query: QueryOptions
  readonly pairs: PairOptions
  readonly surface: number
  readonly logql: number
  readonly wide: WideOptions
  readonly growth: GrowthOptions
  /** Null: left out. */
  readonly budget: BudgetOptions | null
  readonly streams: ManyStreamsOptions
  readonly follow: FollowOptions
  readonly tails: ManyTailsOptions
  readonly noisy: NoisyOptions
  readonly memory: MemoryOptions
  readonly endless: EndlessOptions
  /** Null: left out. */
  readonly retention: RetentionOptions | null
}

const options = readOptions()
if (options === null) console.log(help)
else await main(options)

function readArguments() {
  return parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      lines: { type: 'string' },
      corpus: { type: 'string' },
      only: { type: 'string', default: sections.join(',') },
      compare: { type: 'string' },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values
}

/** Null: help is wanted or needed. */
function readOptions(): Options | null {
  let values: ReturnType<typeof readArguments>
  try {
    values = readArguments()
  } catch (error) {
    console.error(`${(error as Error).message}\n`)
    return null
  }
  const size = values.quick ? sizes.quick : sizes.full
  const lines = values.lines === undefined ? size.lines : Number(values.lines)
  const only = values.only.split(',')
  const isKnown = only.every((name) => sections.some((section) => section === name))
  if (values.help || !isKnown || !Number.isSafeInteger(lines) || lines < 1) return null
  const profileDir = values.profile ? path.join(resultsFolder, 'profiles') : null
  return {
    lines,
    corpusDir: values.corpus ?? null,
    only: new Set(only as Section[]),
    compare: values.compare ?? null,
    profileDir,
    query: size.query,
    pairs: size.pairs,
    surface: size.surface,
    logql: size.logql,
    wide: size.wide,
    growth: size.growth,
    budget: size.budget,
    streams: size.streams,
    follow: size.follow,
    tails: size.tails,
    noisy: size.noisy,
    memory: size.memory,
    endless: size.endless,
    retention: size.retention,
  }
}

async function main(options: Options): Promise<void> {
  const loadBefore = os.loadavg()[0] ?? 0
  const earlier = options.compare === null ? null : readFigures(options.compare)
  const figures: Figure[] = []
  const add = (title: string, found: readonly Figure[]): void => {
    figures.push(...found)
    console.log(`\n${title}\n${tableOf(found, earlier)}`)
  }
  const needsCorpus = [...stored, ...busy].some((name) => options.only.has(name))
  await startFirst()
  if (options.profileDir !== null) {
    await profile(options, options.profileDir)
    return
  }
  if (needsCorpus) {
    const corpus = await openData(options)
    try {
      await measureStored(options, corpus, add)
      await measureBusy(options, corpus, add)
    } finally {
      corpus.close()
    }
  }
  if (options.only.has('wide')) add('A namespace of 200 streams', await wideFigures(options.wide))
  if (options.only.has('growth')) await measureGrowth(options.growth, add)
  if (options.only.has('streams')) add('Very many streams', await manyStreamsFigures(options.streams))
  if (options.only.has('budget') && options.budget !== null)
    add('A full budget', await budgetFigures(options.budget))
  if (options.only.has('follow')) add('Following files', await followFigures(options.follow))
  if (options.only.has('tails')) add('A hundred tails', await manyTailsFigures(options.tails))
  if (options.only.has('noisy')) add('One that writes 100 MB/s', await noisyFigures(options.noisy))
  if (options.only.has('retention') && options.retention !== null)
    add('Retention', await retentionFigures(options.retention))
  const run = {
    madeAt: new Date().toISOString(),
    machine: machineOf(loadBefore),
    options: { lines: options.lines, corpus: options.corpusDir, only: [...options.only] },
    figures,
  }
  console.log(`\n${verdict(figures)}; load average ${format(loadBefore)} before the run`)
  console.log(writeRun(resultsFolder, run))
}

async function openData({ corpusDir, lines }: Options): Promise<Corpus> {
  const startedMs = performance.now()
  const corpus = corpusDir === null ? await openCorpus(lines) : wrapFolder(corpusDir, lines)
  const seconds = (performance.now() - startedMs) / 1000
  const size = `${format(corpus.lines)} lines, ${format(corpus.bytes / 1e6)} MB, ${corpus.streams.length} streams`
  console.log(`data: ${size} in ${corpus.root} (${seconds.toFixed(1)} s)`)
  return corpus
}

type Add = (title: string, found: readonly Figure[]) => void

async function measureStored(options: Options, corpus: Corpus, add: Add): Promise<void> {
  const { only, query } = options
  const limits = only.has('limits') ? await measureLimits(corpus, scanPattern(0)) : null
  if (limits !== null) add('The machine', limitFigures(limits))
  if (!['ingest', 'query', 'logql'].some((name) => only.has(name as Section))) return
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-data-'))
  try {
    const ingested = await ingest(corpus, dataDir, null)
    try {
      add('Ingest', ingestFigures(ingested, corpus, limits))
      if (only.has('query')) {
        add('Queries over HTTP, warm', await queryFigures(ingested.program, corpus, limits, query))
        add('Pairs', await pairFigures(ingested.program, corpus, options.pairs))
        add('Export', await exportFigures(ingested.program, corpus, query.exportShare))
        add('Beside /logs, warm', await surfaceFigures(ingested.program, corpus, options.surface))
      }
      if (only.has('logql')) add('LogQL', await logqlFigures(ingested.program, corpus, options.logql))
    } finally {
      await ingested.program.stop()
    }
    add('Disk, after the stop', diskFigures(measureDisk(dataDir, corpus), corpus, limits))
    if (only.has('query')) add('Fresh programs', await coldFigures(corpus, dataDir, query))
  } finally {
    fs.rmSync(dataDir, { recursive: true, force: true })
  }
}

async function measureGrowth(options: GrowthOptions, add: Add): Promise<void> {
  const figures = await growthFigures(options)
  add('Growth', figures)
  console.log(`\nMedians by the number of lines\n${growthTable(figures, options.sizes)}`)
}

async function measureBusy({ only, memory, endless }: Options, corpus: Corpus, add: Add): Promise<void> {
  if (only.has('contention')) add('Ingest while clients ask', await contentionFigures(corpus))
  if (only.has('endless')) add('Endless expressions', await endlessFigures(corpus, endless))
  if (only.has('memory')) add('Memory', await memoryFigures(corpus, memory))
}

function limitFigures({
  readMBps,
  indexOfMBps,
  indexOfMs,
  zstd,
  scanMBps,
  ripgrepMs,
}: MachineLimits): Figure[] {
  return [
    { id: 'limit.read', what: 'plain read of the files', value: readMBps, unit: 'MB/s' },
    { id: 'limit.indexOf', what: 'read and Buffer.indexOf', value: indexOfMBps, unit: 'MB/s' },
    {
      id: 'limit.indexOfMs',
      what: 'a needle over all files by Buffer.indexOf',
      value: indexOfMs,
      unit: 'ms',
    },
    {
      id: 'limit.ripgrepMs',
      what: 'a needle over all files by rg',
      value: ripgrepMs,
      unit: 'ms',
      note: ripgrepMs === null ? 'not installed' : '',
    },
    { id: 'limit.zstdSeconds', what: 'zstd -1 of the files, wall time', value: zstd.seconds, unit: 's' },
    { id: 'limit.zstdCpu', what: 'zstd -1 of the files, CPU', value: zstd.cpuSecondsPerGB, unit: 's/GB' },
    { id: 'limit.scanOne', what: 'decompress and scan, one thread', value: scanMBps.one, unit: 'MB/s' },
    { id: 'limit.scanTwo', what: 'decompress and scan, two threads', value: scanMBps.two, unit: 'MB/s' },
  ]
}

function verdict(figures: readonly Figure[]): string {
  const judged = figures.filter(({ goal, value }) => goal !== undefined && value !== null)
  const met = judged.filter(({ goal, value }) => goal?.isMet(value ?? Number.NaN))
  return `${met.length} of ${judged.length} goals met`
}

async function profile(options: Options, folder: string): Promise<void> {
  const ingestFolder = path.join(folder, 'ingest')
  fs.rmSync(folder, { recursive: true, force: true })
  if (options.only.has('ingest')) {
    const corpus = await openData(options)
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-data-'))
    try {
      const { program } = await ingest(corpus, dataDir, ingestFolder)
      await program.stop()
      console.log(`\nWhile ingesting\n\n${profileTables(ingestFolder)}`)
    } finally {
      corpus.close()
      fs.rmSync(dataDir, { recursive: true, force: true })
    }
  }
  if (options.only.has('follow')) {
    for (const hasTail of [false, true]) {
      const followFolder = path.join(folder, hasTail ? 'tail' : 'follow')
      const load = `following 5,000 lines/s ${hasTail ? 'with a tail' : 'without a tail'}`
      await followProfiled(options.follow, followFolder, hasTail)
      console.log(`\nWhile ${load}\n\n${profileTables(followFolder)}`)
    }
  }
  if (options.only.has('tails')) {
    const tailsFolder = path.join(folder, 'tails')
    await manyTailsProfiled(options.tails, tailsFolder)
    console.log(`\nWhile a hundred tails are open\n\n${profileTables(tailsFolder)}`)
  }
}
