/**
 * Times pairs of queries that read the same, each beside the other so that both meet the same machine: what
 * ignoring the case costs, and what counting costs beside searching.
 */

import { createRandom, type Random } from '../src/demo/random.ts'
import { ask, askHistogram } from './ask.ts'
import type { Corpus } from './corpus.ts'
import { atMost, type Figure, percentile } from './figures.ts'
import type { MeasuredProgram } from './program.ts'
import { drawOf, rangeOfData, rareNeedles, textOf } from './query-kinds.ts'

const drawSeed = 9
/** Bytes below which a text has no grams: blocks cannot be excluded, all bodies are searched. */
const shortChars = 3
/** Share of the lines that a text is in which is counted. */
const countedShareLeast = 0.01
const countedShareMost = 0.1
/** Stands in no line of the data, between two letters. */
const absentMark = '~'
const letters = 'abcdefghijklmnopqrstuvwxyz'

export type PairOptions = {
  /** Pairs of needles. */
  readonly needles: number
  /** Pairs that read everything. */
  readonly scans: number
}

type Timed = () => Promise<number>
type Pair = {
  readonly id: string
  readonly what: string
  readonly most: number
  readonly count: number
  /** Milliseconds of the one and of the other that it is held against. */
  readonly draw: (random: Random) => { readonly one: Timed; readonly other: Timed }
}

export async function pairFigures(
  program: MeasuredProgram,
  corpus: Corpus,
  options: PairOptions,
): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const pair of pairsOf(program, corpus, options)) figures.push(await pairFigure(pair))
  return figures
}

function pairsOf(program: MeasuredProgram, corpus: Corpus, { needles, scans }: PairOptions): Pair[] {
  const rare = rareNeedles(corpus)
  const common = shortTexts(corpus)
  const { sinceSec, untilSec } = rangeOfData(corpus)
  const search = (text: string, more = ''): Timed => {
    return async () => (await ask(program, `q=${textOf(text)}&until=${untilSec}${more}`)).ms
  }
  const count = (text: string): Timed => {
    const query = `q=${textOf(text)}&buckets=60&since=${sinceSec}&until=${untilSec}`
    return async () => (await askHistogram(program, query)).ms
  }
  const absent = (random: Random): string => `${letterOf(random)}${absentMark}${letterOf(random)}`
  const ignoring = (text: string): Timed => search(text.toUpperCase(), '&ignoreCase=true')
  return [
    {
      id: 'ignoreCase.needle',
      what: 'a rare needle with the case ignored, to one with it',
      most: 2,
      count: needles,
      draw: (random) => {
        const text = drawOf(random, rare)
        return { one: ignoring(text), other: search(text) }
      },
    },
    {
      id: 'ignoreCase.scan',
      what: 'a short text searched in everything with the case ignored, to one with it',
      most: 2,
      count: scans,
      draw: (random) => {
        const text = absent(random)
        return { one: ignoring(text), other: search(text) }
      },
    },
    {
      id: 'count.absent',
      what: 'histogram of a short text that is in no line, to searching it',
      most: 1.3,
      count: scans,
      draw: (random) => ({ one: count(absent(random)), other: search(absent(random)) }),
    },
    {
      id: 'count.common',
      what: 'histogram of a short text that 1 to 10 % of the lines have, to searching one that none has',
      most: 1.3,
      count: common.length === 0 ? 0 : scans,
      draw: (random) => ({ one: count(drawOf(random, common)), other: search(absent(random)) }),
    },
  ]
}

function letterOf(random: Random): string {
  return letters[random.between(0, letters.length - 1)] as string
}

/** Texts without grams that about that share of the lines have. */
function shortTexts({ streams }: Corpus): string[] {
  const samples = streams.flatMap((stream) => stream.samples)
  const counts = new Map<string, number>()
  for (const sample of samples) {
    const words = sample.match(/[A-Za-z]{4,}/g) ?? []
    for (const text of new Set(words.map((word) => word.slice(0, shortChars))))
      counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, lines]) => lines >= countedShareLeast * samples.length)
    .filter(([, lines]) => lines <= countedShareMost * samples.length)
    .map(([text]) => text)
}

async function pairFigure({ id, what, most, count, draw }: Pair): Promise<Figure> {
  const random = createRandom(drawSeed)
  const ones: number[] = []
  const others: number[] = []
  // The first pair is not counted; without any pair nothing can be drawn.
  for (let turn = count === 0 ? 1 : 0; turn <= count; turn += 1) {
    const { one, other } = draw(random)
    const isOneFirst = turn % 2 === 0
    const first = await (isOneFirst ? one() : other())
    const second = await (isOneFirst ? other() : one())
    if (turn === 0) continue
    ones.push(isOneFirst ? first : second)
    others.push(isOneFirst ? second : first)
  }
  const one = percentile(ones, 0.5)
  const other = percentile(others, 0.5)
  return {
    id: `query.${id}`,
    what,
    value: one === null || other === null ? null : one / other,
    unit: 'x',
    goal: atMost(most),
    note:
      one === null || other === null ? '' : `${count} pairs; p50 ${one.toFixed(1)} to ${other.toFixed(1)} ms`,
  }
}
