/** Replays the check data of LogQL: expressions that are accepted and refused, and evaluations. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogqlError } from '../../src/logql/error.ts'
import { formatSample, type Matrix, type Series } from '../../src/logql/metric/matrix.ts'
import { type Steps, stepTimeMs } from '../../src/logql/metric/steps.ts'
import { parseQuery } from '../../src/logql/syntax/parse-query.ts'
import { printQuery } from '../../src/logql/syntax/print-query.ts'
import { parsePrometheusDuration } from '../../src/logql/syntax/units.ts'
import { type EvaluationCase, type Expectation, missingData, readLogqlData } from '../support/logql-data.ts'
import { buildQuery, runLogQuery, runMetricQuery, stepsOver, timeOf } from '../support/logql-entries.ts'

const data = readLogqlData()
const skip = data === null ? missingData : false

function count<Item>(
  items: readonly Item[],
  holds: (item: Item) => boolean,
): { held: number; failed: Item[] } {
  const failed = items.filter((item) => !holds(item))
  return { held: items.length - failed.length, failed }
}

test('S-LOGQL-01 every expression that the reference accepts is accepted, and printed it reads as the same', {
  skip,
}, (t) => {
  const { valid } = data as NonNullable<typeof data>
  const { held, failed } = count(valid, ({ q, kind }) => {
    const query = parseQuery(q)
    assert.deepEqual(parseQuery(printQuery(query)), query, q)
    return (query.kind === 'log') === (kind === 'log')
  })
  t.diagnostic(`${held} of ${valid.length} accepted expressions hold`)
  assert.deepEqual(failed, [])
})

test('S-LOGQL-02 every expression that the reference refuses is refused, nearly always at the same place', {
  skip,
}, (t) => {
  const { invalid } = data as NonNullable<typeof data>
  let placed = 0
  let withPlace = 0
  const { held, failed } = count(invalid, ({ q, stage, line = 0, col }) => {
    try {
      const query = parseQuery(q)
      assert.equal(stage, 'compile', q)
      buildQuery(query)
      return false
    } catch (error) {
      if (!(error instanceof LogqlError)) throw error
      assert.match(error.message, /^parse error( at line \d+, col \d+| ):/)
      if (line > 0) {
        withPlace += 1
        if (error.position?.line === line && error.position.column === col) placed += 1
      }
      return error.kind === 'parse'
    }
  })
  t.diagnostic(
    `${held} of ${invalid.length} refused expressions hold; ${placed} of ${withPlace} at the same place`,
  )
  assert.deepEqual(failed, [])
  assert.ok(placed / withPlace > 0.8, 'places')
})

/** Shares of the evaluation cases that have to hold, by phase. */
const sharesMin = [0, 1, 0.97, 0.97]

test('S-LOGQL-03 queries give what the reference gives over the same entries', { skip }, (t) => {
  const { cases, datasets } = data as NonNullable<typeof data>
  for (const phase of [1, 2, 3]) {
    const own = cases.filter((one) => one.phase === phase)
    const { held, failed } = count(own, (one) => {
      const entries = one.entries ?? datasets[one.data as string]
      return holds(one, entries as NonNullable<typeof entries>)
    })
    t.diagnostic(`${held} of ${own.length} evaluation cases of phase ${phase} hold`)
    const names = failed.map(({ id, query }) => `${id}: ${query}`)
    assert.ok(
      held >= own.length * (sharesMin[phase] as number),
      `not as in the reference:\n${names.join('\n')}`,
    )
  }
})

function holds(one: EvaluationCase, entries: Parameters<typeof runLogQuery>[1]): boolean {
  const { expect } = one
  try {
    const query = parseQuery(one.query)
    if (one.type === 'log') {
      assert.equal(query.kind, 'log')
      if (query.kind !== 'log') return false
      return holdsLog(runLogQuery(query, entries, one), expect)
    }
    if (query.kind === 'log') return expect.type === 'error'
    const isInstant = one.type === 'instant'
    const steps: Steps =
      one.type === 'instant'
        ? { start: timeOf(one.time), stepNs: 1, count: 1 }
        : stepsOver(one.start, one.end, parsePrometheusDuration(one.step) as number)
    const result = runMetricQuery(query, entries, steps, isInstant)
    if (result.kind === 'scalar') {
      return expect.type === 'scalar' && isNear(formatSample(result.value), expect.value)
    }
    return holdsMatrix(result.series, expect, steps)
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    return expect.type === 'error'
  }
}

function holdsLog(found: ReturnType<typeof runLogQuery>, expect: Expectation): boolean {
  if (expect.type === 'empty') return found.length === 0
  if (expect.type === 'lines')
    return equal(
      found.map(({ line }) => line),
      expect.lines,
    )
  if (expect.type !== 'streams') return false
  return equal(
    found.map(({ ts, line, labels }) => [ts, line, withoutEmpty(labels)]),
    expect.entries.map(({ ts, line, labels }) => [ts, line, withoutEmpty(Object.entries(labels))]),
  )
}

function holdsMatrix(matrix: Matrix, expect: Expectation, steps: Steps): boolean {
  if (expect.type === 'empty') return matrix.length === 0
  if (expect.type !== 'vector' && expect.type !== 'matrix') return false
  if (matrix.length !== expect.result.length) return false
  const isOrdered = expect.type === 'vector' && expect.ordered === true
  return expect.result.every((wanted, index) => {
    const labels = Object.entries(wanted.metric).toSorted(([one], [other]) => (one < other ? -1 : 1))
    const series = isOrdered ? matrix[index] : findSeries(matrix, labels)
    if (series === undefined || !equal(withoutEmpty(series.labels), withoutEmpty(labels))) return false
    const values = 'value' in wanted ? [[null, wanted.value] as const] : wanted.values
    return sameValues(series, values, steps)
  })
}

function findSeries(matrix: Matrix, labels: [string, string][]): Series | undefined {
  return (
    matrix.find((series) => equal(series.labels, labels)) ??
    matrix.find((series) => equal(withoutEmpty(series.labels), withoutEmpty(labels)))
  )
}

/** A time of null: that of the only step. */
function sameValues(
  series: Series,
  wanted: readonly (readonly [number | null, string])[],
  steps: Steps,
): boolean {
  const found: [number, string][] = []
  series.has.forEach((has, step) => {
    if (has === 1) found.push([stepTimeMs(steps, step) / 1000, formatSample(series.values[step] as number)])
  })
  return (
    found.length === wanted.length &&
    wanted.every(([time, value], index) => {
      const [at, own] = found[index] as [number, string]
      return (time === null || time === at) && isNear(own, value)
    })
  )
}

function withoutEmpty(labels: readonly (readonly [string, string])[]): string[] {
  return labels
    .filter(([name, value]) => value !== '' && name !== '__error_details__')
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
}

function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function isNear(one: string, other: string): boolean {
  const a = Number(one.replace('Inf', 'Infinity'))
  const b = Number(other.replace('Inf', 'Infinity'))
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
}
