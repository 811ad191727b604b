/** The reader of logfmt pairs, against a writer of such lines, and against lines made to upset it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { visitLogfmt } from '../../src/query/fields/logfmt.ts'

type Pair = readonly [key: string, value: string]

function pairsOf(line: string): Pair[] {
  const pairs: Pair[] = []
  visitLogfmt(line, (key, value) => pairs.push([key, value]))
  return pairs
}

const key = fc.stringMatching(/^[A-Za-z_@][A-Za-z0-9_.@/-]{0,12}$/)
const anyText = fc.string({ unit: 'binary', maxLength: 30 })
const bareValue = anyText.map((text) => text.replaceAll(/[^!-\uffff]|"/gu, ''))
/** A word that is no pair: no key that a `=` follows, and no quote that swallows what comes after. */
const bareWord = fc.constantFrom('msg', 'I0102', '7=x', '-a=b', '=', '==1', '[a=1]', '"a=b c=d"', 'x"y z=1"w')
const space = fc.stringMatching(/^[ \t]{1,3}$/)

const item = fc.oneof(
  { weight: 4, arbitrary: fc.record({ key, value: bareValue, isQuoted: fc.constant(false) }) },
  { weight: 4, arbitrary: fc.record({ key, value: anyText, isQuoted: fc.constant(true) }) },
  { weight: 2, arbitrary: bareWord },
)

test('S-LOGFMT-01 pairs come back as they were written, quoted or not, between words that are none', () => {
  const property = fc.property(fc.array(fc.tuple(item, space), { maxLength: 12 }), (items) => {
    let line = ''
    const expected: (readonly [string, string, boolean])[] = []
    for (const [part, gap] of items) {
      if (typeof part === 'string') line += part
      else {
        const { key, value, isQuoted } = part
        line += `${key}=${isQuoted ? JSON.stringify(value) : value}`
        expected.push([key, value, isQuoted])
      }
      line += gap
    }
    const found: (readonly [string, string, boolean])[] = []
    visitLogfmt(line, (...pair) => found.push(pair))
    assert.deepEqual(found, expected)
  })
  fc.assert(property, { numRuns: 2000 })
})

test('S-LOGFMT-02 lines of Go loggers, klog and prose', () => {
  const cases: readonly (readonly [line: string, pairs: readonly Pair[]])[] = [
    [
      'time="2026-05-28T20:26:40Z" level=info msg="started \\"x\\"" took=3.5ms',
      [
        ['time', '2026-05-28T20:26:40Z'],
        ['level', 'info'],
        ['msg', 'started "x"'],
        ['took', '3.5ms'],
      ],
    ],
    [
      'I0528 20:26:40.000000   1 sync.go:42] "Synced a=b" pod="kube-system/dns" node="n1" tries=3',
      [
        ['pod', 'kube-system/dns'],
        ['node', 'n1'],
        ['tries', '3'],
      ],
    ],
    [
      'url=http://host/?a=1&b=2 token=YWJj== app.kubernetes.io/name=web größe=3',
      [
        ['url', 'http://host/?a=1&b=2'],
        ['token', 'YWJj=='],
        ['app.kubernetes.io/name', 'web'],
        ['größe', '3'],
      ],
    ],
    ['GET /index?x=1&y=2 --flag=on http://host/p=1 {a=1} (b=2) 5=6', []],
    ['10.0.0.1 - - "GET /?a=1 b=2 HTTP/1.1" 200', []],
    [
      'a= b="" c=1 c=2\r',
      [
        ['a', ''],
        ['b', ''],
        ['c', '1'],
        ['c', '2'],
      ],
    ],
    [
      'first line a=1\nsecond b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['bad\ufffdutf=1 \u00a0x=1 ok=bad\ufffd', [['ok', 'bad\ufffd']]],
    ['', []],
  ]
  for (const [line, pairs] of cases) assert.deepEqual(pairsOf(line), pairs, line)
})

test('S-LOGFMT-03 escapes of Go and of JSON are decoded, what is none stays', () => {
  const text = String.raw`"\n\t\r\b\f\a\v\\\"\'\/ \x1b[31m \u00e9\ud83d\ude00 \U0001F600 \q \x4 \u12 \Uffffffff"`
  const value = `\n\t\r\b\f\u0007\v\\"'/ \u001b[31m é😀 😀 \\q \\x4 \\u12 \\Uffffffff`
  assert.deepEqual(pairsOf(`a=${text} b=1`), [
    ['a', value],
    ['b', '1'],
  ])
})

test('S-LOGFMT-04 a quote that nothing closes reaches to the end of the line', () => {
  assert.deepEqual(pairsOf('a=1 msg="cut here b=2 \\" c=3'), [
    ['a', '1'],
    ['msg', 'cut here b=2 " c=3'],
  ])
  assert.deepEqual(pairsOf('say "a b=2 c=3'), [
    ['b', '2'],
    ['c', '3'],
  ])
  assert.deepEqual(pairsOf('a="x\\'), [['a', 'x\\']])
  assert.deepEqual(pairsOf('a="x"y=1 b=2'), [
    ['a', 'x'],
    ['b', '2'],
  ])
})

test('S-LOGFMT-05 any text is read, in time that grows with its length', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('a', '=', '"', '\\', ' ', '\n', '\ud800', '\u2028', '1'),
  })
  const property = fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (line) => {
    for (const [key] of pairsOf(line)) assert.match(key, /^[^\s"=]+$/)
  })
  fc.assert(property, { numRuns: 2000 })
  // Each of these takes hours where something is searched for again and again.
  const count = 400_000
  for (const piece of ['\\" ', 'x" ', '"', 'a=', 'a="', 'a ', '=', 'a="\\" ']) {
    assert.ok(pairsOf(piece.repeat(count)).length <= count)
  }
})
