/** Metric queries over entries in memory, against plain counting. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LogqlError } from '../../src/logql/error.ts'
import { formatSample, type Result } from '../../src/logql/metric/matrix.ts'
import type { Steps } from '../../src/logql/metric/steps.ts'
import { parseQuery } from '../../src/logql/syntax/parse-query.ts'
import { type MemoryEntry, runMetricQuery } from '../support/logql-entries.ts'

const base = 1_767_225_600

function entry(second: number, line: string, labels: MemoryEntry['labels'] = { app: 'a' }): MemoryEntry {
  const ns = Math.round(second * 1e9)
  return { labels, ts: String(BigInt(base) * 1_000_000_000n + BigInt(ns)), line }
}

/** `atSec` after the base; with a step and a count a range query. */
function run(text: string, entries: readonly MemoryEntry[], atSec: number, stepSec = 0, count = 1): Result {
  const query = parseQuery(text)
  if (query.kind === 'log') throw new TypeError('a metric query is expected')
  const steps: Steps = { start: { sec: base + atSec, ns: 0 }, stepNs: Math.max(stepSec * 1e9, 1), count }
  return runMetricQuery(query, entries, steps, count === 1)
}

/** `labels value value …` of each series, sorted; a missing value is `-`. */
function shown(result: Result): string[] {
  if (result.kind === 'scalar') return [formatSample(result.value)]
  return result.series
    .map(({ labels, values, has }) => {
      const names = labels.map(([name, value]) => `${name}=${value}`).join(',')
      const numbers = Array.from(values, (value, step) =>
        has[step] === 1 ? formatSample(rounded(value)) : '-',
      )
      return `{${names}} ${numbers.join(' ')}`
    })
    .toSorted()
}

/** Sums of squares are off in their last digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(12))
}

const numbers = [3, 1, 4, 1, 5].map((value, index) => entry(index * 10, `v=${value} k=${index % 2}`))

test('S-LOGQL-50 a window begins behind its start and holds its end', () => {
  const entries = [0, 10, 20].map((second) => entry(second, 'x'))
  assert.deepEqual(shown(run('count_over_time({app="a"}[10s])', entries, 10, 10, 4)), ['{app=a} 1 1 - -'])
  assert.deepEqual(shown(run('count_over_time({app="a"}[20s] offset 10s)', entries, 20, 10, 4)), [
    '{app=a} 2 2 1 -',
  ])
  assert.deepEqual(shown(run('count_over_time({app="a"}[5s] offset -5s)', entries, 15)), ['{app=a} 1'])
  assert.deepEqual(shown(run('rate({app="a"}[20s])', entries, 20)), ['{app=a} 0.1'])
})

test('S-LOGQL-51 every range aggregation over the values of a label', () => {
  const of = (operation: string, argument = '') =>
    shown(run(`${operation}_over_time(${argument}{app="a"} | logfmt | drop k | unwrap v [1m])`, numbers, 40))
  assert.deepEqual(of('sum'), ['{app=a} 14'])
  assert.deepEqual(of('avg'), ['{app=a} 2.8'])
  assert.deepEqual(of('min'), ['{app=a} 1'])
  assert.deepEqual(of('max'), ['{app=a} 5'])
  assert.deepEqual(of('first'), ['{app=a} 3'])
  assert.deepEqual(of('last'), ['{app=a} 5'])
  assert.deepEqual(of('stdvar'), ['{app=a} 2.56'])
  assert.deepEqual(of('stddev'), ['{app=a} 1.6'])
  assert.deepEqual(of('quantile', '0.5, '), ['{app=a} 3'])
  assert.deepEqual(of('quantile', '0.75, '), ['{app=a} 4'])
  const grouped = 'max_over_time({app="a"} | logfmt | unwrap v [1m]) by (k)'
  assert.deepEqual(shown(run(grouped, numbers, 40)), ['{k=0} 5', '{k=1} 1'])
  assert.deepEqual(shown(run('bytes_over_time({app="a"}[1m])', numbers, 40)), ['{app=a} 35'])
  assert.deepEqual(shown(run('absent_over_time({app="none", b=~"x"}[1m])', numbers, 40)), ['{app=none} 1'])
})

test('S-LOGQL-51 a counter that begins anew has a rate, carried on to the ends of its samples', () => {
  const counted = [10, 20, 5, 15].map((value, index) => entry(index * 10, `v=${value}`))
  const of = (entries: readonly MemoryEntry[]) =>
    shown(run('rate_counter({app="a"} | logfmt | unwrap v [1m])', entries, 30))
  // 5 and the 20 before it began anew, over 30 s; half a distance of 10 s is added at the beginning.
  assert.deepEqual(of(counted), [`{app=a} ${formatSample(rounded((25 * (35 / 30)) / 60))}`])
  // The ends of the window are far: half a distance on each side.
  assert.deepEqual(of([entry(0, 'v=5'), entry(10, 'v=15')]), [
    `{app=a} ${formatSample(rounded((10 * (20 / 10)) / 60))}`,
  ])
  // It does not begin below 0.
  assert.deepEqual(of([entry(0, 'v=1'), entry(30, 'v=31')]), [
    `{app=a} ${formatSample(rounded((30 * (31 / 30)) / 60))}`,
  ])
  assert.deepEqual(of([entry(0, 'v=5')]), ['{app=a} 0'])
})

test('S-LOGQL-51 values are numbers, durations in seconds or sizes in bytes', () => {
  const lines = ['took=1m30s size=2KiB n=1e2', 'took=500ms size=1.5kB n=-1'].map((line, second) =>
    entry(second, line),
  )
  const of = (unwrapped: string) =>
    shown(run(`sum(sum_over_time({app="a"} | logfmt | unwrap ${unwrapped} [1m]))`, lines, 9))
  assert.deepEqual(of('duration(took)'), ['{} 90.5'])
  assert.deepEqual(of('duration_seconds(took)'), ['{} 90.5'])
  assert.deepEqual(of('bytes(size)'), ['{} 3548'])
  assert.deepEqual(of('n'), ['{} 99'])
  assert.deepEqual(of('none'), [])
  assert.throws(() => of('bytes(took)'), /SampleExtractionErr/)
  assert.deepEqual(
    shown(run('sum_over_time({app="a"} | logfmt | unwrap bytes(took) | __error__="" [1m])', lines, 9)),
    [],
  )
})

test('S-LOGQL-51 the label whose values are taken is none of the series, however they are aggregated', () => {
  const of = (text: string) => shown(run(text, numbers, 40))
  for (const [operation, value] of [
    ['max', 5],
    ['min', 1],
  ] as const) {
    const inner = `${operation}_over_time({app="a"} | logfmt | unwrap v [1m])`
    assert.deepEqual(of(`${operation} by (v) (${inner})`), [`{} ${value}`])
    assert.deepEqual(of(`${operation} by (app, v) (${inner})`), [`{app=a} ${value}`])
    assert.deepEqual(of(`${operation} without (k, app) (${inner})`), [`{} ${value}`])
    // Not folded into one step.
    assert.deepEqual(
      of(`${operation} by (v) (last_over_time({app="a"} | logfmt | drop k | unwrap v [1m]))`),
      ['{} 5'],
    )
  }
  // Loki's own way of adding up lines at once keeps it.
  assert.deepEqual(of('sum by (v) (sum_over_time({app="a"} | logfmt | unwrap v [1m]))'), [
    '{v=1} 2',
    '{v=3} 3',
    '{v=4} 4',
    '{v=5} 5',
  ])
})

test('S-LOGQL-52 windows of any width and step are those of plain counting', () => {
  const seconds = fc.array(fc.integer({ min: -200, max: 400 }), { maxLength: 60 })
  const operations = fc.constantFrom('sum', 'min', 'max', 'first', 'last', 'avg', 'stddev')
  const property = fc.property(
    fc.record({
      seconds,
      operation: operations,
      range: fc.integer({ min: 1, max: 150 }),
      step: fc.integer({ min: 1, max: 90 }),
      count: fc.integer({ min: 2, max: 12 }),
      offset: fc.integer({ min: -30, max: 30 }),
    }),
    ({ seconds, operation, range, step, count, offset }) => {
      // Times differ, so that first and last have one meaning.
      const times = [...new Set(seconds)]
      const values = times.map((time) => (time * 7) % 13)
      const entries = times.map((time, index) => entry(time, `v=${values[index]}`))
      const text = `${operation}_over_time({app="a"} | logfmt | unwrap v [${range}s] offset ${offset}s)`
      const result = run(text, entries, 0, step, count)
      const [series] = result.kind === 'matrix' ? result.series : []
      for (let index = 0; index < count; index += 1) {
        const end = index * step - offset
        const inside = times
          .map((time, at) => ({ time, value: values[at] as number }))
          .filter(({ time }) => time > end - range && time <= end)
          .toSorted((one, other) => one.time - other.time)
          .map(({ value }) => value)
        assert.equal(series?.has[index] === 1, inside.length > 0)
        if (inside.length === 0) continue
        const found = series?.values[index] as number
        assert.ok(Math.abs(found - plain(operation, inside)) < 1e-9, text)
      }
    },
  )
  fc.assert(property, { numRuns: 400 })
})

function plain(operation: string, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  const mean = sum / values.length
  switch (operation) {
    case 'sum':
      return sum
    case 'min':
      return Math.min(...values)
    case 'max':
      return Math.max(...values)
    case 'first':
      return values[0] as number
    case 'last':
      return values.at(-1) as number
    case 'avg':
      return mean
    default:
      return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length)
  }
}

const pods = ['a', 'a', 'b', 'c', 'c', 'c'].map((pod, index) =>
  entry(index, 'x', { app: 'a', pod, zone: pod === 'c' ? 'z' : 'y' }),
)
const count = 'count_over_time({app="a"}[1m])'

test('S-LOGQL-53 aggregations over series group by labels, and topk keeps the labels', () => {
  const of = (text: string) => shown(run(text, pods, 30))
  assert.deepEqual(of(`sum(${count})`), ['{} 6'])
  assert.deepEqual(of(`sum by (zone) (${count})`), ['{zone=y} 3', '{zone=z} 3'])
  assert.deepEqual(of(`avg without (pod, app) (${count})`), ['{zone=y} 1.5', '{zone=z} 3'])
  assert.deepEqual(of(`count(${count})`), ['{} 3'])
  assert.deepEqual(of(`stdvar by (zone) (${count})`), ['{zone=y} 0.25', '{zone=z} 0'])
  assert.deepEqual(of(`topk(1, ${count}) by (zone)`), ['{app=a,pod=a,zone=y} 2', '{app=a,pod=c,zone=z} 3'])
  assert.deepEqual(of(`bottomk(1, ${count})`), ['{app=a,pod=b,zone=y} 1'])
  assert.deepEqual(of(`sum by (none) (${count})`), ['{} 6'])
  const sorted = run(`sort_desc(${count})`, pods, 30)
  assert.ok(sorted.kind === 'matrix')
  assert.deepEqual(
    sorted.series.map(({ values }) => values[0]),
    [3, 2, 1],
  )
})

test('S-LOGQL-54 operations match series by labels, and refuse matches that are not told apart', () => {
  const of = (text: string) => shown(run(text, pods, 30))
  assert.deepEqual(of('vector(1)+vector(1)'), ['{} 2'])
  assert.deepEqual(of(`sum by (pod) (${count}) * 2 > 2`), ['{pod=a} 4', '{pod=c} 6'])
  assert.deepEqual(of(`1 < bool sum by (pod) (${count})`), ['{pod=a} 1', '{pod=b} 0', '{pod=c} 1'])
  assert.deepEqual(of(`sum by (pod, zone) (${count}) / on (zone) group_left sum by (zone) (${count})`), [
    '{pod=a,zone=y} 0.666666666667',
    '{pod=b,zone=y} 0.333333333333',
    '{pod=c,zone=z} 1',
  ])
  assert.deepEqual(
    of(`sum by (zone) (${count}) - ignoring (pod) group_right (zone) sum by (pod, zone) (${count})`),
    ['{pod=a,zone=y} 1', '{pod=b,zone=y} 2', '{pod=c,zone=z} 0'],
  )
  assert.deepEqual(of(`sum by (pod) (${count}) and on (pod) (sum by (pod) (${count}) > 1)`), [
    '{pod=a} 2',
    '{pod=c} 3',
  ])
  assert.deepEqual(of(`(sum by (pod) (${count}) > 2) or sum by (pod) (${count})`), [
    '{pod=a} 2',
    '{pod=b} 1',
    '{pod=c} 3',
  ])
  assert.deepEqual(of(`sum by (pod) (${count}) unless (sum by (pod) (${count}) > 2)`), [
    '{pod=a} 2',
    '{pod=b} 1',
  ])
  assert.deepEqual(of('sum(count_over_time({app="none"}[1m])) or vector(0)'), ['{} 0'])
  for (const bad of [`${count} + on (app) ${count}`, `${count} + on (zone) sum by (zone) (${count})`]) {
    assert.throws(() => of(bad), LogqlError, bad)
  }
})

test('S-LOGQL-55 label_replace writes a label where the whole of another matches', () => {
  const of = (text: string) => shown(run(text, pods, 30))
  const replaced = `label_replace(sum by (pod) (${count}), "name", "pod-$1", "pod", "([ab])")`
  assert.deepEqual(of(replaced), ['{name=pod-a,pod=a} 2', '{name=pod-b,pod=b} 1', '{pod=c} 3'])
  assert.throws(() => of(`label_replace(sum by (pod) (${count}), "pod", "x", "pod", ".*")`), /same labelset/)
})

test('S-LOGQL-56 a line that cannot be read ends the query, unless it is filtered or no label is asked for', () => {
  const entries = [entry(1, '{"a":1}'), entry(2, 'x')]
  assert.throws(
    () => run('count_over_time({app="a"} | json [1m])', entries, 30),
    /pipeline error: 'JSONParserErr'/,
  )
  assert.throws(() => run('sum_over_time({app="a"} | unwrap app [1m])', entries, 30), /SampleExtractionErr/)
  assert.deepEqual(shown(run('count_over_time({app="a"} | json | __error__="" [1m])', entries, 30)), [
    '{a=1,app=a} 1',
  ])
  assert.deepEqual(shown(run('sum(count_over_time({app="a"} | json [1m]))', entries, 30)), ['{} 2'])
  assert.deepEqual(
    shown(run('count_over_time({app="a"} | json | drop __error__, __error_details__, a [1m])', entries, 30)),
    ['{app=a} 2'],
  )
})

test('S-LOGQL-57 samples are written without exponent', () => {
  const texts = [
    0.5,
    1e21,
    1.5e-7,
    -2.25e-9,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    123_456_789,
  ]
  assert.deepEqual(texts.map(formatSample), [
    '0.5',
    '1000000000000000000000',
    '0.00000015',
    '-0.00000000225',
    'NaN',
    '+Inf',
    '-Inf',
    '123456789',
  ])
})
