/** What lines become in answers, whatever their bytes are. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Cursor, parseCursor } from '../../src/model/cursor.ts'
import { attribute, levelNames } from '../../src/model/entry.ts'
import { EntryWriter, type WritableEntry } from '../../src/query/entry-writer.ts'

const cursor: Cursor = {
  kind: 'history',
  isPartial: false,
  databaseId: 'abcdef',
  planHash: 7,
  commit: 2 ** 40 + 5,
  since: null,
  until: { sec: 1_800_000_000, ns: 1 },
  place: null,
}
const labels = { namespace: 'shop', pod: 'api "1"', podUid: 'u', container: 'c', node: 'n', restart: 3 }

function entryOf(text: Uint8Array, changed: Partial<WritableEntry> = {}): WritableEntry {
  const bytes = Buffer.concat([Buffer.from('before'), text, Buffer.from('after')])
  const stream = { id: 9, labels } as WritableEntry['stream']
  const place = {
    stream,
    line: 12,
    sec: 1_790_000_000,
    ns: 5,
    level: 2,
    attributes: 0,
    isEscaped: false,
    isLate: false,
  }
  return { ...place, bytes, start: 6, end: 6 + text.length, ...changed }
}

/** Bytes that JSON escapes, characters of several bytes, halves of them, and whatever else there is. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => new TextEncoder().encode(text)),
  fc
    .string({ unit: fc.constantFrom('"', '\\', '\n', '\u0001', 'a', 'é', '\u2028', '🚚'), maxLength: 60 })
    .map((text) => new TextEncoder().encode(text)),
)

test('S-HTTP-20 F55 F58 a line of any bytes is the same text in JSON, one carriage return at its end apart', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), fc.boolean(), (lines, isReversed) => {
      const writer = new EntryWriter('json', cursor, { isReversed })
      for (const line of lines) writer.write(entryOf(line))
      const found = JSON.parse(`[${Buffer.from(writer.take()).toString()}]`) as { line: string }[]
      const wanted = lines.map((line) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(line))
      const expected = wanted.map((text) => (text.endsWith('\r') ? text.slice(0, -1) : text))
      assert.deepEqual(
        found.map(({ line }) => line),
        isReversed ? expected.toReversed() : expected,
      )
    }),
  )
})

test('S-HTTP-20 a line far longer than the writer has room for, all of it escaped, is whole', () => {
  const writer = new EntryWriter('ndjson', cursor)
  const line = Buffer.alloc(300_000, '\x1b')
  writer.write(entryOf(line))
  writer.write(entryOf(Buffer.from('next')))
  const [first, second] = Buffer.from(writer.take())
    .toString()
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as { line: string })
  assert.equal(first?.line, line.toString())
  assert.equal(second?.line, 'next')
})

test('S-HTTP-20 labels, level, iostream, flags and cursor stand beside the line', () => {
  const writer = new EntryWriter('json', cursor)
  const attributes = attribute.stderr | attribute.cut | attribute.clock
  writer.write(entryOf(Buffer.from('text'), { attributes, isLate: true, level: 3 }))
  const entry = JSON.parse(Buffer.from(writer.take()).toString()) as Record<string, unknown>
  assert.deepEqual(
    { ...entry, cursor: parseCursor(entry['cursor'] as string) },
    {
      kind: 'line',
      time: '2026-09-21T14:13:20.000000005Z',
      ...labels,
      stream: 'stderr',
      level: levelNames[3],
      line: 'text',
      flags: ['cut', 'clock', 'late'],
      cursor: { ...cursor, place: { sec: 1_790_000_000, ns: 5, streamId: 9, line: 12 } },
    },
  )
})
