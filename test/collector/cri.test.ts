/** CRI headers, built and read back, and the forms that old or broken writers leave. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CriParser } from '../../src/collector/cri.ts'

const sec = 1_795_342_272
const second = '2026-11-22T10:11:12'

type Read = {
  readonly sec: number
  readonly ns: number
  readonly iostream: number
  readonly partial: boolean
  readonly content: string
}

/** Reads one line that lies in the middle of other bytes. */
function read(line: string | Uint8Array, parser = new CriParser()): Read | null {
  const before = Buffer.from('P x\n')
  const middle = Buffer.from(line)
  const bytes = Buffer.concat([before, middle, Buffer.from('\n2026')])
  const end = before.length + middle.length
  if (!parser.parse(bytes, before.length, end)) return null
  const { ns, iostream, partial, contentStart } = parser
  return { sec: parser.sec, ns, iostream, partial, content: bytes.toString('latin1', contentStart, end) }
}

test('S-CRI-01 F63 F64 a line that was built is read back: time, iostream, tag and every byte of its content', () => {
  const parser = new CriParser()
  const content = fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)))
  fc.assert(
    fc.property(
      fc.nat(999_999_999),
      fc.constantFrom('Z', '+00:00', '+05:30', '-08:00'),
      fc.boolean(),
      fc.constantFrom('F', 'P', 'F:x', 'P:a:b', 'P:', 'F:'),
      content,
      (ns, zone, isStderr, tag, body) => {
        const shift = zone === 'Z' ? 0 : (Number(zone.slice(0, 3)) * 60 + Number(zone.slice(4))) * 60
        const local = new Date((sec + shift) * 1000).toISOString().slice(0, 19)
        const fraction = String(ns).padStart(9, '0').replace(/0+$/, '')
        const time = `${local}${fraction === '' ? '' : `.${fraction}`}${zone}`
        const header = Buffer.from(`${time} ${isStderr ? 'stderr' : 'stdout'} ${tag} `)
        assert.deepEqual(read(Buffer.concat([header, body]), parser), {
          sec,
          ns,
          iostream: isStderr ? 1 : 0,
          partial: tag.startsWith('P'),
          content: body.toString('latin1'),
        })
      },
    ),
    { numRuns: 1000 },
  )
})

test('S-CRI-02 F50 an empty content is read with and without the space before it', () => {
  for (const [line, partial] of [
    [`${second}Z stdout F `, false],
    [`${second}Z stdout F`, false],
    [`${second}Z stdout P `, true],
    [`${second}Z stdout P`, true],
    [`${second}Z stdout F:x`, false],
    [`${second}Z stdout `, false],
    [`${second}Z stdout`, false],
  ] as const) {
    assert.deepEqual(read(line), { sec, ns: 0, iostream: 0, partial, content: '' }, line)
  }
  assert.equal(read(`${second}Z stdout F  x `)?.content, ' x ')
})

test('S-CRI-03 F51 F59 without a tag the line is whole, and its content begins behind the iostream', () => {
  for (const [line, content] of [
    [`${second}Z stderr hello world`, 'hello world'],
    [`${second}Z stderr Fine`, 'Fine'],
    [`${second}Z stderr P99 latency`, 'P99 latency'],
    [`${second}Z stderr X hello`, 'X hello'],
    [`${second}Z stderr  F hello`, ' F hello'],
    [`${second}Z stderr F ${second}Z stdout P x`, `${second}Z stdout P x`],
  ] as const) {
    assert.deepEqual(read(line), { sec, ns: 0, iostream: 1, partial: false, content }, line)
  }
})

test('S-CRI-04 F52 F60 F69 what does not begin with a time and an iostream is no CRI line', () => {
  for (const line of [
    '',
    'hello',
    second,
    `${second}Z`,
    `${second}Z `,
    `${second}Z stdin F x`,
    `${second}Z stdou`,
    `${second}Z stdoutF x`,
    `${second}Z  stdout F x`,
    ` ${second}Z stdout F x`,
    `${second} stdout F x`,
    `2026-11-22T10:11:60Z stdout F x`,
    `2026-11-22T10:1${second}Z stdout F x`,
    `${second}.${'1'.repeat(60)}Z stdout F x`,
    'out F x',
    '{"log":"x\\n","stream":"stdout","time":"2026-11-22T10:11:12Z"}',
  ]) {
    assert.equal(read(line), null, line)
  }
  // The rest of the header must not be taken from the line behind.
  const two = Buffer.from(`${second}Z \nstdout F x`)
  assert.equal(new CriParser().parse(two, 0, 21), false)
})
