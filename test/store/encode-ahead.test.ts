/** Blocks that are encoded while a backlog is read: the same as those of a commit, and never waited for. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { storeLimits } from '../../src/limits/store.ts'
import { LineBuffer } from '../../src/model/line-buffer.ts'
import { fullAt } from '../../src/store/block-cuts.ts'
import { createBlockEncoder, type EncodedBlock } from '../../src/store/block-encoding.ts'
import { databaseFile } from '../../src/store/database.ts'
import { createEncodeAhead, type EncodeAhead } from '../../src/store/encode-ahead.ts'
import { openWriter } from '../../src/store/writer.ts'
import { createRecordedLog } from '../support/recorded-query.ts'
import { keepForever } from '../support/store-model.ts'

const limits = { ...storeLimits, blockBytes: 8_192 }
const nothing = { lines: 0, bytes: 0 }
const startSec = 1_700_000_000
const labels = { namespace: 'shop', pod: 'api', podUid: 'u', container: 'app', restart: 0, node: 'n1' }

function append(lines: LineBuffer, from: number, to: number): void {
  for (let index = from; index < to; index += 1) {
    const text = Buffer.from(`line ${index} ${'x'.repeat(index % 97)}${index % 50 === 0 ? '\ninside' : ''}`)
    lines.append(text, 0, text.length, startSec + (index % 7), index, index % 3 === 0 ? 1 : 0, index % 5)
  }
}

/** Until the thread has answered: it steals nothing from who waits for it, but takes a while to start. */
async function encodedAhead(ahead: EncodeAhead, lines: LineBuffer, to: number): Promise<EncodedBlock> {
  for (let waitMs = 50; waitMs < 20_000; waitMs *= 1.5) {
    ahead.begin(lines, 0)
    await delay(waitMs)
    const encoded = ahead.take(lines, 0, to)
    if (encoded !== null) return encoded
    ahead.clear()
  }
  throw new Error('nothing was encoded ahead')
}

function copyOf({ columns, body, cells, filter, holdsLineFeeds }: EncodedBlock) {
  const parts = [columns, body, cells, filter].map((part) => part && Buffer.from(part))
  return { parts, holdsLineFeeds }
}

test('S-STORE-23 a block that is encoded ahead is the one that its commit would make', async () => {
  const ahead = createEncodeAhead(limits, createRecordedLog().log)
  const lines = new LineBuffer()
  append(lines, 0, 1_000)
  const to = fullAt(lines, 0, nothing, limits) ?? 0
  try {
    const encoded = await encodedAhead(ahead, lines, to)
    assert.deepEqual(copyOf(encoded), copyOf(createBlockEncoder(limits.countCellsMax)(lines, 0, to)))
    assert.equal(ahead.take(lines, 0, to - 1), null)
    assert.equal(ahead.take(new LineBuffer(), 0, to), null)
    ahead.clear()
    assert.equal(ahead.take(lines, 0, to), null)
  } finally {
    ahead.close()
  }
})

test('S-STORE-23 the thread is gone a while after a backlog, and comes again with the next', async () => {
  const ahead = createEncodeAhead({ ...limits, aheadIdleMs: 20 }, createRecordedLog().log)
  const lines = new LineBuffer()
  append(lines, 0, 1_000)
  const to = fullAt(lines, 0, nothing, limits) ?? 0
  try {
    for (let round = 0; round < 2; round += 1) {
      await encodedAhead(ahead, lines, to)
      ahead.clear()
      await delay(100)
      assert.equal(ahead.isRunning(), false)
    }
  } finally {
    ahead.close()
  }
})

test('S-STORE-23 a store is the same, byte for byte, whatever was foreseen of its commits', async () => {
  const stores = [true, false].map((isForeseen) => {
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-ahead-'))
    return { isForeseen, dataDir, writer: openWriter({ dataDir, retention: keepForever, limits }) }
  })
  try {
    for (const { isForeseen, writer } of stores) {
      for (let batch = 0; batch < 12; batch += 1) {
        const lines = new LineBuffer()
        const streamId = writer.resolveStream(labels)
        // Some batches fill no block, some many, and one is foreseen no further than its half.
        const count = [100, 900, 2_000][batch % 3] as number
        for (const part of [0, 1]) {
          append(lines, batch * 5_000 + (part * count) / 2, batch * 5_000 + ((part + 1) * count) / 2)
          if (isForeseen && !(part === 1 && batch === 5)) writer.foresee(streamId, lines)
          if (isForeseen) await delay(batch % 2 === 0 ? 60 : 0)
        }
        writer.commit({ ...emptyCommit, lines: new Map([[streamId, lines]]), arrivalSec: startSec + batch })
      }
    }
    const [one, other] = stores.map(({ dataDir }) => contentOf(dataDir))
    assert.ok((one?.['block']?.length ?? 0) > 20)
    assert.deepEqual(one, other)
  } finally {
    for (const { dataDir, writer } of stores) {
      writer.close()
      fs.rmSync(dataDir, { recursive: true })
    }
  }
})

test('S-STORE-23 lines for which there is no room, or no second slot, are left to their commit', async () => {
  for (const small of [{ aheadBlockBytes: 4_096 }, { aheadBlocksMax: 1 }]) {
    const ahead = createEncodeAhead({ ...limits, ...small }, createRecordedLog().log)
    const lines = new LineBuffer()
    append(lines, 0, 1_000)
    const first = fullAt(lines, 0, nothing, limits) ?? 0
    const second = fullAt(lines, first, nothing, limits) ?? 0
    try {
      if ('aheadBlocksMax' in small) await encodedAhead(ahead, lines, first)
      else ahead.begin(lines, 0)
      assert.equal(ahead.take(lines, first, second), null)
    } finally {
      ahead.close()
    }
  }
})

const emptyCommit = { files: [], moves: [], removedFiles: [], clearedFragments: [], fragments: [] }

function contentOf(dataDir: string): Record<string, unknown[]> {
  const database = new Database(path.join(dataDir, databaseFile), { readonly: true })
  try {
    const tables = ['block', 'block_data', 'block_counts', 'block_filter', 'stream', 'journal']
    return Object.fromEntries(
      tables.map((table) => [table, database.prepare(`SELECT * FROM ${table} ORDER BY 1`).all()]),
    )
  } finally {
    database.close()
  }
}
