/** Lines without a browser: hostile text, fields, traces, rows, exports. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { anchorTo, findAnchor, isWithin } from '../../page/model/anchor.ts'
import { harmlessText, parsePieces, plainText } from '../../page/model/ansi.ts'
import type { Entry, LineEntry } from '../../page/model/entry.ts'
import { exportEntry, exportHead } from '../../page/model/export-text.ts'
import { fieldTerm, valueTerm } from '../../page/model/field-term.ts'
import { fieldsOf, prettyJson } from '../../page/model/line-fields.ts'
import { shownPieces } from '../../page/model/line-pieces.ts'
import { createItem, createSources, layRows } from '../../page/model/rows.ts'
import { parseSearch, type Wanted, withTerm } from '../../page/model/search-text.ts'
import { tracePartOf } from '../../page/model/stack-trace.ts'

const charsMax = 64 * 1024

test('S-PAGE-65 colours of terminals become classes, other escapes are left out, hidden characters are named', () => {
  const pieces = (text: string): string[] =>
    parsePieces(text).map(({ text, className, isMark }) => `${isMark ? 'mark ' : ''}${className}:${text}`)
  assert.deepEqual(pieces('a\u001b[31mb\u001b[1;4mc\u001b[0md'), [
    ':a',
    'fg-red:b',
    'fg-red bold underline:c',
    ':d',
  ])
  assert.deepEqual(pieces('\u001b[38;5;196mx\u001b[39m\u001b[48;2;0;0;255my'), ['fg-red:x', 'bg-blue:y'])
  assert.deepEqual(pieces('\u001b[2J\u001b[1;1H\u001b]0;t\u0007\u001bMz'), [':z'])
  assert.deepEqual(pieces('a\u202eb\u0007c\td'), [':a', 'mark :U+202E', ':b', 'mark :\u2407', ':c\td'])
  assert.equal(plainText('\u001b[31mred\u001b[0m'), 'red')
  assert.equal(harmlessText('\u001b[31mred\u001b[0m\t1\n\u0007\u202e\u001b[ é'), 'red\t1\n[ é')
  // Sequences without an end are no reason to read the rest of the line again and again.
  for (const sequence of ['\u001b[', '\u001b]', `\u001b[${'1;'.repeat(50)}`])
    assert.ok(parsePieces(sequence.repeat(charsMax / sequence.length)).length > 0)
})

test('S-PAGE-65 only http and https become links, and marks cross the borders of colours', () => {
  const linked = (text: string): (string | null)[] =>
    shownPieces(text, null).flatMap(({ href }) => (href === null ? [] : [href]))
  assert.deepEqual(linked('see (https://a.example/b?c=1&d=2), http://x.'), [
    'https://a.example/b?c=1&d=2',
    'http://x',
  ])
  assert.deepEqual(linked('javascript:alert(1) data:text/html,x ftp://a xhttps://b file:///c'), [])
  const hits = shownPieces('or\u001b[31mder\u001b[0m', (text) => [[0, text.length]])
  assert.deepEqual(
    hits.map(({ text, isHit }) => [text, isHit]),
    [
      ['or', true],
      ['der', true],
    ],
  )
  assert.equal(shownPieces('x'.repeat(5000), null)[0]?.text.length, 2000)
})

test('S-PAGE-66 fields of JSON and logfmt are found, and the text by which equal values are found', () => {
  const line = '2026-11-30 {"level":"info","at":{"n":1,"list":[1,2]},"none":null}'
  assert.deepEqual(
    fieldsOf(line).map(({ name, value }) => `${name}=${value}`),
    ['level=info', 'at.n=1', 'at.list=[1,2]', 'none=null'],
  )
  const raw = '{"id":12345678901234567890,"price":1.50,"list":[1.0, 2],"at":{"n":1e3}}'
  assert.deepEqual(
    fieldsOf(raw).map(({ value }) => value),
    ['12345678901234567890', '1.50', '[1.0,2]', '1e3'],
  )
  const logfmt = 'ts=1 level=warn msg="a \\"b\\"" path=/x'
  assert.deepEqual(
    fieldsOf(logfmt).map(({ name, value }) => `${name}=${value}`),
    ['ts=1', 'level=warn', 'msg=a "b"', 'path=/x'],
  )
  assert.deepEqual(fieldsOf('a sentence with one=pair alone'), [])
  assert.equal(prettyJson('at 10:11 {"a":[1.0]}'), 'at 10:11 {\n  "a": [\n    1.0\n  ]\n}')
  assert.equal(prettyJson('{"a":'), null)
})

test('S-PAGE-66 a value of a field finds lines with this value, not those with a longer one', () => {
  const finds = ({ kind, text }: Wanted, line: string): boolean =>
    kind === 'text' ? line.includes(text) : new RegExp(text).test(line)
  const cases: [line: string, name: string, value: string, same: string[], others: string[]][] = [
    ['{"n":1,"m":2}', 'n', '1', ['{"m":2,"n":1}', '{"n":1 }'], ['{"n":15}', '{"nn":1}', '{"n":"1"}']],
    ['{"user":"ann"}', 'user', 'ann', ['{"user":"ann","x":1}'], ['{"user":"anna"}']],
    ['a=1 user_id=1', 'user_id', '1', ['user_id=1 b=2', 'x user_id="1"'], ['user_id=12', 'a.user_id=1']],
    ['a=1 path=/x/(y)', 'path', '/x/(y)', ['path=/x/(y)'], ['path=/x/(y)/z']],
    ['a=1 b=', 'b', '', ['b= c', 'b=""'], ['b=1']],
  ]
  for (const [line, name, value, same, others] of cases) {
    for (const term of [fieldTerm(line, { name, value }), valueTerm({ name, value }, false)]) {
      const [parsed] = [parseSearch(withTerm('', term, false))].flatMap((search) =>
        search.kind === 'terms' ? search.terms : [],
      )
      assert.deepEqual([parsed?.kind, parsed?.text], [term.kind, term.text])
      for (const text of [line, ...same]) assert.ok(finds(term, text), `${term.text} finds ${text}`)
    }
    const exact = fieldTerm(line, { name, value })
    for (const text of others) assert.ok(!finds(exact, text), `${exact.text} does not find ${text}`)
  }
  const counted = valueTerm({ name: 'at.n', value: '1' }, false)
  for (const line of ['{"at":{"n":1}}', '{"at":{"n":"1"}}', 'at.n=1']) assert.ok(finds(counted, line), line)
  for (const line of ['{"at":{"n":11}}', 'at.n=11', '{"m":1}']) assert.ok(!finds(counted, line), line)
  assert.ok(finds(valueTerm({ name: 'a', value: 'long' }, true), '{"a":"longer than that"}'))
})

function lineOf(line: string, more: Partial<LineEntry> = {}): LineEntry {
  return {
    kind: 'line',
    time: '2026-11-30T10:11:12.123456789Z',
    namespace: 'shop',
    pod: 'api-1',
    podUid: 'u',
    container: 'api',
    node: 'n1',
    restart: 0,
    flags: [],
    cursor: randomUUID(),
    stream: 'stdout',
    level: 'info',
    line,
    ...more,
  }
}

function layOut(
  entries: readonly LineEntry[],
  unfolded: ReadonlySet<number> = new Set(),
  isOn = true,
): string[] {
  const sourceOf = createSources()
  const items = entries.map((entry, key) => createItem(entry, key, sourceOf(entry)))
  return layRows(items, { unfolded, isOn }).map((row) =>
    row.kind === 'restart'
      ? `restart${row.isNewPod ? ' as a new pod' : ''}`
      : `${row.item.key}+${row.folded.length}`,
  )
}

const trace = ['Exception: x', '\tat one', '\tat two']

test('S-PAGE-67 traces of one container are folded behind their first line; a new instance is marked', () => {
  const parts: Readonly<Record<string, string>> = {
    '\tat a.B.c(B.java:1)': 'frame',
    '    at run (x.js:1:2)': 'frame',
    '  File "a.py", line 1': 'frame',
    '\t/app/main.go:12 +0x1d': 'frame',
    'Caused by: x': 'inner',
    '... 7 more': 'inner',
    'main.main()': 'call',
  }
  for (const [line, part] of Object.entries(parts)) assert.equal(tracePartOf(line), part, line)
  for (const line of [
    '2026-11-30 10:11 at noon',
    '{"a":1}',
    'plain',
    '[INFO] at x',
    'E1130 at x',
    'Error: x',
  ])
    assert.equal(tracePartOf(line), null, line)
  const entries = [
    ...trace.map((line) => lineOf(line)),
    lineOf('\tat of another', { pod: 'web-1' }),
    lineOf('begun', { restart: 1 }),
  ]
  assert.deepEqual(layOut(entries), ['0+2', '3+0', 'restart', '4+0'])
  assert.deepEqual(layOut(entries, new Set([0])), ['0+0', '1+0', '2+0', '3+0', 'restart', '4+0'])
  // What a search found is shown.
  assert.deepEqual(layOut(entries.slice(0, 3), new Set(), false), ['0+0', '1+0', '2+0'])
})

test('S-PAGE-67 lines that each name an error, or are only indented or called alike, are no trace', () => {
  const lines = (...texts: string[]): string[] => layOut(texts.map((text) => lineOf(text)))
  assert.deepEqual(lines('Error: refused', 'Error: refused', 'java.io.IOException: pipe'), [
    '0+0',
    '1+0',
    '2+0',
  ])
  assert.deepEqual(lines('settings:', '  a: 1', '  b: 2'), ['0+0', '1+0', '2+0'])
  assert.deepEqual(lines('start', 'run(1)', 'run(2)', 'run(3)'), ['0+0', '1+0', '2+0', '3+0'])
  assert.deepEqual(lines('Error: one', ...trace, 'Caused by: y', '\tat three'), ['0+0', '1+4'])
  // The last line of Python's, which says what it was, stays in sight.
  assert.deepEqual(
    lines('Traceback (most recent call last):', '  File "a.py", line 1', '    run()', 'ValueError: x'),
    ['0+2', '3+0'],
  )
  assert.deepEqual(lines('panic: x', 'goroutine 1 [running]:', 'main.main()', '\t/app/main.go:12 +0x1d'), [
    '0+3',
  ])
})

test('S-PAGE-13 a pod that was made anew under its name begins a new instance, once', () => {
  const entries = [
    lineOf('first', { restart: 2 }),
    lineOf('of the new pod', { podUid: 'v' }),
    lineOf('late', { restart: 2 }),
    lineOf('of the new pod', { podUid: 'v' }),
    lineOf('restarted', { podUid: 'v', restart: 1 }),
  ]
  assert.deepEqual(layOut(entries), ['0+0', 'restart as a new pod', '1+0', '2+0', '3+0', 'restart', '4+0'])
})

test('S-PAGE-14 a place among the lines is found again with other filters: the line, or the next', () => {
  const at = (second: string, line: string): { readonly entry: LineEntry } => ({
    entry: lineOf(line, { time: `2026-11-30T10:11:${second}.000000000Z` }),
  })
  const items = [at('01', 'one'), at('02', 'two'), at('02', 'another two'), at('04', 'four')]
  const anchor = anchorTo(at('02', 'another two').entry, { isActive: true, isMarked: false })
  assert.deepEqual(findAnchor(items, anchor), { item: items[2], isExact: true })
  assert.deepEqual(findAnchor([at('01', 'one'), at('04', 'four')], anchor)?.item.entry.line, 'four')
  assert.deepEqual(findAnchor([at('01', 'one')], anchor)?.item.entry.line, 'one')
  assert.equal(findAnchor([], anchor), null)
  const ms = Date.parse(anchor.time)
  const cases: [number, number | null, boolean][] = [
    [ms - 1, null, true],
    [ms - 1, ms + 1, true],
    [ms, null, false],
    [ms - 1, ms, false],
  ]
  for (const [sinceMs, untilMs, fits] of cases) assert.equal(isWithin(anchor, { sinceMs, untilMs }), fits)
})

test('S-PAGE-68 entries are written as text, NDJSON and CSV; cells that spreadsheets would run are made text', () => {
  const entry = lineOf('=cmd, "x"\u001b[31m')
  assert.equal(
    exportEntry(entry, 'text', 'utc'),
    '[pod/api-1/api] 2026-11-30T10:11:12.123456789Z =cmd, "x"\u001b[31m\n',
  )
  assert.equal(
    exportHead('csv') + exportEntry(entry, 'csv', 'utc'),
    'time,namespace,pod,container,restart,stream,level,line\r\n' +
      '2026-11-30T10:11:12.123456789Z,shop,api-1,api,0,stdout,info,"\'=cmd, ""x""\u001b[31m"\r\n',
  )
  const gap: Entry = {
    ...lineOf(''),
    kind: 'gap',
    reason: 'truncated',
    bytes: 10,
    file: '0.log',
  } as unknown as Entry
  assert.match(
    exportEntry(gap, 'text', 'utc'),
    /\*\*\* 10 bytes of lines are missing here: their file was cut short \(0\.log\)/,
  )
  assert.equal(JSON.parse(exportEntry(entry, 'ndjson', 'utc')).line, entry.line)
})
