/** The range aggregations of a metric query: what has to be read, and by which labels. */

import type { Grouping, MetricQuery, RangeAggregation, VectorOperation } from '../syntax/tree.ts'
import { additiveOperations } from './accumulators.ts'

/**
 * `grouping`: labels that are needed of the series; null: all. Where it stands in an aggregation that does
 * not
 * care which series its samples came from, the series are made by that aggregation's labels at once.
 */
export type Leaf = {
  readonly range: RangeAggregation
  readonly grouping: Grouping | null
  /** No label is asked for: what goes wrong in parsing changes nothing. */
  readonly ignoresErrors: boolean
}

/** In the order in which they stand. */
export function leavesOf(query: MetricQuery): Leaf[] {
  switch (query.kind) {
    case 'range':
      return [{ range: query, grouping: query.grouping, ignoresErrors: false }]
    case 'vectorAggregation': {
      const { inner, operation } = query
      if (inner.kind !== 'range' || !isSameOverAll(operation, inner)) return leavesOf(inner)
      const given = query.grouping ?? { isWithout: false, labels: [] }
      const grouping = foldedGrouping(given, operation, inner)
      return [{ range: inner, grouping, ignoresErrors: isBlind(inner, grouping) }]
    }
    case 'binary':
      return [...leavesOf(query.left), ...leavesOf(query.right)]
    case 'labelReplace':
      return leavesOf(query.inner)
    default:
      return []
  }
}

/** Whether the aggregation over series is the same as the range aggregation over all their samples. */
function isSameOverAll(
  operation: VectorOperation,
  { operation: inner, grouping }: RangeAggregation,
): boolean {
  if (grouping !== null) return false
  if (operation === 'sum') return additiveOperations.has(inner)
  return (
    (operation === 'max' && inner === 'max_over_time') || (operation === 'min' && inner === 'min_over_time')
  )
}

/**
 * The label whose values are taken is none of the series'; a `sum` keeps it, which Loki too takes over the
 * lines at once.
 */
function foldedGrouping(
  grouping: Grouping,
  operation: VectorOperation,
  { unwrap }: RangeAggregation,
): Grouping {
  if (unwrap === null || operation === 'sum' || grouping.isWithout) return grouping
  return { ...grouping, labels: grouping.labels.filter((name) => name !== unwrap.label) }
}

const parsers: ReadonlySet<string> = new Set(['json', 'logfmt', 'pattern', 'regexp', 'lineFilter'])

function isBlind({ query, unwrap }: RangeAggregation, { isWithout, labels }: Grouping): boolean {
  const isUngrouped = !isWithout && labels.length === 0
  return isUngrouped && unwrap === null && query.stages.every(({ kind }) => parsers.has(kind))
}
