/** Makes queries, and lines for them, that are right, nearly right and not at all; and runs them. */

import assert from 'node:assert/strict'
import { LogqlError } from '../../src/logql/error.ts'
import { parseQuery } from '../../src/logql/syntax/parse-query.ts'
import { printQuery } from '../../src/logql/syntax/print-query.ts'
import { type MemoryEntry, runLogQuery, runMetricQuery } from './logql-entries.ts'
import { createRandom, type Random } from './random.ts'

const pieces = [
  '{a="b"}',
  '{a=~"b.*"}',
  '{a!="c",b=~".+"}',
  '{',
  '}',
  '|=',
  '!=',
  '|~',
  '!~',
  '|>',
  '!>',
  '| json',
  '| logfmt',
  '| logfmt --strict',
  '| unpack',
  '| decolorize',
  '| pattern "<x> <_>"',
  '| regexp "(?P<y>\\\\d+)"',
  '| json z="a.b[0]"',
  '| line_format "{{.a}} {{.x | upper}}"',
  '| line_format `{{range $i, $e := fromJson __line__}}{{$e}}{{end}}`',
  '| label_format q=a',
  '| label_format q="{{add .x 1}}"',
  '| drop x',
  '| keep a, x="1"',
  '| x > 1',
  '| x >= 5ms',
  '| x < 3KB',
  '| x = ip("10.0.0.0/8")',
  '| __error__ = ""',
  '| unwrap x',
  '| unwrap duration(x)',
  '[1m]',
  '[5s]',
  'offset 10s',
  'rate(',
  'count_over_time(',
  'sum_over_time(',
  'quantile_over_time(0.9, ',
  'absent_over_time(',
  'sum(',
  'sum by (a) (',
  'topk(2, ',
  'sort(',
  'label_replace(',
  ', "d", "$1", "a", "(.*)")',
  'vector(1)',
  ')',
  '(',
  ' by (x)',
  ' without (a)',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  ' and ',
  ' or ',
  ' unless ',
  '> bool ',
  'on (a) group_left ',
  '1',
  '0.5',
  '1e3',
  '"x"',
  '`y`',
  '"\\\\u00e9"',
  '"[a-z]+"',
  ',',
  'x',
  'é',
  '\u0000',
  '𝄞',
  '#',
  '"',
  '`',
  '\\',
]

const wellFormed: readonly ((random: Random) => string)[] = [
  (random) => `{a="b"} ${stagesOf(random)}`,
  (random) => `count_over_time({a=~".+"} ${stagesOf(random)} [1m])`,
  (random) => `sum by (x) (rate({a=~".+"} ${stagesOf(random)} [30s]))`,
  (random) => `avg_over_time({a="b"} ${stagesOf(random)} | unwrap x | __error__="" [1m]) by (a)`,
  (random) =>
    `${vectorOf(random)} ${random.pick(['+', '-', '/', '> bool', 'and', 'or', 'unless'])} ${vectorOf(random)}`,
]

function vectorOf(random: Random): string {
  return random.pick([
    'sum(rate({a="b"}[1m]))',
    'count_over_time({a=~".+"}[1m])',
    'vector(3)',
    'topk(1, rate({a=~".+"}[20s]))',
  ])
}

function stagesOf(random: Random): string {
  const stages = pieces.filter((piece) => /^\| (?!unwrap)/.test(piece))
  return Array.from({ length: random.between(0, 4) }, () => random.pick(stages)).join(' ')
}

const lines = [
  '{"a":{"b":[1,2]},"x":"7ms","level":"info"}',
  '{"x":',
  '{}',
  '[1]',
  'x=1 y="q z" level=warn',
  'x="unclosed',
  'a 12 10.1.2.3 b',
  '',
  '\u001b[31mred\u001b[0m',
  '{"_entry":"in","x":"1"}',
  'é𝄞 x=5KB',
  '"',
  '\\',
  '\u0000',
  '{"x":1e400,"é":"\\ud800"}',
  '='.repeat(50),
]

/** One query, whether it makes sense or not. */
function queryOf(random: Random): string {
  if (random.between(0, 1) === 0) {
    const made = random.pick(wellFormed)(random)
    if (random.between(0, 2) > 0) return made
    const at = random.between(0, made.length - 1)
    return made.slice(0, at) + random.pick(pieces) + made.slice(at + random.between(0, 2))
  }
  return Array.from({ length: random.between(1, 14) }, () => random.pick(pieces)).join(random.pick(['', ' ']))
}

function entriesOf(random: Random): MemoryEntry[] {
  return Array.from({ length: random.between(0, 11) }, (_, index) => ({
    labels: random.pick([{ a: 'b' }, { a: 'c', b: 'd' }, { a: 'b', x: '10.0.0.1' }]),
    ts: String(1_767_225_600_000_000_000n + BigInt(index * 7) * 1_000_000_000n),
    line: random.pick(lines),
  }))
}

/** Throws where anything but the language's own error is thrown, or a printed query reads otherwise. */
export function fuzzLogql(seed: number, inputs: number): { parsed: number; evaluated: number } {
  const random = createRandom(seed)
  const done = { parsed: 0, evaluated: 0 }
  for (let input = 0; input < inputs; input += 1) {
    const text = queryOf(random)
    try {
      const query = parseQuery(text)
      done.parsed += 1
      assert.deepEqual(parseQuery(printQuery(query)), query, text)
      const entries = entriesOf(random)
      if (query.kind === 'log') {
        const options = { start: '0', end: '1867225600000000000', limit: 100, direction: 'backward' } as const
        runLogQuery(query, entries, options)
      } else {
        const count = random.between(1, 5)
        const steps = { start: { sec: 1_767_225_650, ns: 0 }, stepNs: 13e9, count }
        runMetricQuery(query, entries, steps, count === 1)
      }
      done.evaluated += 1
    } catch (error) {
      if (!(error instanceof LogqlError))
        throw new Error(`${JSON.stringify(text)} (seed ${seed})`, { cause: error })
    }
  }
  return done
}
