/**
 * Streams of which nothing is left: when they go, who learns of it, and that none goes that is still written
 * to.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { createEngine } from '../../src/query/engine.ts'
import { databasePath } from '../../src/store/database.ts'
import { openReader } from '../../src/store/reader.ts'
import { StreamIdSet } from '../../src/store/stream-ids.ts'
import { historyTask, linesOf, listTask, membersOf } from '../support/engine-tasks.ts'
import { fileOf } from '../support/listing-model.ts'
import {
  createStoreModel,
  emptyCommit,
  keepForever,
  type StoreModel,
  smallLimits,
} from '../support/store-model.ts'

const anyStream = {
  isNamespace: null,
  pod: null,
  container: null,
  node: null,
  restart: null,
  holds: [],
  test: null,
}
const startSec = 1_780_000_000
const ageSec = 3600
const retention = { ageSec, sizeBytes: 1e12, diskFreeMin: 0 }

function withModel(work: (model: StoreModel) => void): void {
  const model = createStoreModel(smallLimits, retention)
  try {
    work(model)
  } finally {
    model.close()
  }
}

function write(model: StoreModel, streamId: number, atSec: number, text: string): void {
  model.commitLines([{ streamId, sec: atSec, ns: 0, text }], atSec)
}

function settle(model: StoreModel, nowSec: number): void {
  while (model.writer.maintain(nowSec, 50)) continue
}

/** Makes the stream's lines too old, and all of retention done. */
function outlive(model: StoreModel, fromSec: number): number {
  settle(model, fromSec + 1000)
  settle(model, fromSec + ageSec + 2000)
  return fromSec + ageSec + 2000
}

test('S-RETENTION-05 a stream goes with its last line, or with its last file where that goes later', () => {
  withModel((model) => {
    const reader = openReader(model.dataDir)
    const known = () =>
      reader.snapshot(({ streams }) => [...streams.newer(anyStream, 0)].flat().map(([id]) => id))
    const [gone, present, silent] = [model.streamId(0), model.streamId(1), model.streamId(2)]
    const files = [gone, present, silent].map((id) => fileOf(model, id))
    model.writer.commit({ ...emptyCommit, files, arrivalSec: startSec })
    for (const id of [gone, present]) write(model, id, startSec, 'x')
    assert.deepEqual(known(), [gone, present, silent])
    const removed = { ...emptyCommit, removedFiles: [files[0]?.id ?? 0], arrivalSec: startSec }
    model.writer.commit(removed)
    let nowSec = outlive(model, startSec)
    assert.deepEqual(known(), [present, silent])
    const others = files.slice(1).map(({ id }) => id)
    model.writer.commit({ ...emptyCommit, removedFiles: others, arrivalSec: nowSec })
    nowSec = outlive(model, nowSec)
    assert.deepEqual(known(), [])
    const next = model.streamId(0)
    assert.ok(next > silent, 'ids are never used again')
    write(model, next, nowSec, 'y')
    assert.deepEqual(known(), [next])
    reader.close()
  })
})

test('S-RETENTION-05 a stream whose container has come back stays, although its lines and files have gone', () => {
  withModel((model) => {
    write(model, model.streamId(0), startSec, 'old')
    model.reopen()
    const back = model.streamId(0)
    const nowSec = outlive(model, startSec)
    for (const text of ['new', 'newer']) write(model, back, nowSec, text)
    settle(model, nowSec + 1000)
    write(model, back, nowSec + 1000, 'newest')
    const engine = createEngine(openReader(model.dataDir))
    assert.deepEqual(linesOf(engine.history(historyTask()).entries), ['newest', 'newer', 'new'])
    engine.close()
  })
})

test('S-RETENTION-06 what was deleted does not come back out of a journal row that holds it too, where its stream is gone', () => {
  const alwaysLow = { ...keepForever, diskFreeMin: 2 }
  const model = createStoreModel({ ...smallLimits, journalBytesMax: 1e9 }, alwaysLow)
  try {
    const brief = model.streamId(0)
    model.commitLines(
      [brief, model.streamId(1)].map((streamId) => ({ streamId, sec: startSec, ns: 0, text: `${streamId}` })),
      startSec,
    )
    // Nobody waits for a stream after a restart that has not asked for it.
    model.reopen()
    write(model, brief, startSec, 'fills a block'.padEnd(700, '.'))
    while (model.writer.maintain(startSec, 0)) continue
    assert.equal(model.writer.swept.blocks, 1)
    for (const isRestarted of [false, true]) {
      if (isRestarted) model.reopen()
      const engine = createEngine(openReader(model.dataDir))
      assert.deepEqual(linesOf(engine.history(historyTask()).entries), ['2'])
      const { streams } = membersOf(engine.list(listTask('streams'))) as { streams: { pod: string }[] }
      assert.deepEqual(
        streams.map(({ pod }) => pod),
        ['pod-1'],
      )
      engine.close()
    }
    settle(model, startSec + 1000)
    const database = new Database(databasePath(model.dataDir), { readonly: true })
    const orphans = 'SELECT count(*) FROM block WHERE stream_id NOT IN (SELECT id FROM stream)'
    assert.equal(database.prepare(orphans).pluck().get(), 0)
    database.close()
  } finally {
    model.close()
  }
})

test('S-QUERY-14 listings show the times of what is left, and no stream of which nothing is left', () => {
  withModel((model) => {
    const engine = createEngine(openReader(model.dataDir))
    const listed = () => (membersOf(engine.list(listTask('streams'))) as { streams: unknown[] }).streams
    const streamId = model.streamId(0)
    const file = fileOf(model, streamId)
    model.writer.commit({ ...emptyCommit, files: [file], arrivalSec: startSec })
    write(model, streamId, startSec, 'x')
    const nowSec = outlive(model, startSec)
    const [stream] = listed() as { lines: number; firstTime: null; lastTime: null; present: boolean }[]
    assert.deepEqual(
      [stream?.lines, stream?.firstTime, stream?.lastTime, stream?.present],
      [0, null, null, true],
    )
    model.writer.commit({ ...emptyCommit, removedFiles: [file.id], arrivalSec: nowSec })
    assert.deepEqual(listed(), [])
    engine.close()
  })
})

test('S-LIST-09 a set of stream numbers holds what was added, however large the numbers', () => {
  const number = fc.oneof(fc.nat(70_000), fc.integer({ min: 2 ** 33, max: 2 ** 33 + 40_000 }))
  fc.assert(
    fc.property(fc.array(number), fc.array(number), (added, asked) => {
      const plain = new Set(added)
      const set = new StreamIdSet()
      for (const id of added) set.add(id)
      assert.equal(set.size, plain.size)
      assert.deepEqual(new Set(set), plain)
      for (const id of [...added, ...asked]) assert.equal(set.has(id), plain.has(id))
    }),
  )
})
