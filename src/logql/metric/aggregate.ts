/** Aggregations over series: `sum by (x)`, `topk` and their like, at every step. */

import type { Grouping, MetricQuery } from '../syntax/tree.ts'
import { emptySeries, keyOf, type Matrix, type Series, type SeriesLabels } from './matrix.ts'

type VectorAggregation = Extract<MetricQuery, { kind: 'vectorAggregation' }>

export function aggregate(
  { operation, parameter, grouping }: VectorAggregation,
  matrix: Matrix,
  count: number,
): Matrix {
  switch (operation) {
    case 'sort':
    case 'sort_desc':
      return sortByValue(matrix, operation === 'sort')
    case 'topk':
    case 'approx_topk':
    case 'bottomk':
      return choose(matrix, { isTop: operation !== 'bottomk', size: parameter ?? 1, grouping, count })
    default: {
      const fold = folds[operation]
      return groupsOf(matrix, grouping).map(({ labels, members }) => {
        const series = emptySeries(labels, count)
        for (let step = 0; step < count; step += 1) {
          const values = valuesAt(members, step)
          if (values.length === 0) continue
          series.values[step] = fold(values)
          series.has[step] = 1
        }
        return series
      })
    }
  }
}

const folds = {
  sum: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0),
  avg: mean,
  min: (values: readonly number[]) =>
    values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least)),
  max: (values: readonly number[]) =>
    values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most)),
  count: (values: readonly number[]) => values.length,
  stdvar: variance,
  stddev: (values: readonly number[]) => Math.sqrt(variance(values)),
} as const

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function variance(values: readonly number[]): number {
  const middle = mean(values)
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length
}

function valuesAt(members: readonly Series[], step: number): number[] {
  const values: number[] = []
  for (const { values: all, has } of members) if (has[step] === 1) values.push(all[step] as number)
  return values
}

type Group = { readonly labels: SeriesLabels; readonly members: Series[] }

function groupsOf(matrix: Matrix, grouping: Grouping | null): Group[] {
  const groups = new Map<string, Group>()
  for (const series of matrix) {
    const labels = groupLabels(series.labels, grouping)
    const key = keyOf(labels)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { labels, members: [series] })
    else group.members.push(series)
  }
  return [...groups.values()]
}

function groupLabels(labels: SeriesLabels, grouping: Grouping | null): SeriesLabels {
  if (grouping === null) return []
  return labels.filter(([name]) => grouping.labels.includes(name) !== grouping.isWithout)
}

type Choice = {
  readonly isTop: boolean
  readonly size: number
  readonly grouping: Grouping | null
  readonly count: number
}

/** The series keep their labels; each has values where it is among the chosen ones. */
function choose(matrix: Matrix, { isTop, size, grouping, count }: Choice): Matrix {
  const chosen = new Map<Series, Series>()
  for (const { members } of groupsOf(matrix, grouping)) {
    for (let step = 0; step < count; step += 1) {
      const present = members.filter(({ has }) => has[step] === 1)
      present.sort(
        (one, other) =>
          order(one.values[step] as number, other.values[step] as number, !isTop) || byKey(one, other),
      )
      for (const series of present.slice(0, size)) {
        let kept = chosen.get(series)
        if (kept === undefined) {
          kept = emptySeries(series.labels, count)
          chosen.set(series, kept)
        }
        kept.values[step] = series.values[step] as number
        kept.has[step] = 1
      }
    }
  }
  return count === 1 ? sortByValue([...chosen.values()], !isTop) : [...chosen.values()]
}

/** Of one step; longer ones are left as they are. */
function sortByValue(matrix: Matrix, isAscending: boolean): Matrix {
  if (matrix[0]?.values.length !== 1) return matrix
  return matrix.toSorted(
    (one, other) =>
      order(one.values[0] as number, other.values[0] as number, isAscending) || byKey(one, other),
  )
}

/** NaN comes last, whichever way. */
function order(one: number, other: number, isAscending: boolean): number {
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other))
  if (one === other) return 0
  return one < other === isAscending ? -1 : 1
}

function byKey(one: Series, other: Series): number {
  if (one.key === other.key) return 0
  return one.key < other.key ? -1 : 1
}
