/** Asks the program over HTTP what people ask, with values drawn from the data, and times each answer. */

import { createRandom, type Random } from '../src/demo/random.ts'
import { delay } from '../test/support/wait.ts'
import type { Corpus } from './corpus.ts'
import { below, type Figure, type Goal, latencyFigures, percentile } from './figures.ts'
import type { MachineLimits } from './limits.ts'
import { type MeasuredProgram, startMeasured } from './program.ts'
import { type Draw, type QueryKind, queryKinds } from './query-kinds.ts'

const drawSeed = 7
const mega = 1e6
/** Longer than the time within which queries share one look at the files. */
const singleRestMs = 120

export type QueryOptions = {
  /** Queries per kind. */
  readonly queries: number
  /** Of those that read everything. */
  readonly scans: number
  /** Queries per kind that are asked one by one. */
  readonly singles: number
  /** Newest part of the time range that is exported, 0 to 1. */
  readonly exportShare: number
  /** Fresh programs for the cold figures. */
  readonly coldStarts: number
}

type Answer = { readonly ms: number; readonly entries: number; readonly scannedBytes: number }

/**
 * Each kind back to back with an end in the past, which is the cost of the query itself; then some as people
 * ask them, up to now and one by one, which includes reading what is new in the files.
 */
export async function queryFigures(
  program: MeasuredProgram,
  corpus: Corpus,
  limits: MachineLimits | null,
  options: QueryOptions,
): Promise<Figure[]> {
  const figures: Figure[] = []
  const past = `&until=${endOfData(corpus)}`
  const kinds = queryKinds(corpus)
  for (const kind of kinds) {
    const count = kind.isScan ? options.scans : options.queries
    const answers = await askAll(program, kind, { count, suffix: past, restMs: 0 })
    figures.push(...answerFigures(`query.${kind.id}`, kind.what, kind, answers))
    if (kind.isScan) figures.push(scanFigure(kind, answers, corpus, limits))
  }
  for (const kind of kinds.filter(({ isScan }) => !isScan)) {
    const answers = await askAll(program, kind, { count: options.singles, suffix: '', restMs: singleRestMs })
    figures.push(...answerFigures(`query.now.${kind.id}`, `${kind.what}, up to now`, kind, answers))
  }
  const [latest] = kinds as [QueryKind]
  const rush = await askAll(program, latest, { count: options.singles, suffix: '', restMs: 0 })
  figures.push(
    ...answerFigures('query.rush.latestOfPod', `${latest.what}, up to now, back to back`, {}, rush),
  )
  figures.push(...(await exportFigures(program, corpus, options.exportShare)))
  return figures
}

type Asking = { readonly count: number; readonly suffix: string; readonly restMs: number }

async function askAll(program: MeasuredProgram, { draw }: QueryKind, asking: Asking): Promise<Answer[]> {
  const random = createRandom(drawSeed)
  await ask(program, `${draw(random)}${asking.suffix}`)
  const answers: Answer[] = []
  for (const path of drawDistinct(draw, random, asking.count)) {
    await delay(asking.restMs)
    answers.push(await ask(program, `${path}${asking.suffix}`))
  }
  return answers
}

function answerFigures(
  id: string,
  what: string,
  { p50, p99 }: { readonly p50?: Goal; readonly p99?: Goal },
  answers: readonly Answer[],
): Figure[] {
  const times = answers.map((answer) => answer.ms)
  const median = (of: (answer: Answer) => number): number => percentile(answers.map(of), 0.5) ?? 0
  const scanned = (median((answer) => answer.scannedBytes) / mega).toFixed(1)
  const note = `${median((answer) => answer.entries)} entries, ${scanned} MB searched`
  return latencyFigures(id, what, times, { ...(p50 && { p50 }), ...(p99 && { p99 }), note })
}

/** Unix seconds after the last line. */
function endOfData({ streams }: Corpus): number {
  return Math.max(...streams.map((stream) => Math.ceil((stream.startMs + stream.spanMs) / 1000)))
}

function drawDistinct(draw: Draw, random: Random, count: number): string[] {
  const drawn = new Set<string>()
  for (let attempt = 0; drawn.size < count && attempt < 20 * count; attempt += 1) drawn.add(draw(random))
  return [...drawn]
}

/** Text of all lines per second: what is searched twice counts once. */
function scanFigure(
  kind: QueryKind,
  answers: readonly Answer[],
  corpus: Corpus,
  limits: MachineLimits | null,
): Figure {
  const speeds = answers.map((answer) => corpus.textBytes / mega / (answer.ms / 1000))
  return {
    id: `query.${kind.id}.MBps`,
    what: `${kind.what}, speed`,
    value: percentile(speeds, 0.5),
    unit: 'MB/s',
    ...(limits === null
      ? {}
      : { limit: { value: limits.scanMBps.two, what: 'decompress and scan, two threads' } }),
    note: 'goal: 60 % of the limit',
  }
}

/** Follows `next` where a scan was cut by its deadline, so that the time is that of the whole answer. */
async function ask(program: MeasuredProgram, query: string): Promise<Answer> {
  const total = { ms: 0, entries: 0, scannedBytes: 0 }
  let cursor = ''
  for (;;) {
    const { body, ms } = await program.get(`/logs?${query}${cursor}`)
    const page = JSON.parse(body.toString()) as {
      entries: unknown[]
      next: string | null
      stats: { scannedBytes: number }
    }
    total.ms += ms
    total.entries += page.entries.length
    total.scannedBytes += page.stats.scannedBytes
    if (page.entries.length > 0 || page.next === null) return total
    cursor = `&cursor=${page.next}`
  }
}

async function exportFigures(program: MeasuredProgram, corpus: Corpus, share: number): Promise<Figure[]> {
  const [{ startMs, spanMs }] = corpus.streams as [Corpus['streams'][number]]
  const sinceSec = Math.round((startMs + (1 - share) * spanMs) / 1000)
  const startedMs = performance.now()
  const response = await fetch(
    `${program.base}/logs?format=ndjson&since=${sinceSec}&until=${endOfData(corpus)}`,
  )
  let bytes = 0
  let rssPeak = 0
  for await (const part of response.body ?? []) {
    bytes += (part as Uint8Array).length
    rssPeak = Math.max(rssPeak, program.usage().rssBytes ?? 0)
  }
  const seconds = (performance.now() - startedMs) / 1000
  return [
    {
      id: 'export.MBps',
      what: `export of ${share * 100} % as ndjson, text of the lines`,
      value: (corpus.textBytes * share) / mega / seconds,
      unit: 'MB/s',
      goal: { text: '≥ 100', isMet: (value) => value >= 100 },
      note: `${(bytes / mega / seconds).toFixed(0)} MB/s of JSON`,
    },
    { id: 'export.rss', what: 'RSS during the export', value: rssPeak / mega, unit: 'MB' },
  ]
}

/** Fresh programs over the same database: their starts, and the first query of each, kinds in turn. */
export async function coldFigures(corpus: Corpus, dataDir: string, options: QueryOptions): Promise<Figure[]> {
  const starts: number[] = []
  const times: number[] = []
  const random = createRandom(drawSeed + 1)
  const kinds = queryKinds(corpus).filter((kind) => !kind.isScan)
  for (let start = 0; start < options.coldStarts; start += 1) {
    const program = await startMeasured({ logRoot: corpus.root, dataDir })
    starts.push(program.startMs)
    const { draw } = kinds[start % kinds.length] as QueryKind
    times.push((await ask(program, draw(random))).ms)
    await program.stop()
  }
  return [
    ...latencyFigures('start.stored', 'start with the data stored, until ready', starts, {
      p99: below(1000),
    }),
    ...latencyFigures('query.cold', 'first query of a fresh program, any kind but scans', times),
  ]
}
