/** How cost grows with what is stored: the same questions to programs with ever more lines. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { answerFigures, askAll, askHistogram } from './ask.ts'
import { type Corpus, openCorpus, usualShape } from './corpus.ts'
import { below, type Figure, type Goal, latencyFigures } from './figures.ts'
import { ingest } from './ingest.ts'
import { type MeasuredProgram, startMeasured } from './program.ts'
import { queryKind, rangeOfData } from './query-kinds.ts'

/** Longer than the time within which queries share one look at the files. */
const singleRestMs = 120
/** A corpus of more lines is deleted afterwards. */
const keptLinesMax = 5_000_000
const settleMsMax = 120_000
const secondsPerDay = 86_400
const mega = 1e6

export type GrowthOptions = {
  /** Numbers of lines. */
  readonly sizes: readonly number[]
  /** Queries per kind. */
  readonly queries: number
  readonly singles: number
  readonly starts: number
}

/** By the number of lines: goals for p99 of the latest 100, and for p50 of a needle. */
const goals: Readonly<Record<number, { readonly latest: Goal; readonly needle: Goal }>> = {
  4_000_000: { latest: below(10), needle: below(25) },
  40_000_000: { latest: below(15), needle: below(150) },
}

export async function growthFigures(options: GrowthOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const lines of options.sizes) {
    const corpus = await openCorpus(lines, { ...usualShape, isTemporary: lines > keptLinesMax })
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-growth-'))
    try {
      figures.push(...(await sizeFigures(corpus, dataDir, lines, options)))
    } finally {
      fs.rmSync(dataDir, { recursive: true, force: true })
      corpus.close()
    }
  }
  return figures
}

async function sizeFigures(
  corpus: Corpus,
  dataDir: string,
  lines: number,
  options: GrowthOptions,
): Promise<Figure[]> {
  const id = `growth.${lines}`
  const of = `${(lines / mega).toLocaleString('en')} M lines`
  const figures: Figure[] = []
  const { program, seconds } = await ingest(corpus, dataDir, null)
  try {
    figures.push({
      id: `${id}.ingest`,
      what: `${of}: ingest`,
      value: corpus.lines / seconds,
      unit: 'lines/s',
    })
    await program.settle(settleMsMax)
    figures.push(...(await storedFigures(program, corpus, { id, of, goals: goals[lines], ...options })))
    figures.push(...memoryFigures(id, of, program))
  } finally {
    await program.stop()
  }
  return [
    ...figures,
    diskFigure(id, of, dataDir, corpus.lines),
    ...(await startFigures(id, of, { corpus, dataDir, starts: options.starts })),
  ]
}

export type Stored = {
  readonly id: string
  /** How much is stored, in words. */
  readonly of: string
  readonly goals: { readonly latest: Goal; readonly needle: Goal } | undefined
  readonly queries: number
  readonly singles: number
}

/** What grows in different ways: reading the newest lines, asking every filter, adding up counts. */
export async function storedFigures(
  program: MeasuredProgram,
  corpus: Corpus,
  { id, of, goals: own, queries, singles }: Stored,
): Promise<Figure[]> {
  const figures: Figure[] = []
  const { sinceSec, untilSec } = rangeOfData(corpus)
  const kinds = [
    { id: 'latestOfPod', own: own && { p99: own.latest } },
    { id: 'rareNeedle', own: own && { p50: own.needle, p99: own.needle } },
    { id: 'absentNeedle', own: undefined },
    { id: 'commonPhrase', own: { p99: below(20) } },
  ]
  for (const kind of kinds) {
    const { draw, what } = queryKind(corpus, kind.id)
    const asking = { count: queries, suffix: `&until=${untilSec}`, restMs: 0 }
    const answers = await askAll(program, { draw }, asking)
    figures.push(...answerFigures(`${id}.${kind.id}`, `${of}: ${what}`, kind.own ?? {}, answers))
  }
  const latest = queryKind(corpus, 'latestOfPod')
  const upToNow = await askAll(program, latest, { count: singles, suffix: '', restMs: singleRestMs })
  figures.push(...answerFigures(`${id}.now.latestOfPod`, `${of}: ${latest.what}, up to now`, {}, upToNow))
  figures.push(
    ...(await histogramFigures(program, {
      id: `${id}.histogram`,
      what: `${of}: histogram of 24 h in 60 buckets by level`,
      sinceSec: Math.max(sinceSec, untilSec - secondsPerDay),
      untilSec,
      count: queries,
      ...(own && { p50: below(50) }),
    })),
  )
  return figures
}

/** Histograms by level without a condition on the text. Rejects where one read a body. */
export async function histogramFigures(
  program: MeasuredProgram,
  asked: {
    readonly id: string
    readonly what: string
    readonly sinceSec: number
    readonly untilSec: number
    readonly count: number
    readonly p50?: Goal
  },
): Promise<Figure[]> {
  const { id, what, sinceSec, untilSec, count, p50 } = asked
  const times: number[] = []
  // The first one is not counted; each begins a second earlier than the one before.
  for (let turn = 0; turn <= count; turn += 1) {
    const range = `since=${sinceSec - turn}&until=${untilSec}`
    const { ms, scannedBytes } = await askHistogram(program, `buckets=60&by=level&${range}`)
    if (scannedBytes > 0) throw new Error('a histogram without a condition on the text read bodies')
    if (turn > 0) times.push(ms)
  }
  return latencyFigures(id, what, times, { ...(p50 && { p50 }) })
}

export function memoryFigures(id: string, of: string, program: MeasuredProgram): Figure[] {
  const { rssBytes, rssPeakBytes } = program.usage()
  const megabytes = (bytes: number | null): number | null => (bytes === null ? null : bytes / mega)
  return [
    { id: `${id}.rss`, what: `${of}: RSS after these`, value: megabytes(rssBytes), unit: 'MB' },
    { id: `${id}.rssPeak`, what: `${of}: peak RSS`, value: megabytes(rssPeakBytes), unit: 'MB' },
  ]
}

export function diskFigure(id: string, of: string, dataDir: string, lines: number): Figure {
  const sizes = fs.readdirSync(dataDir).map((name) => fs.statSync(path.join(dataDir, name)).size)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return {
    id: `${id}.disk`,
    what: `${of}: disk`,
    value: bytes / lines,
    unit: 'B/line',
    note: `${(bytes / mega).toFixed(0)} MB`,
  }
}

/** Fresh programs over a stopped one's data. */
export async function startFigures(
  id: string,
  of: string,
  { corpus, dataDir, starts }: { readonly corpus: Corpus; readonly dataDir: string; readonly starts: number },
): Promise<Figure[]> {
  const times: number[] = []
  for (let start = 0; start < starts; start += 1) {
    const program = await startMeasured({ logRoot: corpus.root, dataDir })
    times.push(program.startMs)
    await program.stop()
  }
  return latencyFigures(`${id}.start`, `${of}: start until ready`, times, { p50: below(1000) })
}

/** One row per question, one column per number of lines; medians. */
export function growthTable(figures: readonly Figure[], sizes: readonly number[]): string {
  const rows = [
    ['latestOfPod.p50', 'latest 100 of a pod, ms'],
    ['latestOfPod.p99', 'the same, p99'],
    ['now.latestOfPod.p50', 'the same up to now, ms'],
    ['commonPhrase.p50', 'a common phrase, latest 100, ms'],
    ['rareNeedle.p50', 'a rare needle over everything, ms'],
    ['histogram.p50', 'histogram of 24 h in 60 buckets by level, ms'],
    ['start.p50', 'start until ready, ms'],
    ['disk', 'disk, B/line'],
    ['rssPeak', 'peak RSS, MB'],
  ] as const
  const values = new Map(figures.map(({ id, value }) => [id, value]))
  const cells = rows.map(([name, what]) => [
    what,
    ...sizes.map((lines) => {
      const value = values.get(`growth.${lines}.${name}`)
      return value == null ? '–' : String(Number(value.toPrecision(3)))
    }),
  ])
  const head = ['what', ...sizes.map((lines) => `${(lines / mega).toLocaleString('en')} M lines`)]
  const widths = head.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n')
}
