/** A disk that is full with the database's own lines: it goes on, whatever was being read when. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { renameSync, statSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { LineBuffer } from '../../src/model/line-buffer.ts'
import { databasePath, openForReading } from '../../src/store/database.ts'
import { openWriter, type Writer } from '../../src/store/writer.ts'
import { createRandom, type Random } from '../support/random.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { emptyCommit, keepForever, labelsOf } from '../support/store-model.ts'

const startSec = 1_780_000_000
const mebibyte = 1024 * 1024
/** A batch that cannot be stored ends reading at 8 MiB of lines, which are here random. */
const batchBytesMax = 8 * mebibyte
const lineBytes = 1_000

/** Commits until it holds, with upkeep between; false: it never did. */
function commitAtLast(
  writer: Writer,
  lines: Map<number, LineBuffer>,
  arrivalSec: number,
  attempts = 8,
): boolean {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      writer.commit({ ...emptyCommit, lines, arrivalSec })
      return true
    } catch (error) {
      assert.match((error as Error).message, /disk is full/)
      maintain(writer, arrivalSec)
    }
  }
  return false
}

function maintain(writer: Writer, nowSec: number): void {
  try {
    for (let step = 0; step < 50 && writer.maintain(nowSec, 0); step += 1) continue
  } catch (error) {
    assert.match((error as Error).message, /disk is full|database is locked/)
  }
}

function noise(writer: Writer, random: Random, streams: number): Map<number, LineBuffer> {
  const lines = new Map<number, LineBuffer>()
  for (let left = random.between(1, batchBytesMax); left > 0; left -= lineBytes) {
    const streamId = writer.resolveStream(labelsOf(random.between(1, streams)))
    const buffer = lines.get(streamId) ?? new LineBuffer(1, 1)
    lines.set(streamId, buffer)
    buffer.append(randomBytes(lineBytes), 0, lineBytes, startSec, 0, 0, 0)
  }
  return lines
}

function fillForEver(t: TestContext, diskBytes: number, streams: number, seed: number): void {
  const dataDir = mountSmallDisk(t, diskBytes)
  if (dataDir === null) return
  const random = createRandom(seed)
  let writer = openWriter({ dataDir, retention: keepForever })
  const reader = openForReading(dataDir)
  t.after(() => reader.close())
  t.after(() => writer.close())
  let swept = 0
  for (let round = 0; round < 30; round += 1) {
    const lines = noise(writer, random, streams)
    const isRead = random.chance(0.05)
    if (isRead) reader.exec('BEGIN; SELECT count(*) FROM block')
    const isStored = commitAtLast(writer, lines, startSec + round, isRead ? 2 : 8)
    maintain(writer, startSec + round)
    if (isRead) reader.exec('COMMIT')
    assert.ok(isStored || isRead, `seed ${seed}, round ${round}: stands still`)
    if (!isStored) assert.ok(commitAtLast(writer, lines, startSec + round), `seed ${seed}, round ${round}`)
    if (!random.chance(0.05)) continue
    swept += writer.swept.blocks
    writer.close()
    writer = openWriter({ dataDir, retention: keepForever })
    writer.recover()
  }
  assert.ok(swept + writer.swept.blocks > 0)
}

test('F109 S-DISK-05 upkeep of a database that was taken away deletes nothing of it, however little room is left', (t) => {
  const dataDir = mountSmallDisk(t, 40 * mebibyte)
  if (dataDir === null) return
  const random = createRandom(1)
  const writer = openWriter({ dataDir, retention: keepForever })
  t.after(() => writer.close())
  const path = databasePath(dataDir)
  for (let sec = startSec; statSync(path).size < 18 * mebibyte; sec += 1)
    assert.ok(commitAtLast(writer, noise(writer, random, 3), sec))
  renameSync(path, `${path}.moved`)
  for (let attempt = 0; attempt < 3; attempt += 1) maintain(writer, startSec + 1_000)
  assert.equal(writer.swept.blocks, 0)
})

for (const [mebibytes, streams] of [
  [40, 3],
  [96, 60],
] as const) {
  test(`F108 S-DISK-03 a disk of ${mebibytes} MiB that is full of lines never stands still: not for a reader, large commits, a restart`, (t) => {
    fillForEver(t, mebibytes * mebibyte, streams, 1)
  })
}
