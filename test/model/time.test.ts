/** Times against JavaScript's Date as an independent calendar, and tables of what must be refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Time } from '../../src/model/entry.ts'
import {
  compareTime,
  formatTime,
  parseDurationMs,
  parseRfc3339,
  parseUnixTime,
  TimeParser,
  TimeWriter,
} from '../../src/model/time.ts'

const secMin = Date.parse('0000-01-01T00:00:00Z') / 1000
const secMax = Date.parse('9999-12-31T23:59:59Z') / 1000
const anySec = fc.oneof(fc.integer({ min: secMin, max: secMax }), fc.integer({ min: 0, max: 2_000_000_000 }))
const anyNs = fc.integer({ min: 0, max: 999_999_999 })

/** Text of a second as Date writes it, without fraction and zone. */
function dateText(sec: number): string {
  return new Date(sec * 1000).toISOString().slice(0, 19)
}

test('S-TIME-01 a formatted time has nine digits, agrees with Date, and parses back to itself', () => {
  fc.assert(
    fc.property(anySec, anyNs, (sec, ns) => {
      const text = formatTime({ sec, ns })
      assert.equal(text, `${dateText(sec)}.${String(ns).padStart(9, '0')}Z`)
      assert.deepEqual(parseRfc3339(text), { sec, ns })
    }),
    { numRuns: 2000 },
  )
})

test('S-TIME-02 F63 F64 any offset and any number of fraction digits give the same instant, surplus digits cut', () => {
  const offset = fc.record({
    sign: fc.constantFrom('+', '-'),
    hours: fc.integer({ min: 0, max: 23 }),
    minutes: fc.integer({ min: 0, max: 59 }),
  })
  const parser = new TimeParser()
  fc.assert(
    fc.property(
      fc.integer({ min: secMin + 90_000, max: secMax - 90_000 }),
      fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), maxLength: 14 }),
      offset,
      (sec, fraction, { sign, hours, minutes }) => {
        const shift = (hours * 3600 + minutes * 60) * (sign === '+' ? 1 : -1)
        const zone = `${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
        const text = `${dateText(sec + shift)}${fraction === '' ? '' : `.${fraction}`}${zone}`
        const framed = Buffer.from(`x9${text}9x`)
        assert.ok(parser.parse(framed, 2, framed.length - 2), text)
        assert.equal(parser.sec, sec, text)
        assert.equal(parser.ns, Number(fraction.slice(0, 9).padEnd(9, '0')), text)
      },
    ),
    { numRuns: 2000 },
  )
})

test('S-TIME-03 the days that exist are those of the calendar, around every end of month from 0000 to 9999', () => {
  const parser = new TimeParser()
  for (let year = 0; year <= 9999; year += year < 2100 && year > 1890 ? 1 : 7) {
    for (let month = 0; month <= 13; month += 1) {
      for (let day = 0; day <= 32; day += day === 2 ? 25 : 1) {
        const two = (value: number) => String(value).padStart(2, '0')
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T00:00:00Z`
        const millis = Date.parse(text)
        const exists = !Number.isNaN(millis) && new Date(millis).toISOString().startsWith(text.slice(0, 10))
        assert.equal(parser.parse(Buffer.from(text), 0, text.length), exists, text)
        if (exists) assert.equal(parser.sec * 1000, millis, text)
      }
    }
  }
})

test('S-TIME-04 F69 what is not strictly RFC 3339 is refused', () => {
  const refused = [
    '',
    '2026-11-22',
    '2026-11-22T10:11:12',
    '2026-11-22t10:11:12Z',
    '2026-11-22T10:11:12z',
    '2026-11-22 10:11:12Z',
    '2026-11-22T10:11:60Z',
    '2026-11-22T10:60:12Z',
    '2026-11-22T24:00:00Z',
    '2026-02-30T10:11:12Z',
    '2026-02-29T10:11:12Z',
    '1900-02-29T10:11:12Z',
    '2026-00-10T10:11:12Z',
    '2026-13-10T10:11:12Z',
    '2026-11-00T10:11:12Z',
    '2026-11-31T10:11:12Z',
    '2026-11-22T10:11:12.Z',
    '2026-11-22T10:11:12,5Z',
    '2026-11-22T10:11:12.5',
    '2026-11-22T10:11:12.5ZZ',
    '2026-11-22T10:11:12Z ',
    ' 2026-11-22T10:11:12Z',
    '2026-11-22T10:11:12+24:00',
    '2026-11-22T10:11:12+02:60',
    '2026-11-22T10:11:12+0200',
    '2026-11-22T10:11:12+02',
    '2026-11-22T10:11:12 02:00',
    '2026/11/22T10:11:12Z',
    '+02026-11-22T10:11:12Z',
    '-0001-11-22T10:11:12Z',
    '0000-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '２026-11-22T10:11:12Z',
  ]
  for (const text of refused) assert.equal(parseRfc3339(text), null, text)
  const accepted: readonly (readonly [string, Time])[] = [
    ['2026-11-22T10:11:12-00:00', { sec: 1_795_342_272, ns: 0 }],
    ['2024-02-29T00:00:00Z', { sec: 1_709_164_800, ns: 0 }],
    ['2000-02-29T00:00:00Z', { sec: 951_782_400, ns: 0 }],
    ['1969-12-31T23:59:59.999999999Z', { sec: -1, ns: 999_999_999 }],
    ['0001-01-01T00:00:00Z', { sec: -62_135_596_800, ns: 0 }],
    ['2026-11-22T10:11:12.1234567899Z', { sec: 1_795_342_272, ns: 123_456_789 }],
  ]
  for (const [text, time] of accepted) assert.deepEqual(parseRfc3339(text), time, text)
})

test('S-TIME-08 a refused time leaves nothing behind that makes the next one wrong', () => {
  const parser = new TimeParser()
  const parse = (text: string) => parser.parse(Buffer.from(text), 0, text.length)
  assert.ok(parse('2026-11-22T10:11:12Z'))
  assert.ok(!parse('2026-11-31T10:12:12Z'))
  assert.ok(!parse('2026-11-31T10:12:12Z'))
  assert.ok(!parse('2026-11-22T10:11:6xZ'))
  assert.ok(parse('2026-11-22T10:11:13Z'))
  assert.equal(parser.sec, 1_795_342_273)
  assert.ok(!parser.parse(Buffer.from('2026-11-22T10:11:12'), 0, 20))
  assert.ok(!new TimeParser().parse(Buffer.from(`${'\0'.repeat(16)}:12Z`), 0, 20))
})

test('S-TIME-01 the writer keeps its second apart per object and returns the offset behind the text', () => {
  const writer = new TimeWriter()
  const buffer = Buffer.alloc(64, 0x2e)
  fc.assert(
    fc.property(anySec, anyNs, fc.integer({ min: 0, max: 34 }), (sec, ns, offset) => {
      for (const fraction of [ns, 999_999_999 - ns]) {
        assert.equal(writer.write(buffer, offset, sec, fraction), offset + 30)
        assert.equal(buffer.toString('latin1', offset, offset + 30), formatTime({ sec, ns: fraction }))
      }
    }),
  )
})

test('S-TIME-05 unix times are told apart by their number of digits', () => {
  const table: readonly (readonly [string, Time | null])[] = [
    ['0', { sec: 0, ns: 0 }],
    ['1700000000', { sec: 1_700_000_000, ns: 0 }],
    ['9999999999', { sec: 9_999_999_999, ns: 0 }],
    ['1700000000.5', { sec: 1_700_000_000, ns: 500_000_000 }],
    ['1700000000.1234567899', { sec: 1_700_000_000, ns: 123_456_789 }],
    ['17000000001', { sec: 17_000_000, ns: 1_000_000 }],
    ['1700000000123', { sec: 1_700_000_000, ns: 123_000_000 }],
    ['17000000001234', { sec: 17_000_000, ns: 1_234_000 }],
    ['1700000000123456', { sec: 1_700_000_000, ns: 123_456_000 }],
    ['17000000001234567', { sec: 17_000_000, ns: 1_234_567 }],
    ['1700000000123456789', { sec: 1_700_000_000, ns: 123_456_789 }],
    ['17000000001234567890', null],
    ['1700000000123.5', null],
    ['-1700000000', null],
    ['+1700000000', null],
    ['1700000000.', null],
    ['.5', null],
    ['', null],
    ['1e9', null],
    [' 1700000000', null],
    ['1700000000\n', null],
  ]
  for (const [text, time] of table) assert.deepEqual(parseUnixTime(text), time, text)
})

test('S-TIME-06 durations are Prometheus durations: whole numbers, units descending, each once', () => {
  const table: readonly (readonly [string, number | null])[] = [
    ['15m', 900_000],
    ['7d', 604_800_000],
    ['1h30m', 5_400_000],
    ['1w2d3h4m5s6ms', 788_645_006],
    ['250ms', 250],
    ['1m5ms', 60_005],
    ['0s', 0],
    ['90m', 5_400_000],
    ['', null],
    ['15', null],
    ['m', null],
    ['1.5h', null],
    ['-5m', null],
    ['30m1h', null],
    ['1h1h', null],
    ['1h 30m', null],
    ['1H', null],
    ['1y', null],
    ['15min', null],
    ['9007199254740992ms', null],
    ['99999999999999999999999w', null],
    ['15m\n', null],
  ]
  for (const [text, milliseconds] of table) assert.equal(parseDurationMs(text), milliseconds, text)
})

test('S-TIME-07 times are ordered by second, then by nanosecond', () => {
  fc.assert(
    fc.property(anySec, anyNs, anySec, anyNs, (sec, ns, otherSec, otherNs) => {
      const exact = (time: Time) => BigInt(time.sec) * 1_000_000_000n + BigInt(time.ns)
      const a = { sec, ns }
      const b = { sec: otherSec, ns: otherNs }
      const difference = exact(a) - exact(b)
      assert.equal(Math.sign(compareTime(a, b)), difference > 0n ? 1 : difference < 0n ? -1 : 0)
      assert.equal(compareTime(a, { ...a }), 0)
    }),
  )
})
