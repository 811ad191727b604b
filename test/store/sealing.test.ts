/** Sealing where blocks are cut by something other than their size: at midnight, at the line bound. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngine } from '../../src/query/engine.ts'
import { openForReading } from '../../src/store/database.ts'
import { openReader } from '../../src/store/reader.ts'
import { historyTask, linesOf } from '../support/engine-tasks.ts'
import { createStoreModel, inHistoryOrder, type StoreModel, smallLimits } from '../support/store-model.ts'

const midnightSec = 1_780_012_800

function commit(model: StoreModel, sec: number, count: number, length: number): void {
  const streamId = model.streamId(0)
  const lines = Array.from({ length: count }, (_, index) => ({
    streamId,
    sec,
    ns: index,
    text: `${sec} ${index} `.padEnd(length, 'x').slice(0, length),
  }))
  model.commitLines(lines, sec)
}

function assertAllFound(model: StoreModel): void {
  const engine = createEngine(openReader(model.dataDir))
  try {
    const found = engine.history(historyTask({ direction: 'forward', limit: 1e6 }))
    const expected = inHistoryOrder(model.lines).map((line) => line.text)
    assert.deepEqual(linesOf(found.entries), expected)
  } finally {
    engine.close()
  }
}

test('S-STORE-14 pending lines of two days are sealed with a commit that fills no block of the second day', () => {
  const model = createStoreModel()
  try {
    commit(model, midnightSec - 60, 2, 100)
    commit(model, midnightSec + 10, 2, 100)
    commit(model, midnightSec + 20, 2, 130)
    assertAllFound(model)
    commit(model, midnightSec + 30, 2, 100)
    assertAllFound(model)
  } finally {
    model.close()
  }
})

test('S-STORE-14 very short lines are cut at the line bound, also where the last cut lies among pending ones', () => {
  const model = createStoreModel()
  try {
    for (const [step, count] of [50, 20, 6, 0, 200, 75, 1].entries()) {
      commit(model, midnightSec + step, count, step < 4 ? 7 : 0)
      assertAllFound(model)
    }
  } finally {
    model.close()
  }
})

test('S-STORE-15 merging keeps the bound of lines: the blocks of a stream of empty lines stay small', () => {
  const model = createStoreModel()
  try {
    for (let step = 0; step < 12; step += 1) {
      commit(model, midnightSec + step * 1000, 30, 0)
      while (model.writer.maintain(midnightSec + step * 1000 + 999, 50)) continue
    }
    assertAllFound(model)
    const connection = openForReading(model.dataDir)
    const counts = connection.prepare('SELECT line_count FROM block').pluck().all() as number[]
    connection.close()
    assert.ok(counts.length > 0 && Math.max(...counts) <= smallLimits.blockLinesMax, counts.join())
  } finally {
    model.close()
  }
})

test('S-STORE-26 lines that wait for sealing far beyond the bound are sealed whatever time there is', () => {
  const model = createStoreModel({ ...smallLimits, blockBytes: 10_000 })
  const connection = openForReading(model.dataDir)
  const pendingBytes = connection.prepare('SELECT sum(raw_bytes) FROM journal').pluck()
  try {
    const noTimeMs = 0
    const fill = (sec: number, bytes: number): void => {
      const lines = Array.from({ length: bytes / 100 }, (_, index) => {
        return { streamId: model.streamId(index), sec, ns: 0, text: `${index}`.padEnd(99, 'x') }
      })
      model.commitLines(lines, sec)
    }
    fill(midnightSec, smallLimits.journalBytesMax)
    assert.equal(model.writer.maintain(midnightSec, noTimeMs), true)
    assert.equal(pendingBytes.get(), smallLimits.journalBytesMax)
    fill(midnightSec + 1, 1_100)
    assert.equal(model.writer.maintain(midnightSec + 1, noTimeMs), false)
    assert.equal(pendingBytes.get(), 1_100)
    assertAllFound(model)
  } finally {
    connection.close()
    model.close()
  }
})
