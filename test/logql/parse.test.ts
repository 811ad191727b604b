/** The parser of LogQL: what is read how, where errors are, and that nothing else is ever thrown. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogqlError } from '../../src/logql/error.ts'
import { parseQuery } from '../../src/logql/syntax/parse-query.ts'
import { printQuery } from '../../src/logql/syntax/print-query.ts'

function refusal(query: string): string {
  try {
    parseQuery(query)
  } catch (error) {
    assert.ok(error instanceof LogqlError, `${query}: ${String(error)}`)
    return error.message
  }
  throw new assert.AssertionError({ message: `accepted: ${query}` })
}

const sameTree: readonly (readonly [query: string, same: string])[] = [
  ['{a="b"}  # a comment\n|= "x"', '{a="b"} |= "x"'],
  ['{a=`b`} | LOGFMT | Drop x', '{a="b"} | logfmt | drop x'],
  ['{a="b"} | x="1", y="2" or z="3"', '{a="b"} | (x="1" and (y="2" or z="3"))'],
  ['{a="b"} | x="1" or y="2", z="3"', '{a="b"} | (x="1" or (y="2" and z="3"))'],
  ['{a="b"} | x="1" and y="2" or z="3"', '{a="b"} | ((x="1" and y="2") or z="3")'],
  ['{a="b"} | x="1" y="2"', '{a="b"} | (x="1" and y="2")'],
  ['{a="\\u00e9\\n\\x41"}', '{a="é\\nA"}'],
  ['sum(rate({a="b"}[1m])) by (c)', 'sum by (c) (rate({a="b"} [1m]))'],
  ['count_over_time({a="b"}[1h30m] |= "x")', 'count_over_time({a="b"} |= "x" [1h30m])'],
  ['rate(({a="b"} |= "x")[60s] offset 1m)', 'rate({a="b"} |= "x" [1m] offset 1m)'],
  ['1 + 2 * 3', '7'],
  ['2 * 3 ^ 2', '18'],
  ['2 ^ 3 ^ 2', '512'],
  ['-2 ^ 2', '4'],
  ['10 - 4 - 3', '3'],
  ['1 > 2', '0'],
]

test('S-LOGQL-10 operators, commas and words bind as the reference binds them; comments, case and quotes do not matter', () => {
  for (const [query, same] of sameTree) assert.deepEqual(parseQuery(query), parseQuery(same), query)
})

const refused: readonly (readonly [query: string, message: RegExp])[] = [
  ['', /line 1, col 1: syntax error: unexpected \$end/],
  ['{', /line 1, col 2: syntax error: unexpected \$end, expecting IDENTIFIER/],
  ['{a="b"', /line 1, col 7: syntax error: unexpected \$end, expecting } or ,/],
  ['{a="b"}\n  | json |', /line 2, col 11: syntax error: unexpected \$end/],
  ["{a='b'}", /line 1, col 4: syntax error: unexpected character/],
  ['{a="b}', /line 1, col 4: literal not terminated/],
  ['{a="\\q"}', /line 1, col 5: invalid escape/],
  ['{a.b="c"}', /line 1, col 3/],
  ['{by="c"}', /line 1, col 2: syntax error: unexpected by/],
  ['{}', /at least one regexp or equality matcher/],
  ['{a=~".*"}', /at least one regexp or equality matcher/],
  ['{a=~"("}', /error parsing regexp: missing closing \)/],
  ['rate({a="b"}[5minutes])', /col 13: not a valid duration string: "5minutes"/],
  ['rate({a="b"}[$__auto])', /col 13: not a valid duration/],
  ['rate({a="b"}[5m:1m])', /not a valid duration/],
  ['rate({a="b"}[5m) ', /missing closing '\]'/],
  ['rate({a="b"})', /col 13: syntax error: unexpected \), expecting RANGE/],
  ['rate({a="b"}[1m]) offset 5m', /col 19: syntax error: unexpected offset/],
  ['sum_over_time({a="b"}[1m])', /invalid aggregation sum_over_time without unwrap/],
  ['count_over_time({a="b"} | unwrap x [1m])', /invalid aggregation count_over_time with unwrap/],
  ['rate({a="b"}[1m]) by (x)', /grouping not allowed for rate/],
  ['quantile_over_time({a="b"} | unwrap x [1m])', /parameter required/],
  ['topk(0, rate({a="b"}[1m]))', /invalid parameter topk/],
  ['sort(rate({a="b"}[1m])) by (x)', /grouping not allowed for sort/],
  ['{a="b"} and {c="d"}', /unexpected type for left leg/],
  ['rate({a="b"}[1m]) or 1', /unexpected literal for right leg/],
  ['{a="b"} | count > value', /col 19/],
  ['{a="b"} | size > 8mb', /col 18: syntax error: bad number "8mb"/],
  ['{a="b"} | pattern "text"', /at least one capture/],
  ['{a="b"} | pattern "<a><b>"', /consecutive capture/],
  ['{a="b"} | regexp "(x)"', /at least one named capture/],
  ['{a="b"} | unwrap x', /col 11: syntax error: unexpected unwrap/],
  ['0x10', /unable to parse literal as a float/],
]

test('S-LOGQL-11 a query that cannot be read is refused with the place and with what stands there', () => {
  for (const [query, message] of refused) assert.match(refusal(query), message, query)
})

test('S-LOGQL-12 length, nesting and number of parts are bounded', () => {
  assert.match(refusal(`{a="${'x'.repeat(131_072)}"}`), /input size too long/)
  assert.match(refusal(`${'('.repeat(5_000)}1${')'.repeat(5_000)}`), /nested deeper/)
  assert.match(refusal(`{a="b"} | ${'('.repeat(5_000)}x="1"`), /nested deeper/)
  assert.match(refusal(`{a="b"}${' |= "x"'.repeat(3_000)}`), /more than \d+ parts/)
  assert.match(refusal(`1${' ^ 1'.repeat(5_000)}`), /nested deeper|parts/)
})

test('S-LOGQL-13 what is printed reads as the same query', () => {
  for (const [query] of sameTree) {
    const parsed = parseQuery(query)
    assert.deepEqual(parseQuery(printQuery(parsed)), parsed, query)
  }
  const text = '{a="b"} |~ "x" or "y" | json u="a.b" | u>5ms, v!=ip("10.0.0.0/8") | line_format "{{.u}}"'
  assert.equal(
    printQuery(parseQuery(text)),
    '{a="b"} |~ "x" or "y" | json u="a.b" | (u > 5ms and v != ip("10.0.0.0/8")) | line_format "{{.u}}"',
  )
})
