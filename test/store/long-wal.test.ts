/** A write-ahead log that readers keep from beginning anew takes no lines from the store. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { test } from 'node:test'
import { storeLimits } from '../../src/limits/store.ts'
import { databasePath, openForReading } from '../../src/store/database.ts'
import { createStoreModel, keepForever } from '../support/store-model.ts'

const startSec = 1_780_000_000
const mebibyte = 1024 * 1024
const budget = { ...keepForever, sizeBytes: 64 * mebibyte }

test('S-RETENTION-08 no line is deleted for a write-ahead log that readers keep long; it begins anew once they let it', () => {
  const model = createStoreModel(storeLimits, budget)
  const reader = openForReading(model.dataDir)
  const walBytes = (): number => fs.statSync(`${databasePath(model.dataDir)}-wal`).size
  try {
    const streamId = model.streamId(0)
    const commit = (sec: number): void => {
      const text = (): string => randomBytes(768).toString('base64')
      model.commitLines(
        Array.from({ length: 1_000 }, () => ({ streamId, sec, ns: 0, text: text() })),
        sec,
      )
      while (model.writer.maintain(sec, 1_000)) continue
    }
    commit(startSec)
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM block').get()
    let sec = startSec
    for (; walBytes() < 50 * mebibyte; sec += 10) commit(sec)
    assert.equal(model.writer.swept.blocks, 0)
    reader.exec('COMMIT')
    commit(sec + 10)
    assert.ok(walBytes() < 10 * mebibyte, `${walBytes()}`)
    assert.equal(model.writer.swept.blocks, 0)
  } finally {
    reader.close()
    model.close()
  }
})
