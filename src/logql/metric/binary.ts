/**
 * Operations between two results: numbers, series with numbers, and series matched by labels, after
 * Prometheus.
 */

import { evaluateError } from '../error.ts'
import { applyOperator, compare, isComparison } from '../syntax/apply-operator.ts'
import type { BinaryOperator, Matching, MetricQuery } from '../syntax/tree.ts'
import {
  emptySeries,
  keyOf,
  type Matrix,
  printLabels,
  type Result,
  type Series,
  type SeriesLabels,
} from './matrix.ts'

type Binary = Extract<MetricQuery, { kind: 'binary' }>

/** Throws `LogqlError` where labels do not tell which series belong together. */
export function operate(query: Binary, left: Result, right: Result, count: number): Result {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return { kind: 'scalar', value: applyOperator(query.operator, left.value, right.value) }
  }
  if (left.kind === 'matrix' && right.kind === 'matrix') {
    return { kind: 'matrix', series: operateMatched(query, left.series, right.series, count) }
  }
  if (left.kind === 'matrix' && right.kind === 'scalar') {
    const { value } = right
    return withNumber(query, left.series, (one) => [one, value])
  }
  const { value } = left as Extract<Result, { kind: 'scalar' }>
  return withNumber(query, (right as Extract<Result, { kind: 'matrix' }>).series, (one) => [value, one])
}

/** `sides` puts the series' value on its side. */
function withNumber(query: Binary, matrix: Matrix, sides: (value: number) => [number, number]): Result {
  const series = matrix.map((given) => {
    const made = emptySeries(given.labels, given.values.length)
    given.has.forEach((has, step) => {
      if (has === 0) return
      const [one, other] = sides(given.values[step] as number)
      put(made, step, combined(query, one, other, given.values[step] as number))
    })
    return made
  })
  return { kind: 'matrix', series: withValues(series) }
}

/** What an operation gives; null: nothing. `kept`: the value that a comparison lets pass. */
function combined({ operator, isBool }: Binary, one: number, other: number, kept: number): number | null {
  if (!isComparison(operator)) return applyOperator(operator, one, other)
  const isTrue = compare(operator, one, other)
  if (isBool) return isTrue ? 1 : 0
  return isTrue ? kept : null
}

function put(series: Series, step: number, value: number | null): void {
  if (value === null) return
  series.values[step] = value
  series.has[step] = 1
}

function withValues(matrix: Matrix): Matrix {
  return matrix.filter(({ has }) => has.includes(1))
}

function operateMatched(query: Binary, left: Matrix, right: Matrix, count: number): Matrix {
  const { operator, matching } = query
  if (operator === 'and' || operator === 'or' || operator === 'unless') {
    return operateSets(operator, matching, left, right, count)
  }
  const group = matching?.group ?? null
  const isSwapped = group === 'right'
  const many = isSwapped ? right : left
  const one = isSwapped ? left : right
  const partners = new Map<string, Series[]>()
  for (const series of one) {
    const key = matchKey(series, matching)
    partners.set(key, [...(partners.get(key) ?? []), series])
  }
  const results = new Map<string, Series>()
  for (let step = 0; step < count; step += 1) {
    const seen = new Set<string>()
    for (const [key, series] of partners) {
      if (series.filter(({ has }) => has[step] === 1).length > 1) throw duplicates(key, series, isSwapped)
    }
    for (const series of many) {
      if (series.has[step] === 0) continue
      const key = matchKey(series, matching)
      const partner = partners.get(key)?.find(({ has }) => has[step] === 1)
      if (partner === undefined) continue
      const labels = resultLabels(series.labels, partner.labels, matching)
      const labelsKey = keyOf(labels)
      const unique = group === null ? key : labelsKey
      const [a, b] = isSwapped ? [partner, series] : [series, partner]
      const value = combined(
        query,
        a.values[step] as number,
        b.values[step] as number,
        a.values[step] as number,
      )
      if (value === null && group === null && !seen.has(unique)) {
        seen.add(unique)
        continue
      }
      if (seen.has(unique)) throw manyMatches(group)
      seen.add(unique)
      let result = results.get(labelsKey)
      if (result === undefined) {
        result = emptySeries(labels, count)
        results.set(labelsKey, result)
      }
      put(result, step, value)
    }
  }
  return withValues([...results.values()])
}

function duplicates(key: string, series: readonly Series[], isLeft: boolean): Error {
  const side = isLeft ? 'left' : 'right'
  const found = series.map(({ labels }) => printLabels(labels)).join(', ')
  const shown = key.replaceAll('\u0001', '=').replaceAll('\u0002', ' ').trim()
  return evaluateError(
    `found duplicate series on the ${side} hand-side for the match group {${shown}}: [${found}]; ` +
      'many-to-many matching not allowed: matching labels must be unique on one side',
  )
}

function manyMatches(group: Matching['group']): Error {
  return evaluateError(
    group === null
      ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
      : 'multiple matches for labels: grouping labels must ensure unique matches',
  )
}

/** By what a series finds its partner. */
function matchKey({ labels, key }: Series, matching: Matching | null): string {
  if (matching === null) return key
  return keyOf(labels.filter(([name]) => matching.labels.includes(name) === matching.isOn))
}

function resultLabels(many: SeriesLabels, one: SeriesLabels, matching: Matching | null): SeriesLabels {
  if (matching === null) return many
  if (matching.group === null)
    return many.filter(([name]) => matching.labels.includes(name) === matching.isOn)
  const { include } = matching
  const kept = many.filter(([name]) => !include.includes(name))
  const taken = one.filter(([name]) => include.includes(name))
  return [...kept, ...taken].sort(([a], [b]) => (a < b ? -1 : 1))
}

function operateSets(
  operator: BinaryOperator,
  matching: Matching | null,
  left: Matrix,
  right: Matrix,
  count: number,
): Matrix {
  const isOr = operator === 'or'
  const [filtered, other] = isOr ? [right, left] : [left, right]
  const present = new Map<string, Uint8Array>()
  for (const series of other) {
    const key = matchKey(series, matching)
    const steps = present.get(key) ?? new Uint8Array(count)
    series.has.forEach((has, step) => {
      if (has === 1) steps[step] = 1
    })
    present.set(key, steps)
  }
  const results = new Map<string, Series>()
  const add = (series: Series, isKept: (step: number) => boolean): void => {
    const made = results.get(series.key) ?? emptySeries(series.labels, count)
    results.set(series.key, made)
    series.has.forEach((has, step) => {
      if (has === 1 && isKept(step)) put(made, step, series.values[step] as number)
    })
  }
  if (isOr) for (const series of left) add(series, () => true)
  for (const series of filtered) {
    const steps = present.get(matchKey(series, matching))
    add(series, (step) => (steps?.[step] === 1) === (operator === 'and'))
  }
  return withValues([...results.values()])
}
