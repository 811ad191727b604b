/** Bodies that are read in turn by a walk over more of them than can be kept. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeLimits } from '../../src/limits/store.ts'
import { type Bodies, type BodyPart, createBodies, type WantedBytes } from '../../src/store/bodies.ts'
import { ByteCache } from '../../src/store/byte-cache.ts'
import { type Connection, openForReading } from '../../src/store/database.ts'
import { openReader } from '../../src/store/reader.ts'
import type { Segment } from '../../src/store/segment.ts'
import { createStoreModel } from '../support/store-model.ts'

const blocks = 12
const blockBytes = 64 * 1024
/** A quarter of all bodies. */
const cacheBytes = (blocks * blockBytes) / 4
const readBytes = 512
const startSec = 1_780_000_000

for (const next of ['behind', 'before', 'unknown'] as const) {
  test(`S-STORE-27 bodies are decompressed once for many reads in turn, what is next lies ${next}`, () => {
    withBodies(({ bodyPart }, segments, reads) => {
      const places = Array.from({ length: blockBytes / readBytes }, (_, place) => place * readBytes)
      if (next === 'before') places.reverse()
      for (const start of places) {
        for (const { segment, text } of segments) {
          const wanted: WantedBytes = { start, end: start + readBytes, next, openCount: blocks }
          const part = bodyPart(segment, wanted)
          const found = part.bytes.subarray(start - part.start, start - part.start + readBytes)
          assert.equal(found.toString(), text.slice(start, start + readBytes))
        }
      }
      // Each keeps a quarter of its body, half of which lies the wrong way where nobody knows.
      const each = next === 'unknown' ? 8 : 4
      assert.ok(reads() <= blocks * (each + 2), `${reads()} reads of ${blocks} bodies`)
    })
  })
}

test('S-STORE-27 a part that was kept is not taken for the whole body, nor for another part', () => {
  withBodies(({ body, bodyPart }, segments) => {
    const [{ segment, text }] = segments as [(typeof segments)[number]]
    const read = (start: number, end: number): string => {
      const part = bodyPart(segment, { start, end, next: 'behind', openCount: blocks })
      return part.bytes.toString('latin1', start - part.start, end - part.start)
    }
    assert.equal(read(40_000, 40_100), text.slice(40_000, 40_100))
    assert.equal(read(100, 200), text.slice(100, 200))
    assert.equal(read(150, 60_000), text.slice(150, 60_000))
    assert.equal(body(segment).toString(), text)
    assert.equal(read(blockBytes - 10, blockBytes), text.slice(-10))
  })
})

type Known = { readonly segment: Segment; readonly text: string }

/** `reads`: how many bodies were read from the database. */
function withBodies(work: (bodies: Bodies, segments: readonly Known[], reads: () => number) => void): void {
  const model = createStoreModel({ ...storeLimits, blockBytes, blockFullBytes: blockBytes })
  const reader = openReader(model.dataDir)
  const connection = openForReading(model.dataDir)
  let count = 0
  const counting = {
    prepare: (text: string) => {
      const statement = connection.prepare(text).pluck()
      const get = (id: number): unknown => {
        count += 1
        return statement.get(id)
      }
      return { pluck: () => ({ get }) }
    },
  } as unknown as Connection
  try {
    const texts = Array.from({ length: blocks }, (_, stream) => textOf(stream))
    for (const [stream, text] of texts.entries()) {
      const line = { streamId: model.streamId(stream), sec: startSec, ns: 0, text: text.slice(0, -1) }
      model.commitLines([line], startSec)
    }
    reader.snapshot((snapshot) => {
      const range = { streamIds: null, fromSec: 0, toSec: startSec }
      const found = [...snapshot.oldestBlocks(range)]
      const segments = found.map((segment) => ({ segment, text: texts[segment.streamId - 1] as string }))
      assert.equal(segments.length, blocks)
      const cache = new ByteCache<string, BodyPart>(cacheBytes)
      const none = (): never => assert.fail('nothing lies in the journal')
      work(createBodies(counting, none, cache, cacheBytes), segments, () => count)
    })
  } finally {
    connection.close()
    reader.close()
    model.close()
  }
}

/** As long as a block, its LF included. */
function textOf(stream: number): string {
  let text = ''
  for (let number = 0; text.length < blockBytes; number += 1) text += `${stream} ${number} `
  return `${text.slice(0, blockBytes - 1)}\n`
}
