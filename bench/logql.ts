/** Times LogQL: metric queries over everything that is stored, and the stages alone over lines in memory. */

import { LineState, noLabels } from '../src/logql/stages/line-state.ts'
import { compileStages } from '../src/logql/stages/pipeline.ts'
import { parseQuery } from '../src/logql/syntax/parse-query.ts'
import type { Corpus } from './corpus.ts'
import { type Figure, percentile } from './figures.ts'
import type { MeasuredProgram } from './program.ts'
import { scanPattern } from './query-kinds.ts'

/** Steps of a range, as many as a chart has. */
const steps = 60

type Kind = {
  readonly id: string
  readonly what: string
  readonly query: (range: string) => string
  /** All lines are read by it: also told as a rate. */
  readonly readsAll: boolean
}

const all = '{namespace=~".+"}'
const kinds: readonly Kind[] = [
  {
    id: 'volume',
    what: 'log volume: sum by (detected_level) (count_over_time)',
    query: (range) => `sum by (level, detected_level) (count_over_time(${all} | drop __error__ [${range}]))`,
    readsAll: false,
  },
  {
    id: 'rate',
    what: 'sum by (pod) (rate)',
    query: (range) => `sum by (pod) (rate(${all}[${range}]))`,
    readsAll: false,
  },
  {
    id: 'scan',
    what: 'the plain scan: count of a pattern that no filter helps',
    query: (range) => `sum(count_over_time(${all} |~ \`${scanPattern(1)}\` [${range}]))`,
    readsAll: true,
  },
  {
    id: 'json',
    what: 'sum by (level) over json',
    query: (range) => `sum by (level) (count_over_time(${all} | json | __error__="" [${range}]))`,
    readsAll: true,
  },
  {
    id: 'logfmt',
    what: 'sum by (level) over logfmt',
    query: (range) => `sum by (level) (count_over_time(${all} | logfmt [${range}]))`,
    readsAll: true,
  },
]

/** `times`: questions per kind, over all lines. */
export async function logqlFigures(
  program: MeasuredProgram,
  corpus: Corpus,
  times: number,
): Promise<Figure[]> {
  const figures: Figure[] = []
  const [{ startMs, spanMs }] = corpus.streams as [Corpus['streams'][number]]
  const stepSec = Math.ceil(spanMs / 1000 / steps)
  for (const { id, what, query, readsAll } of kinds) {
    const taken: number[] = []
    for (let turn = 0; turn < times; turn += 1) {
      const startSec = Math.floor(startMs / 1000) - turn
      const parameters = new URLSearchParams({
        query: query(`${stepSec}s`),
        start: String(startSec),
        end: String(startSec + stepSec * steps + turn + 1),
        step: String(stepSec),
      })
      taken.push((await program.get(`/loki/api/v1/query_range?${parameters.toString()}`)).ms)
    }
    const ms = percentile(taken, 0.5)
    figures.push({ id: `logql.${id}`, what, value: ms, unit: 'ms', note: `${times} samples, p50` })
    if (!readsAll || ms === null) continue
    figures.push({
      id: `logql.${id}Rate`,
      what: `${what}: rate`,
      value: corpus.bytes / 1e3 / ms,
      unit: 'MB/s',
    })
  }
  return [...figures, ...stageFigures(corpus)]
}

const stageMsMin = 500

/** One thread over the samples of the data, without reading them. */
function stageFigures(corpus: Corpus): Figure[] {
  const samples = corpus.streams.flatMap((stream) => stream.samples)
  const isJson = (line: string): boolean => line.startsWith('{')
  return [
    stageFigure('json', samples.filter(isJson)),
    stageFigure(
      'logfmt',
      samples.filter((line) => !isJson(line) && line.includes('=')),
    ),
  ]
}

function stageFigure(stage: string, lines: readonly string[]): Figure {
  const figure = { id: `logql.stage.${stage}`, what: `the stage ${stage} alone, one thread`, unit: 'MB/s' }
  const query = parseQuery(`{a="b"} | ${stage}`)
  if (query.kind !== 'log' || lines.length === 0) return { ...figure, value: null, note: 'no such lines' }
  const run = compileStages(query.stages)
  const state = new LineState()
  const time = { sec: 0, ns: 0 }
  const started = performance.now()
  let bytes = 0
  while (performance.now() - started < stageMsMin) {
    for (const line of lines) {
      state.begin(noLabels, noLabels, time, line)
      run(state)
      bytes += line.length
    }
  }
  return { ...figure, value: bytes / 1e3 / (performance.now() - started) }
}
