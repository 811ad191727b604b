/** The entries around one over a real store: against a plain list, after retention, ended by a bound. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { queryLimits } from '../../src/limits/query.ts'
import { type Cursor, comparePlaces, encodeCursor, type Place, parseCursor } from '../../src/model/cursor.ts'
import { attribute, gapLevel, type StreamLabels } from '../../src/model/entry.ts'
import { readContext } from '../../src/query/context.ts'
import {
  type ContextPage,
  type ContextRequest,
  type ContextScope,
  contextScopes,
} from '../../src/query/contract.ts'
import type { QueryBounds } from '../../src/query/ending.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { type Lane, TaskTimeout } from '../../src/query/lanes.ts'
import { createPager } from '../../src/query/pager.ts'
import type { Plan } from '../../src/query/plan.ts'
import { createQueryService } from '../../src/query/service.ts'
import { openReader } from '../../src/store/reader.ts'
import { createDirectLanes, type DirectLanesOptions } from '../support/direct-lanes.ts'
import { type Entry, entriesOf, everything, historyTask, linesOf, tailTask } from '../support/engine-tasks.ts'
import { chooseSeed, createRandom, type Random } from '../support/random.ts'
import {
  createStoreModel,
  inHistoryOrder,
  keepForever,
  type ModelLine,
  type NewLine,
  type StoreModel,
  smallLimits,
} from '../support/store-model.ts'

const startSec = 1_780_000_000
const never = new AbortController().signal
const ample: QueryBounds = { queryDeadlineMs: 30_000, scannedBytesMax: 1e12 }
const runs = 10

type Ask = Partial<ContextRequest> & { readonly lanes?: DirectLanesOptions; readonly bounds?: QueryBounds }

function ask(engine: Engine, cursor: string, given: Ask = {}): Promise<ContextPage> {
  const { lanes: options = {}, bounds = ample, ...rest } = given
  const lanes = createDirectLanes(engine, options)
  const pager = createPager(lanes, { ...bounds, now: () => startSec * 1000 })
  const request: ContextRequest = {
    plan: everything,
    cursor,
    scope: 'stream',
    before: 10,
    after: 10,
    format: 'json',
    ...rest,
  }
  return readContext({ lanes, pager, bounds }, request, never)
}

async function withModel(
  work: (model: StoreModel, engine: Engine) => Promise<void>,
  retention = keepForever,
): Promise<void> {
  const model = createStoreModel(smallLimits, retention)
  const engine = createEngine(openReader(model.dataDir))
  try {
    await work(model, engine)
  } finally {
    engine.close()
    model.close()
  }
}

function settle(model: StoreModel, nowSec: number): void {
  while (model.writer.maintain(nowSec, 50)) continue
}

const line = (streamId: number, sec: number, text: string): NewLine => ({
  streamId,
  sec: startSec + sec,
  ns: 0,
  text,
})

/** Everything that is stored, oldest first, whatever its time. */
function allEntries(engine: Engine): Entry[] {
  const range = { since: null, until: { sec: 253_402_300_799, ns: 0 } }
  return entriesOf(engine.history(historyTask({ direction: 'forward', limit: 1e6, range })).entries)
}

function placeIn(cursor: string): Place {
  return (parseCursor(cursor) as Cursor).place as Place
}

function identity({ streamId, line }: Pick<ModelLine, 'streamId' | 'line'>): string {
  return `${streamId} ${line}`
}

/** Streams of which some share a pod, some only its name, some only the namespace. */
const labels: readonly StreamLabels[] = [
  ['ns0', 'web', 'u1', 'app', 0],
  ['ns0', 'web', 'u1', 'app', 1],
  ['ns0', 'web', 'u1', 'side', 0],
  ['ns0', 'web', 'u2', 'app', 0],
  ['ns0', 'db', 'u3', 'app', 0],
  ['ns1', 'web', 'u1', 'app', 0],
].map(([namespace, pod, podUid, container, restart]) => {
  return { namespace, pod, podUid, container, restart, node: 'n1' } as StreamLabels
})

function isInScope(scope: ContextScope, a: StreamLabels, b: StreamLabels): boolean {
  if (a.namespace !== b.namespace) return false
  if (scope === 'namespace') return true
  return a.pod === b.pod && a.podUid === b.podUid && (scope === 'pod' || a === b)
}

type World = { readonly model: StoreModel; readonly labelsOf: Map<number, StreamLabels>; sec: number }

/** A few commits with late lines, equal times, broken clocks and gap records. */
function commitSome(world: World, random: Random): void {
  const { model, labelsOf } = world
  for (let commits = random.between(1, 4); commits > 0; commits -= 1) {
    world.sec += random.between(0, 5)
    const lines: NewLine[] = []
    for (let count = random.between(0, 10); count > 0; count -= 1) {
      const isGap = random.chance(0.05)
      const late = random.chance(0.1) ? random.between(1, 100) : 0
      lines.push({
        streamId: random.pick([...labelsOf.keys()]),
        sec: random.chance(0.02) ? random.pick([-62_135_596_800, 32_472_144_000]) : world.sec - late,
        ns: random.between(0, 1) * 500_000_000,
        text: isGap
          ? JSON.stringify({ reason: 'truncated', bytes: 1, file: '0.log' })
          : `${random.pick(['needle', 'hay'])} ${random.between(0, 999)}`,
        attributes: isGap ? attribute.gap : random.pick([0, attribute.stderr]),
        level: isGap ? gapLevel : random.between(0, 7),
      })
    }
    model.commitLines(lines, world.sec)
    if (random.chance(0.5)) model.writer.maintain(world.sec, 20)
  }
  if (random.chance(0.1)) model.reopen()
}

function randomPlan(random: Random, world: World): { plan: Plan; keeps: (line: ModelLine) => boolean } {
  const hasText = random.chance(0.5)
  const iostream = random.chance(0.3) ? random.pick([0, 1] as const) : null
  const container = random.chance(0.3) ? random.pick(['app', 'side', 'none']) : null
  const gaps = random.chance(0.7)
  const needle = { kind: 'substring', text: 'needle', ignoreCase: false, negate: false } as const
  const plan: Plan = {
    ...everything,
    streams: { ...everything.streams, container: container === null ? [] : [container] },
    iostream,
    lines: hasText ? [needle] : [],
    gaps,
  }
  return {
    plan,
    keeps: ({ streamId, text, attributes }) => {
      if (container !== null && world.labelsOf.get(streamId)?.container !== container) return false
      if (attributes & attribute.gap) return gaps
      if (iostream !== null && (attributes & attribute.stderr) !== iostream) return false
      return !hasText || text.includes('needle')
    },
  }
}

/** One context with random filters, scope, sizes and slices, held against the lines that are `kept`. */
async function checkOne(
  engine: Engine,
  world: World,
  random: Random,
  given: { readonly cursor: string; readonly kept: readonly ModelLine[] },
): Promise<void> {
  const { cursor, kept } = given
  const { plan, keeps } = randomPlan(random, world)
  const scope = random.pick(contextScopes)
  const [before, after] = [random.between(0, 8), random.between(0, 8)]
  const lanes = { sliceMs: random.pick([-1, 10_000]) }
  const page = await ask(engine, cursor, { plan, scope, before, after, lanes })
  const place = placeIn(cursor)
  const own = world.labelsOf.get(place.streamId) as StreamLabels
  const near = kept.filter(
    (each) => keeps(each) && isInScope(scope, own, world.labelsOf.get(each.streamId) as StreamLabels),
  )
  const older = near.filter((each) => comparePlaces(each, place) < 0)
  const newer = near.filter((each) => comparePlaces(each, place) > 0)
  const target = kept.find((each) => identity(each) === identity(place))
  const shownBefore = before === 0 ? [] : older.slice(-before)
  const expected = [...shownBefore, ...(target ? [target] : []), ...newer.slice(0, after)]
  const entries = entriesOf(page.entries)
  assert.deepEqual(
    entries.map((entry) => identity(placeIn(entry.cursor))),
    expected.map(identity),
  )
  assert.equal(page.count, expected.length)
  assert.equal(page.target, target ? shownBefore.length : null)
  assert.deepEqual([page.moreBefore, page.moreAfter], [older.length > before, newer.length > after])
  assert.equal(page.ended, null)
  if (entries.length === 0) return
  const from = parseCursor(random.pick(entries).cursor) as Cursor
  const rest = engine.history(historyTask({ plan, cursor: from, direction: 'forward', limit: 5 }))
  assert.deepEqual(
    entriesOf(rest.entries).map((entry) => identity(placeIn(entry.cursor))),
    kept
      .filter((each) => keeps(each) && comparePlaces(each, from.place as Place) > 0)
      .slice(0, 5)
      .map(identity),
  )
}

async function runModel(seed: number): Promise<void> {
  const random = createRandom(seed)
  await withModel(async (model, engine) => {
    const world: World = { model, labelsOf: new Map(), sec: startSec }
    for (const each of labels) world.labelsOf.set(model.writer.resolveStream(each), each)
    model.commitLines(
      [...world.labelsOf.keys()].map((streamId) => line(streamId, 0, 'first')),
      startSec,
    )
    for (let count = 0; count < 12; count += 1) commitSome(world, random)
    for (let count = 0; count < 25; count += 1) {
      const { cursor } = random.pick(allEntries(engine))
      // Entries are as of now, those that come after the cursor was given too.
      if (random.chance(0.3)) commitSome(world, random)
      await checkOne(engine, world, random, { cursor, kept: inHistoryOrder(model.lines) })
    }
  })
}

test('S-CONTEXT-01 S-CONTEXT-02 a context is what a plain list has around the line, in each scope, with and without filters', async () => {
  const seed = chooseSeed()
  for (let run = 0; run < runs; run += 1) {
    try {
      await runModel(seed + run)
    } catch (error) {
      throw new Error(`failed with TEST_SEED=${seed + run}`, { cause: error })
    }
  }
})

test('S-CONTEXT-01 whether there is more is exact where a slice ends with the last wanted line', () =>
  withModel(async (model, engine) => {
    const stream = model.streamId(0)
    const hay = { kind: 'substring', text: 'hay', ignoreCase: false, negate: true } as const
    const texts = ['hay', 'a', 'b', 'middle', 'c', 'hay']
    for (const [index, text] of texts.entries()) {
      model.commitLines([line(stream, 10 * index, text.padEnd(700, '.'))], startSec)
    }
    const { cursor } = allEntries(engine)[3] as Entry
    const plan = { ...everything, lines: [hay] }
    for (const [wanted, expected] of [
      [1, [true, false]],
      [2, [false, false]],
    ] as const) {
      const page = await ask(engine, cursor, { plan, before: wanted, after: 1, lanes: { sliceMs: -1 } })
      assert.deepEqual([page.moreBefore, page.moreAfter], expected)
      assert.equal(page.count, wanted + 2)
    }
  }))

test('S-CONTEXT-03 the cursor may come from any query of this database, but must name an entry', () =>
  withModel(async (model, engine) => {
    const stream = model.streamId(0)
    model.commitLines([], startSec)
    const begun = parseCursor(engine.tail(tailTask(null)).cursor)
    model.commitLines(
      [1, 2, 3].map((sec) => line(stream, sec, `line ${sec}`)),
      startSec,
    )
    const filtered: Plan = { ...everything, levels: 1 }
    const [, tailed] = entriesOf(engine.tail(tailTask(begun)).entries)
    const [, walked] = entriesOf(engine.history(historyTask({ plan: filtered })).entries)
    for (const { cursor } of [tailed, walked] as Entry[]) {
      const page = await ask(engine, cursor, { before: 1, after: 1 })
      assert.deepEqual(linesOf(page.entries), ['line 1', 'line 2', 'line 3'])
      assert.equal(page.target, 1)
    }
    const named = parseCursor(walked?.cursor ?? '') as Cursor
    const databaseId = named.databaseId === '000000' ? '000001' : '000000'
    const between = { ...(named.place as Place), streamId: 0, line: 0 }
    const refused: readonly (readonly [cursor: string, message: RegExp])[] = [
      ['nonsense', /damaged/],
      [encodeCursor({ ...named, databaseId }), /another database/],
      [engine.history(historyTask()).resumeText, /names no entry/],
      [encodeCursor({ ...named, place: between }), /names no entry/],
    ]
    for (const [cursor, message] of refused) {
      await assert.rejects(ask(engine, cursor), (error: unknown) => {
        assert.ok(error instanceof LogkeepError && error.code === 'BAD_CURSOR')
        assert.match(error.message, message)
        return true
      })
    }
  }))

test('S-CONTEXT-04 where retention took the line, the nearest that remain are shown; of a log that is gone, nothing', async () => {
  const retention = { ageSec: 3600, sizeBytes: 1e12, diskFreeMin: 0 }
  await withModel(async (model, engine) => {
    const random = createRandom(7)
    const world: World = { model, labelsOf: new Map(), sec: startSec }
    for (const each of labels) world.labelsOf.set(model.writer.resolveStream(each), each)
    const brief = model.writer.resolveStream({ ...(labels[0] as StreamLabels), restart: 9 })
    model.commitLines([line(brief, 0, 'soon gone')], startSec)
    for (let count = 0; count < 25; count += 1) commitSome(world, random)
    const cursors = allEntries(engine)
    const gone = cursors.find((entry) => entry.line === 'soon gone') as Entry
    world.sec = startSec + 3000
    for (let count = 0; count < 25; count += 1) commitSome(world, random)
    settle(model, startSec + 3000 + 700)
    const stored = new Set(allEntries(engine).map((entry) => identity(placeIn(entry.cursor))))
    const kept = inHistoryOrder(model.lines.filter((each) => stored.has(identity(each))))
    assert.ok(kept.length > 0 && kept.length < model.lines.length)
    for (const { cursor } of cursors) {
      if (placeIn(cursor).streamId === brief) continue
      await checkOne(engine, world, random, { cursor, kept })
    }
    const removed = cursors.find(
      ({ cursor }) => !stored.has(identity(placeIn(cursor))) && cursor !== gone.cursor,
    )
    const page = await ask(engine, (removed as Entry).cursor, { scope: 'namespace' })
    assert.match(page.warnings.join(), /this line is not stored any more; these are the entries nearest/)
    const nothing = await ask(engine, gone.cursor, { scope: 'namespace' })
    assert.deepEqual(
      [nothing.count, nothing.target, nothing.moreBefore, nothing.moreAfter],
      [0, null, false, false],
    )
    assert.match(nothing.warnings.join(), /the log that this line belonged to is not stored any more/)
  }, retention)
})

test('S-CONTEXT-04 a line that is gone is not taken for the next one of the same time', async () => {
  await withModel(
    async (model, engine) => {
      const stream = model.streamId(0)
      model.commitLines([line(stream, 0, 'gone'.padEnd(700, '.'))], startSec)
      model.commitLines([line(stream, 0, 'left'.padEnd(700, '.'))], startSec + 3000)
      const { cursor } = allEntries(engine)[0] as Entry
      settle(model, startSec + 4000)
      const page = await ask(engine, cursor)
      assert.deepEqual([page.target, page.count, page.moreAfter], [null, 1, false])
      assert.match(linesOf(page.entries).join(), /^left/)
    },
    { ageSec: 3600, sizeBytes: 1e12, diskFreeMin: 0 },
  )
})

test('S-CONTEXT-05 a line that is stamped far ahead has its context too, gap records among it', () =>
  withModel(async (model, engine) => {
    const stream = model.streamId(0)
    const ahead = 30 * 86_400
    const gap = JSON.stringify({ reason: 'rotated_away', bytes: 4096, file: '0.log' })
    model.commitLines(
      [
        line(stream, ahead, 'a'),
        { ...line(stream, ahead + 1, gap), attributes: attribute.gap, level: gapLevel },
        line(stream, ahead + 2, 'b'),
        line(stream, ahead + 3, 'c'),
      ],
      startSec,
    )
    const { cursor } = allEntries(engine)[2] as Entry
    const page = await ask(engine, cursor)
    const entries = entriesOf(page.entries)
    assert.deepEqual(
      entries.map((entry) => entry.line ?? entry.reason),
      ['a', 'rotated_away', 'b', 'c'],
    )
    const text = await ask(engine, cursor, { format: 'text', plan: { ...everything, gaps: false } })
    assert.equal(
      Buffer.from(text.entries)
        .toString()
        .replaceAll(/ \S+Z /g, ' '),
      '[pod/pod-0/app] a\n[pod/pod-0/app] b\n[pod/pod-0/app] c\n',
    )
    assert.equal(text.target, 1)
    const named = { ...everything, streams: { ...everything.streams, pod: ['pod-9'] } }
    const alone = await ask(engine, cursor, { plan: named, scope: 'namespace' })
    assert.deepEqual(linesOf(alone.entries), ['b'])
    assert.match(alone.warnings.join(), /no stream has pod pod-9/)
  }))

test('S-CONTEXT-06 a bound that ends one side leaves the line and the other side, and is told', () =>
  withModel(async (model, engine) => {
    const stream = model.streamId(0)
    model.commitLines(
      Array.from({ length: 300 }, (_, index) => line(stream, index, `line ${index}`)),
      startSec,
    )
    settle(model, startSec)
    const { cursor } = allEntries(engine)[150] as Entry
    const filter = { kind: 'substring', text: 'line 299', ignoreCase: false, negate: false } as const
    const plan = { ...everything, lines: [filter] }
    const nothing = { ...everything, lines: [{ ...filter, text: 'line', negate: true }] }
    const slow = { sliceMs: -1 }
    const late = await ask(engine, cursor, {
      plan,
      lanes: slow,
      bounds: { ...ample, queryDeadlineMs: 0 },
    })
    assert.deepEqual([late.ended, late.moreBefore, late.moreAfter, late.target], ['deadline', true, true, 0])
    const scanned = await ask(engine, cursor, {
      plan: nothing,
      lanes: slow,
      bounds: { ...ample, scannedBytesMax: 1 },
    })
    assert.deepEqual([scanned.ended, scanned.count, scanned.target], ['scanned_bytes', 1, 0])
    const onTask: NonNullable<DirectLanesOptions['onTask']> = (task) => {
      if (task.kind === 'history' && task.direction === 'backward') throw new TaskTimeout('too long')
    }
    const half = await ask(engine, cursor, { plan, lanes: { onTask } })
    assert.deepEqual(linesOf(half.entries), ['line 150', 'line 299'])
    assert.deepEqual(
      [half.ended, half.moreBefore, half.moreAfter, half.target],
      ['expression', true, false, 0],
    )
    assert.match(half.warnings.join(), /^ended: an expression took too long.*entries before this line may/)
  }))

test('S-QUERY-24 where the line is not found in time, the answer is an error that names the bound', () =>
  withModel(async (model, engine) => {
    model.commitLines([line(model.streamId(0), 0, 'a')], startSec)
    const onTask: NonNullable<DirectLanesOptions['onTask']> = (task) => {
      if (task.kind === 'entry') throw new TaskTimeout('too long')
    }
    const { cursor } = allEntries(engine)[0] as Entry
    await assert.rejects(ask(engine, cursor, { lanes: { onTask } }), (error: unknown) => {
      return error instanceof LogkeepError && error.code === 'QUERY_ENDED' && error.limit === 'deadline'
    })
  }))

test('S-CONTEXT-08 what does not end with its first slices goes on in the threads that scan', () =>
  withModel(async (model, engine) => {
    const stream = model.streamId(0)
    const lines = Array.from({ length: 200 }, (_, index) => line(stream, index, `line ${index}`))
    model.commitLines(lines, startSec)
    settle(model, startSec)
    const { cursor } = allEntries(engine)[199] as Entry
    const used: Lane[] = []
    const onTask: NonNullable<DirectLanesOptions['onTask']> = (task, _number, lane) => {
      if (task.kind === 'history' && task.direction === 'backward') used.push(lane)
    }
    await ask(engine, cursor, { before: 199, lanes: { sliceMs: -1, onTask } })
    assert.ok(used.length > 1)
    assert.deepEqual(used, ['light', ...used.slice(1).map(() => 'scan')])
  }))

test('S-CONTEXT-07 long lines: each side has half of the bytes that an answer may have', () =>
  withModel(async (model, engine) => {
    const stream = model.streamId(0)
    const bytes = 1024 * 1024
    for (let index = 0; index < 25; index += 1) {
      model.commitLines([line(stream, index, `${index} `.padEnd(bytes, 'x'))], startSec)
    }
    const { cursor } = allEntries(engine)[12] as Entry
    const page = await ask(engine, cursor, { before: 10, after: 3 })
    const perSide = queryLimits.answerBytesMax / 2 / bytes
    const shown = linesOf(page.entries).map((text) => Number.parseInt(text, 10))
    assert.equal(page.target, perSide)
    assert.deepEqual(
      shown,
      Array.from({ length: perSide + 4 }, (_, index) => 12 - perSide + index),
    )
    assert.deepEqual([page.ended, page.moreBefore, page.moreAfter], ['answer_bytes', true, true])
  }))

test('S-CONTEXT-08 S-FIELDS-09 contexts need no thread that scans, looks at fields leave the light one alone', async () => {
  const model = createStoreModel()
  const quiet = () => undefined
  const service = createQueryService({
    dataDir: model.dataDir,
    nodeName: 'n1',
    queryThreads: 1,
    queryDeadlineMs: 30_000,
    now: () => startSec * 1000,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  })
  try {
    const stream = model.streamId(0)
    model.commitLines(
      Array.from({ length: 40 }, (_, index) => line(stream, index, `n=${index % 4}`)),
      startSec,
    )
    const range = { since: null, until: null }
    const logs = {
      plan: everything,
      range,
      direction: 'forward',
      limit: 20,
      cursor: null,
      format: 'json',
    } as const
    const first = await service.logs(logs, never)
    assert.equal(first.ended, null)
    const { cursor } = entriesOf(first.entries).at(-1) as Entry
    const context = {
      plan: everything,
      cursor,
      scope: 'stream',
      before: 2,
      after: 2,
      format: 'json',
    } as const
    const page = await service.context(context, never)
    assert.deepEqual([page.count, page.target, page.moreBefore, page.moreAfter], [5, 2, true, true])
    assert.equal(service.status().lanes.scan.threads, 0)
    const fields = { plan: everything, range, sample: 30, limit: 2 }
    const names = await service.fields(fields, never)
    assert.match(Buffer.from(names.members).toString(), /^"fields":\[\{"name":"n","types":\{"number":30\}/)
    assert.equal(service.status().lanes.scan.threads, 1)
    const values = await service.fieldValues({ ...fields, name: 'n' }, never)
    const parsed = JSON.parse(`{${Buffer.from(values.members).toString()}}`) as {
      values: object[]
      more: number
    }
    assert.deepEqual([parsed.values[0], parsed.more], [{ value: '2', type: 'number', count: 8 }, 2])
  } finally {
    await service.close()
    model.close()
  }
})
