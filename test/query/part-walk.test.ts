/** Walks that are cut into parts, read at the same time: the same entries in the same order as in one go. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Cursor } from '../../src/model/cursor.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { createPager } from '../../src/query/pager.ts'
import type { LineFilter, Plan } from '../../src/query/plan.ts'
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
    word: fc.constantFrom('alpha', 'beta', 'gamma'),
  }),
  { minLength: 1, maxLength: 120 },
)
const setup = fc.record({
  commits: fc.array(lines, { minLength: 1, maxLength: 6 }),
  isSealed: fc.boolean(),
  direction: fc.constantFrom('forward' as const, 'backward' as const),
  bytesPerPart: fc.constantFrom(1, 60, 500, 4_000, 1e9),
  width: fc.integer({ min: 1, max: 4 }),
  sliceMs: fc.constantFrom(-1, 10_000),
  limit: fc.constantFrom(1, 3, 1_000),
  answerBytesMax: fc.constantFrom(1, 700, 1e9),
  wanted: fc.constantFrom(null, 'alpha', 'absent'),
})

function planOf(wanted: string | null): Plan {
  const filter = { kind: 'substring', text: wanted ?? '', ignoreCase: false, negate: false } as const
  const filters: LineFilter[] = wanted === null ? [] : [filter]
  return { ...everything, lines: filters }
}

function fill(model: StoreModel, commits: readonly (readonly Line[])[], isSealed: boolean): void {
  for (const [number, commit] of commits.entries()) {
    const named = commit.map(({ stream, sec, word }, index) => ({
      streamId: model.streamId(stream),
      sec: startSec + sec,
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

test('S-QUERY-29 parts of a walk, read ahead by several threads, are the walk: each entry once, in order, and every place leads on', async () => {
  await fc.assert(
    fc.asyncProperty(setup, async ({ commits, isSealed, direction, wanted, ...given }) => {
      const model = createStoreModel(smallLimits)
      const engine = createEngine(openReader(model.dataDir))
      try {
        fill(model, commits, isSealed)
        const plan = planOf(wanted)
        const cursor = begin(engine, plan)
        const all = engine.history(historyTask({ plan, direction, cursor, limit: 1e6 }))
        const expected = linesOf(all.entries)
        const lanes = createDirectLanes(engine, { sliceMs: given.sliceMs, width: given.width })
        const bounds = { queryDeadlineMs: 1e9, scannedBytesMax: 1e12 }
        const pager = createPager(lanes, { ...bounds, now: () => startSec * 1000 })
        const request = { plan, direction, range: { since: null, until: null }, format: 'json' } as const
        const walk = pager.parts(request, cursor, { bytesPerPart: given.bytesPerPart, rooms: null })
        const found: string[] = []
        for (let next: Cursor | null = cursor; next !== null; ) {
          const size = { limit: given.limit, answerBytesMax: given.answerBytesMax, isReversed: false }
          const result: HistoryResult = await walk.next(size)
          assert.ok(result.count <= given.limit)
          found.push(...linesOf(result.entries))
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
    { numRuns: 60 },
  )
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
