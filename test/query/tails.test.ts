/** Many tails read together: each gets its lines, and one that fails fails alone. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cursor, parseCursor } from '../../src/model/cursor.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { type Lanes, TaskTimeout } from '../../src/query/lanes.ts'
import type { Plan } from '../../src/query/plan.ts'
import { createTailReader } from '../../src/query/tail-reader.ts'
import type { TailsTask, Task } from '../../src/query/tasks.ts'
import { openReader } from '../../src/store/reader.ts'
import { createDirectLanes } from '../support/direct-lanes.ts'
import { entriesOf, everything, tailTask } from '../support/engine-tasks.ts'
import { chooseSeed, createRandom, type Random } from '../support/random.ts'
import { disturb, drawPlan } from '../support/random-plan.ts'
import { createStoreModel, inTailOrder, type StoreModel } from '../support/store-model.ts'

const startSec = 1_780_000_000
const runs = 10

async function withModel(work: (model: StoreModel, engine: Engine) => void | Promise<void>): Promise<void> {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    await work(model, engine)
  } finally {
    engine.close()
    model.close()
  }
}

function begin(engine: Engine, plan: Plan): Cursor {
  return parseCursor(engine.tail(tailTask(null, { plan })).cursor) as Cursor
}

/** Steps of all tails in turn, in batches of any make-up, until all have caught up. */
function followAll(engine: Engine, tails: readonly (readonly [Plan, Cursor])[], random: Random): string[][] {
  const found = tails.map((): string[] => [])
  const open = tails.map(([plan, cursor], index) => ({ plan, cursor, index }))
  while (open.length > 0) {
    const answersBytesMax = random.pick([1, 2_000, 1e9])
    const task = {
      kind: 'tails',
      tails: open.map((tail) => ({ ...tail, answerBytesMax: random.pick([1, 300, 1e6]) })),
      sliceMs: random.pick([-1, 10_000]),
      answersBytesMax,
    } as const
    const { entries, steps } = engine.tails(task)
    let at = 0
    for (const { length, cursor, caughtUp, count } of steps) {
      const tail = open.shift() as (typeof open)[number]
      const own = entriesOf(entries.subarray(at, at + length))
      at += length
      assert.equal(own.length, count)
      found[tail.index]?.push(...own.map(({ line }) => line))
      if (!caughtUp) open.push({ ...tail, cursor: parseCursor(cursor) as Cursor })
    }
    assert.equal(at, entries.length)
  }
  return found
}

test('S-TAIL-17 S-CURSOR-02 tails that are read together each get their own lines, at whatever places they are', async () => {
  const seed = chooseSeed()
  for (let run = 0; run < runs; run += 1) {
    const random = createRandom(seed + run)
    const clock = { sec: startSec }
    await withModel((model, engine) => {
      const streamIds = new Map([0, 1, 2, 3, 4, 5].map((index) => [index, model.streamId(index)]))
      const first = [...streamIds.values()].map((streamId) => ({ streamId, sec: startSec, ns: 0, text: 'a' }))
      model.commitLines(first, startSec)
      const drawn = Array.from({ length: 8 }, () => {
        for (let count = random.between(0, 8); count > 0; count -= 1) disturb(model, random, clock)
        const { plan, keeps } = drawPlan(random, streamIds)
        return { plan, keeps, cursor: begin(engine, plan), seen: model.lines.length }
      })
      for (let count = 0; count < 12; count += 1) disturb(model, random, clock)
      const found = followAll(
        engine,
        drawn.map(({ plan, cursor }) => [plan, cursor]),
        random,
      )
      const expected = drawn.map(({ keeps, seen }) =>
        inTailOrder(model.lines.slice(seen).filter(keeps)).map(({ text }) => text),
      )
      assert.deepEqual(found, expected, `failed with TEST_SEED=${seed + run}`)
    })
  }
})

/** Lanes that note the tasks, and end one that has a tail with this text as a thread that runs away is. */
function createNotingLanes(engine: Engine, runaway: string | null): { lanes: Lanes; sizes: number[] } {
  const sizes: number[] = []
  const onTask = (task: Task): void => {
    if (task.kind !== 'tails') return
    sizes.push(task.tails.length)
    if (runaway !== null && JSON.stringify(task.tails).includes(runaway)) throw new TaskTimeout('too long')
  }
  return { lanes: createDirectLanes(engine, { onTask }), sizes }
}

const planOf = (text: string): Plan => ({
  ...everything,
  lines: [{ kind: 'substring', text, ignoreCase: false, negate: false }],
})

const texts = ['line 1', 'line 2', 'line 3', 'line']

test('S-TAIL-17 tails that want to be read at the same time are one task', async () => {
  await withModel(async (model, engine) => {
    const { lanes, sizes } = createNotingLanes(engine, null)
    const reader = createTailReader(lanes)
    const cursors = texts.map((text) => begin(engine, planOf(text)))
    model.commitLines(
      [1, 2, 3].map((sec) => ({
        streamId: model.streamId(0),
        sec: startSec + sec,
        ns: 0,
        text: `line ${sec}`,
      })),
      startSec,
    )
    const reads = await Promise.all(
      texts.map((text, index) => reader.read(planOf(text), cursors[index] as Cursor, 1e6)),
    )
    const lines = reads.map(({ entries }) => entriesOf(entries).map(({ line }) => line))
    assert.deepEqual(lines, [['line 1'], ['line 2'], ['line 3'], ['line 1', 'line 2', 'line 3']])
    assert.deepEqual(sizes, [texts.length])
  })
})

test('S-TAIL-17 what there was no room for is read by the next task', async () => {
  await withModel(async (model, engine) => {
    const sizes: number[] = []
    const direct = createDirectLanes(engine)
    const run: Lanes['run'] = (lane, task, signal) => {
      if (task.kind !== 'tails') return direct.run(lane, task, signal)
      sizes.push(task.tails.length)
      return direct.run(lane, { ...task, answersBytesMax: 1 } satisfies TailsTask, signal)
    }
    const reader = createTailReader({ ...direct, run })
    const cursors = texts.map((text) => begin(engine, planOf(text)))
    model.commitLines(
      [{ streamId: model.streamId(0), sec: startSec, ns: 0, text: 'line 1 line 2 line 3' }],
      startSec,
    )
    const reads = await Promise.all(
      texts.map((text, index) => reader.read(planOf(text), cursors[index] as Cursor, 1e6)),
    )
    assert.deepEqual(
      reads.map(({ count }) => count),
      [1, 1, 1, 1],
    )
    assert.deepEqual(sizes, [4, 3, 2, 1])
  })
})

test('S-TAIL-17 a tail whose filters take too long ends alone', async () => {
  await withModel(async (model, engine) => {
    const { lanes, sizes } = createNotingLanes(engine, 'line 2')
    const reader = createTailReader(lanes)
    const cursors = texts.map((text) => begin(engine, planOf(text)))
    model.commitLines(
      [{ streamId: model.streamId(0), sec: startSec, ns: 0, text: 'line 1 line 3' }],
      startSec,
    )
    const reads = await Promise.allSettled(
      texts.map((text, index) => reader.read(planOf(text), cursors[index] as Cursor, 1e6)),
    )
    const outcomes = reads.map((read) => (read.status === 'fulfilled' ? read.value.count : read.reason.code))
    assert.deepEqual(outcomes, [1, 'QUERY_ENDED', 1, 1])
    assert.deepEqual(sizes, [4, 1, 1, 1, 1])
  })
})
