/** Line filters over whole bodies against a naive matcher of single lines; S-MATCH-01 to -06. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { createBodyMatcher } from '../../src/query/match/body-matcher.ts'
import type { LineFilter } from '../../src/query/plan.ts'
import { regexEngineFlags } from '../../src/regex/compile.ts'
import { lineFeedEnds } from '../../src/store/line-ends.ts'
import { randomLine, randomPattern } from '../support/regex-patterns.ts'

for (const flag of regexEngineFlags) v8.setFlagsFromString(flag)

function substring(text: string, options: Partial<LineFilter> = {}): LineFilter {
  return { kind: 'substring', text, ignoreCase: false, negate: false, ...options } as LineFilter
}

function regex(pattern: string, options: Partial<LineFilter> = {}): LineFilter {
  return { kind: 'regex', pattern, ignoreCase: false, negate: false, ...options } as LineFilter
}

function bodyOf(lines: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [Buffer.from(line as string), Buffer.from('\n')]))
}

function matchedLines(
  filters: readonly LineFilter[],
  lines: readonly (string | Buffer)[],
  ends = false,
): number[] {
  const matcher = createBodyMatcher(filters)
  assert.ok(matcher !== null)
  const body = bodyOf(lines)
  const hits = new Uint32Array(lines.length)
  const count = matcher.match(body, ends ? lineFeedEnds(body, lines.length) : null, lines.length, hits)
  return [...hits.subarray(0, count)]
}

/** `line` as bytes. A substring without case is the quoted pattern without case. */
function holds(filter: LineFilter, line: Buffer): boolean {
  if (filter.kind === 'substring' && !filter.ignoreCase) return line.includes(filter.text) !== filter.negate
  const pattern = filter.kind === 'substring' ? RE2JS.quote(filter.text) : filter.pattern
  const compiled = RE2JS.compile(pattern, filter.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  return compiled.matcher(line.toString('utf8')).find() !== filter.negate
}

const flags = fc.record({ ignoreCase: fc.boolean(), negate: fc.boolean() })
const needle = fc.oneof(fc.constantFrom('a', 'kS', 'ss', 'é', 'É-', '😀', '.', 'ab', '=='), randomLine)
const randomFilter: fc.Arbitrary<LineFilter> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(needle, flags).map(([text, options]) => substring(text, options)) },
  {
    weight: 2,
    arbitrary: fc.tuple(randomPattern, flags).map(([pattern, options]) => regex(pattern, options)),
  },
)
const randomBytes = fc
  .uint8Array({ maxLength: 6 })
  .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)))
const anyLine = fc.oneof(
  { weight: 12, arbitrary: randomLine.map((line) => Buffer.from(line)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(randomLine, randomBytes)
      .map(([line, bytes]) => Buffer.concat([bytes, Buffer.from(line)])),
  },
)

test('S-MATCH-01 the lines found in a body are those that satisfy all filters one by one', () => {
  const filters = fc.array(randomFilter, { minLength: 1, maxLength: 4 })
  const property = fc.property(
    filters,
    fc.array(anyLine, { maxLength: 40 }),
    fc.boolean(),
    (all, lines, ends) => {
      const expected = lines.flatMap((line, index) =>
        all.every((filter) => holds(filter, line)) ? [index] : [],
      )
      assert.deepEqual(matchedLines(all, lines, ends), expected)
      const matcher = createBodyMatcher(all)
      for (const [index, line] of lines.entries())
        assert.equal(matcher?.matchLine(line), expected.includes(index))
    },
  )
  fc.assert(property, { numRuns: 120 })
})

test('S-MATCH-01 bodies of several pieces, with lines longer than one, empty ones and such that are not UTF-8', () => {
  const long = (length: number): Buffer => Buffer.from('x'.repeat(length))
  const odd = [
    long(300_000),
    long(96 * 1024),
    long(96 * 1024 - 1),
    Buffer.from(''),
    Buffer.from([0xff, 0x61]),
  ]
  const usual = fc.tuple(anyLine, fc.integer({ min: 0, max: 4_000 }))
  const line = fc.oneof(
    { weight: 5, arbitrary: usual.map(([start, length]) => Buffer.concat([start, long(length), start])) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  )
  const property = fc.property(
    randomFilter,
    fc.array(line, { minLength: 60, maxLength: 200 }),
    fc.boolean(),
    (filter, lines, ends) => {
      const matcher = createBodyMatcher([filter])
      const expected = lines.flatMap((each, index) => (matcher?.matchLine(each) ? [index] : []))
      assert.deepEqual(matchedLines([filter], lines, ends), expected)
    },
  )
  fc.assert(property, { numRuns: 60 })
})

test('S-MATCH-02 no filter: no matcher; an empty text is in every line', () => {
  assert.equal(createBodyMatcher([]), null)
  assert.deepEqual(matchedLines([substring('')], ['a', '', 'b']), [0, 1, 2])
  assert.deepEqual(matchedLines([substring('', { negate: true })], ['a', '']), [])
  assert.deepEqual(matchedLines([regex('^$')], ['a', '', 'b', '']), [1, 3])
  assert.deepEqual(matchedLines([substring('x')], []), [])
})

test('S-MATCH-03 nothing matches across two lines', () => {
  assert.deepEqual(matchedLines([substring('a\nb')], ['a', 'b']), [])
  for (const pattern of ['a\\nb', 'a\\sb', 'a[^x]b', '(?s)a.b', 'a\\Wb', 'a\\PLb', '(?m)a$\\n^b']) {
    assert.deepEqual(matchedLines([regex(pattern)], ['a', 'b', '']), [], pattern)
  }
})

test('S-MATCH-04 in a line that holds LFs they are characters of the line', () => {
  const matchesLine = (filter: LineFilter, line: string): boolean | undefined =>
    createBodyMatcher([filter])?.matchLine(Buffer.from(line))
  assert.equal(matchesLine(substring('a\nb'), 'xa\nby'), true)
  assert.equal(matchesLine(substring('A\nB', { ignoreCase: true }), 'xa\nby'), true)
  assert.equal(matchesLine(regex('a.b'), 'a\nb'), false)
  assert.equal(matchesLine(regex('(?s)a.b'), 'a\nb'), true)
  assert.equal(matchesLine(regex('^b'), 'a\nb'), false)
  assert.equal(matchesLine(regex('(?m)^b'), 'a\nb'), true)
  assert.equal(matchesLine(regex('(?m)a$'), 'a\nb'), true)
})

test('S-MATCH-05 substrings are found byte for byte in lines that are not UTF-8', () => {
  const lines = [Buffer.from([0x61, 0xff, 0x65, 0x72, 0x72]), Buffer.from('err'), Buffer.from([0xff, 0xfe])]
  assert.deepEqual(matchedLines([substring('err')], lines), [0, 1])
  assert.deepEqual(matchedLines([substring('ERR', { ignoreCase: true }), substring('a')], lines), [0])
  assert.deepEqual(matchedLines([substring('\ufffd')], lines), [])
  assert.deepEqual(matchedLines([regex('^\\x{fffd}+$')], lines), [2])
})

test('S-MATCH-06 matching lines hold the required grams', () => {
  const filters = fc.array(randomFilter, { minLength: 1, maxLength: 3 })
  const property = fc.property(filters, fc.array(anyLine, { maxLength: 10 }), (all, lines) => {
    const grams = createBodyMatcher(all)?.requiredGrams ?? []
    for (const index of matchedLines(all, lines)) {
      const line = Buffer.from(
        (lines[index] as Buffer).map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte)),
      )
      for (const alternatives of grams)
        assert.ok(alternatives.some((gram) => gram.length >= 4 && line.includes(gram)))
    }
  })
  fc.assert(property, { numRuns: 100 })
  const texts = (filter: LineFilter): unknown =>
    createBodyMatcher([filter])?.requiredGrams.map((all) => all.map((gram) => Buffer.from(gram).toString()))
  assert.deepEqual(texts(substring('ERROR é')), [['error é']])
  assert.deepEqual(texts(substring('abc')), [])
  assert.deepEqual(texts(substring('error', { negate: true })), [])
  assert.deepEqual(texts(substring('Error', { ignoreCase: true })), [['error']])
  assert.deepEqual(texts(regex('level=(error|warn)')), [['level=error', 'level=warn']])
})
