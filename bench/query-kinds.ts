/** The queries that are measured, with values drawn from the data. */

import type { Random } from '../src/demo/random.ts'
import type { Corpus } from './corpus.ts'
import { below, type Goal } from './figures.ts'
import { absentText } from './limits.ts'

/** Limits vary around 100, so that no query comes twice although there are few pods. */
const limitLeast = 95
const limitMost = 105
const phrasesMax = 40

/**
 * Has no literal that a filter could use and matches nothing: every line must be decompressed and searched.
 * The digit varies, so that no answer can be kept.
 */
export const scanPattern = (digit: number): string => `[0-9][%&][g-z]{3}[${digit}#]`

export type Draw = (random: Random) => string

export type QueryKind = {
  readonly id: string
  readonly what: string
  readonly draw: Draw
  readonly isScan: boolean
  readonly p99?: Goal
  readonly p50?: Goal
}

/** What people ask, simplest first. Goals are those with 4,000,000 lines. */
export function queryKinds(corpus: Corpus): QueryKind[] {
  const pods = corpus.streams.map((stream) => stream.pod)
  const namespaces = [...new Set(corpus.streams.map((stream) => stream.namespace))]
  const phrases = commonPhrases(corpus)
  const needles = rareNeedles(corpus)
  const limit = (random: Random): number => random.between(limitLeast, limitMost)
  return [
    {
      id: 'latestOfPod',
      what: 'latest 100 of a pod',
      draw: (random) => `pod=${drawOf(random, pods)}&limit=${limit(random)}`,
      isScan: false,
      p99: below(10),
    },
    {
      id: 'latestOfNamespace',
      what: 'latest 100 of a namespace',
      draw: (random) =>
        `namespace=${drawOf(random, namespaces)}&limit=${limit(random)}&level=${drawOf(random, levels)}`,
      isScan: false,
      p99: below(30),
    },
    {
      id: 'rareNeedle',
      what: 'a rare needle over everything',
      draw: (random) => `q=${textOf(drawOf(random, needles))}`,
      isScan: false,
      p50: below(25),
      p99: below(25),
    },
    {
      id: 'absentNeedle',
      what: 'a needle that is not there',
      draw: (random) => `q=${textOf(absentText.slice(0, -8) + random.hex(8))}`,
      isScan: false,
    },
    {
      id: 'commonPhrase',
      what: 'a common phrase, latest 100',
      draw: (random) => `q=${textOf(drawOf(random, phrases))}&limit=${limit(random)}`,
      isScan: false,
      p99: below(20),
    },
    {
      id: 'regexScan',
      what: 'a regex that must scan everything',
      draw: (random) => {
        const pattern = encodeURIComponent(`/${scanPattern(random.between(0, 9))}/`)
        return `q=${pattern}&limit=${limit(random)}`
      },
      isScan: true,
    },
  ]
}

/** The kind with this id. */
export function queryKind(corpus: Corpus, id: string): QueryKind {
  const found = queryKinds(corpus).find((kind) => kind.id === id)
  if (found === undefined) throw new Error(`no kind of query is called ${id}`)
  return found
}

/** One of the values, of which there is at least one. */
export function drawOf<T>(random: Random, values: readonly T[]): T {
  return values[random.between(0, values.length - 1)] as T
}

/** A condition on the text of a line, literally. */
export function textOf(value: string): string {
  return encodeURIComponent(`"${value}"`)
}

/** Unix seconds of the first line, and of the second after the last one. */
export function rangeOfData({ streams }: Corpus): { readonly sinceSec: number; readonly untilSec: number } {
  return {
    sinceSec: Math.floor(Math.min(...streams.map(({ startMs }) => startMs)) / 1000),
    untilSec: Math.ceil(Math.max(...streams.map(({ startMs, spanMs }) => startMs + spanMs)) / 1000),
  }
}

/** Levels that one may ask for, as values of the parameter. */
export const levels = ['info', 'warn+', 'error', 'info,warn', 'unknown'].map(encodeURIComponent)

/** Identifiers where the data has them, else its rarest words. */
export function rareNeedles(corpus: Corpus): string[] {
  const samples = corpus.streams.flatMap((stream) => stream.samples)
  const identifier = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
  const found = samples.flatMap((sample) => identifier.exec(sample)?.[0] ?? [])
  return found.length > 0
    ? found
    : byCount(samples.flatMap((sample) => sample.match(/\w{8,40}/g) ?? [])).toReversed()
}

/** Neighbouring words that stand in the most lines. */
export function commonPhrases(corpus: Corpus): string[] {
  const samples = corpus.streams.flatMap((stream) => stream.samples)
  return byCount(samples.flatMap((sample) => [...new Set(sample.match(/[A-Za-z]{2,} [A-Za-z]{3,}/g))])).slice(
    0,
    phrasesMax,
  )
}

function byCount(values: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted((one, other) => other[1] - one[1]).map(([value]) => value)
}
