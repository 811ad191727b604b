/** Cursors as text: whole round trips, and every damage found. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Cursor,
  CursorWriter,
  comparePlaces,
  encodeCursor,
  parseCursor,
} from '../../src/model/cursor.ts'

const anyTime = fc.record(
  {
    sec: fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }),
    ns: fc.integer({ min: 0, max: 999_999_999 }),
  },
  { noNullPrototype: true },
)
const anyPlace = fc
  .tuple(anyTime, fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 2 ** 40 - 1 }))
  .map(([time, streamId, line]) => ({ ...time, streamId, line }))
const anyCursor: fc.Arbitrary<Cursor> = fc.record(
  {
    kind: fc.constantFrom('history', 'tail'),
    isPartial: fc.boolean(),
    databaseId: fc
      .uint8Array({ minLength: 3, maxLength: 3 })
      .map((bytes) => Buffer.from(bytes).toString('hex')),
    planHash: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    commit: fc.maxSafeNat(),
    since: fc.option(anyTime),
    until: fc.option(anyTime),
    place: fc.option(anyPlace),
  },
  { noNullPrototype: true },
)

test('S-CURSOR-05 a cursor comes back as it was, also where its place was added to a shared part', () => {
  fc.assert(
    fc.property(anyCursor, anyPlace, (cursor, place) => {
      assert.deepEqual(parseCursor(encodeCursor(cursor)), cursor)
      const text = new CursorWriter(cursor).at(place.sec, place.ns, place.streamId, place.line)
      assert.equal(text, encodeCursor({ ...cursor, place }))
      assert.match(text, /^[A-Za-z0-9_-]{40,72}$/)
    }),
  )
})

test('S-CURSOR-05 a cursor with a changed, missing or added character is none', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  fc.assert(
    fc.property(anyCursor, fc.nat(), fc.nat(62), (cursor, at, step) => {
      const text = encodeCursor(cursor)
      const position = at % text.length
      const other = alphabet[(alphabet.indexOf(text[position] as string) + 1 + step) % alphabet.length]
      const changed = text.slice(0, position) + other + text.slice(position + 1)
      if (changed !== text) assert.equal(parseCursor(changed), null)
      assert.equal(parseCursor(text.slice(0, -1)), null)
      assert.equal(parseCursor(`${text}A`), null)
    }),
  )
  for (const junk of ['', 'null', '42', '💥', 'a'.repeat(5000)]) assert.equal(parseCursor(junk), null)
})

test('S-CURSOR-01 places are ordered by time, then stream, then line', () => {
  const place = { sec: 5, ns: 5, streamId: 5, line: 5 }
  for (const name of ['sec', 'ns', 'streamId', 'line'] as const) {
    assert.ok(comparePlaces({ ...place, [name]: 4 }, place) < 0)
    assert.ok(comparePlaces({ ...place, [name]: 6 }, place) > 0)
  }
  assert.equal(comparePlaces(place, { ...place }), 0)
})
