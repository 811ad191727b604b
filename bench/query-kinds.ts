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

/** What people ask, simplest first. */
export function queryKinds(corpus: Corpus): QueryKind[] {
  const pods = corpus.streams.map((stream) => stream.pod)
  const namespaces = [...new Set(corpus.streams.map((stream) => stream.namespace))]
  const phrases = commonPhrases(corpus)
  const needles = rareNeedles(corpus)
  const of = <T>(random: Random, values: readonly T[]): T => values[random.between(0, values.length - 1)] as T
  const limit = (random: Random): number => random.between(limitLeast, limitMost)
  const text = (value: string): string => encodeURIComponent(`"${value}"`)
  const regex = (value: string): string => encodeURIComponent(`/${value}/`)
  const scan = (random: Random): string =>
    `q=${regex(scanPattern(random.between(0, 9)))}&limit=${limit(random)}`
  return [
    {
      id: 'latestOfPod',
      what: 'latest 100 of a pod',
      draw: (random) => `pod=${of(random, pods)}&limit=${limit(random)}`,
      isScan: false,
      p99: below(15),
    },
    {
      id: 'latestOfNamespace',
      what: 'latest 100 of a namespace',
      draw: (random) =>
        `namespace=${of(random, namespaces)}&limit=${limit(random)}&level=${of(random, levels)}`,
      isScan: false,
      p99: below(30),
    },
    {
      id: 'rareNeedle',
      what: 'a rare needle over everything',
      draw: (random) => `q=${text(of(random, needles))}`,
      isScan: false,
      p99: below(50),
    },
    {
      id: 'absentNeedle',
      what: 'a needle that is not there',
      draw: (random) => `q=${text(absentText.slice(0, -8) + random.hex(8))}`,
      isScan: false,
    },
    {
      id: 'commonPhrase',
      what: 'a common phrase, latest 100',
      draw: (random) => `q=${text(of(random, phrases))}&limit=${limit(random)}`,
      isScan: false,
      p99: below(20),
    },
    {
      id: 'ignoreCase',
      what: 'a rare needle, case ignored',
      draw: (random) => `q=${text(of(random, needles).toUpperCase())}&ignoreCase=true`,
      isScan: false,
    },
    { id: 'regexScan', what: 'a regex that must scan everything', draw: scan, isScan: true },
  ]
}

const levels = ['info', 'warn+', 'error', 'info,warn', 'unknown'].map(encodeURIComponent)

/** Identifiers where the data has them, else its rarest words. */
function rareNeedles(corpus: Corpus): string[] {
  const samples = corpus.streams.flatMap((stream) => stream.samples)
  const identifier = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
  const found = samples.flatMap((sample) => identifier.exec(sample)?.[0] ?? [])
  return found.length > 0
    ? found
    : byCount(samples.flatMap((sample) => sample.match(/\w{8,40}/g) ?? [])).toReversed()
}

/** Neighbouring words that stand in the most lines. */
function commonPhrases(corpus: Corpus): string[] {
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
