/** Every statement that writes fails once, as on a full disk: nothing is lost, repeated or left half done. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { openReader } from '../../src/store/reader.ts'
import { entriesOf, historyTask, listTask, membersOf } from '../support/engine-tasks.ts'
import { createRandom, type Random } from '../support/random.ts'
import {
  createStoreModel,
  inHistoryOrder,
  keepForever,
  type StoreModel,
  smallLimits,
} from '../support/store-model.ts'

/** Ten minutes before midnight: the program crosses it. */
const startSec = 1_780_012_200
const rounds = 60

type Statement = { run: (...parameters: unknown[]) => unknown }

/**
 * `work` runs again until no statement of it fails any more: first its first one fails, then its second, and
 * so on.
 */
type FailEach = (work: () => void, afterFailure: () => void) => number

function createFaults(t: TestContext): FailEach {
  const any = new Database(':memory:')
  const prototype = Object.getPrototypeOf(any.prepare('SELECT 1')) as Statement
  any.close()
  const original = prototype.run
  let left = 0
  t.mock.method(prototype, 'run', function run(this: Statement, ...parameters: unknown[]): unknown {
    left -= 1
    if (left === 0) throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL')
    return original.apply(this, parameters)
  })
  return (work, afterFailure) => {
    for (let failing = 1; ; failing += 1) {
      left = failing
      try {
        work()
        return failing - 1
      } catch (error) {
        assert.ok(error instanceof Database.SqliteError && error.code === 'SQLITE_FULL', String(error))
        afterFailure()
      } finally {
        left = 0
      }
    }
  }
}

type Listed = { readonly namespaces: readonly { readonly lines: number }[] }

/** What is stored is what was committed, but for what retention says that it has deleted. */
function assertStored(model: StoreModel, engine: Engine, sweptLines: number): void {
  const { entries } = engine.history(historyTask({ direction: 'forward', limit: 1e6 }))
  const found = entriesOf(entries).map((entry) => entry.line)
  assert.equal(found.length, model.lines.length - sweptLines)
  const expected = inHistoryOrder(model.lines).map((line) => line.text)
  if (sweptLines === 0) assert.deepEqual(found, expected)
  let place = 0
  for (const text of found) {
    while (place < expected.length && expected[place] !== text) place += 1
    assert.ok(place < expected.length, `found twice, or never committed: ${text}`)
    place += 1
  }
  const listed = membersOf(engine.list(listTask('namespaces'))) as Listed
  const counted = listed.namespaces.reduce((sum, each) => sum + each.lines, 0)
  assert.equal(counted, found.length)
}

function runProgram(random: Random, failEach: FailEach, retention = keepForever): number {
  const model = createStoreModel(smallLimits, retention)
  const engine = createEngine(openReader(model.dataDir))
  let sweptBefore = 0
  const check = (): void => assertStored(model, engine, sweptBefore + model.writer.swept.lines)
  let failures = 0
  try {
    for (let round = 0; round < rounds; round += 1) {
      const nowSec = startSec + round * 20
      failures += failEach(() => model.commitRandom(random, nowSec), check)
      const isThorough = random.chance(0.5)
      failures += failEach(() => {
        while (model.writer.maintain(nowSec, 1)) if (!isThorough) break
      }, check)
      check()
      if (!random.chance(0.05)) continue
      sweptBefore += model.writer.swept.lines
      model.reopen()
      check()
    }
    return failures
  } finally {
    engine.close()
    model.close()
  }
}

test('S-STORE-16 whichever statement fails, in commits, seals, folds and merges: nothing is lost or repeated', (t) => {
  const failures = runProgram(createRandom(21), createFaults(t))
  assert.ok(failures > 300, `${failures} statements have failed`)
})

test('S-STORE-16 the same of retention: what is deleted is counted, the rest stays', (t) => {
  const retention = { ageSec: 300, sizeBytes: 1e12, diskFreeMin: 0 }
  const failures = runProgram(createRandom(22), createFaults(t), retention)
  assert.ok(failures > 300, `${failures} statements have failed`)
})
