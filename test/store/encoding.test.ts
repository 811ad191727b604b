/** Columns, runs, filters and journal rows: what was encoded comes back as it was. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attribute } from '../../src/model/entry.ts'
import { LineBuffer } from '../../src/model/line-buffer.ts'
import { ByteReader, ByteWriter } from '../../src/store/byte-writer.ts'
import { decodeColumns, encodeColumns, summarize } from '../../src/store/columns.ts'
import { buildFilter, gramHashes, mayHold } from '../../src/store/gram-filter.ts'
import {
  decodeJournalHead,
  encodeJournalRow,
  readChunk,
  readRuns,
  segmentsOf,
} from '../../src/store/journal-row.ts'
import { lineEnds } from '../../src/store/line-ends.ts'
import { decodeRuns, encodeRuns, joinRuns, linesUpTo, sliceRuns } from '../../src/store/runs.ts'
import { createRandom, type Random } from '../support/random.ts'

const anyLine = fc.record(
  {
    sec: fc.oneof(
      fc.integer({ min: 1_780_000_000, max: 1_780_000_100 }),
      fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }),
    ),
    ns: fc.integer({ min: 0, max: 999_999_999 }),
    text: fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('a\nb'), fc.constant('')),
    attributes: fc.constantFrom(0, attribute.stderr, attribute.cut | attribute.stderr),
    level: fc.integer({ min: 0, max: 8 }),
  },
  { noNullPrototype: true },
)
type Line = { sec: number; ns: number; text: string; attributes: number; level: number }

function bufferOf(lines: readonly Line[]): LineBuffer {
  const buffer = new LineBuffer(1, 1)
  for (const { sec, ns, text, attributes, level } of lines) {
    const bytes = Buffer.from(text)
    buffer.append(bytes, 0, bytes.length, sec, ns, attributes, level)
  }
  return buffer
}

function linesOf(columns: ReturnType<typeof decodeColumns>, body: Buffer): Line[] {
  const ends = lineEnds(body, columns)
  return Array.from(ends, (end, index) => ({
    sec: columns.seconds[index] as number,
    ns: columns.nanos[index] as number,
    text: body.subarray(index === 0 ? 0 : (ends[index - 1] as number) + 1, end).toString(),
    attributes: columns.attributes[index] as number,
    level: columns.levels[index] as number,
  }))
}

test('S-STORE-01 integers come back exactly, up to 2^53 and with either sign', () => {
  fc.assert(
    fc.property(
      fc.array(fc.maxSafeNat()),
      fc.array(fc.integer({ min: -(2 ** 52), max: 2 ** 52 })),
      (whole, signed) => {
        const out = new ByteWriter(1)
        for (const value of whole) out.integer(value)
        for (const value of signed) out.signed(value)
        const reader = new ByteReader(out.view())
        for (const value of whole) assert.equal(reader.integer(), value)
        for (const value of signed) assert.equal(reader.signed(), value)
        assert.equal(reader.atEnd, true)
      },
    ),
  )
})

test('S-STORE-28 decoded columns are arrays of their own', () => {
  const lines = [0, 1].map((level): Line => ({ sec: level, ns: level, text: '', attributes: level, level }))
  const out = new ByteWriter()
  encodeColumns(bufferOf(lines), 0, lines.length, out)
  const { seconds, nanos, levels, attributes } = decodeColumns(out.view(), 0, lines.length)
  const bytesOfLine = [seconds, nanos, levels, attributes].map(
    ({ buffer }) => buffer.byteLength / lines.length,
  )
  assert.deepEqual(bytesOfLine, [8, 4, 1, 1])
})

test('S-STORE-02 columns and bodies come back exactly: times of any year, empty lines, lines that hold an LF', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 60 }), fc.nat(), (lines, cut) => {
      const from = cut % lines.length
      const buffer = bufferOf(lines)
      const out = new ByteWriter()
      encodeColumns(buffer, from, lines.length, out)
      const columns = decodeColumns(out.view(), 0, lines.length - from)
      assert.deepEqual(
        linesOf(columns, buffer.body.subarray(buffer.startOf(from), buffer.bodyBytes)),
        lines.slice(from),
      )
      const summary = summarize(buffer, from, lines.length)
      const sorted = lines.slice(from).toSorted((a, b) => a.sec - b.sec || a.ns - b.ns)
      assert.deepEqual([summary.minSec, summary.minNs], [sorted[0]?.sec, sorted[0]?.ns])
      assert.deepEqual([summary.maxSec, summary.maxNs], [sorted.at(-1)?.sec, sorted.at(-1)?.ns])
      const isAscending = lines.slice(from).every((line, index) => {
        const before = lines[from + index - 1]
        return (
          index === 0 ||
          before === undefined ||
          before.sec < line.sec ||
          (before.sec === line.sec && before.ns <= line.ns)
        )
      })
      assert.equal(summary.ascending, isAscending)
    }),
  )
})

test('S-STORE-03 a journal row gives back each stream by itself', () => {
  const streams = fc.uniqueArray(fc.tuple(fc.nat(1000), fc.array(anyLine, { minLength: 1, maxLength: 20 })), {
    selector: ([id]) => id,
    maxLength: 12,
  })
  fc.assert(
    fc.property(streams, (given) => {
      const sorted = given.toSorted(([a], [b]) => a - b)
      const inputs = sorted.map(([streamId, lines], index) => {
        const runs = [{ lines: lines.length, commit: 2 ** 32 + index }]
        return { streamId, firstLine: index * 7, lines: bufferOf(lines), from: 0, to: lines.length, runs }
      })
      const { head, body } = encodeJournalRow(inputs)
      const decoded = decodeJournalHead(head)
      const segments = segmentsOf(decoded)
      for (const [index, segment] of segments.entries()) {
        const [streamId, lines] = sorted[index] as [number, Line[]]
        assert.equal(segment.streamId, streamId)
        assert.deepEqual(readRuns(decoded.head, segment), inputs[index]?.runs)
        const chunk = readChunk(decoded, body, segment.chunk)
        const own = chunk.subarray(segment.chunkOffset, segment.chunkOffset + segment.rawBytes)
        const columns = decodeColumns(decoded.head, segment.columnsOffset, segment.lineCount)
        assert.deepEqual(linesOf(columns, own), lines)
      }
      assert.equal(segments.length, given.length)
    }),
  )
})

test('S-STORE-04 a filter never excludes a text that is there, whatever its case', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 5000 }), fc.nat(), fc.nat(), (body, at, length) => {
      const start = at % (body.length - 3)
      const text = body.slice(start, start + 4 + (length % 60))
      const folded = text.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))
      assert.equal(mayHold(buildFilter(body, 0, body.length), gramHashes(folded)), true)
    }),
  )
})

test('S-STORE-04 so it does where the text is full of identifiers, and excludes nearly all others', () => {
  const random = createRandom(4)
  const identifier = () => [8, 4, 4, 4, 12].map((digits) => hexOf(random, digits)).join('-')
  const lines = Array.from({ length: 2_000 }, () => `session ${identifier()} read object ${identifier()}`)
  const body = Buffer.from(lines.join('\n'))
  const filter = buildFilter(body, 0, body.length)
  assert.ok(filter.length > 8 * 1024)
  const holds = (text: string): boolean => mayHold(filter, gramHashes(Buffer.from(text)))
  for (const line of lines) {
    const start = random.between(0, line.length - 4)
    assert.ok(holds(line.slice(start, random.between(start + 4, line.length))))
  }
  const others = Array.from({ length: 1_000 }, identifier)
  assert.ok(others.filter(holds).length < 30)
})

function hexOf(random: Random, digits: number): string {
  return Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join('')
}

test('S-STORE-04 a filter excludes an identifier that is not there', () => {
  const body = Buffer.from(
    Array.from({ length: 2000 }, (_, index) => `GET /item/${index} 200 in ${index % 97} ms\n`).join(''),
  )
  const filter = buildFilter(body, 0, body.length)
  assert.equal(mayHold(filter, gramHashes(Buffer.from('3f2a9c1e-77d0-4b7e-9a55-d1c2b3a49f00'))), false)
})

test('S-STORE-05 runs: joined, sliced and counted up to a commit', () => {
  const runs = [
    { lines: 3, commit: 5 },
    { lines: 2, commit: 9 },
    { lines: 4, commit: 12 },
  ]
  const out = new ByteWriter()
  encodeRuns(runs, out)
  assert.deepEqual(decodeRuns(new ByteReader(out.view())), runs)
  assert.deepEqual(
    [4, 5, 8, 9, 11, 12].map((commit) => linesUpTo(runs, commit)),
    [0, 3, 3, 5, 5, 9],
  )
  assert.deepEqual(sliceRuns(runs, 2, 6), [
    { lines: 1, commit: 5 },
    { lines: 2, commit: 9 },
    { lines: 1, commit: 12 },
  ])
  assert.deepEqual(joinRuns([sliceRuns(runs, 0, 4), sliceRuns(runs, 4, 9)]), runs)
})
