/** Checks packs of filters: they tell what their filters tell, and walks over them keep their order. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { storeLimits } from '../../src/limits/store.ts'
import { attribute, gapLevel } from '../../src/model/entry.ts'
import { databasePath } from '../../src/store/database.ts'
import {
  decodePackedBlocks,
  encodePackedBlocks,
  keepSlots,
  packSlots,
  sliceOf,
  turnFilters,
} from '../../src/store/filter-pack.ts'
import { gramHashes } from '../../src/store/gram-filter.ts'
import { openReader } from '../../src/store/reader.ts'
import type { Segment } from '../../src/store/segment.ts'
import { createStoreModel, type StoreModel } from '../support/store-model.ts'

const startSec = 1_800_000_000

test('S-STORE-24 a pack tells of each bit of each filter what the filter tells', () => {
  const bytes = fc.constantFrom(64, 512, 2048)
  const filters = bytes.chain((length) =>
    fc.array(fc.uint8Array({ minLength: length, maxLength: length }), { minLength: 1, maxLength: packSlots }),
  )
  fc.assert(
    fc.property(filters, (given) => {
      const slices = turnFilters(given)
      for (let hash = 0; hash < (given[0]?.length ?? 0) * 8; hash += 1) {
        const mask = { low: -1, high: -1 }
        keepSlots(mask, slices[sliceOf(hash)] as Buffer, hash)
        for (let slot = 0; slot < packSlots; slot += 1) {
          const isKept = ((slot < 32 ? mask.low : mask.high) & (1 << (slot & 31))) !== 0
          const isSet = ((given[slot]?.[hash >>> 3] ?? 0) & (1 << (hash & 7))) !== 0
          assert.equal(isKept, isSet, `hash ${hash} of filter ${slot}`)
        }
      }
    }),
    { numRuns: 20 },
  )
})

test('S-STORE-24 what a pack says of its blocks comes back', () => {
  const block = fc.record({
    id: fc.nat({ max: 2 ** 50 }),
    streamId: fc.nat(),
    minSec: fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }),
    span: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(block), (given) => {
      const blocks = given.map(({ span, ...rest }) => ({ ...rest, maxSec: rest.minSec + span }))
      assert.deepEqual(decodePackedBlocks(encodePackedBlocks(blocks)), blocks)
    }),
  )
})

test('S-STORE-24 blocks that a text is looked for in come in the order of all blocks, and none that holds it is left out', () => {
  const model = createStoreModel()
  try {
    for (let step = 0; step < 200; step += 1) commitWords(model, step)
    while (model.writer.maintain(startSec + 10 * 86_400, 50)) continue
    assert.ok(packsOf(model) > 3)
    const reader = openReader(model.dataDir)
    const required = [[gramHashes(Buffer.from('needle-7'))]]
    reader.snapshot((snapshot) => {
      for (const [fromSec, toSec] of [
        [-1e12, 1e12],
        [startSec + 50, startSec + 120],
      ] as const) {
        const range = { streamIds: null, fromSec, toSec }
        for (const direction of ['newestBlocks', 'oldestBlocks'] as const) {
          const all = [...snapshot[direction](range)]
          const sifted = [...snapshot[direction]({ ...range, requiredGrams: required })]
          const rank = ({ minSec, maxSec }: Segment): number =>
            direction === 'newestBlocks' ? -Math.min(maxSec, toSec) : Math.max(minSec, fromSec)
          const ranks = sifted.map(rank)
          assert.deepEqual(
            ranks,
            ranks.toSorted((one, other) => one - other),
          )
          const holding = all.filter((segment) => snapshot.body(segment).includes('needle-7'))
          assert.ok(holding.length > 0 && sifted.length < all.length / 2)
          const found = new Set(sifted.map(idOf))
          for (const segment of holding) assert.ok(found.has(idOf(segment)))
          for (const segment of all) {
            if (snapshot.mayHold(segment, required)) assert.ok(found.has(idOf(segment)))
          }
        }
      }
    })
    reader.close()
  } finally {
    model.close()
  }
})

test('S-STORE-25 the journal tells of its large rows which segments hold a text, and never excludes one that does', () => {
  const model = createStoreModel(storeLimits)
  try {
    const text = (stream: number, line: number): string =>
      `line ${line} of stream ${stream} ${'x'.repeat(200)}`
    const lines = Array.from({ length: 6_000 }, (_, index) => ({
      streamId: model.streamId(index % 20),
      sec: startSec + index,
      ns: 0,
      text: text(index % 20, index),
    }))
    const gap = { streamId: model.streamId(21), sec: startSec, ns: 0, text: 'lines are missing' }
    model.commitLines([...lines, { ...gap, attributes: attribute.gap, level: gapLevel }], startSec)
    const reader = openReader(model.dataDir)
    reader.snapshot((snapshot) => {
      const segments = snapshot.journal()
      assert.equal(segments.length, 21)
      for (const [stream, line] of [
        [3, 1_203],
        [19, 5_999],
      ] as const) {
        const required = [[gramHashes(Buffer.from(text(stream, line).slice(0, 30)))]]
        const found = segments.filter((segment) => snapshot.mayHold(segment, required))
        const ids = found.map(({ streamId }) => streamId)
        assert.ok(ids.includes(model.streamId(stream)) && ids.includes(model.streamId(21)))
        assert.ok(ids.length < 6)
      }
    })
    reader.close()
  } finally {
    model.close()
  }
})

function commitWords(model: StoreModel, step: number): void {
  const lines = Array.from({ length: 6 }, (_, index) => ({
    streamId: model.streamId(index),
    sec: startSec + step + index * 3,
    ns: 0,
    text: `step ${step} of ${index} ${'filling '.repeat(4)}${index === 4 && step % 40 === 7 ? 'needle-7' : ''}`,
  }))
  model.commitLines(lines, startSec + step)
}

function packsOf(model: StoreModel): number {
  const database = new Database(databasePath(model.dataDir), { readonly: true })
  try {
    return database.prepare('SELECT count(*) FROM filter_pack').pluck().get() as number
  } finally {
    database.close()
  }
}

function idOf({ place }: Segment): number {
  return place.kind === 'block' ? place.id : -1
}
