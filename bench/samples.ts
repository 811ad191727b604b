/** Looks at a program's memory and processor time while something is measured. */

import { delay } from '../test/support/wait.ts'
import { percentile } from './figures.ts'
import { type MeasuredProgram, since } from './program.ts'

const sampleMs = 250
const mega = 1e6

export type Samples = {
  readonly seconds: number
  /** Percent of a core, of the part of the time from `from` to `to`, 0 to 1. Null: not known here. */
  readonly cpu: (from?: number, to?: number) => number | null
  /** Median of the resident memory in MB, of such a part. */
  readonly rss: (from?: number, to?: number) => number | null
}

type Sample = { readonly ms: number; readonly cpuSeconds: number | null; readonly rssBytes: number | null }

/** Until `isOver` answers true; the last sample is taken after that. */
export async function takeSamples(program: MeasuredProgram, isOver: () => boolean): Promise<Samples> {
  const samples = [take(program)]
  while (!isOver()) {
    await delay(sampleMs)
    samples.push(take(program))
  }
  return samplesOf(samples)
}

function take(program: MeasuredProgram): Sample {
  const { cpuSeconds, rssBytes } = program.usage()
  return { ms: performance.now(), cpuSeconds, rssBytes }
}

function samplesOf(samples: readonly Sample[]): Samples {
  const last = samples.length - 1
  const part = (from: number, to: number): readonly Sample[] =>
    samples.slice(Math.floor(last * from), Math.floor(last * to) + 1)
  const endsOf = (of: readonly Sample[]): readonly [Sample, Sample] => [of[0] as Sample, of.at(-1) as Sample]
  const secondsOf = (of: readonly Sample[]): number => {
    const [first, final] = endsOf(of)
    return (final.ms - first.ms) / 1000
  }
  return {
    seconds: secondsOf(samples),
    cpu: (from = 0, to = 1) => {
      const of = part(from, to)
      const [first, final] = endsOf(of)
      const cpuSeconds = since(first.cpuSeconds, final.cpuSeconds)
      return cpuSeconds === null ? null : (cpuSeconds / secondsOf(of)) * 100
    },
    rss: (from = 0, to = 1) => {
      const bytes = percentile(
        part(from, to).flatMap(({ rssBytes }) => rssBytes ?? []),
        0.5,
      )
      return bytes === null ? null : bytes / mega
    },
  }
}

/** Within so long after `performance.now()` at the call. */
export function overAfter(ms: number): () => boolean {
  const end = performance.now() + ms
  return () => performance.now() >= end
}
