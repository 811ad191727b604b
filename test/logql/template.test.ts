/** Templates, after what Go's text/template and the functions of Loki and sprig do. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogqlError } from '../../src/logql/error.ts'
import { passLine } from '../support/logql-line.ts'

const labels = { a: 'Hello World', n: '7', f: '2.5', empty: '', json: '{"k":[{"v":1},{"v":"x"}],"t":true}' }
const time = { sec: 1_767_225_600, ns: 123_456_789 }

/** Null: it went wrong. */
function written(template: string): string | null {
  const passed = passLine(`| line_format \`${template}\``, 'the line', { labels, time })
  return passed?.labels.__error__ === undefined ? (passed?.line ?? null) : null
}

const cases: readonly (readonly [template: string, text: string | null])[] = [
  ['{{.a}}!', 'Hello World!'],
  ['x {{- .n -}} y', 'x7y'],
  ['{{/* nothing */}}z', 'z'],
  ['{{if .empty}}a{{else if eq .n "7"}}b{{else}}c{{end}}', 'b'],
  ['{{with .a}}{{.}}{{end}}{{with .none}}x{{else}}-{{end}}', 'Hello World-'],
  ['{{range $i, $e := (fromJson .json).k}}{{$i}}={{$e.v}};{{end}}', '0=1;1=x;'],
  ['{{range (fromJson .json).none}}x{{else}}none{{end}}', 'none'],
  ['{{range $i, $e := (fromJson .json).k}}{{if $i}}{{break}}{{end}}{{$e.v}}{{end}}', '1'],
  ['{{$x := "v"}}{{$x = upper $x}}{{$x}}{{$.n}}', 'V7'],
  ['{{and .a .empty}}|{{or .empty .n}}|{{not .empty}}', '|7|true'],
  ['{{eq .n "7" }}{{ne .n "7"}}{{lt 1 2}}{{ge 2.5 2.5}}{{gt "b" "a"}}', 'truefalsetruetruetrue'],
  ['{{eq .n 7}}', null],
  ['{{len .a}}{{index (fromJson .json) "t"}}{{slice .a 0 5}}', '11trueHello'],
  ['{{printf "%s|%5d|%-4s|%05.1f|%q|%x|%v" .n 42 "ab" 2.25 "q" 255 true}}', '7|   42|ab  |002.3|"q"|ff|true'],
  ['{{printf "%d" .n}}', '%!d(string=7)'],
  ['{{print "a" 1 2 "b"}}{{html "<a>"}}', 'a1 2b&lt;a&gt;'],
  ['{{.a | lower | title | trunc 5}}{{.a | trunc -5}}', 'HelloWorld'],
  ['{{substr 6 -1 .a}}{{substr 0 5 .a}}{{"é" | trunc 1 | len}}', 'WorldHello3'],
  ['{{contains "World" .a}}{{hasPrefix "H" .a}}{{hasSuffix "x" .a}}', 'truetruefalse'],
  ['{{"a\\nb" | indent 2}}{{"c" | nindent 1}}', '  a\n  b\n c'],
  ['{{replace "l" "L" .a}}{{Replace .a "o" "0" 1}}', 'HeLLo WorLdHell0 World'],
  ['{{repeat 3 "ab"}}{{repeat 100000000 "ab"}}', null],
  ['{{trimAll "Hd" .a}}{{trimPrefix "He" "Hex"}}{{TrimLeft "xxa" "x"}}{{TrimSpace " b "}}', 'ello Worlxab'],
  [
    '{{regexReplaceAll "(l+)o" .a "<$1>"}}{{regexReplaceAllLiteral "o" .a "$1"}}{{count "l" .a}}',
    'He<ll> WorldHell$1 W$1rld3',
  ],
  ['{{urlencode "a b&c/é"}}{{urldecode "a+b%26%c3%a9"}}', 'a+b%26c%2F%C3%A9a b&é'],
  [
    '{{b64enc "hi?"}}{{b64dec "aGk/"}}{{alignLeft 7 "ab"}}|{{alignRight 4 "ab"}}{{alignRight 1 "ab"}}',
    'aGk/hi?ab     |  abb',
  ],
  ['{{default "d" .empty}}{{.a | default "d"}}', 'dHello World'],
  ['{{add 1 .n 2}}{{sub 9 .n}}{{mul 2 3 4}}{{div 7 2}}{{mod -7 3}}', '102243-1'],
  ['{{div 1 0}}', null],
  ['{{addf 0.1 0.2}}|{{subf 1 0.9}}|{{mulf .f 3}}|{{divf 1 3}}', '0.3|0.1|7.5|0.3333333333333333'],
  [
    '{{min 3 "1" 2}}{{maxf 1.5 .f}}{{ceil .f}}{{floor .f}}{{round 2.345 2}}{{int .f}}{{float64 "1e7"}}',
    '12.5322.3501e+07',
  ],
  ['{{bytes "2 KiB"}}{{duration "1m30s"}}{{duration_seconds "x"}}', null],
  ['{{bytes "2 KiB"}} {{duration "1m30s"}}', '2048 90'],
  [
    '{{__timestamp__ | unixEpoch}} {{__timestamp__ | unixEpochMillis}} {{unixEpochNanos __timestamp__}}',
    '1767225600 1767225600123 1767225600123456789',
  ],
  ['{{date "Mon, 2 Jan 2006 15:04:05.000 -0700" __timestamp__}}', 'Thu, 1 Jan 2026 00:00:00.123 +0000'],
  [
    '{{toDate "2006-01-02 3:04 PM" "2026-03-04 1:02 PM" | date "2006-01-02T15:04:05Z07:00"}}',
    '2026-03-04T13:02:00Z',
  ],
  ['{{toDateInZone "2006-01-02 15:04" "Europe/Berlin" "2026-07-01 12:00" | unixEpoch}}', '1782900000'],
  ['{{unixToTime "1767225600000" | date "2006-002"}}', '2026-001'],
  ['{{title "it\'s o\'neil-x_y 3d él ßa"}}', "It'S O'Neil-X_y 3d Él ßa"],
  ['{{round 1.2 0}} {{round 1.5 0}} {{round -1.2 0}} {{round -1.7 0}} {{round -1.0 0}}', '1 2 -2 -2 -1'],
  ['{{round 123.5555 3}} {{round -123.5555 3}} {{round 123.53 0 .6}}', '123.556 -123.556 123'],
  ['{{urlquery "a b" "&(c)é"}}', 'a+b%26%28c%29%C3%A9'],
  ['{{printf "%f %f %T" 3 (add 1 2) 3}}', '%!f(int=3) %!f(int64=3) int'],
  ['{{printf "%d" 1 2}}', '1%!(EXTRA int=2)'],
  [
    '{{printf "%s|%v" __timestamp__ __timestamp__}}',
    '2026-01-01 00:00:00.123456789 +0000 UTC'.concat('|2026-01-01 00:00:00.123456789 +0000 UTC'),
  ],
  ['[{{index . "none"}}] {{index . "n"}} [{{index (fromJson .json) "none"}}]', '[] 7 [<no value>]'],
  ['{{$labels := .}}[{{$labels.none}}]{{with $labels}}[{{.none}}]{{.n}}{{end}}', '[][]7'],
  ['{{__line__ | upper}}{{.n.x}}', null],
  ['{{.a "b"}}', null],
]

test('S-LOGQL-40 templates write what they write in Go with the functions of Loki', () => {
  assert.deepEqual(
    cases.map(([template]) => [template, written(template)]),
    cases,
  )
})

const refused = [
  '{{',
  '{{.a',
  '{{end}}',
  '{{if .a}}',
  '{{if}}x{{end}}',
  '{{nofunction .a}}',
  '{{.a | }}',
  '{{| upper}}',
  '{{$x}}',
  '{{break}}',
  '{{template "x"}}',
  '{{"unclosed}}',
  '{{.a | 1}}',
  '{{range .a}}{{else}}{{else}}{{end}}',
  '{{(.a}}',
  "{{'a}}",
]

test('S-LOGQL-41 a template that cannot be read is refused before any line is looked at', () => {
  for (const template of refused) {
    assert.throws(() => written(template), LogqlError, template)
  }
})

test('S-LOGQL-42 what a template writes and how long it runs is bounded', () => {
  assert.equal(written('{{range 90000}}{{repeat 1000 "x"}}{{end}}'), null)
  assert.equal(written('{{range 90000}}{{range 90000}}{{end}}{{end}}'), null)
  assert.throws(() => written(`${'{{if .a}}'.repeat(500)}${'{{end}}'.repeat(500)}`), LogqlError)
  assert.throws(() => written(`{{${'('.repeat(5_000)}.a${')'.repeat(5_000)}}}`), LogqlError)
})
