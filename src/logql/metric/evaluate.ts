/** Evaluates a metric query over the results of its range aggregations. */

import { expandReplacement } from '../../regex/text-regex.ts'
import { evaluateError } from '../error.ts'
import { compilePattern } from '../regexes.ts'
import type { MetricQuery, RangeAggregation } from '../syntax/tree.ts'
import { aggregate } from './aggregate.ts'
import { operate } from './binary.ts'
import { constantSeries, keyOf, type Matrix, type Result, sortedLabels } from './matrix.ts'

export type Evaluation = {
  /** Steps; 1 for instant queries. */
  readonly count: number
  readonly isInstant: boolean
  readonly matrixOf: (range: RangeAggregation) => Matrix
}

/** Throws `LogqlError`. */
export function evaluate(query: MetricQuery, evaluation: Evaluation): Result {
  const { count } = evaluation
  switch (query.kind) {
    case 'literal':
      return { kind: 'scalar', value: query.value }
    case 'vector':
      return { kind: 'matrix', series: [constantSeries(query.value, count)] }
    case 'range':
      return { kind: 'matrix', series: evaluation.matrixOf(query) }
    case 'vectorAggregation': {
      if (query.operation === 'approx_topk' && !evaluation.isInstant) {
        throw evaluateError(
          'count min sketch not supported on range queries: approx_topk is for instant queries',
        )
      }
      const inner = seriesOf(evaluate(query.inner, evaluation), count)
      return { kind: 'matrix', series: aggregate(query, inner, count) }
    }
    case 'binary': {
      const left = evaluate(query.left, evaluation)
      const right = evaluate(query.right, evaluation)
      return operate(query, left, right, count)
    }
    case 'labelReplace': {
      const inner = seriesOf(evaluate(query.inner, evaluation), count)
      return { kind: 'matrix', series: replaceLabels(query, inner) }
    }
  }
}

/** A number as the series that it is at every step. */
export function seriesOf(result: Result, count: number): Matrix {
  return result.kind === 'matrix' ? result.series : [constantSeries(result.value, count)]
}

function replaceLabels(
  { target, replacement, source, pattern }: Extract<MetricQuery, { kind: 'labelReplace' }>,
  matrix: Matrix,
): Matrix {
  const regex = compilePattern(pattern, { isWhole: true })
  const seen = new Map<string, Matrix[number]>()
  for (const series of matrix) {
    const match = regex.exec(series.labels.find(([name]) => name === source)?.[1] ?? '')
    let made = series
    if (match !== null) {
      const value = expandReplacement(replacement, regex, match)
      const kept = series.labels.filter(([name]) => name !== target)
      const labels = sortedLabels(value === '' ? kept : [...kept, [target, value]])
      made = { ...series, labels, key: keyOf(labels) }
    }
    const present = seen.get(made.key)
    if (present?.has.some((has, step) => has === 1 && made.has[step] === 1)) {
      throw evaluateError('vector cannot contain metrics with the same labelset')
    }
    seen.set(made.key, present === undefined ? made : joined(present, made))
  }
  return [...seen.values()]
}

function joined(one: Matrix[number], other: Matrix[number]): Matrix[number] {
  const values = one.values.map((value, step) =>
    one.has[step] === 1 ? value : (other.values[step] as number),
  )
  return { ...one, values, has: one.has.map((has, step) => has | (other.has[step] as number)) }
}
