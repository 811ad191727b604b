/** Evaluates queries over entries in memory: the language without a store, as the check data has them. */

import { evaluate, seriesOf } from '../../src/logql/metric/evaluate.ts'
import { leavesOf } from '../../src/logql/metric/leaves.ts'
import type { Matrix, Result } from '../../src/logql/metric/matrix.ts'
import { RangeCollector } from '../../src/logql/metric/range-collector.ts'
import { createSampler } from '../../src/logql/metric/sampler.ts'
import type { Steps } from '../../src/logql/metric/steps.ts'
import { compileMatcher } from '../../src/logql/regexes.ts'
import { LineState, metadataBeside } from '../../src/logql/stages/line-state.ts'
import { compileStages } from '../../src/logql/stages/pipeline.ts'
import type { LogQuery, Matcher, MetricQuery, Query } from '../../src/logql/syntax/tree.ts'

export type MemoryEntry = {
  readonly labels: Readonly<Record<string, string>>
  /** Nanoseconds since 1970. */
  readonly ts: string
  readonly line: string
  readonly metadata?: Readonly<Record<string, string>>
}

export type FoundEntry = { readonly ts: string; readonly line: string; readonly labels: [string, string][] }

function matches(matchers: readonly Matcher[], labels: MemoryEntry['labels']): boolean {
  return matchers.every((matcher) => compileMatcher(matcher)(labels[matcher.name] ?? ''))
}

export function timeOf(ts: string): { sec: number; ns: number } {
  return { sec: Number(BigInt(ts) / 1_000_000_000n), ns: Number(BigInt(ts) % 1_000_000_000n) }
}

function begin(state: LineState, { labels, metadata = {}, ts, line }: MemoryEntry): void {
  const stream = new Map(Object.entries(labels))
  state.begin(stream, metadataBeside(stream, new Map(Object.entries(metadata))), timeOf(ts), line)
}

export type LogOptions = {
  readonly start: string
  readonly end: string
  readonly limit: number
  readonly direction: 'forward' | 'backward'
}

export function runLogQuery(
  query: LogQuery,
  entries: readonly MemoryEntry[],
  options: LogOptions,
): FoundEntry[] {
  const stages = compileStages(query.stages)
  const state = new LineState()
  const sign = options.direction === 'forward' ? 1 : -1
  const inRange = entries
    .filter(({ ts }) => BigInt(ts) >= BigInt(options.start) && BigInt(ts) < BigInt(options.end))
    .filter(({ labels }) => matches(query.matchers, labels))
    .toSorted((one, other) => sign * Number(BigInt(one.ts) - BigInt(other.ts)))
  const found: FoundEntry[] = []
  for (const entry of inRange) {
    if (found.length >= options.limit) break
    begin(state, entry)
    if (stages(state)) found.push({ ts: entry.ts, line: state.line, labels: state.allLabels() })
  }
  return found
}

export function runMetricQuery(
  query: MetricQuery,
  entries: readonly MemoryEntry[],
  steps: Steps,
  isInstant: boolean,
): Result {
  const state = new LineState()
  const results = new Map<unknown, Matrix>()
  for (const leaf of leavesOf(query)) {
    const sampler = createSampler(leaf)
    const collector = new RangeCollector(leaf, steps)
    for (const entry of entries) {
      const { sec, ns } = timeOf(entry.ts)
      const cell = collector.cellOf(sec, ns)
      if (cell < 0 || !matches(leaf.range.query.matchers, entry.labels)) continue
      begin(state, entry)
      const value = sampler.value(state)
      if (value !== null) collector.add(collector.seriesOf(sampler.labels(state)), cell, sec, ns, value)
    }
    const merged = new RangeCollector(leaf, steps)
    merged.merge(collector.take())
    results.set(leaf.range, merged.evaluate())
  }
  const matrixOf = (range: unknown): Matrix => results.get(range) ?? []
  const result = evaluate(query, { count: steps.count, isInstant, matrixOf })
  return isInstant ? result : { kind: 'matrix', series: seriesOf(result, steps.count) }
}

/** Builds every stage of a query without running it. Throws `LogqlError`. */
export function buildQuery(query: Query): void {
  if (query.kind === 'log') compileStages(query.stages)
  else for (const leaf of leavesOf(query)) createSampler(leaf)
}

/** Steps of a range query; nanoseconds since 1970. */
export function stepsOver(start: string, end: string, stepNs: number): Steps {
  const count = Math.floor(Number(BigInt(end) - BigInt(start)) / stepNs) + 1
  return { start: timeOf(start), stepNs, count }
}
