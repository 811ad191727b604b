/**
 * The parts of metric queries that query threads do: collecting samples, and evaluating what was collected.
 */

import { logqlLimits } from '../../limits/logql.ts'
import { evaluateError } from '../../logql/error.ts'
import { evaluate, seriesOf } from '../../logql/metric/evaluate.ts'
import { type Leaf, leavesOf } from '../../logql/metric/leaves.ts'
import { formatSample, type Matrix, type Series } from '../../logql/metric/matrix.ts'
import { type Cells, RangeCollector } from '../../logql/metric/range-collector.ts'
import { createSampler, type Sampler } from '../../logql/metric/sampler.ts'
import { type Steps, stepTimeMs } from '../../logql/metric/steps.ts'
import { parseQuery } from '../../logql/syntax/parse-query.ts'
import type { MetricQuery } from '../../logql/syntax/tree.ts'
import { attribute, gapLevel } from '../../model/entry.ts'
import type { Snapshot } from '../../store/reader.ts'
import { linesUpTo } from '../../store/runs.ts'
import type { Segment } from '../../store/segment.ts'
import type { StreamRecord } from '../../store/stream-cache.ts'
import type { CompiledPlan } from '../compiled-plan.ts'
import { candidatesOf } from '../history.ts'
import { type ScanCount, selectLines } from '../select-lines.ts'
import { rangeOf, rangeUntil } from '../walk-cursor.ts'
import { asLogkeepError, type LogqlSelection } from './compile-selection.ts'
import { SegmentLines } from './segment-lines.ts'
import type { MetricFinishResult, MetricFinishTask, MetricPartResult, MetricPartTask } from './tasks.ts'

export type MetricThread = {
  readonly part: (snapshot: Snapshot, compiled: CompiledPlan, task: MetricPartTask) => MetricPartResult
  readonly finish: (task: MetricFinishTask) => MetricFinishResult
}

type Prepared = { readonly leaf: Leaf; readonly sampler: Sampler }

/** Samplers that are kept: those of the queries under way. */
const preparedMax = 32

export function createMetricThread(): MetricThread {
  const lines = new SegmentLines()
  const known = new Map<string, Prepared>()
  const prepare = ({ query, leaf: number }: MetricPartTask, { rest }: LogqlSelection): Prepared => {
    const key = `${number} ${query}`
    const present = known.get(key)
    if (present !== undefined) return present
    const leaf = leavesOf(metricOf(query))[number] as Leaf
    const prepared = { leaf, sampler: createSampler(leaf, rest) }
    if (known.size >= preparedMax) known.clear()
    known.set(key, prepared)
    return prepared
  }
  return {
    part: (snapshot, compiled, task) =>
      asLogkeepError(() => {
        const prepared = prepare(task, compiled.logql as LogqlSelection)
        // The sampler runs the whole pipeline itself.
        return collectPart(snapshot, { ...compiled, selector: null }, task, prepared, lines)
      }),
    finish: (task) => asLogkeepError(() => finish(task)),
  }
}

function metricOf(text: string): MetricQuery {
  const query = parseQuery(text)
  if (query.kind === 'log') throw evaluateError('a metric query is expected')
  return query
}

function collectPart(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  { cursor, steps, endSec, sliceMs }: MetricPartTask,
  { leaf, sampler }: Prepared,
  lines: SegmentLines,
): MetricPartResult {
  const started = performance.now()
  const count: ScanCount = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const range = rangeUntil(rangeOf(cursor, 'backward'), 'backward', endSec)
  const { commit } = cursor
  const collector = new RangeCollector(leaf, steps)
  const collect = sampler.isPlainCount
    ? createLineCounter(snapshot, collector, sampler, lines)
    : createLineCollector(snapshot, collector, sampler, lines, count)
  let gaps = 0
  const candidates = candidatesOf(snapshot, compiled, { direction: 'backward', commit, range })
  try {
    while (candidates.bound() !== null) {
      if (sliceMs !== null && performance.now() - started > sliceMs) {
        return { partials: null, gaps: 0, stats: { ...count, elapsedMs: performance.now() - started } }
      }
      const segment = candidates.take()
      const visible =
        segment.commitMax <= commit ? segment.lineCount : linesUpTo(snapshot.runs(segment), commit)
      const selected = selectLines(snapshot, compiled, segment, [0, visible], range, count)
      if (selected.length === 0) continue
      if (segment.levelMask & (1 << gapLevel)) gaps += gapsAmong(snapshot, segment, selected)
      collect(segment, selected)
    }
  } finally {
    candidates.close()
  }
  const stats = { ...count, elapsedMs: performance.now() - started }
  return { partials: collector.take(), gaps, stats }
}

/** Records of missing lines are selected with the lines, whatever these are asked for; no samples. */
type Collect = (segment: Segment, selected: Uint32Array) => void

const iostreams = 2

/** Series of the lines of one segment, by level and iostream, where no line has labels of its own. */
function createSeriesOfSegment(
  snapshot: Snapshot,
  collector: RangeCollector,
  sampler: Sampler,
  { labels, state }: SegmentLines,
): (segment: Segment) => (level: number, iostream: 0 | 1) => Cells {
  return ({ streamId }) => {
    const stream = snapshot.stream(streamId) as StreamRecord
    const known: Cells[] = []
    return (level, iostream) => {
      const key = level * iostreams + iostream
      const present = known[key]
      if (present !== undefined) return present
      const metadata = labels.metadata[level] as ReadonlyMap<string, string>
      state.begin(labels.ofStream(stream, iostream), metadata, { sec: 0, ns: 0 }, '')
      const made = collector.seriesOf(sampler.labels(state))
      known[key] = made
      return made
    }
  }
}

/** Counts lines by their columns alone. Hot path: some 15 ns a line. */
function createLineCounter(
  snapshot: Snapshot,
  collector: RangeCollector,
  sampler: Sampler,
  lines: SegmentLines,
): Collect {
  const seriesOfSegment = createSeriesOfSegment(snapshot, collector, sampler, lines)
  return (segment, selected) => {
    const seriesOf = seriesOfSegment(segment)
    const { seconds, nanos, levels, attributes } = snapshot.columns(segment)
    for (const index of selected) {
      const cell = collector.cellOf(seconds[index] as number, nanos[index] as number)
      if (cell < 0) continue
      const bits = attributes[index] as number
      if ((bits & attribute.gap) !== 0) continue
      const iostream = (bits & attribute.stderr) as 0 | 1
      collector.addCount(seriesOf(levels[index] as number, iostream), cell, 1)
    }
  }
}

/** Takes the sample of each line out of its text. */
function createLineCollector(
  snapshot: Snapshot,
  collector: RangeCollector,
  sampler: Sampler,
  lines: SegmentLines,
  count: ScanCount,
): Collect {
  const own = new SegmentLines()
  const seriesOfSegment = createSeriesOfSegment(snapshot, collector, sampler, own)
  return (segment, selected) => {
    const seriesOf = sampler.keepsLabels ? seriesOfSegment(segment) : null
    const { levels, attributes } = snapshot.columns(segment)
    count.scannedBytes += segment.rawBytes
    lines.visit(snapshot, segment, selected, (state, index) => {
      const { sec, ns } = state.time
      const cell = collector.cellOf(sec, ns)
      if (cell < 0) return
      const value = sampler.value(state)
      if (value === null) return
      const series =
        seriesOf === null
          ? collector.seriesOf(sampler.labels(state))
          : seriesOf(levels[index] as number, ((attributes[index] as number) & attribute.stderr) as 0 | 1)
      collector.add(series, cell, sec, ns, value)
    })
  }
}

function gapsAmong(snapshot: Snapshot, segment: Segment, selected: Uint32Array): number {
  const { attributes } = snapshot.columns(segment)
  return selected.filter((index) => ((attributes[index] as number) & attribute.gap) !== 0).length
}

function finish({
  query: text,
  steps,
  isInstant,
  partials,
  cutsSeries,
}: MetricFinishTask): MetricFinishResult {
  const query = metricOf(text)
  const results = new Map<unknown, Matrix>()
  leavesOf(query).forEach((leaf, number) => {
    const collector = new RangeCollector(leaf, steps)
    collector.merge(partials[number] ?? [])
    results.set(leaf.range, collector.evaluate())
  })
  const matrixOf = (range: unknown): Matrix => results.get(range) ?? []
  const result = evaluate(query, { count: steps.count, isInstant, matrixOf })
  if (isInstant && result.kind === 'scalar') {
    const sample = `[${timeText(steps, 0)},"${formatSample(result.value)}"]`
    return { members: encode(`"resultType":"scalar","result":${sample}`), warnings: [] }
  }
  const found = seriesOf(result, steps.count)
  const ordered = isInstant && isOrdered(query) ? found : found.toSorted(byLabels)
  const { series, warnings } = boundSeries(ordered, cutsSeries)
  const kind = isInstant ? 'vector' : 'matrix'
  const rows = isInstant ? series.map((one) => vectorRow(one, steps)) : matrixRows(series, steps)
  return { members: encode(`"resultType":"${kind}","result":[${rows.join(',')}]`), warnings }
}

/** Whether the order of an instant vector says something. */
function isOrdered(query: MetricQuery): boolean {
  if (query.kind !== 'vectorAggregation') return false
  return ['topk', 'bottomk', 'approx_topk', 'sort', 'sort_desc'].includes(query.operation)
}

function byLabels(one: Series, other: Series): number {
  if (one.key === other.key) return 0
  return one.key < other.key ? -1 : 1
}

function boundSeries(series: Matrix, cutsSeries: boolean): { series: Matrix; warnings: string[] } {
  const { seriesMax } = logqlLimits
  if (series.length <= seriesMax) return { series, warnings: [] }
  const problem = `maximum number of series (${seriesMax}) reached for a single query`
  if (cutsSeries)
    return { series: series.slice(0, seriesMax), warnings: [`${problem}; returning partial results`] }
  throw evaluateError(
    `${problem}; consider reducing query cardinality by adding more specific stream selectors, reducing the ` +
      'time range, or aggregating results with functions like sum(), count() or topk()',
  )
}

function metricText({ labels }: Series): string {
  const members = labels.map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value.toWellFormed())}`,
  )
  return `{${members.join(',')}}`
}

function vectorRow(series: Series, steps: Steps): string {
  const value = formatSample(series.values[0] as number)
  return `{"metric":${metricText(series)},"value":[${timeText(steps, 0)},"${value}"]}`
}

function matrixRows(series: Matrix, steps: Steps): string[] {
  let length = 0
  return series.map((one) => {
    const values: string[] = []
    one.has.forEach((has, step) => {
      if (has === 1) values.push(`[${timeText(steps, step)},"${formatSample(one.values[step] as number)}"]`)
    })
    const row = `{"metric":${metricText(one)},"values":[${values.join(',')}]}`
    length += row.length
    if (length > logqlLimits.answerBytesMax) {
      throw evaluateError(
        `the answer is larger than ${logqlLimits.answerBytesMax} bytes: ask for fewer steps`,
      )
    }
    return row
  })
}

/** Seconds with at most three decimals. */
function timeText(steps: Steps, step: number): string {
  return String(Math.round(stepTimeMs(steps, step)) / 1000)
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
