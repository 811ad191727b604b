/** Mixes of questions for clients that ask without pause. */

import type { Random } from '../src/demo/random.ts'
import type { Question } from './clients.ts'
import type { Corpus } from './corpus.ts'
import { queryKind, queryKinds, rangeOfData, scanPattern } from './query-kinds.ts'

const bucketsLeast = 50
const bucketsMost = 60

export type Questions = readonly [Question, ...Question[]]

/** Latest lines, needles and histograms; half of them up to now, which reads what is new in the files. */
export function peopleAsk(corpus: Corpus): Questions {
  const { sinceSec, untilSec } = rangeOfData(corpus)
  const past = `&until=${untilSec}`
  const ofLines = queryKinds(corpus).filter(({ isScan }) => !isScan)
  const histogram = (random: Random): string =>
    `/logs/histogram?by=level&buckets=${random.between(bucketsLeast, bucketsMost)}&since=${sinceSec}${past}`
  const questions: Question[] = ofLines.flatMap(({ id, draw }) => [
    { kind: id, draw: (random: Random) => `/logs?${draw(random)}${past}` },
    { kind: `${id}.now`, draw: (random: Random) => `/logs?${draw(random)}` },
  ])
  return [{ kind: 'histogram', draw: histogram }, ...questions]
}

/** The newest lines of a pod, their end in the past: the query's own cost. */
export function latestOfPods(corpus: Corpus): Questions {
  const { id, draw } = queryKind(corpus, 'latestOfPod')
  const until = rangeOfData(corpus).untilSec
  return [{ kind: id, draw: (random) => `/logs?${draw(random)}&until=${until}` }]
}

/** Reads everything and finds nothing. */
export function scans(corpus: Corpus): Questions {
  return [regexOf('scan', corpus, (random) => scanPattern(random.between(0, 9)))]
}

/**
 * The same, with a pattern that tries so much on every line that it does some 2 MB/s: no deadline that a
 * person would wait for is long enough.
 */
export function endlessScans(corpus: Corpus): Questions {
  const endless = (digit: number): string => `[a-z].*[a-z].*[a-z].*${scanPattern(digit)}`
  return [regexOf('endless', corpus, (random) => endless(random.between(0, 9)))]
}

function regexOf(kind: string, corpus: Corpus, pattern: Question['draw']): Question {
  const until = rangeOfData(corpus).untilSec
  const draw = (random: Random): string =>
    `/logs?q=${encodeURIComponent(`/${pattern(random)}/`)}&until=${until}`
  return { kind, draw }
}
