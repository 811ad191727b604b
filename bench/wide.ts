/** Asks for the lines of a namespace of 200 streams, beside another one as large. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import type { Random } from '../src/demo/random.ts'
import { answerFigures, askAll } from './ask.ts'
import { type Corpus, openCorpus, usualShape } from './corpus.ts'
import { below, type Figure } from './figures.ts'
import { ingest } from './ingest.ts'
import type { MeasuredProgram } from './program.ts'
import { drawOf, levels, rangeOfData } from './query-kinds.ts'

const namespace = 'wide'
const limitLeast = 95
const limitMost = 105
/** Longer than the time within which queries share one look at the files. */
const singleRestMs = 120
const secondsPerDay = 86_400

/** 40 streams ten times, in two namespaces of 200. */
const shape = { ...usualShape, name: '-wide', namespaces: [namespace, 'other'], copies: 10 }

export type WideOptions = { readonly lines: number; readonly queries: number; readonly singles: number }

export async function wideFigures(options: WideOptions): Promise<Figure[]> {
  const corpus = await openCorpus(options.lines, shape)
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-wide-'))
  try {
    const { program } = await ingest(corpus, dataDir, null)
    try {
      return await figuresOf(program, corpus, options)
    } finally {
      await program.stop()
    }
  } finally {
    fs.rmSync(dataDir, { recursive: true, force: true })
    corpus.close()
  }
}

async function figuresOf(
  program: MeasuredProgram,
  corpus: Corpus,
  { queries, singles }: WideOptions,
): Promise<Figure[]> {
  const streams = corpus.streams.filter((stream) => stream.namespace === namespace).length
  const what = `latest 100 of a namespace of ${streams} streams`
  const { sinceSec, untilSec } = rangeOfData(corpus)
  const latest = (random: Random): string => {
    const level = random.chance(0.5) ? '' : `&level=${drawOf(random, levels)}`
    return `namespace=${namespace}&limit=${random.between(limitLeast, limitMost)}${level}`
  }
  // An end after the data, each time another one.
  const upToEnd = (random: Random): string => {
    return `${latest(random)}&until=${untilSec + random.between(1, secondsPerDay)}`
  }
  const before = (random: Random): string => {
    return `${latest(random)}&until=${random.between(sinceSec + 3600, untilSec)}`
  }
  const upToNow = (random: Random): string => {
    return `${latest(random)}&since=${sinceSec - random.between(1, secondsPerDay)}`
  }
  const asked = [
    { id: 'wide.latest', what, draw: upToEnd, count: queries, restMs: 0, p99: below(30) },
    {
      id: 'wide.now.latest',
      what: `${what}, up to now`,
      draw: upToNow,
      count: singles,
      restMs: singleRestMs,
      p99: below(30),
    },
    {
      id: 'wide.before',
      what: `${what}, before any moment of the day`,
      draw: before,
      count: queries,
      restMs: 0,
    },
  ]
  const figures: Figure[] = []
  for (const kind of asked) {
    const answers = await askAll(program, kind, { count: kind.count, suffix: '', restMs: kind.restMs })
    figures.push(...answerFigures(kind.id, kind.what, kind, answers))
  }
  return figures
}
