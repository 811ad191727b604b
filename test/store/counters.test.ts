/** What the writer counts of its own work, and where the bytes of the database are, against the tables. */

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { type Connection, databasePath, openForReading } from '../../src/store/database.ts'
import { openReader } from '../../src/store/reader.ts'
import { createStoreModel, keepForever, type StoreModel, smallLimits } from '../support/store-model.ts'

const startSec = 1_780_000_000

/** In eight streams, so that their blocks are small ones, which merge. */
function commitText(model: StoreModel, commits: number, arrivalSec: number): void {
  for (let commit = 0; commit < commits; commit += 1) {
    const text = `line ${commit} ${'x'.repeat(20)}`
    const streamId = model.streamId(commit % 8)
    model.commitLines([{ streamId, sec: arrivalSec, ns: commit, text }], arrivalSec)
    while (model.writer.maintain(arrivalSec, 50));
  }
}

function inSnapshot<T>(
  model: StoreModel,
  work: (connection: Connection, reader: ReturnType<typeof openReader>) => T,
): T {
  const reader = openReader(model.dataDir)
  const connection = openForReading(model.dataDir)
  try {
    return reader.snapshot(() => work(connection, reader))
  } finally {
    connection.close()
    reader.close()
  }
}

test('S-METRIC-20 the writer counts blocks sealed, merges, folds, what was swept, and its time for them', () => {
  const model = createStoreModel(smallLimits, { ...keepForever, ageSec: 3600 })
  try {
    const before = { blocksSealed: 0, merges: 0, folds: 0, swept: { blocks: 0, lines: 0, bytes: 0 } }
    const { upkeepSec, ...first } = model.writer.counters()
    assert.deepEqual(first, { ...before, oldestArrivalSec: null })
    assert.equal(upkeepSec, 0)
    commitText(model, 400, startSec)
    const worked = model.writer.counters()
    for (const name of ['blocksSealed', 'folds', 'merges'] as const) assert.ok(worked[name] > 0, name)
    assert.ok(worked.upkeepSec > 0)
    assert.equal(worked.oldestArrivalSec, startSec)
    const blocks = inSnapshot(
      model,
      (connection) => connection.prepare('SELECT count(*) FROM block').pluck().get() as number,
    )
    assert.ok(worked.blocksSealed > blocks, 'merged blocks were sealed before')
    const later = startSec + 3_700
    commitText(model, 1, later)
    const swept = model.writer.counters()
    assert.deepEqual(swept.swept, { ...model.writer.swept })
    assert.ok(swept.swept.lines > 300, String(swept.swept.lines))
    assert.deepEqual(worked.swept, before.swept, 'what was given before does not change')
  } finally {
    model.close()
  }
})

test('S-METRIC-21 the sizes of the parts are those of what is stored, and lie within the file', () => {
  const model = createStoreModel()
  try {
    commitText(model, 400, startSec)
    inSnapshot(model, (connection, reader) => {
      const sizes = reader.sizes()
      const stored = (expression: string, table: string): number =>
        connection.prepare(`SELECT coalesce(sum(${expression}), 0) FROM ${table}`).pluck().get() as number
      assert.equal(sizes.bodies, stored('length(body)', 'block_data'))
      assert.equal(sizes.columns, stored('length(columns) + length(runs)', 'block_data'))
      const alone = stored('length(bits)', 'block_filter')
      const packed = stored('length(bits)', 'filter_slice') + stored('length(blocks)', 'filter_pack')
      assert.equal(sizes.filters, alone + packed)
      assert.equal(sizes.counts, stored('length(cells)', 'block_counts'))
      assert.equal(sizes.journal, stored('length(head) + length(body) + length(moves)', 'journal'))
      assert.ok(sizes.bodies > 0 && sizes.filters > 0 && sizes.journal > 0)
      const parts = sizes.bodies + sizes.columns + sizes.filters + sizes.counts + sizes.journal + sizes.free
      assert.ok(parts <= sizes.file)
      assert.equal(sizes.wal, statSync(`${databasePath(model.dataDir)}-wal`).size)
    })
    model.reopen()
    const closed = inSnapshot(model, (_connection, reader) => reader.sizes())
    assert.equal(closed.file, statSync(databasePath(model.dataDir)).size)
  } finally {
    model.close()
  }
})
