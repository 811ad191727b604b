/**
 * LogQL over a real database, in parts and slices of any size, against the same language over plain
 * entries.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { parseQuery } from '../../src/logql/syntax/parse-query.ts'
import { attribute, iostreamNames, levelNames } from '../../src/model/entry.ts'
import type { Task } from '../../src/query/tasks.ts'
import { entriesOf, everything, historyTask } from '../support/engine-tasks.ts'
import { type MemoryEntry, runLogQuery, runMetricQuery, stepsOver } from '../support/logql-entries.ts'
import { logqlPlan, openLogqlService } from '../support/logql-service.ts'
import { createRandom, type Random } from '../support/random.ts'
import { createStoreModel, labelsOf, type ModelLine, type StoreModel } from '../support/store-model.ts'

const startSec = 1_780_000_000
const streams = 6
const nsOf = (sec: number): string => `${sec}000000000`

function lineOf(random: Random): string {
  const n = random.between(0, 20)
  return random.pick([
    `{"level":"info","n":${n},"user":{"name":"ann"},"took":"${n}ms"}`,
    `{"level":"error","n":${n},"msg":"needle failed"}`,
    `level=warn n=${n} msg="two words" took=${n * 10}ms`,
    `plain text ${n} needle`,
    'two\nlines n=3',
    'ünïcode n=4 支払',
  ])
}

/** A store with lines of all kinds, sealed and merged in part. */
function createFilled(seed: number): { model: StoreModel; clock: number } {
  const random = createRandom(seed)
  const model = createStoreModel()
  let clock = startSec
  for (let commit = 0; commit < 60; commit += 1) {
    clock += random.between(0, 8)
    const lines = Array.from({ length: random.between(0, 12) }, () => ({
      streamId: model.streamId(random.between(0, streams - 1)),
      sec: clock - (random.chance(0.1) ? random.between(0, 60) : 0),
      ns: random.pick([0, 0, 250_000_000, 999_999_999]),
      text: lineOf(random),
      attributes: random.pick([0, 0, attribute.stderr]),
      level: random.between(0, 7),
    }))
    model.commitLines(lines, clock)
    if (random.chance(0.4)) model.writer.maintain(clock, 20)
  }
  return { model, clock }
}

/** The model's lines as the language sees them, oldest first as a walk has them. */
function entriesOfModel({ lines }: StoreModel, indexOf: ReadonlyMap<number, number>): MemoryEntry[] {
  return lines.toSorted(compareLines).map(({ streamId, sec, ns, text, attributes, level }) => {
    const { namespace, pod, container, node, restart } = labelsOf(indexOf.get(streamId) as number)
    const stream = iostreamNames[attributes & attribute.stderr ? 1 : 0]
    const labels = {
      namespace,
      pod,
      container,
      node,
      restart: String(restart),
      service_name: container,
      stream,
    }
    return {
      labels,
      ts: `${sec}${String(ns).padStart(9, '0')}`,
      line: text,
      metadata: { detected_level: levelNames[level] as string },
    }
  })
}

function compareLines(one: ModelLine, other: ModelLine): number {
  return one.sec - other.sec || one.ns - other.ns || one.streamId - other.streamId || one.line - other.line
}

/** Parts of walks are so small that even these few lines make several. */
const partBytes = 500

function openService(model: StoreModel, sliceMs: number, scannedBytesMax = 1e12) {
  let parts = 0
  const onTask = (task: Task): void => {
    // Every third part is given up at once, to be read in halves.
    if (task.kind === 'metricPart' && (parts += 1) % 3 === 0 && task.sliceMs !== null)
      Object.assign(task, { sliceMs: -1 })
  }
  const options = { nowSec: startSec, sliceMs, scannedBytesMax, partBytes, onTask }
  return { ...openLogqlService(model, options), partsRead: () => parts }
}

function indexesOf(model: StoreModel): Map<number, number> {
  return new Map(Array.from({ length: streams }, (_, index) => [model.streamId(index), index]))
}

const logQueries = [
  '{pod=~".+"}',
  '{pod="pod-1"}',
  '{pod=~"pod-1|pod-2", stream="stderr"}',
  '{namespace!="ns1", service_name="app"} |= "needle"',
  '{namespace=~"ns.", pod!~"pod-[0-2]"} != "needle" != "plain"',
  '{pod=~".+"} |= "needle" or "two words"',
  '{pod=~".+"} |~ "n=\\\\d+" !~ "warn|支"',
  '{pod=~".+"} | detected_level="error" or detected_level="warn"',
  '{pod=~".+"} | json | n > 10',
  '{pod=~".+"} | logfmt | level="warn", n >= 5 | line_format "{{.msg}} {{.n}}"',
  '{pod=~".+"} | json | drop __error__, __error_details__ | user_name="ann" | label_format who=user_name',
  '{pod=~".+"} |> "<_> text <_> needle"',
  '{pod=~".+"} | line_format "{{.pod}}" |= "pod-3"',
  '{pod=~".+"} | keep pod | pod="pod-4"',
  '{pod="none"}',
  '{stream="none"}',
  '{restart="0", other=""} |= "two\\nlines"',
]

test('S-LOGQL-70 log queries over the store give the entries and labels that they give over plain entries', async () => {
  let total = 0
  for (const seed of [1, 2, 3]) {
    const { model, clock } = createFilled(seed)
    const entries = entriesOfModel(model, indexesOf(model))
    const { engine, service } = openService(model, seed === 1 ? 10_000 : -1)
    try {
      for (const text of logQueries) {
        for (const direction of ['forward', 'backward'] as const) {
          const limit = seed === 2 ? 7 : 5_000
          const query = parseQuery(text)
          assert.ok(query.kind === 'log')
          const range = { start: nsOf(startSec + 20), end: nsOf(clock), limit, direction }
          const ordered = direction === 'forward' ? entries : entries.toReversed()
          const wanted = runLogQuery(query, ordered, range)
          const answer = await service.lines(
            {
              plan: logqlPlan(text),
              range: { since: { sec: startSec + 20, ns: 0 }, until: { sec: clock, ns: 0 } },
              direction,
              limit,
              intervalNs: 0,
              isCategorized: false,
            },
            new AbortController().signal,
          )
          assert.equal(answer.count, wanted.length, text)
          total += answer.count
          const grouped = new Map<string, [string, string][]>()
          for (const { ts, line, labels } of wanted) {
            const key = JSON.stringify(Object.fromEntries(labels))
            grouped.set(key, [...(grouped.get(key) ?? []), [ts, line]])
          }
          const found = answer.streams.map(({ labels, values }) => [
            labels,
            values.map((value) => JSON.parse(value)),
          ])
          const sorted = [...grouped].toSorted(([one], [other]) => (one < other ? -1 : 1))
          assert.deepEqual(found, sorted, text)
        }
      }
    } finally {
      engine.close()
      model.close()
    }
  }
  assert.ok(total > 1_000, `${total} entries`)
})

const metricQueries = [
  'count_over_time({pod=~".+"}[30s])',
  'sum by (detected_level) (count_over_time({pod=~".+"} | drop __error__ [1m]))',
  'sum by (level, detected_level) (rate({pod=~".+"}[45s]))',
  'sum by (stream) (count_over_time({namespace="ns0"} |= "needle" [20s]))',
  'bytes_over_time({pod="pod-2"}[1m])',
  'sum by (level) (count_over_time({pod=~".+"} | json | __error__="" [1m]))',
  'sum(count_over_time({pod=~".+"} | json [1m]))',
  'avg_over_time({pod=~".+"} | logfmt | unwrap n | __error__="" [90s]) by (pod)',
  'max(max_over_time({pod=~".+"} | logfmt | unwrap duration(took) | __error__="" [1m]))',
  'quantile_over_time(0.9, {pod=~".+"} | logfmt | unwrap n | __error__="" [1m] offset 10s) by (namespace)',
  'topk(2, sum by (pod) (count_over_time({pod=~".+"}[1m])))',
  'sum(rate({pod=~".+"} |= "needle" [1m])) / sum(rate({pod=~".+"}[1m])) * 100',
  'absent_over_time({pod="none"}[1m])',
  'count_over_time({pod="none"}[1m]) or vector(0)',
  'vector(1) + vector(1)',
]

test('S-LOGQL-71 metric queries over the store, read in parts, give the numbers that they give over plain entries', async () => {
  for (const seed of [4, 5]) {
    const { model, clock } = createFilled(seed)
    const entries = entriesOfModel(model, indexesOf(model))
    const { engine, service, partsRead } = openService(model, 10_000)
    try {
      for (const query of metricQueries) {
        for (const isInstant of [true, false]) {
          const parsed = parseQuery(query)
          assert.ok(parsed.kind !== 'log')
          const steps = isInstant
            ? { start: { sec: clock - 40, ns: 0 }, stepNs: 1, count: 1 }
            : stepsOver(nsOf(startSec), nsOf(clock), 17e9)
          const wanted = runMetricQuery(parsed, entries, steps, isInstant)
          const signal = new AbortController().signal
          const { members } = await service.metric({ query, steps, isInstant, cutsSeries: false }, signal)
          const { result } = JSON.parse(`{${Buffer.from(members).toString()}}`)
          assert.ok(wanted.kind === 'matrix')
          const series = wanted.series.map(({ labels, values, has }) => ({
            metric: Object.fromEntries(labels),
            values: [...values].filter((_, step) => has[step] === 1).map((value) => value.toPrecision(12)),
          }))
          type Row = { metric: object; value?: [number, string]; values?: [number, string][] }
          const found = (result as Row[]).map(({ metric, value, values = [] }) => ({
            metric,
            values: (value === undefined ? values : [value]).map(([, text]) => Number(text).toPrecision(12)),
          }))
          const byMetric = (one: object, other: object): number =>
            JSON.stringify(one) < JSON.stringify(other) ? -1 : 1
          assert.deepEqual(found.toSorted(byMetric), series.toSorted(byMetric), query)
        }
      }
      assert.ok(partsRead() > 3 * metricQueries.length, `${partsRead()} parts`)
    } finally {
      engine.close()
      model.close()
    }
  }
})

test('S-LOGQL-72 every door that takes filters also takes a log query, and shows lines as they are stored', () => {
  const { model } = createFilled(6)
  const { engine } = openService(model, 10_000)
  try {
    const logql = '{pod=~".+"} | json | n > 10 | line_format "x"'
    const plan = logqlPlan(logql)
    const texts = model.lines.map(({ text }) => text)
    const wanted = texts.filter((text) => {
      const n = text.startsWith('{') ? (JSON.parse(text) as { n: number }).n : 0
      return n > 10
    })
    const page = engine.history(historyTask({ plan, limit: 5_000 }))
    assert.deepEqual(
      entriesOf(page.entries)
        .map(({ line }) => line)
        .toSorted(),
      wanted.toSorted(),
    )
    const both = {
      ...plan,
      lines: [{ kind: 'substring', text: 'needle', ignoreCase: false, negate: false }],
    } as const
    const narrowed = engine.history(historyTask({ plan: both, limit: 5_000 }))
    assert.equal(narrowed.count, wanted.filter((text) => text.includes('needle')).length)
    const tail = engine.tail({
      kind: 'tail',
      plan,
      format: 'json',
      cursor: engine.begin({
        kind: 'begin',
        plan,
        range: { since: null, until: null },
        defaultUntilSec: 1e11,
      }),
      sliceMs: 10_000,
      answerBytesMax: 1e9,
    })
    assert.equal(tail.count, wanted.length)
  } finally {
    engine.close()
    model.close()
  }
})

test('S-LOGQL-73 what ends a query is told: a pipeline error, a bound on scanned bytes, too many series', async () => {
  const { model, clock } = createFilled(7)
  const { engine, service } = openService(model, 10_000)
  const bounded = openService(model, -1, 1)
  const signal = new AbortController().signal
  const steps = { start: { sec: clock, ns: 0 }, stepNs: 1, count: 1 }
  const ask = (query: string, from = service) =>
    from.metric({ query, steps, isInstant: true, cutsSeries: false }, signal)
  const failsWith = (code: string, message: RegExp) => (error: unknown) =>
    error instanceof LogkeepError && error.code === code && message.test(error.message)
  try {
    await assert.rejects(
      ask('count_over_time({pod=~".+"} | json [1h])'),
      failsWith('BAD_QUERY', /JSONParserErr/),
    )
    await assert.rejects(ask('sum('), failsWith('BAD_QUERY', /parse error/))
    const range = { since: null, until: null }
    const request = {
      plan: logqlPlan('{pod=~".+"} |= "needle"'),
      range,
      direction: 'backward',
      limit: 100,
    } as const
    const answer = await bounded.service.lines({ ...request, intervalNs: 0, isCategorized: true }, signal)
    assert.equal(answer.ended, 'scanned_bytes')
    assert.match(answer.warnings.join(), /were scanned/)
  } finally {
    engine.close()
    bounded.engine.close()
    model.close()
  }
})

test('S-LOGQL-74 sizes, labels and fields of what is stored', async () => {
  const { model, clock } = createFilled(8)
  const { engine, service } = openService(model, 10_000)
  const signal = new AbortController().signal
  const range = { since: { sec: startSec - 1_000, ns: 0 }, until: { sec: clock + 10, ns: 0 } }
  try {
    const { groups } = await service.index(
      { plan: everything, range, by: ['namespace'], stepMs: null },
      signal,
    )
    const total = groups.reduce((sum, { entries }) => sum + entries, 0)
    assert.ok(Math.abs(total - model.lines.length) <= groups.length)
    assert.deepEqual(groups.map(({ labels }) => labels[0]?.[1] ?? '').toSorted(), ['ns0', 'ns1', 'ns2'])
    const all = await service.index(
      { plan: logqlPlan('{pod="pod-1"}'), range, by: null, stepMs: null },
      signal,
    )
    assert.ok(all.groups.every(({ labels }) => new Map(labels).get('pod') === 'pod-1'))
    const asked = { plan: logqlPlan('{pod=~".+"}', false), range, lines: 5_000, name: null, limit: 100 }
    const { fields } = await service.sample(asked, signal)
    const field = (name: string) => fields.find(({ label }) => label === name)
    assert.deepEqual(field('user_name'), {
      label: 'user_name',
      type: 'string',
      cardinality: 1,
      parsers: ['json'],
      jsonPath: ['user', 'name'],
    })
    assert.deepEqual([field('n')?.type, field('n')?.parsers], ['int', ['json', 'logfmt']])
    assert.equal(field('took')?.type, 'duration')
    assert.equal(field('detected_level')?.parsers, null)
    const { values } = await service.sample({ ...asked, name: 'level' }, signal)
    assert.deepEqual(values, ['error', 'info', 'warn'])
    // What the stages of the query itself take out of lines.
    const own = logqlPlan('{pod=~".+"} | regexp "text (?P<code>\\\\d+) needle" | label_format c=code', false)
    const found = await service.sample({ ...asked, plan: own }, signal)
    const code = found.fields.find(({ label }) => label === 'c')
    assert.deepEqual([code?.type, code?.parsers], ['int', ['regexp']])
    assert.ok(found.fields.every(({ label }) => !label.startsWith('__')))
    const codes = await service.sample({ ...asked, plan: own, name: 'c' }, signal)
    assert.equal(codes.values.length, code?.cardinality)
    const erring = logqlPlan('{pod=~".+"} | json | level="info"', false)
    const parsed = await service.sample({ ...asked, plan: erring, name: 'level' }, signal)
    assert.deepEqual(parsed.values, ['info'])
  } finally {
    engine.close()
    model.close()
  }
})
