/** Lines without a browser: hostile text, fields, traces, rows, exports. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { parsePieces, plainText } from '../../page/model/ansi.ts'
import type { Entry, LineEntry } from '../../page/model/entry.ts'
import { exportEntry, exportHead } from '../../page/model/export-text.ts'
import { fieldsOf, prettyJson, rawField } from '../../page/model/line-fields.ts'
import { shownPieces } from '../../page/model/line-pieces.ts'
import { createItem, createSources, layRows } from '../../page/model/rows.ts'
import { isContinuation } from '../../page/model/stack-trace.ts'

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
  assert.equal(rawField(line, { name: 'at.n', value: '1' }), '"n":1')
  const logfmt = 'ts=1 level=warn msg="a \\"b\\"" path=/x'
  assert.deepEqual(
    fieldsOf(logfmt).map(({ name, value }) => `${name}=${value}`),
    ['ts=1', 'level=warn', 'msg=a "b"', 'path=/x'],
  )
  assert.equal(rawField(logfmt, { name: 'path', value: '/x' }), 'path=/x')
  assert.deepEqual(fieldsOf('a sentence with one=pair alone'), [])
  assert.equal(prettyJson('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}')
  assert.equal(prettyJson('{"a":'), null)
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

test('S-PAGE-67 traces of one container are folded behind their first line; a new instance is marked', () => {
  for (const line of [
    '\tat a.B.c(B.java:1)',
    '    at run (x.js:1:2)',
    'Caused by: x',
    '  File "a.py", line 1',
    '... 7 more',
  ])
    assert.ok(isContinuation(line), line)
  for (const line of ['2026-11-30 10:11 at noon', '{"a":1}', 'plain', '[INFO] at x', 'E1130 at x'])
    assert.ok(!isContinuation(line), line)
  const sourceOf = createSources()
  const items = [
    lineOf('Exception: x'),
    lineOf('\tat one'),
    lineOf('\tat two'),
    lineOf('\tat of another', { pod: 'web-1' }),
    lineOf('begun', { restart: 1 }),
  ].map((entry, key) => createItem(entry, key, sourceOf(entry)))
  const told = (unfolded: ReadonlySet<number>): string[] =>
    layRows(items, unfolded).map((row) =>
      row.kind === 'restart' ? 'restart' : `${row.item.key}+${row.folded.length}`,
    )
  assert.deepEqual(told(new Set()), ['0+2', '3+0', 'restart', '4+0'])
  assert.deepEqual(told(new Set([0])), ['0+0', '1+0', '2+0', '3+0', 'restart', '4+0'])
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
