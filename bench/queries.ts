/** Times what people ask of `/logs`, with values drawn from the data, in a warm program and in fresh ones. */

import { createRandom } from '../src/demo/random.ts'
import { type Answer, answerFigures, ask, askAll, drawDistinct } from './ask.ts'
import type { Corpus } from './corpus.ts'
import { atLeast, below, type Figure, latencyFigures, percentile } from './figures.ts'
import type { MachineLimits } from './limits.ts'
import { type MeasuredProgram, startMeasured } from './program.ts'
import { type QueryKind, queryKind, queryKinds, rangeOfData } from './query-kinds.ts'

const drawSeed = 8
const mega = 1e6
/** Longer than the time within which queries share one look at the files. */
const singleRestMs = 120
/** Of what the machine itself can decompress and search. */
const scanShareLeast = 60

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
  const past = `&until=${rangeOfData(corpus).untilSec}`
  const kinds = queryKinds(corpus)
  for (const kind of kinds) {
    const count = kind.isScan ? options.scans : options.queries
    const answers = await askAll(program, kind, { count, suffix: past, restMs: 0 })
    figures.push(...answerFigures(`query.${kind.id}`, kind.what, kind, answers))
    if (kind.isScan) figures.push(...scanFigures(kind, answers, corpus, limits))
    if (kind.id === 'rareNeedle') figures.push(...searchFigures(answers, limits))
  }
  for (const kind of kinds.filter(({ isScan }) => !isScan)) {
    const answers = await askAll(program, kind, { count: options.singles, suffix: '', restMs: singleRestMs })
    figures.push(...answerFigures(`query.now.${kind.id}`, `${kind.what}, up to now`, kind, answers))
  }
  const latest = queryKind(corpus, 'latestOfPod')
  const rush = await askAll(program, latest, { count: options.singles, suffix: '', restMs: 0 })
  figures.push(
    ...answerFigures('query.rush.latestOfPod', `${latest.what}, up to now, back to back`, {}, rush),
  )
  return figures
}

/** Text of all lines per second: what is searched twice counts once. */
function scanFigures(
  kind: QueryKind,
  answers: readonly Answer[],
  corpus: Corpus,
  limits: MachineLimits | null,
): Figure[] {
  const speed = percentile(
    answers.map((answer) => corpus.textBytes / mega / (answer.ms / 1000)),
    0.5,
  )
  const share = limits === null || speed === null ? null : (speed / limits.scanMBps.two) * 100
  return [
    { id: `query.${kind.id}.MBps`, what: `${kind.what}, speed`, value: speed, unit: 'MB/s' },
    {
      id: `query.${kind.id}.ofMachine`,
      what: `${kind.what}, of decompress and scan with two threads`,
      value: share,
      unit: '%',
      goal: atLeast(scanShareLeast),
      note: limits === null ? 'needs limits' : `of ${limits.scanMBps.two.toFixed(0)} MB/s`,
    },
  ]
}

/** A needle against what searches the raw files. */
function searchFigures(answers: readonly Answer[], limits: MachineLimits | null): Figure[] {
  const ms = percentile(
    answers.map((answer) => answer.ms),
    0.5,
  )
  const ratio = (of: number | null | undefined): number | null => (ms === null || of == null ? null : ms / of)
  return [
    {
      id: 'query.rareNeedle.toRipgrep',
      what: 'a rare needle, to rg over the raw files',
      value: ratio(limits?.ripgrepMs),
      unit: 'x',
      goal: below(1),
      note: ripgrepNote(limits),
    },
    {
      id: 'query.rareNeedle.toIndexOf',
      what: 'a rare needle, to Buffer.indexOf over the raw files',
      value: ratio(limits?.indexOfMs),
      unit: 'x',
      goal: below(1),
    },
  ]
}

function ripgrepNote(limits: MachineLimits | null): string {
  if (limits === null) return 'needs limits'
  return limits.ripgrepMs === null ? 'rg is not installed' : `rg: ${limits.ripgrepMs.toFixed(0)} ms`
}

/**
 * Fresh programs over the same database: their starts, and one query of each kind in each, in turn another
 * one first.
 */
export async function coldFigures(corpus: Corpus, dataDir: string, options: QueryOptions): Promise<Figure[]> {
  const starts: number[] = []
  const firsts: number[] = []
  const random = createRandom(drawSeed)
  const kinds = queryKinds(corpus).filter((kind) => !kind.isScan)
  const drawn = kinds.map(({ draw }) => drawDistinct(draw, random, options.coldStarts))
  const answers = kinds.map((): Answer[] => [])
  for (let start = 0; start < options.coldStarts; start += 1) {
    const program = await startMeasured({ logRoot: corpus.root, dataDir })
    starts.push(program.startMs)
    for (let turn = 0; turn < kinds.length; turn += 1) {
      const index = (start + turn) % kinds.length
      const answer = await ask(program, drawn[index]?.[start] ?? '')
      answers[index]?.push(answer)
      if (turn === 0) firsts.push(answer.ms)
    }
    await program.stop()
  }
  return [
    ...latencyFigures('start.stored', 'start with the data stored, until ready', starts, {
      p99: below(1000),
    }),
    ...latencyFigures('query.cold', 'first query of a fresh program, kinds in turn', firsts),
    ...kinds.flatMap(({ id, what }, index) =>
      answerFigures(
        `query.cold.${id}`,
        `${what}, first of its kind in a fresh program`,
        {},
        answers[index] ?? [],
      ),
    ),
  ]
}
