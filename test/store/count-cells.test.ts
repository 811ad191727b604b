/** Counts over time stored with each block: exact sums, bounded in number, gone with their block. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { attribute } from '../../src/model/entry.ts'
import { LineBuffer } from '../../src/model/line-buffer.ts'
import { createEngine } from '../../src/query/engine.ts'
import { cellWidthOf, encodeCountCells, visitCells } from '../../src/store/count-cells.ts'
import { databasePath } from '../../src/store/database.ts'
import { openReader } from '../../src/store/reader.ts'
import { entriesOf, historyTask } from '../support/engine-tasks.ts'
import { makeFirstSchema } from '../support/first-schema.ts'
import { createRandom } from '../support/random.ts'
import { createStoreModel, keepForever, type StoreModel, smallLimits } from '../support/store-model.ts'

const startSec = 1_780_000_000

const line = fc.record({
  sec: fc.oneof(
    fc.integer({ min: startSec, max: startSec + 5_000 }),
    // Neighbouring seconds, and borders of wider cells.
    fc.integer({ min: startSec, max: startSec + 12 }),
    fc.integer({ min: 0, max: 30 }).map((cell) => startSec + cell * 5),
    fc.integer({ min: -(2 ** 36), max: 2 ** 37 }),
  ),
  level: fc.integer({ min: 0, max: 8 }),
  isStderr: fc.boolean(),
})

test('S-STORE-20 stored counts add up to the lines of every cell, in as many cells as are allowed', () => {
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (lines, cellsMax) => {
        const buffer = new LineBuffer()
        for (const { sec, level, isStderr } of lines) {
          buffer.append(Buffer.from('x'), 0, 1, sec, 0, isStderr ? attribute.stderr : 0, level)
        }
        const cells = encodeCountCells(buffer, 0, lines.length, cellsMax)
        if (cells === null) {
          const days = new Set(lines.map(({ sec }) => Math.floor(sec / 86_400)))
          assert.ok(days.size > cellsMax)
          return
        }
        const widthSec = cellWidthOf(cells)
        const expected = new Map<string, number>()
        for (const { sec, level, isStderr } of lines) {
          const key = [Math.floor(sec / widthSec) * widthSec, level, isStderr].join(' ')
          expected.set(key, (expected.get(key) ?? 0) + 1)
        }
        const found = new Map<string, number>()
        visitCells(cells, (sec, level, isStderr, count) => found.set([sec, level, isStderr].join(' '), count))
        assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected))
        assert.ok(new Set([...found.keys()].map((key) => key.split(' ')[0])).size <= cellsMax)
      },
    ),
  )
})

type Row = Record<string, number>

/** Sizes by adding up what lies in the tables. */
function addUp(database: Database.Database): Row {
  const sum = (what: string, table: string): number =>
    database.prepare(`SELECT coalesce(sum(${what}), 0) FROM ${table}`).pluck().get() as number
  return {
    bodies: sum('length(body)', 'block_data'),
    columns: sum('length(columns) + length(runs)', 'block_data'),
    counts: sum('length(cells)', 'block_counts'),
    filters:
      sum('length(bits)', 'block_filter') +
      sum('length(bits)', 'filter_slice') +
      sum('length(blocks)', 'filter_pack'),
    journal: sum('length(head) + length(body) + length(moves)', 'journal'),
  }
}

function sizesOf(database: Database.Database): Row {
  const rows = database.prepare('SELECT part, bytes FROM part_size').all() as {
    part: string
    bytes: number
  }[]
  return Object.fromEntries(rows.map(({ part, bytes }) => [part, bytes]))
}

function writeMuch(model: StoreModel, rounds: number): void {
  const random = createRandom(5)
  for (let round = 0; round < rounds; round += 1) {
    model.commitRandom(random, startSec + round * 10)
    model.writer.maintain(startSec + round * 10, 20)
  }
}

test('S-STORE-21 the size of each part of the database is known exactly, through commits, seals, merges and sweeps', () => {
  const model = createStoreModel(smallLimits, { ...keepForever, ageSec: 300 })
  const database = new Database(databasePath(model.dataDir), { readonly: true })
  try {
    for (let time = 0; time < 4; time += 1) {
      writeMuch(model, 60)
      assert.deepEqual(sizesOf(database), addUp(database))
    }
    const count = (what: string): unknown => database.prepare(`SELECT count(*) FROM ${what}`).pluck().get()
    assert.equal(count('block_counts WHERE block_id NOT IN (SELECT id FROM block)'), 0)
    assert.equal(count('filter_slice WHERE id / 4096 NOT IN (SELECT id FROM filter_pack)'), 0)
    const live = '(SELECT count(*) FROM block WHERE packed / 64 = filter_pack.id)'
    assert.equal(count(`filter_pack WHERE live = 0 OR live <> ${live}`), 0)
    assert.notEqual(count('filter_pack'), 0)
  } finally {
    database.close()
    model.close()
  }
})

test('S-STORE-22 a database of the first schema is brought up to date where it lies, and answers as before', () => {
  const model = createStoreModel()
  try {
    writeMuch(model, 60)
    const before = answers(model.dataDir)
    const database = new Database(databasePath(model.dataDir))
    makeFirstSchema(database)
    database.close()
    model.reopen()
    assert.deepEqual(answers(model.dataDir), before)
    const upgraded = new Database(databasePath(model.dataDir), { readonly: true })
    assert.deepEqual(sizesOf(upgraded), addUp(upgraded))
    upgraded.close()
  } finally {
    model.close()
  }
})

function answers(dataDir: string) {
  const engine = createEngine(openReader(dataDir))
  try {
    return entriesOf(engine.history(historyTask({ limit: 10_000 })).entries).map(({ time, pod, line }) => [
      time,
      pod,
      line,
    ])
  } finally {
    engine.close()
  }
}
