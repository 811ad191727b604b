/** Walks that are cut into parts, read at the same time: the same entries in the same order as in one go. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Cursor } from '../../src/model/cursor.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { createPager } from '../../src/query/pager.ts'
import type { LineFilter, Plan } from '../../src/query/plan.ts'
import { createRooms } from '../../src/query/rooms.ts'
import type { HistoryResult } from '../../src/query/tasks.ts'
import { openReader } from '../../src/store/reader.ts'
import { createDirectLanes } from '../support/direct-lanes.ts'
import { everything, historyTask, linesOf, testUntilSec } from '../support/engine-tasks.ts'
import { createStoreModel, type StoreModel, smallLimits } from '../support/store-model.ts'

const startSec = 1_780_000_000

type Line = { readonly stream: number; readonly sec: number; readonly word: string }

const lines = fc.array(
  fc.record({
    stream: fc.integer({ min: 0, max: 3 }),
    sec: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 5_000 })),
    word: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('alpha', 'beta', 'gamma') },
      { weight: 1, arbitrary: fc.constant('rare') },
    ),
  }),
  { minLength: 1, maxLength: 120 },
)
const setup = fc.record({
  commits: fc.array(lines, { minLength: 1, maxLength: 6 }),
  isSealed: fc.boolean(),
  /** Seconds by which each commit is later than the one before. */
  stepSec: fc.constantFrom(0, 60, 1_000),
  direction: fc.constantFrom('forward' as const, 'backward' as const),
  bytesPerPart: fc.constantFrom(1, 60, 500, 4_000, 1e9),
  width: fc.integer({ min: 1, max: 4 }),
  sliceMs: fc.constantFrom(-1, 10_000),
  limit: fc.constantFrom(1, 3, 1_000),
  answerBytesMax: fc.constantFrom(1, 700, 1e9),
  wanted: fc.constantFrom(null, 'alpha', 'rare', 'rare', 'absent'),
  hasRooms: fc.boolean(),
  /** Before which of its tasks the writer seals, folds, merges, and adds lines that the walk does not see. */
  upkeep: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 2 }),
})

function planOf(wanted: string | null): Plan {
  const filter = { kind: 'substring', text: wanted ?? '', ignoreCase: false, negate: false } as const
  const filters: LineFilter[] = wanted === null ? [] : [filter]
  return { ...everything, lines: filters }
}

function fill(
  model: StoreModel,
  commits: readonly (readonly Line[])[],
  isSealed: boolean,
  stepSec = 0,
): void {
  for (const [number, commit] of commits.entries()) {
    const named = commit.map(({ stream, sec, word }, index) => ({
      streamId: model.streamId(stream),
      sec: startSec + sec + number * stepSec,
      ns: 0,
      text: `${word} ${number}.${index}`,
    }))
    model.commitLines(named, startSec + number)
  }
  if (isSealed) while (model.writer.maintain(startSec + 10_000, 50)) continue
}

function begin(engine: Engine, plan: Plan): Cursor {
  const range = { since: null, until: null }
  return engine.begin({ kind: 'begin', plan, range, defaultUntilSec: testUntilSec })
}

test('S-QUERY-29 parts read ahead are the walk: each entry once, in order, whatever is written', async () => {
  await fc.assert(
    fc.asyncProperty(setup, async ({ commits, isSealed, direction, wanted, upkeep, ...given }) => {
      const model = createStoreModel(smallLimits)
      const engine = createEngine(openReader(model.dataDir))
      try {
        fill(model, commits, isSealed, given.stepSec)
        const plan = planOf(wanted)
        const cursor = begin(engine, plan)
        const all = engine.history(historyTask({ plan, direction, cursor, limit: 1e6 }))
        const expected = linesOf(all.entries)
        let tasks = 0
        const onTask = (): void => {
          if (!upkeep.includes(tasks++)) return
          fill(model, [commits[0] as Line[]], true)
        }
        const lanes = createDirectLanes(engine, { sliceMs: given.sliceMs, width: given.width, onTask })
        const bounds = { queryDeadlineMs: 1e9, scannedBytesMax: 1e12 }
        const pager = createPager(lanes, { ...bounds, now: () => startSec * 1000 })
        const request = { plan, direction, range: { since: null, until: null }, format: 'json' } as const
        const rooms = given.hasRooms ? createRooms(2_000, 2) : null
        const walk = pager.parts(request, cursor, {
          bytesPerPart: { usual: given.bytesPerPart, wide: given.bytesPerPart },
          rooms,
          clearTo: null,
        })
        const found: string[] = []
        for (let next: Cursor | null = cursor; next !== null; ) {
          const size = { limit: given.limit, answerBytesMax: given.answerBytesMax, isReversed: false }
          const result: HistoryResult = await walk.next(size)
          assert.ok(result.count <= given.limit)
          found.push(...linesOf(result.entries))
          rooms?.give(result.entries)
          next = result.next
          const rest = next && engine.history(historyTask({ plan, direction, cursor: next, limit: 1e6 }))
          const left = rest === null ? [] : linesOf(rest.entries)
          assert.deepEqual([...found, ...left], expected)
        }
        walk.close()
      } finally {
        engine.close()
        model.close()
      }
    }),
    { numRuns: 40 },
  )
})

test('S-QUERY-29 what was sealed together with searched lines during a walk is searched all the same', async () => {
  const model = createStoreModel(smallLimits)
  const engine = createEngine(openReader(model.dataDir))
  try {
    const line = (sec: number, word: string): Line => ({ stream: 0, sec, word })
    fill(model, [[line(0, 'beta'), line(5, 'beta')], [line(100, 'rare')]], false)
    const plan = planOf('rare')
    let slices = 0
    const onTask = ({ kind }: { readonly kind: string }): void => {
      if (kind !== 'history') return
      slices += 1
      // One block, across the place where the slice before has ended.
      if (slices === 3) fill(model, [[line(0, 'beta')]], true)
    }
    const lanes = createDirectLanes(engine, { sliceMs: -1, width: 1, onTask })
    const bounds = { queryDeadlineMs: 1e9, scannedBytesMax: 1e12 }
    const pager = createPager(lanes, { ...bounds, now: () => startSec * 1000 })
    const range = { since: null, until: null }
    const request = { plan, range, direction: 'forward', limit: 10, cursor: null, format: 'json' } as const
    const page = await pager.page(request, new AbortController().signal)
    assert.deepEqual(linesOf(page.entries), ['rare 1.0'])
    assert.equal(slices, 3)
  } finally {
    engine.close()
    model.close()
  }
})

test('S-QUERY-29 what was read ahead with a higher limit is read again with the lower one', async () => {
  const model = createStoreModel(smallLimits)
  const engine = createEngine(openReader(model.dataDir))
  try {
    const words = Array.from({ length: 100 }, (_, index) => ({
      stream: index % 3,
      sec: index,
      word: 'alpha',
    }))
    fill(model, [words], true)
    const lanes = createDirectLanes(engine, { width: 4, sliceMs: -1 })
    const bounds = { queryDeadlineMs: 1e9, scannedBytesMax: 1e12 }
    const pager = createPager(lanes, { ...bounds, now: () => startSec * 1000 })
    const request = {
      plan: everything,
      range: { since: null, until: null },
      direction: 'backward',
      limit: 37,
      cursor: null,
      format: 'json',
    } as const
    const page = await pager.page(request, new AbortController().signal)
    assert.equal(page.count, 37)
    const expected = Array.from({ length: 37 }, (_, index) => `alpha 0.${99 - index}`)
    assert.deepEqual(linesOf(page.entries), expected)
  } finally {
    engine.close()
    model.close()
  }
})
