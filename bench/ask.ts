/** Asks the program over HTTP and times its answers: queries of `/logs`, and what else answers in JSON. */

import { createRandom, type Random } from '../src/demo/random.ts'
import { delay } from '../test/support/wait.ts'
import { type Figure, type Goal, latencyFigures, percentile } from './figures.ts'
import type { MeasuredProgram } from './program.ts'
import type { Draw, QueryKind } from './query-kinds.ts'

const drawSeed = 7
/** Draws per query that is wanted: few are drawn twice. */
const attemptsPerQuery = 20
const mega = 1e6

export type Answer = {
  readonly ms: number
  readonly entries: number
  readonly scannedBytes: number
  readonly blocks: number
}

export type Asking = {
  readonly count: number
  /** Added to every query. */
  readonly suffix: string
  /** Before each query. */
  readonly restMs: number
}

type Stats = { readonly scannedBytes: number; readonly blocks: number }

/** As many queries of a kind, no two alike, after one that is not counted. */
export async function askAll(
  program: MeasuredProgram,
  { draw }: Pick<QueryKind, 'draw'>,
  { count, suffix, restMs }: Asking,
): Promise<Answer[]> {
  const random = createRandom(drawSeed)
  await ask(program, `${draw(random)}${suffix}`)
  const answers: Answer[] = []
  for (const path of drawDistinct(draw, random, count)) {
    await delay(restMs)
    answers.push(await ask(program, `${path}${suffix}`))
  }
  return answers
}

export function drawDistinct(draw: Draw, random: Random, count: number): string[] {
  const drawn = new Set<string>()
  for (let attempt = 0; drawn.size < count && attempt < attemptsPerQuery * count; attempt += 1)
    drawn.add(draw(random))
  return [...drawn]
}

/** Follows `next` where a scan was cut by its deadline, so that the time is that of the whole answer. */
export async function ask(program: MeasuredProgram, query: string): Promise<Answer> {
  const total = { ms: 0, entries: 0, scannedBytes: 0, blocks: 0 }
  let cursor = ''
  for (;;) {
    const { body, ms } = await program.get(`/logs?${query}${cursor}`)
    const page = JSON.parse(body.toString()) as { entries: unknown[]; next: string | null; stats: Stats }
    total.ms += ms
    total.entries += page.entries.length
    total.scannedBytes += page.stats.scannedBytes
    total.blocks += page.stats.blocks
    if (page.entries.length > 0 || page.next === null) return total
    cursor = `&cursor=${page.next}`
  }
}

export type HistogramAnswer = { readonly ms: number; readonly count: number; readonly scannedBytes: number }

/** One histogram, `query` with its range and buckets. Rejects where it was cut short. */
export async function askHistogram(program: MeasuredProgram, query: string): Promise<HistogramAnswer> {
  const { body, ms } = await program.get(`/logs/histogram?${query}`)
  const { count, complete, stats } = JSON.parse(body.toString()) as {
    count: number
    complete: boolean
    stats: Stats
  }
  if (!complete) throw new Error(`the histogram ${query} was cut short`)
  return { ms, count, scannedBytes: stats.scannedBytes }
}

export function answerFigures(
  id: string,
  what: string,
  { p50, p99 }: { readonly p50?: Goal; readonly p99?: Goal },
  answers: readonly Answer[],
): Figure[] {
  const median = (of: (answer: Answer) => number): number => percentile(answers.map(of), 0.5) ?? 0
  const scanned = (median((answer) => answer.scannedBytes) / mega).toFixed(1)
  const note = `${median((answer) => answer.entries)} entries, ${scanned} MB searched`
  const times = answers.map((answer) => answer.ms)
  return latencyFigures(id, what, times, { ...(p50 && { p50 }), ...(p99 && { p99 }), note })
}
