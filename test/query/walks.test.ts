/**
 * Walks and tails over a real database against a model, with late lines, seals, folds, merges and restarts
 * between pages.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cursor, parseCursor } from '../../src/model/cursor.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import type { Direction, Plan } from '../../src/query/plan.ts'
import { openReader } from '../../src/store/reader.ts'
import { type Entry, entriesOf, historyTask, tailTask } from '../support/engine-tasks.ts'
import { chooseSeed, createRandom, type Random } from '../support/random.ts'
import { beginStreams, disturb, drawPlan } from '../support/random-plan.ts'
import {
  createStoreModel,
  inHistoryOrder,
  inTailOrder,
  type ModelLine,
  type StoreModel,
} from '../support/store-model.ts'

const startSec = 1_780_000_000
const runs = 25

/** Stream, line number and text: identity for ever, whatever became of the segment that held it. */
function identities(lines: readonly ModelLine[]): string[] {
  return lines.map(({ streamId, line, text }) => `${streamId} ${line} ${text}`)
}

function identitiesOf(entries: readonly Entry[]): string[] {
  return entries.map(({ cursor, line }) => {
    const place = parseCursor(cursor)?.place
    return `${place?.streamId} ${place?.line} ${line}`
  })
}

function walk(engine: Engine, plan: Plan, direction: Direction, random: Random, between: () => void) {
  const found: Entry[] = []
  let cursor: Cursor | null = null
  let resume = ''
  for (;;) {
    const result = engine.history(
      historyTask({ plan, direction, limit: random.between(1, 30), cursor, sliceMs: 0 }),
    )
    found.push(...entriesOf(result.entries))
    if (resume === '') resume = result.resumeText
    if (result.next === null) return { found, resume }
    cursor = result.next
    between()
  }
}

function follow(
  engine: Engine,
  plan: Plan,
  from: string,
  random: Random,
): { found: Entry[]; cursor: string } {
  const found: Entry[] = []
  let cursor = from
  for (;;) {
    const answerBytesMax = random.pick([1, 300, 100_000])
    const read = engine.tail(tailTask(parseCursor(cursor), { plan, sliceMs: 0, answerBytesMax }))
    found.push(...entriesOf(read.entries))
    cursor = random.chance(0.2) && read.count > 0 ? (found.at(-1) as Entry).cursor : read.cursor
    if (read.caughtUp && cursor === read.cursor) return { found, cursor }
  }
}

function runModel(seed: number): void {
  const random = createRandom(seed)
  const clock = { sec: startSec }
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamIds = beginStreams(model, startSec)
    for (let count = 0; count < 30; count += 1) disturb(model, random, clock)
    for (const direction of ['backward', 'forward'] as const) {
      const { plan, keeps } = drawPlan(random, streamIds)
      const seen = model.lines.length
      const { found, resume } = walk(engine, plan, direction, random, () => disturb(model, random, clock))
      const expected = inHistoryOrder(model.lines.slice(0, seen).filter(keeps))
      assert.deepEqual(
        identitiesOf(found),
        identities(direction === 'forward' ? expected : expected.reverse()),
        `${direction} walk`,
      )
      const tail = follow(engine, plan, resume, random)
      assert.deepEqual(
        identitiesOf(tail.found),
        identities(inTailOrder(model.lines.slice(seen).filter(keeps))),
        'tail from the walk',
      )
      const half = found[random.between(0, Math.max(0, found.length - 1))]
      if (half !== undefined)
        checkSeam(engine, model, plan, half, { keeps, seen, expected, random, direction })
    }
  } finally {
    engine.close()
    model.close()
  }
}

/** A history cursor given to the tail: the rest in time order, then everything later. */
function checkSeam(
  engine: Engine,
  model: StoreModel,
  plan: Plan,
  from: Entry,
  at: {
    keeps: (line: ModelLine) => boolean
    seen: number
    expected: ModelLine[]
    random: Random
    direction: Direction
  },
): void {
  const { place } = parseCursor(from.cursor) as Cursor
  const forward = at.direction === 'forward' ? at.expected : at.expected.toReversed()
  const position = forward.findIndex((line) => line.streamId === place?.streamId && line.line === place.line)
  const later = inTailOrder(model.lines.slice(at.seen).filter(at.keeps))
  const { found } = follow(engine, plan, from.cursor, at.random)
  assert.deepEqual(
    identitiesOf(found),
    identities([...forward.slice(position + 1), ...later]),
    'tail from a history cursor',
  )
}

test('S-CURSOR-01 S-CURSOR-02 S-CURSOR-03 S-STORE-13 walks and tails agree with the model in any interleaving, each line once', () => {
  const seed = chooseSeed()
  for (let run = 0; run < runs; run += 1) {
    try {
      runModel(seed + run)
    } catch (error) {
      throw new Error(`failed with TEST_SEED=${seed + run}`, { cause: error })
    }
  }
})
