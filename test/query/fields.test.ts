/** Names and values of fields over a real store: against a plain count, in slices, and with hostile lines. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldLimits } from '../../src/limits/query.ts'
import { attribute, gapLevel } from '../../src/model/entry.ts'
import type { FieldsRequest, MembersAnswer } from '../../src/query/contract.ts'
import type { QueryBounds } from '../../src/query/ending.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { runFields } from '../../src/query/fields/run-fields.ts'
import { TaskTimeout } from '../../src/query/lanes.ts'
import { createPager } from '../../src/query/pager.ts'
import { openReader } from '../../src/store/reader.ts'
import { createDirectLanes, type DirectLanesOptions } from '../support/direct-lanes.ts'
import { everything } from '../support/engine-tasks.ts'
import { createStoreModel, type StoreModel } from '../support/store-model.ts'

const startSec = 1_780_000_000
const never = new AbortController().signal

type Sample = { limit: number; lines: number; withFields: number; since: string | null; until: string | null }
type Names = {
  fields: { name: string; types: Record<string, number>; count: number }[]
  more: number
  sample: Sample
}
type Values = {
  name: string
  values: { value: string; type: string; count: number; cut?: true }[]
  more: number
  missing: number
  sample: Sample
}
type Answered<Members> = Members & Pick<MembersAnswer, 'ended' | 'warnings'>

type Ask = Partial<FieldsRequest> & DirectLanesOptions & { readonly bounds?: QueryBounds }
const ample: QueryBounds = { queryDeadlineMs: 30_000, scannedBytesMax: 1e12 }

async function ask<Members>(engine: Engine, name: string | null, given: Ask): Promise<Answered<Members>> {
  const { bounds = ample, sliceMs, onTask, ...rest } = given
  const lanes = createDirectLanes(engine, {
    ...(sliceMs !== undefined && { sliceMs }),
    ...(onTask !== undefined && { onTask }),
  })
  const pager = createPager(lanes, { ...bounds, now: () => (startSec + 1e6) * 1000 })
  const range = { since: null, until: null }
  const request = { plan: everything, range, sample: 1000, limit: 100, name, ...rest }
  const { members, ended, warnings } = await runFields({ lanes, pager, bounds }, request, never)
  return { ...(JSON.parse(`{${Buffer.from(members).toString()}}`) as Members), ended, warnings }
}

const namesIn = (engine: Engine, given: Ask = {}) => ask<Names>(engine, null, given)
const valuesIn = (engine: Engine, name: string, given: Ask = {}) => ask<Values>(engine, name, given)

async function withLines(
  lines: readonly string[],
  work: (engine: Engine, model: StoreModel) => Promise<void>,
): Promise<void> {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamId = model.streamId(0)
    model.commitLines(
      lines.map((text, index) => ({ streamId, sec: startSec + index, ns: 0, text })),
      startSec,
    )
    await work(engine, model)
  } finally {
    engine.close()
    model.close()
  }
}

test('S-FIELDS-01 fields of JSON and logfmt lines are counted by name and type, most frequent first', () =>
  withLines(
    [
      '{"level":"info","http":{"status":200,"headers":{}},"tags":["a"],"err":null}',
      '{"level":"warn","http":{"status":"404"},"ok":true}',
      'level=error http.status=500 ok=false took=1.5 ratio=1e3 id=007 text="200"',
      'plain text, nothing in it',
      '["level"]',
      '{"level":"cut in the mi',
      '{}',
    ],
    async (engine) => {
      const { fields, more, sample, ended, warnings } = await namesIn(engine)
      assert.deepEqual(fields, [
        { name: 'http.status', types: { string: 1, number: 2 }, count: 3 },
        { name: 'level', types: { string: 3 }, count: 3 },
        { name: 'ok', types: { boolean: 2 }, count: 2 },
        { name: 'err', types: { null: 1 }, count: 1 },
        { name: 'http.headers', types: { object: 1 }, count: 1 },
        { name: 'id', types: { string: 1 }, count: 1 },
        { name: 'ratio', types: { number: 1 }, count: 1 },
        { name: 'tags', types: { array: 1 }, count: 1 },
        { name: 'text', types: { string: 1 }, count: 1 },
        { name: 'took', types: { number: 1 }, count: 1 },
      ])
      assert.deepEqual([more, ended, warnings], [0, null, []])
      const since = '2026-05-28T20:26:40.000000000Z'
      const until = '2026-05-28T20:26:46.000000000Z'
      assert.deepEqual(sample, { limit: 1000, lines: 7, withFields: 3, since, until })
      const short = await namesIn(engine, { limit: 2 })
      assert.deepEqual([short.fields.length, short.more], [2, 8])
    },
  ))

test('S-FIELDS-02 values of one field are counted by value and type; lines without it are told', () =>
  withLines(
    [
      '{"code":200}',
      'code=200',
      '{"code":"200"}',
      'code="200"',
      'code=404 code=500',
      '{"code":null}',
      '{"code":[1,{"a":2}]}',
      '{"code":{"a":1}}',
      'other=1',
      'none',
    ],
    async (engine) => {
      const { name, values, more, missing, sample } = await valuesIn(engine, 'code')
      assert.equal(name, 'code')
      assert.deepEqual(values, [
        { value: '200', type: 'number', count: 2 },
        { value: '200', type: 'string', count: 2 },
        { value: '500', type: 'number', count: 1 },
        { value: '[1,{"a":2}]', type: 'array', count: 1 },
        { value: 'null', type: 'null', count: 1 },
      ])
      assert.deepEqual([more, missing, sample.lines, sample.withFields], [0, 3, 10, 9])
      const first = await valuesIn(engine, 'code', { limit: 1 })
      assert.deepEqual([first.values.length, first.more], [1, 4])
      const absent = await valuesIn(engine, 'namespace')
      assert.deepEqual([absent.values, absent.missing], [[], 10])
    },
  ))

test('S-FIELDS-03 the sample is the newest lines that the filters select, gap records left out', () =>
  withLines([], async (engine, model) => {
    const [one, other] = [model.streamId(0), model.streamId(1)]
    const gap = JSON.stringify({ reason: 'truncated', bytes: 1, file: '0.log' })
    const line = (streamId: number, sec: number, text: string) => ({
      streamId,
      sec: startSec + sec,
      ns: 0,
      text,
    })
    model.commitLines(
      [
        ...[1, 2, 3, 4, 5].map((sec) => line(one, sec, `n=${sec}`)),
        line(other, 6, 'm=1'),
        { ...line(one, 7, gap), attributes: attribute.gap, level: gapLevel },
      ],
      startSec,
    )
    const ns = async (given: Ask): Promise<string[]> =>
      (await valuesIn(engine, 'n', given)).values.map(({ value }) => value)
    assert.deepEqual(await ns({ sample: 3 }), ['4', '5'])
    const plan = { ...everything, streams: { ...everything.streams, pod: ['pod-0'] } }
    assert.deepEqual(await ns({ plan, sample: 3 }), ['3', '4', '5'])
    const range = { since: { sec: startSec + 2, ns: 0 }, until: { sec: startSec + 4, ns: 0 } }
    assert.deepEqual(await ns({ range }), ['2', '3'])
    const all = await namesIn(engine)
    assert.deepEqual([all.fields.map(({ name }) => name), all.sample.lines], [['n', 'm'], 6])
    const none = { ...everything, streams: { ...everything.streams, pod: ['pod-9'] } }
    const empty = await namesIn(engine, { plan: none })
    assert.match(empty.warnings.join(), /no stream has pod pod-9/)
    assert.deepEqual(empty.sample, { limit: 1000, lines: 0, withFields: 0, since: null, until: null })
  }))

const anyName = fc.oneof(
  fc.constantFrom('a', 'b', 'a.b', '__proto__', 'constructor', 'toString', '', 'level', '0', '\ud800', 'é'),
  fc.string({ maxLength: 8 }),
)
const anyLeaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, 1.5, 200, '200', '', 'x', '\ud83d'),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 10 }),
  fc.array(fc.integer(), { maxLength: 3 }),
)
type Tree = { readonly [name: string]: unknown }
const anyObject = fc.letrec<{ node: unknown; object: Tree }>((tie) => ({
  node: fc.oneof({ depthSize: 'small' }, anyLeaf, tie('object')),
  object: fc
    .array(fc.tuple(anyName, tie('node')), { maxLength: 5 })
    .map((members) => Object.fromEntries<unknown>(members)),
})).object
const pairs = fc.array(
  fc.tuple(fc.stringMatching(/^[a-z_.]{1,3}$/), fc.constantFrom('1', 'true', 'x', '""')),
  {
    maxLength: 5,
  },
)
const jsonLine = anyObject.map((object) => JSON.stringify(object))
const anyLine = fc.oneof(
  { weight: 4, arbitrary: jsonLine },
  {
    weight: 2,
    arbitrary: pairs.map((all) => all.map(([name, value]) => `${name}=${value}`).join(' ')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
)

/** Fields by plain recursion; null: the line is for the reader of logfmt, which has tests of its own. */
function plainFields(line: string): Map<string, unknown> | null {
  if (!/^[\0- ]*\{/.test(line)) return null
  const fields = new Map<string, unknown>()
  const visit = (object: Tree, prefix: string, depth: number): void => {
    for (const [name, value] of Object.entries(object)) {
      const isTree = typeof value === 'object' && value !== null && !Array.isArray(value)
      const hasMembers = isTree && Object.keys(value).length > 0
      if (hasMembers && depth < fieldLimits.depthMax) visit(value as Tree, `${prefix}${name}.`, depth + 1)
      else fields.set(prefix + name, value)
    }
  }
  try {
    visit(JSON.parse(line) as Tree, '', 1)
  } catch {
    return new Map()
  }
  return fields
}

test('S-FIELDS-04 counts agree with a plain count, in one slice as in many, whatever the lines hold', async () => {
  const size = { minLength: 1, maxLength: 25 }
  const arbitrary = fc.oneof(fc.array(anyLine, size), fc.array(jsonLine, size))
  const property = fc.asyncProperty(arbitrary, (lines) =>
    withLines(lines, async (engine, model) => {
      while (model.writer.maintain(startSec, 50)) continue
      const whole = await namesIn(engine, { limit: 10_000 })
      assert.deepEqual(await namesIn(engine, { limit: 10_000, sliceMs: -1 }), whole)
      assert.equal(whole.sample.lines, lines.length)
      // What is no UTF-8 is stored as such, and read with marks in its place.
      const stored = lines.map((line) => Buffer.from(line).toString())
      const json = stored.map(plainFields).filter((fields) => fields !== null)
      if (json.length < lines.length) return
      const counts = new Map<string, number>()
      for (const fields of json)
        for (const name of fields.keys()) counts.set(name, (counts.get(name) ?? 0) + 1)
      assert.deepEqual(new Map(whole.fields.map(({ name, count }) => [name, count])), counts)
      for (const name of [...counts.keys()].slice(0, 3)) {
        const found = await valuesIn(engine, name, { limit: 10_000 })
        assert.deepEqual(await valuesIn(engine, name, { limit: 10_000, sliceMs: -1 }), found)
        assert.equal(found.missing, lines.length - (counts.get(name) ?? 0))
        assert.equal(
          found.values.reduce((sum, { count }) => sum + count, 0),
          counts.get(name),
        )
      }
    }),
  )
  await fc.assert(property, { numRuns: 40 })
})

test('S-FIELDS-05 a bound that ends the look leaves what was counted until then, and is told', async () => {
  const lines = Array.from({ length: 300 }, (_, index) => `n=${index % 7}`)
  const failAt =
    (failing: number): NonNullable<Ask['onTask']> =>
    (task, number) => {
      if (task.kind === 'fields' && number === failing) throw new TaskTimeout('too long')
    }
  await withLines(lines, async (engine, model) => {
    while (model.writer.maintain(startSec + 1000, 50)) continue
    const late = await namesIn(engine, { sliceMs: -1, bounds: { ...ample, queryDeadlineMs: 0 } })
    assert.equal(late.ended, 'deadline')
    assert.match(late.warnings.join(), /^ended: the deadline of 0 ms was reached; only the lines in `sample`/)
    assert.ok(late.sample.lines < 300)

    const filter = { kind: 'substring', text: 'n=', ignoreCase: false, negate: false } as const
    const plan = { ...everything, lines: [filter] }
    const full = await namesIn(engine, { plan, bounds: { ...ample, scannedBytesMax: 1 } })
    assert.equal(full.ended, 'scanned_bytes')
    assert.ok(full.sample.lines > 0 && full.sample.lines < 300)
    assert.equal(full.fields[0]?.count, full.sample.lines)

    const ended = await valuesIn(engine, 'n', { sliceMs: -1, onTask: failAt(5) })
    assert.equal(ended.ended, 'expression')
    assert.ok(ended.sample.lines > 0 && ended.sample.lines < 5)
    const nothing = await namesIn(engine, { onTask: failAt(1) })
    assert.deepEqual([nothing.ended, nothing.fields, nothing.sample.lines], ['expression', [], 0])
  })
})

test('S-FIELDS-06 what lies beyond a bound is left out, counted and told', async () => {
  const { lineBytesMax, nestingMax, depthMax, nameLengthMax, lineNamesMax, namesMax } = fieldLimits
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  const list = (depth: number): string => `{"list":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  const crowd = (count: number, prefix: string): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, 1])))
  const cases: readonly (readonly [lines: readonly string[], names: number, warning: RegExp | null])[] = [
    [[`a=${'x'.repeat(lineBytesMax - 2)}`], 1, null],
    [[`a=${'x'.repeat(lineBytesMax - 1)}`], 0, /lines longer than 131072 bytes were not looked into: 1/],
    [[list(nestingMax)], 1, null],
    [[list(nestingMax + 1)], 0, /lines with more than 128 brackets .* looked into: 1/],
    [['['.repeat(100_000)], 0, null],
    [[`{"a":${'['.repeat(100_000)}`], 0, /lines with more than 128 brackets .* looked into: 1/],
    [[nested(depthMax)], 1, null],
    [[nested(depthMax + 1)], 1, /objects within 10 others were taken as one field each: 1/],
    [[`{"${'n'.repeat(nameLengthMax)}":1}`], 1, null],
    [
      [`{"a":{"${'n'.repeat(nameLengthMax - 1)}":1}}`, `${'k'.repeat(nameLengthMax + 1)}=1`],
      0,
      /fields with names longer than 256 characters were left out: 2/,
    ],
    [[crowd(lineNamesMax, 'a')], lineNamesMax, null],
    [[crowd(lineNamesMax + 5, 'a')], lineNamesMax, /fields beyond the first 1000 of a line were left out: 5/],
    [
      [crowd(lineNamesMax, 'a'), crowd(lineNamesMax, 'b'), crowd(7, 'c')],
      namesMax,
      /left out once 2000 different names were counted: 7/,
    ],
  ]
  for (const [lines, names, warning] of cases) {
    await withLines(lines.toReversed(), async (engine) => {
      const { fields, warnings } = await namesIn(engine, { limit: 10_000 })
      assert.equal(fields.length, names, `${lines[0]?.slice(0, 40)}`)
      if (warning === null) assert.deepEqual(warnings, [])
      else assert.match(warnings.join(), warning)
    })
  }
})

test('S-FIELDS-07 long values are cut and marked, long numbers stay as they stand in the line', () => {
  const long = 'v'.repeat(fieldLimits.valueLengthMax)
  const id = '12345678901234567890'
  return withLines(
    [
      JSON.stringify({ a: long }),
      JSON.stringify({ a: `${long}1` }),
      JSON.stringify({ a: `${long}2` }),
      JSON.stringify({ a: `${'v'.repeat(fieldLimits.valueLengthMax - 1)}😀` }),
      `{"a":1,"x":{"a":${id}},"a":${id}}`,
      '{"a":1e999}',
      '{"a":-0}',
      `a=${id}`,
    ],
    async (engine) => {
      const { values } = await valuesIn(engine, 'a')
      assert.deepEqual(values, [
        { value: id, type: 'number', count: 2 },
        { value: long, type: 'string', count: 2, cut: true },
        { value: '0', type: 'number', count: 1 },
        { value: '1e999', type: 'number', count: 1 },
        { value: long.slice(1), type: 'string', count: 1, cut: true },
        { value: long, type: 'string', count: 1 },
      ])
      const { values: inner } = await valuesIn(engine, 'x.a')
      assert.deepEqual(inner, [{ value: id, type: 'number', count: 1 }])
    },
  )
})

test('S-FIELDS-08 names are matched exactly, those of JavaScript objects too; bad UTF-8 is replaced', () =>
  withLines(
    ['{"__proto__":{"x":1},"constructor":2,"":3}', '{"a.b":1}', '{"a":{"b":1}}', 'A.b=1 hasOwnProperty=1'],
    async (engine, model) => {
      const streamId = model.streamId(0)
      const { fields } = await namesIn(engine)
      assert.deepEqual(
        fields.map(({ name, count }) => `${name} ${count}`),
        ['a.b 2', ' 1', 'A.b 1', '__proto__.x 1', 'constructor 1', 'hasOwnProperty 1'],
      )
      for (const name of ['__proto__', 'toString', 'a', 'a.B']) {
        assert.deepEqual((await valuesIn(engine, name)).values, [])
      }
      assert.deepEqual((await valuesIn(engine, '__proto__.x')).values, [
        { value: '1', type: 'number', count: 1 },
      ])
      model.commitLines([{ streamId, sec: startSec + 9, ns: 0, text: '{"u":"x\ufffdy\\ud800"}' }], startSec)
      assert.deepEqual((await valuesIn(engine, 'u')).values[0]?.value, 'x\ufffdy\ud800')
    },
  ))
