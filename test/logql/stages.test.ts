/** Every stage of a pipeline over single lines. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogqlError } from '../../src/logql/error.ts'
import { labelsOf, passLine } from '../support/logql-line.ts'

function refuses(stages: string, message: RegExp): void {
  assert.throws(
    () => passLine(stages, ''),
    (error) => error instanceof LogqlError && message.test(error.message),
    stages,
  )
}

function passes(stages: string, line: string): boolean {
  return passLine(stages, line) !== null
}

test('S-LOGQL-20 line filters take any of several texts, and their negations none of them', () => {
  assert.ok(passes('|= "b" or "x"', 'abc'))
  assert.ok(!passes('|= "x" or "y"', 'abc'))
  assert.ok(!passes('!= "x" or "b"', 'abc'))
  assert.ok(passes('|~ "^a.c$" !~ "[0-9]"', 'abc'))
  assert.ok(passes('|= ""', 'abc'))
  assert.ok(!passes('!= ""', 'abc'))
  refuses('|~ "("', /error parsing regexp/)
})

test('S-LOGQL-21 placeholders of pattern filters take a character at least, and a text at the end ends the line', () => {
  assert.ok(passes('|> "<_> status=<_>"', 'GET /x status=200'))
  assert.ok(!passes('|> "<_> status=<_>"', 'GET /x status='))
  assert.ok(passes('|> "GET <_> 200"', 'a GET /x 200'))
  assert.ok(!passes('|> "GET <_> 200"', 'GET /x 200 more'))
  assert.ok(passes('!> "GET <_>"', 'POST /x'))
  refuses('|> "<name> x"', /named captures/)
})

test('S-LOGQL-22 ip() finds addresses of a network, a range or one address anywhere in the line', () => {
  assert.ok(passes('|= ip("10.0.0.0/8")', 'from 10.2.3.4:80 to x'))
  assert.ok(!passes('|= ip("10.0.0.0/8")', 'from 110.2.3.4 to x'))
  assert.ok(passes('|= ip("10.0.0.1-10.0.0.9")', '[10.0.0.9]'))
  assert.ok(passes('|= ip("fe80::/10")', 'fe80::1 up'))
  assert.ok(passes('!= ip("10.0.0.1")', 'no address'))
  for (const bad of ['10.0.0.0/33', '10.0.0.9-10.0.0.1', 'x', '10.0.0.1-fe80::1', '1.2.3.4/-1']) {
    refuses(`|= ip("${bad}")`, /ip:/)
  }
  refuses('|~ ip("10.0.0.1")', /unsupported with operator/)
})

test('S-LOGQL-23 json gives nested members with _, in the order and with the digits of the line', () => {
  const line = '{"a":{"b-c":1.50,"d":null,"e":[1]},"1x":true,"s":"q\\"\\u00e9\\n","s":"again","":{"z":"y"}}'
  assert.deepEqual(labelsOf('| json', line), { a_b_c: '1.50', _1x: 'true', s: 'q"é\n', z: 'y' })
  assert.deepEqual(
    labelsOf('| json', '{"app":"l","own":"m"}', { labels: { app: 's' }, metadata: { own: 'd' } }),
    {
      app: 's',
      app_extracted: 'l',
      own: 'd',
      own_extracted: 'm',
    },
  )
  assert.deepEqual(labelsOf('| json', 'plain text'), { __error__: 'JSONParserErr' })
  assert.deepEqual(labelsOf('| json', '{"a":1,"b"'), { a: '1', __error__: 'JSONParserErr' })
  assert.deepEqual(labelsOf('| json', '{"a":"b\\q"}'), { __error__: 'JSONParserErr' })
  assert.equal(labelsOf('| json', `${'{"a":'.repeat(10_000)}1`)?.__error__, 'JSONParserErr')
})

test('S-LOGQL-24 field expressions of json take paths, and objects as they are written', () => {
  const line = '{"a":{"b c":[{"d":"x"},2.0]},"n":null,"e":{ "f" : 1 }}'
  const stages = '| json d="a[\\"b c\\"][0].d", two="[\\"a\\"][\\"b c\\"][1]", none="a.z", n, e'
  assert.deepEqual(labelsOf(stages, line), { d: 'x', two: '2.0', none: '', n: '', e: '{ "f" : 1 }' })
  assert.deepEqual(labelsOf('| json a="a"', 'x'), { __error__: 'JSONParserErr' })
  for (const bad of ['a..b', '.a', 'a[', 'a[x]', '', 'a b'])
    refuses(`| json x="${bad}"`, /cannot parse expression/)
})

test('S-LOGQL-25 logfmt skips what is no pair, strictly it stops there', () => {
  const line = 'level=info msg="a \\"b\\"\\n" empty= bare x=1=2 ok=yes level=again'
  assert.deepEqual(labelsOf('| logfmt', line), { level: 'info', msg: 'a "b"\n', ok: 'yes' })
  assert.deepEqual(labelsOf('| logfmt --keep-empty', line), {
    level: 'info',
    msg: 'a "b"\n',
    empty: '',
    bare: '',
    ok: 'yes',
  })
  assert.deepEqual(labelsOf('| logfmt --strict', line), {
    level: 'info',
    msg: 'a "b"\n',
    __error__: 'LogfmtParserErr',
  })
  assert.deepEqual(labelsOf('| logfmt lvl="level", none="nope"', line), { lvl: 'info', none: '' })
  assert.deepEqual(labelsOf('| logfmt', 'a.b=1 c="never ends'), { a_b: '1' })
  refuses('| logfmt x="a b"', /cannot parse expression/)
})

test('S-LOGQL-26 pattern and regexp take labels from places in the line', () => {
  assert.deepEqual(labelsOf('| pattern "<ip> - <_> \\"<method> <path>\\""', '1.2.3.4 - x "GET /p"'), {
    ip: '1.2.3.4',
    method: 'GET',
    path: '/p',
  })
  assert.deepEqual(labelsOf('| pattern "a <b>"', 'x a y'), {})
  assert.deepEqual(labelsOf('| pattern "<a>?<b>"', 'no question'), { a: 'no question' })
  assert.deepEqual(labelsOf('| regexp "(?P<verb>[A-Z]+) (?P<code>\\\\d+)?"', 'x GET y'), {
    verb: 'GET',
    code: '',
  })
  assert.deepEqual(labelsOf('| regexp "(?P<verb>[A-Z]+)"', 'none'), {})
})

test('S-LOGQL-27 unpack takes the packed line and its labels', () => {
  const packed = passLine('| unpack', '{"_entry":"the line","pod":"p","n":1}', { labels: { pod: 's' } })
  assert.deepEqual(packed, { line: 'the line', labels: { pod: 's', pod_extracted: 'p' } })
  assert.deepEqual(labelsOf('| unpack', '[1]'), { __error__: 'JSONParserErr' })
})

test('S-LOGQL-28 label filters compare texts, numbers, durations, sizes and addresses', () => {
  const holds = (filter: string, value: string) =>
    labelsOf(`| v ${filter}`, '', { labels: { v: value } }) !== null
  assert.ok(
    holds('= "a"', 'a') && !holds('!= "a"', 'a') && holds('=~ "a.*"', 'abc') && !holds('=~ "b"', 'abc'),
  )
  assert.ok(holds('>= 1.5e3', '1500') && !holds('> 1500', '1500') && holds('!= 2', '3') && holds('> -1', '0'))
  assert.ok(holds('> 1m', '1m1s') && holds('== 1.5s', '1500ms') && !holds('< 1h', '1h'))
  assert.ok(holds('> 1KB', '1.5 kb') && holds('== 1KiB', '1024B') && !holds('> 1MB', '1mb'))
  assert.ok(holds('= ip("10.0.0.0/8")', 'at 10.1.1.1') && holds('!= ip("10.0.0.0/8")', 'x'))
  assert.equal(labelsOf('| none > 1', ''), null)
  assert.deepEqual(labelsOf('| v > 1', '', { labels: { v: 'x' } }), { v: 'x', __error__: 'LabelFilterErr' })
  assert.deepEqual(labelsOf('| none = ""', '', { labels: { v: 'x' } }), { v: 'x' })
})

test('S-LOGQL-28 behind an error numbers are compared as ever, addresses are not looked at; the first error stays', () => {
  const json = { __error__: 'JSONParserErr' }
  const after = (filter: string, v: string) => labelsOf(`| json | v ${filter}`, 'no json', { labels: { v } })
  assert.deepEqual([after('> 1', '2'), after('> 1', '1')], [{ v: '2', ...json }, null])
  assert.deepEqual(after('> 1s', 'x'), { v: 'x', ...json })
  assert.deepEqual(after('= ip("10.0.0.1")', '10.0.0.2'), { v: '10.0.0.2', ...json })
  assert.equal(labelsOf('| v = ip("10.0.0.1")', '', { labels: { v: '10.0.0.2' } }), null)
  // A text without an address holds none of the network.
  assert.equal(labelsOf('| v = ip("10.0.0.0/8")', '', { labels: { v: 'none' } }), null)
  assert.deepEqual(labelsOf('| v != ip("10.0.0.0/8")', '', { labels: { v: 'none' } }), { v: 'none' })
  assert.equal(labelsOf('| v != ip("10.0.0.0/8")', ''), null)
})

test('S-LOGQL-29 label_format renames and sets, line_format writes the line anew', () => {
  const labels = { a: '1', b: '2' }
  assert.deepEqual(labelsOf('| label_format c=a', '', { labels }), { b: '2', c: '1' })
  assert.deepEqual(labelsOf('| label_format c=none', '', { labels }), labels)
  assert.deepEqual(labelsOf('| label_format c="{{.a}}-{{.b}}", d="x"', '', { labels }), {
    ...labels,
    c: '1-2',
    d: 'x',
  })
  assert.equal(passLine('| line_format "{{.a}}:{{.none}}:{{__line__}}"', 'l', { labels })?.line, '1::l')
  refuses('| label_format a="1", a="2"', /multiple label name/)
  refuses('| label_format __error__="x"', /cannot be formatted/)
  refuses('| line_format "{{.a"', /invalid template/)
})

test('S-LOGQL-30 drop and keep take names and conditions; what went wrong is dropped by its name alone', () => {
  const labels = { a: '1', b: '2', c: '3' }
  assert.deepEqual(labelsOf('| drop a, b="9", c="3"', '', { labels }), { b: '2' })
  assert.deepEqual(labelsOf('| keep a, b="9"', '', { labels }), { a: '1' })
  assert.deepEqual(labelsOf('| json | keep a', 'x', { labels }), { a: '1', __error__: 'JSONParserErr' })
  assert.deepEqual(labelsOf('| json | drop __error__', 'x', { labels }), labels)
  assert.deepEqual(labelsOf('| drop a | json', '{"a":"n"}', { labels }), { b: '2', c: '3', a_extracted: 'n' })
})

test('S-LOGQL-31 decolorize takes the colours of terminals away', () => {
  assert.equal(
    passLine('| decolorize', '\u001b[1;31mred\u001b[0m plain \u001b[38;5;12mx')?.line,
    'red plain x',
  )
})
