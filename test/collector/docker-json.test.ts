/** Docker's json-file lines against JSON.parse, and the odd ones that writers and broken disks leave. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DockerParser } from '../../src/collector/docker-json.ts'

const time = '2026-11-22T10:11:12.5Z'
const sec = 1_795_342_272

type Read = Pick<DockerParser, 'iostream' | 'partial' | 'hasTime'> & {
  readonly sec: number | null
  readonly ns: number | null
  readonly content: string
}

/** Reads one line that lies in the middle of other bytes. */
function read(line: string | Buffer, parser = new DockerParser()): Read | null {
  const middle = Buffer.from(line as string)
  const bytes = Buffer.concat([Buffer.from('{"'), middle, Buffer.from('"}\n{"log":"y"}')])
  if (!parser.parse(bytes, 2, 2 + middle.length)) return null
  const { iostream, partial, hasTime, content } = parser
  const at = hasTime ? { sec: parser.sec, ns: parser.ns } : { sec: null, ns: null }
  return { ...at, iostream, partial, hasTime, content: content.toString() }
}

/** JSON text of a string in which each UTF-16 unit is written plainly or as an escape, as `choices` says. */
function encode(text: string, choices: readonly number[]): string {
  let json = '"'
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    const hex = unit.toString(16).padStart(4, '0')
    const isLoneHalf = unit >= 0xd800 && unit <= 0xdfff
    const choice = (choices[index % choices.length] ?? 0) % 4
    if (isLoneHalf || choice === 0) json += `\\u${choice % 2 === 0 ? hex : hex.toUpperCase()}`
    else if (choice === 1 && unit === 0x2f) json += '\\/'
    else json += JSON.stringify(text.charAt(index)).slice(1, -1)
  }
  return `${json}"`
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom('a', '"', '\\', '/', '\t', '\u0000', '<', 'é', '€', '😀', '\ud800', '\udc00'),
    maxLength: 12,
  }),
)

test('S-DOCKER-01 F71 F72 log, stream and time are what JSON.parse finds, in any order and spelling', () => {
  const parser = new DockerParser()
  fc.assert(
    fc.property(
      anyText,
      fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('', '\n'),
      fc.constantFrom('stdout', 'stderr'),
      fc.constantFrom('', ' ', '\t '),
      fc.shuffledSubarray(['log', 'stream', 'time', 'attrs'], { minLength: 4 }),
      fc.jsonValue({ maxDepth: 3 }),
      (text, choices, ending, stream, gap, order, attrs) => {
        const log = text.replaceAll('\n', ' ') + ending
        const parts: Record<string, string> = {
          log: encode(log, choices),
          stream: `"${stream}"`,
          time: `"${time}"`,
          attrs: JSON.stringify(attrs),
        }
        const fields = order.map((key) => `${gap}"${key}"${gap}:${gap}${parts[key]}${gap}`)
        const line = `{${fields.join(',')}}`
        const expected = (JSON.parse(line) as { log: string }).log
        assert.deepEqual(
          read(line, parser),
          {
            sec,
            ns: 500_000_000,
            iostream: stream === 'stderr' ? 1 : 0,
            partial: ending === '',
            hasTime: true,
            content: expected.replace(/\n$/, '').toWellFormed(),
          },
          line,
        )
      },
    ),
    { numRuns: 2000 },
  )
})

test('S-DOCKER-02 F74 F76 a line is whole when its log ends in a line feed, whatever its length', () => {
  const long = 'x'.repeat(100_000)
  for (const [log, partial, content] of [
    ['hello\\n', false, 'hello'],
    ['hello', true, 'hello'],
    ['\\n', false, ''],
    ['', true, ''],
    ['hello\\r\\n', false, 'hello\r'],
    ['hello\\\\n', true, 'hello\\n'],
    ['hello\\u000a', false, 'hello'],
    [`${long}\\u003c\\n`, false, `${long}<`],
    [`${long}\\n`, false, long],
  ] as const) {
    const found = read(`{"log":"${log}","stream":"stderr","time":"${time}"}`)
    assert.deepEqual(found, { sec, ns: 500_000_000, iostream: 1, partial, hasTime: true, content })
  }
})

test('S-DOCKER-03 F72 F75 missing keys have defaults; bytes that are no escapes are kept as they are', () => {
  const whole = { sec, ns: 500_000_000, iostream: 0 as const, partial: false, hasTime: true, content: 'x' }
  assert.deepEqual(read(`{"log":"x\\n","time":"${time}"}`), whole)
  assert.deepEqual(read(`{"log":"x\\n","stream":null,"time":"${time}"}`), whole)
  assert.deepEqual(read(`{"log":"x\\n","time":"${time}","partial_id":"1"}`), whole)
  assert.deepEqual(read(`{"log":"a\\n","log":"x\\n","time":"${time}"}`), whole)
  assert.deepEqual(read(`{"log":"x\\n","time":"${time}"}\r`), whole)
  const timeless = { ...whole, sec: null, ns: null, hasTime: false }
  assert.deepEqual(read('{"log":"x\\n","stream":"stdout"}'), timeless)
  assert.deepEqual(read('{"log":"x\\n","time":"2026-02-30T10:11:12Z"}'), timeless)
  assert.deepEqual(read('{"log":"x\\n","time":12}'), timeless)
  assert.deepEqual(read(`{"stream":"stdout","time":"${time}"}`), { ...whole, partial: true, content: '' })
  assert.deepEqual(read(`{"log":null,"time":"${time}"}`), { ...whole, partial: true, content: '' })
  const parser = new DockerParser()
  const invalid = Buffer.from(`{"log":"\xff\xfe\\t\\n","time":"${time}"}`, 'latin1')
  assert.ok(parser.parse(invalid, 0, invalid.length))
  assert.equal(parser.content.toString('latin1'), '\xff\xfe\t')
})

test('S-DOCKER-04 F73 what is cut, not such an object, or could be an application’s own is refused', () => {
  for (const line of [
    '',
    '{',
    '{}',
    'null',
    '[]',
    '"log"',
    '{"log":"x',
    '{"log":"x\\n"',
    '{"log":"x\\n","stream":"stdout","time":"2026',
    `{"log":"x\\n","time":"${time}"}}`,
    `{"log":"x\\n","time":"${time}"} x`,
    `{"log":"x\\n""time":"${time}"}`,
    `{"log":"x\\n",,"time":"${time}"}`,
    `{"log":"x\\n","time":"${time}",}`,
    `{"log":12,"time":"${time}"}`,
    `{"log":"x\\n","stream":"stdin","time":"${time}"}`,
    `{"log":"x\\q\\n","time":"${time}"}`,
    `{"log":"x\\u12g4\\n","time":"${time}"}`,
    `{"log":"x\\u12","time":"${time}"}`,
    `{"log":"a\\nb\\n","time":"${time}"}`,
    `{"log":"a\u0000b\\n","time":"${time}"}`,
    `{"time":"${time}","msg":"mine"}`,
    '{"log":"x","level":"info"}',
    '{"msg":"x"}',
    '{"attrs":{}}',
    '{"attrs":{"a":"}',
    ` {"log":"x\\n","time":"${time}"}`,
  ]) {
    assert.equal(read(line), null, line)
  }
})

test('S-DOCKER-04 a refused line leaves nothing behind, and no bytes make the parser fail or read past the line', () => {
  const parser = new DockerParser()
  assert.ok(read(`{"log":"x\\n","stream":"stderr","time":"${time}"}`, parser))
  assert.equal(read('{"log":"y\\n","stream":"stderr","time', parser), null)
  assert.deepEqual(read('{"log":"z\\n"}', parser), {
    sec: null,
    ns: null,
    iostream: 0,
    partial: false,
    hasTime: false,
    content: 'z',
  })
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"log"',
    '"time"',
    '"',
    '\\',
    '\\n',
    '\\ud83d',
    'null',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const line = `{"log"${pieces.join('')}`
      const found = read(line, parser)
      let parsed: unknown
      try {
        parsed = JSON.parse(line)
      } catch {
        return
      }
      const { log } = parsed as { log: unknown }
      if (found !== null)
        assert.equal(found.content, typeof log === 'string' ? log.replace(/\n$/, '').toWellFormed() : '')
    }),
    { numRuns: 3000 },
  )
})
