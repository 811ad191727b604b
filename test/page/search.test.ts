/** The search box without a browser: its grammar, its marks, its completions, the place of its errors. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completionsAt } from '../../page/model/completion.ts'
import { createHighlighter, isQuick } from '../../page/model/highlight.ts'
import { filterParameters } from '../../page/model/query-parameters.ts'
import {
  errorOffset,
  isMetricQuery,
  parseSearch,
  toBoxTerm,
  toParameter,
  withTerm,
} from '../../page/model/search-text.ts'
import { parseAddress } from '../../page/model/view-state.ts'

function parametersOf(box: string): string[] {
  const search = parseSearch(box)
  return search.kind === 'terms' ? search.terms.map(toParameter) : [search.query]
}

test('S-PAGE-60 the search box takes words, !words, "phrases" and /regex/, and LogQL where it begins with {', () => {
  assert.deepEqual(parametersOf('order !healthz'), ['"order"', '!"healthz"'])
  assert.deepEqual(parametersOf('"connection refused" !"a b"'), ['"connection refused"', '!"a b"'])
  assert.deepEqual(parametersOf('/5\\d\\d / !/a b/'), ['/5\\d\\d /', '!/a b/'])
  assert.deepEqual(parametersOf('/api/orders 1/2 a"b "open /open !'), [
    '"/api/orders"',
    '"1/2"',
    '"a"b"',
    '""open"',
    '"/open"',
    '"!"',
  ])
  assert.deepEqual(parametersOf('"say \\"hi\\""'), ['"say "hi""'])
  assert.deepEqual(parametersOf('  '), [])
  for (const metric of ['sum(rate({a="b"}[5m]))', 'sum by (pod) (count_over_time({a=~"b"} |= "x" [1m]))'])
    assert.ok(isMetricQuery(metric), metric)
  for (const words of ['sum(x)', 'at run({})', '{a="b"}', 'f {a=1}']) assert.ok(!isMetricQuery(words), words)
  assert.deepEqual(parametersOf(' {namespace="shop"} |= "x y" '), ['{namespace="shop"} |= "x y"'])
})

test('S-PAGE-60 what the box holds becomes q or query, with case ignored unless it is asked for', () => {
  const of = (address: string): string => filterParameters(parseAddress(address)).toString()
  assert.equal(of('?q=a+b'), 'q=%22a%22&q=%22b%22&ignoreCase=true')
  assert.equal(of('?q=a&case=1&level=error,warn&stream=stderr'), 'q=%22a%22&level=error%2Cwarn&stream=stderr')
  assert.equal(of(`?q=${encodeURIComponent('{pod="a"}')}`), 'query=%7Bpod%3D%22a%22%7D')
  assert.equal(of('?select=shop/api-*&select=infra'), 'select=shop%2Fapi-*&select=infra')
})

test('S-PAGE-61 a term that is added is quoted where it must be, once, and in LogQL becomes a line filter', () => {
  const text = (text: string) => ({ kind: 'text', text }) as const
  const regex = { kind: 'regex', text: 'n=1(?:\\s|$)' } as const
  assert.equal(toBoxTerm(text('plain'), false), 'plain')
  assert.equal(toBoxTerm(text('a b'), true), '!"a b"')
  assert.equal(toBoxTerm(regex, true), '!/n=1(?:\\s|$)/')
  assert.equal(withTerm('x', text('"user":"ann"'), false), 'x "\\"user\\":\\"ann\\""')
  assert.equal(withTerm('ann', text('ann'), false), 'ann')
  assert.equal(withTerm('{pod="a"}', text('b"c'), true), '{pod="a"} != "b\\"c"')
  assert.equal(withTerm('{pod="a"}', regex, true), '{pod="a"} !~ "n=1(?:\\\\s|$)"')
  const [term] = [parseSearch(withTerm('', text('"user":"ann"'), false))].flatMap((search) =>
    search.kind === 'terms' ? search.terms : [],
  )
  assert.equal(term?.text, '"user":"ann"')
})

test('S-PAGE-62 the place of an error is found in the box', () => {
  assert.equal(errorOffset('line /a(b/', 'missing closing ) of the group: "(" at offset 1'), 7)
  assert.equal(errorOffset(' {pod="a" |= "x"', 'parse error at line 1, col 10: unexpected |='), 10)
  assert.equal(errorOffset('words', 'no place is named'), null)
})

test('S-PAGE-63 hits are marked as the search means them; patterns that could hang the page are not', () => {
  const marks = (box: string, text: string, matchCase = false): string[] =>
    (createHighlighter(box, matchCase)?.(text) ?? []).map(([start, end]) => text.slice(start, end))
  assert.deepEqual(marks('order', 'Order and reorder'), ['Order', 'order'])
  assert.deepEqual(marks('order', 'Order and reorder', true), ['order'])
  assert.deepEqual(marks('!order a.c', 'order abc a.c'), ['a.c'])
  assert.deepEqual(marks('/o.d/ rder', 'order'), ['order'])
  assert.deepEqual(marks('{a="b"} |= "x y" |~ `z+`', 'x y zz'), ['x y', 'zz'])
  assert.deepEqual(marks('/(?i)WARN/', 'a warn', true), ['warn'])
  assert.equal(createHighlighter('!only', false), null)
  for (const slow of ['(a+)+$', '(a|a)*b', '(.*)(.*)(.*)x', '(x{2,}){3,}'])
    assert.deepEqual([isQuick(slow), createHighlighter(`/${slow}/`, false)], [false, null], slow)
  for (const quick of ['5\\d\\d', 'a.*b', '(a|b)c+', '\\(x\\)+', '[(+*]+']) assert.ok(isQuick(quick), quick)
})

const streams = [
  { namespace: 'shop', pod: 'api-1', container: 'api' },
  { namespace: 'infra', pod: 'db-0', container: 'postgres' },
].map((names) => ({
  ...names,
  podUid: '',
  node: 'n1',
  restart: 0,
  lines: 1,
  bytes: 1,
  firstTime: null,
  lastTime: null,
  present: true,
}))

test('S-PAGE-64 labels, values, stages, fields and earlier searches are completed', () => {
  const known = { streams, fields: ['status', 'user'], history: ['timeout', 'order failed'] }
  const complete = (box: string): string[] => completionsAt(box, box.length, known).map(({ label }) => label)
  const first = (box: string): string => {
    const [found] = completionsAt(box, box.length, known)
    return found === undefined ? box : box.slice(0, found.start) + found.insert + box.slice(found.end)
  }
  assert.deepEqual(complete('ord'), ['order failed'])
  assert.equal(first('{na'), '{namespace="')
  assert.deepEqual(complete('{namespace="'), ['infra', 'shop'])
  assert.equal(first('{namespace="sh'), '{namespace="shop"')
  assert.equal(first('{pod=~"d'), '{pod=~"db-0"')
  assert.deepEqual(complete('{namespace="shop"'), ['}', ', '])
  assert.ok(complete('{namespace="shop"} ').includes('| json'))
  assert.equal(first('{namespace="shop"} | js'), '{namespace="shop"} | json')
  assert.equal(first('{namespace="shop"} |='), '{namespace="shop"} |= ""')
  assert.equal(first('{namespace="shop"} !~'), '{namespace="shop"} !~ ""')
  assert.equal(first('{namespace="shop"} | json | st'), '{namespace="shop"} | json | status="')
  assert.deepEqual(complete('{namespace="shop"} |= "jso'), [])
})
