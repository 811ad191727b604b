/**
 * The writer on a real database: what a restart gets back, what a failed commit leaves, what retention
 * deletes.
 */

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { LogkeepError } from '../../src/errors.ts'
import { LineBuffer } from '../../src/model/line-buffer.ts'
import type { Commit, FileRow } from '../../src/store/contract.ts'
import { databasePath } from '../../src/store/database.ts'
import { openReader } from '../../src/store/reader.ts'
import { openWriter } from '../../src/store/writer.ts'
import { createRandom } from '../support/random.ts'
import { createStoreModel, emptyCommit, keepForever, smallLimits } from '../support/store-model.ts'

const startSec = 1_780_000_000
const reserveBytes = 8 * 1024 * 1024

function fileRow(id: number, position: number): FileRow {
  return {
    id,
    streamId: 1,
    device: '18446744073709551615',
    inode: '9223372036854775809',
    name: '0.log',
    gzip: false,
    state: 'live',
    headLength: 12,
    headHash: 2 ** 48 - 1,
    position,
    tailLength: 12,
    tailHash: 5,
    lastLevels: 0x53,
    lastTime: { sec: -62_135_596_800, ns: 999_999_999 },
    unreadBytes: 2 ** 40,
  }
}

test('S-STORE-06 positions and fragments come back as of the last commit, also through folds, seals and restarts', () => {
  const model = createStoreModel()
  try {
    const random = createRandom(7)
    const id = model.writer.nextFileId()
    model.writer.commit({ ...emptyCommit, files: [fileRow(id, 0)], arrivalSec: startSec })
    for (let step = 1; step <= 120; step += 1) {
      const bytes = Buffer.from(`piece ${step}`)
      const fragment = { streamId: 1, iostream: 1, sec: startSec, ns: 5, attributes: 0, bytes } as const
      const moved: Partial<Commit> = {
        moves: [
          {
            id,
            position: step,
            tailLength: 1,
            tailHash: step,
            lastLevels: 3,
            lastTime: null,
            unreadBytes: step,
          },
        ],
        clearedFragments: [{ streamId: 1, iostream: 1 }],
        fragments: [fragment, fragment],
      }
      model.writer.commit({ ...emptyCommit, ...moved, arrivalSec: startSec + step })
      model.commitRandom(random, startSec + step)
      if (step % 3 === 0) model.writer.maintain(startSec + step, 50)
      if (step % 10 !== 0) continue
      model.reopen()
      const { files, fragments } = model.writer.recover()
      assert.deepEqual(files, [
        {
          ...fileRow(id, step),
          tailLength: 1,
          tailHash: step,
          lastLevels: 3,
          lastTime: null,
          unreadBytes: step,
        },
      ])
      assert.deepEqual(fragments, [fragment, fragment])
      assert.ok(model.writer.nextFileId() > id)
    }
  } finally {
    model.close()
  }
})

test('S-STORE-07 commit numbers rise for ever, across restarts by whole epochs', () => {
  const model = createStoreModel()
  try {
    const first = model.commitLines([], startSec)
    model.reopen()
    assert.equal(model.writer.lastCommit(), first)
    const second = model.commitLines([], startSec)
    assert.ok(second - first >= 2 ** 31 && Math.floor(second / 2 ** 32) === Math.floor(first / 2 ** 32) + 1)
  } finally {
    model.close()
  }
})

test('S-STORE-08 a commit that fails leaves nothing behind, and the next one goes on', () => {
  const model = createStoreModel()
  try {
    const lines = new Map([[model.streamId(0), bufferOf(['lost'])]])
    const bad = {
      streamId: 1,
      iostream: 0,
      sec: Number.NaN,
      ns: 0,
      attributes: 0,
      bytes: Buffer.from('x'),
    } as const
    assert.throws(() =>
      model.writer.commit({ ...emptyCommit, lines, fragments: [bad], arrivalSec: startSec }),
    )
    model.commitLines([{ streamId: model.streamId(0), sec: startSec, ns: 0, text: 'kept' }], startSec)
    const reader = openReader(model.dataDir)
    reader.snapshot((snapshot) => {
      const [segment, ...rest] = snapshot.journal()
      assert.ok(segment !== undefined && rest.length === 0)
      assert.equal(snapshot.body(segment).toString(), 'kept\n')
      assert.equal(segment.firstLine, 0)
    })
    reader.close()
  } finally {
    model.close()
  }
})

function bufferOf(texts: readonly string[]): LineBuffer {
  const buffer = new LineBuffer()
  for (const text of texts) buffer.append(Buffer.from(text), 0, Buffer.byteLength(text), startSec, 0, 0, 0)
  return buffer
}

test('S-STORE-09 a second writer on the same data folder is refused, and let in once the first is closed', () => {
  const model = createStoreModel()
  const open = () => openWriter({ dataDir: model.dataDir, retention: keepForever })
  try {
    const isSecond = (error: unknown) => error instanceof LogkeepError && error.code === 'SECOND_INSTANCE'
    assert.throws(open, isSecond)
  } finally {
    model.writer.close()
  }
  open().close()
  rmSync(model.dataDir, { recursive: true })
})

test('S-STORE-10 a database of a newer version is refused, saying both versions', () => {
  const model = createStoreModel()
  model.writer.close()
  const raw = new Database(databasePath(model.dataDir))
  raw.pragma('user_version = 99')
  raw.close()
  try {
    assert.throws(
      () => openWriter({ dataDir: model.dataDir, retention: keepForever }),
      (error) => error instanceof LogkeepError && error.code === 'NEWER_DATABASE' && /99/.test(error.message),
    )
  } finally {
    rmSync(model.dataDir, { recursive: true })
  }
})

test('S-STORE-11 the database and its lock can be read by their owner only', () => {
  const model = createStoreModel()
  try {
    for (const name of ['logkeep.db', 'logkeep.lock', 'reserve']) {
      assert.equal(statSync(join(model.dataDir, name)).mode & 0o777, 0o600, name)
    }
  } finally {
    model.close()
  }
})

test('S-STORE-12 a data folder that cannot be used is refused, naming it and the setting', () => {
  const parent = mkdtempSync(join(tmpdir(), 'logkeep-unusable-'))
  const file = join(parent, 'file')
  writeFileSync(file, '')
  chmodSync(file, 0o600)
  try {
    // A folder below a file, and one where the system makes none whoever asks.
    for (const dataDir of [join(file, 'data'), ...(existsSync('/proc/self') ? ['/proc/logkeep'] : [])]) {
      assert.throws(
        () => openWriter({ dataDir, retention: keepForever }),
        (error) =>
          error instanceof LogkeepError &&
          error.code === 'DATA_DIR_UNUSABLE' &&
          error.message.includes(dataDir) &&
          error.hint.includes('LOGKEEP_DATA_DIR'),
      )
    }
    const deep = join(parent, 'a/b/c')
    openWriter({ dataDir: deep, retention: keepForever }).close()
    assert.ok(existsSync(join(deep, 'logkeep.db')))
  } finally {
    rmSync(parent, { recursive: true })
  }
})

test('S-RETENTION-01 S-RETENTION-02 retention by age deletes what arrived too long ago, whatever its own time, and counts it', () => {
  const model = createStoreModel(smallLimits, { ageSec: 3600, sizeBytes: 1e12, diskFreeMin: 0 })
  try {
    const stream = model.streamId(0)
    const line = (sec: number, text: string) => ({
      streamId: stream,
      sec,
      ns: 0,
      text: text.padEnd(300, '.'),
    })
    model.commitLines(
      [line(startSec + 999_999, 'future, arrived first'), line(5, 'ancient, arrived first')],
      startSec,
    )
    model.commitLines([line(5, 'ancient, arrived late'), line(startSec, 'b')], startSec + 3000)
    const settle = (nowSec: number) => {
      while (model.writer.maintain(nowSec, 50)) continue
    }
    settle(startSec + 3500)
    assert.equal(model.writer.swept.lines, 0)
    settle(startSec + 3601)
    assert.deepEqual({ lines: model.writer.swept.lines }, { lines: 2 })
    const reader = openReader(model.dataDir)
    reader.snapshot((snapshot) => {
      const range = { streamIds: null, fromSec: -1e12, toSec: 1e12 }
      const bodies = [...snapshot.newestBlocks(range)].map((block) => snapshot.body(block).toString())
      assert.equal(bodies.length, 1)
      assert.match(bodies[0] ?? '', /^ancient, arrived late/)
      assert.ok(snapshot.retention().sweptCommit > 0)
    })
    reader.close()
  } finally {
    model.close()
  }
})

test('S-RETENTION-03 the data folder never grows past its budget, freed pages are used again', () => {
  const sizeBytes = 24 * 1024 * 1024
  // A pack takes the room of 64 filters, however few are in it.
  const limits = { ...smallLimits, packBlocks: 64 }
  const model = createStoreModel(limits, { ageSec: 1e9, sizeBytes, diskFreeMin: 0 })
  try {
    const random = createRandom(3)
    const noise = () => Array.from({ length: 600 }, () => random.between(0, 2 ** 31).toString(36)).join('')
    const used = () =>
      ['logkeep.db', 'logkeep.db-wal', 'logkeep.db-shm', 'logkeep.lock', 'reserve']
        .map((name) => statSync(join(model.dataDir, name), { throwIfNoEntry: false })?.size ?? 0)
        .reduce((sum, size) => sum + size, 0)
    let most = 0
    for (let step = 0; step < 90; step += 1) {
      const texts = Array.from({ length: 80 }, () => ({
        streamId: model.streamId(step % 4),
        sec: startSec + step,
        ns: 0,
        text: noise(),
      }))
      model.commitLines(texts, startSec + step)
      while (model.writer.maintain(startSec + step * 3, 50)) continue
      most = Math.max(most, used())
    }
    assert.ok(most <= sizeBytes, `${most} bytes`)
    assert.ok(model.writer.swept.blocks > 0)
  } finally {
    model.close()
  }
})

test('S-RETENTION-07 old lines are deleted also while lines arrive faster than they are sealed, and sealing goes on', () => {
  const limits = { ...smallLimits, journalBytesLate: Number.POSITIVE_INFINITY }
  const model = createStoreModel(limits, { ageSec: 3600, sizeBytes: 1e12, diskFreeMin: 0 })
  const commit = (streams: number, arrivalSec: number) => {
    const lines = Array.from({ length: streams }, (_, index) => ({
      streamId: model.streamId(index),
      sec: arrivalSec,
      ns: 0,
      text: 'x'.repeat(300),
    }))
    model.commitLines(lines, arrivalSec)
  }
  try {
    for (let step = 0; step < 10; step += 1) commit(40, startSec)
    while (model.writer.maintain(startSec, 50)) continue
    const { blocksSealed } = model.writer.counters()
    assert.ok(blocksSealed > 0)
    for (let step = 0; step < 20; step += 1) {
      commit(40, startSec + 7200)
      // The least of a step.
      assert.equal(model.writer.maintain(startSec + 7200 + step, 0.001), true)
    }
    assert.ok(model.writer.swept.blocks > 0)
    assert.ok(model.writer.counters().blocksSealed > blocksSealed)
  } finally {
    model.close()
  }
})

test('S-RETENTION-04 after the budget was lowered, room is given back to the file system', () => {
  const model = createStoreModel()
  const size = () => statSync(join(model.dataDir, 'logkeep.db')).size
  try {
    const random = createRandom(4)
    const noise = () => Array.from({ length: 600 }, () => random.between(0, 2 ** 31).toString(36)).join('')
    for (let step = 0; step < 40; step += 1) {
      const texts = Array.from({ length: 80 }, () => ({
        streamId: 1,
        sec: startSec + step,
        ns: 0,
        text: noise(),
      }))
      model.streamId(0)
      model.commitLines(texts, startSec + step)
      while (model.writer.maintain(startSec + step, 50)) continue
    }
    model.writer.close()
    const before = size()
    const sizeBytes = reserveBytes + before * 0.6
    const writer = openWriter({
      dataDir: model.dataDir,
      retention: { ...keepForever, sizeBytes },
      limits: smallLimits,
    })
    writer.recover()
    while (writer.maintain(startSec + 1000, 50)) continue
    writer.close()
    assert.ok(size() < before * 0.6 && size() > before * 0.2, `${size()} of ${before} bytes`)
  } finally {
    rmSync(model.dataDir, { recursive: true })
  }
})
