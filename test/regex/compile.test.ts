/**
 * Compiled patterns against re2js as the oracle, on single lines and over whole bodies; S-REGEX-10 to -14.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import {
  type CompiledRegex,
  compileRegex,
  innerLinesTextOf,
  regexEngineFlags,
  searchTextOf,
} from '../../src/regex/compile.ts'
import { randomLine, randomPattern } from '../support/regex-patterns.ts'

function matchingLines(regex: CompiledRegex, body: Buffer): number[] {
  const { text, isAscii } = searchTextOf(body)
  const search = isAscii ? regex.ascii : regex.utf8
  const lines: number[] = []
  let line = 0
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    search.lastIndex = start
    if (search.test(text) && search.lastIndex <= end) lines.push(line)
    line += 1
    start = end + 1
  }
  return lines
}

function matchesLine(regex: CompiledRegex, line: string): boolean {
  return matchingLines(regex, Buffer.from(`${line}\n`)).length === 1
}

function matchesWhole(regex: RegExp, text: string): boolean {
  regex.lastIndex = 0
  return regex.test(text)
}

// As at the start of a query thread: random patterns include some that backtrack for ever.
for (const flag of regexEngineFlags) v8.setFlagsFromString(flag)

/** The same patterns each time: some others keep both engines busy for minutes. */
const seed = Number(process.env['TEST_SEED'] ?? 20_261_130)

function assertSameAsRe2js(numRuns: number): void {
  const lines = fc.array(randomLine, { minLength: 1, maxLength: 6 })
  const property = fc.property(randomPattern, fc.boolean(), lines, (pattern, ignoreCase, body) => {
    const regex = compileRegex(pattern, ignoreCase)
    const oracle = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    const expected = body.flatMap((line, index) => (oracle.matcher(line).find() ? [index] : []))
    assert.deepEqual(matchingLines(regex, Buffer.from(body.map((line) => `${line}\n`).join(''))), expected)
    for (const [index, line] of body.entries()) {
      assert.equal(matchesLine(regex, line), expected.includes(index), JSON.stringify(line))
      const { text } = searchTextOf(Buffer.from(line))
      assert.equal(matchesWhole(regex.utf8, text), expected.includes(index), 'utf8 flavour')
      assert.equal(matchesWhole(regex.innerLines, text), expected.includes(index), 'inner lines')
    }
  })
  fc.assert(property, { numRuns, seed })
}

test('S-REGEX-10 compiled patterns match the lines that RE2 matches, alone and in a body', () => {
  assertSameAsRe2js(300)
})

test("S-REGEX-10 so they do where V8's linear engine takes over", () => {
  v8.setFlagsFromString('--regexp-backtracks-before-fallback=1')
  try {
    assertSameAsRe2js(150)
  } finally {
    for (const flag of regexEngineFlags) v8.setFlagsFromString(flag)
  }
})

test('S-REGEX-11 a line that holds LFs is matched as one text', () => {
  const lines = fc.array(randomLine, { minLength: 1, maxLength: 3 })
  const property = fc.property(randomPattern, lines, (pattern, parts) => {
    const text = parts.join('\n')
    const regex = compileRegex(pattern, false)
    const expected = RE2JS.compile(pattern).matcher(text).find()
    assert.equal(
      matchesWhole(regex.innerLines, innerLinesTextOf(Buffer.from(text))),
      expected,
      JSON.stringify(text),
    )
  })
  fc.assert(property, { numRuns: 200 })
})

test('S-REGEX-12 every matching line contains the required literals', () => {
  const word = fc.constantFrom('error', 'Task', 'kube', 'state=', 'time', 'é1234', 'x')
  const pattern = fc
    .array(
      fc.oneof(
        word,
        word,
        randomPattern.map((inner) => `(?:${inner})`),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .chain((parts) =>
      fc.constantFrom(parts.join(''), parts.join('|'), `(?:${parts.join('')})+`, parts.join('.*')),
    )
  const line = fc
    .array(fc.oneof(word, word, randomLine), { maxLength: 6 })
    .chain((parts) => fc.constantFrom(parts.join(''), parts.join('').toUpperCase(), parts.join('\u212a')))
  let matches = 0
  const property = fc.property(
    pattern,
    fc.boolean(),
    fc.array(line, { maxLength: 8 }),
    (source, ignoreCase, texts) => {
      const regex = compileRegex(source, ignoreCase)
      for (const text of texts) {
        if (!matchesLine(regex, text) || regex.literals.length === 0) continue
        matches += 1
        const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
        for (const alternatives of regex.literals) {
          assert.ok(
            alternatives.some((literal) => lower.includes(literal)),
            `${alternatives.join(', ')} in ${lower}`,
          )
        }
      }
    },
  )
  fc.assert(property, { numRuns: 400 })
  assert.ok(matches > 50, `${matches} matches had literals`)
})

test('S-REGEX-12 required literals of common patterns are found', () => {
  const literalsOf = (pattern: string, ignoreCase = false): unknown =>
    compileRegex(pattern, ignoreCase).literals
  assert.deepEqual(literalsOf('level=(error|warn).*status=500'), [
    ['level=error', 'level=warn'],
    ['status=500'],
  ])
  assert.deepEqual(literalsOf('ERROR'), [['error']])
  assert.deepEqual(literalsOf('(?i)error'), [['error']])
  assert.deepEqual(literalsOf('(?i)disk'), [['disk', 'dis\u212a', 'di\u017fk', 'di\u017f\u212a']])
  assert.deepEqual(literalsOf('(?:abcd)+\\d{3}x'), [['abcd']])
  assert.deepEqual(literalsOf('timeout|deadline'), [['timeout', 'deadline']])
  assert.deepEqual(literalsOf('timeout|.'), [])
  assert.deepEqual(literalsOf('abc'), [])
  assert.deepEqual(literalsOf('\\bfatal\\b'), [['fatal']])
})

test('S-REGEX-13 bytes that are not UTF-8 are seen as U+FFFD', () => {
  const broken = Buffer.from([0x61, 0xff, 0x62, 0x0a, 0x61, 0xc3, 0x0a, 0x61, 0x62, 0x0a])
  assert.deepEqual(matchingLines(compileRegex('^a.b$', false), broken), [0])
  assert.deepEqual(matchingLines(compileRegex('\\x{fffd}', false), broken), [0, 1])
  assert.deepEqual(matchingLines(compileRegex('^a.$', false), broken), [1, 2])
})

test('S-REGEX-14 patterns that are too large for the engine are refused, never thrown at search', () => {
  const patterns = [
    '(?:\\pL\\PN){1000}',
    '(?:\\pL|x){1000}(?:\\PL|x){1000}',
    '.{1000}',
    '(?:a?){1000}',
    '(?i)[^k]{1000}',
  ]
  for (const pattern of patterns) {
    try {
      const regex = compileRegex(pattern, false)
      for (const text of ['a'.repeat(50), 'é'.repeat(50)]) matchesLine(regex, text)
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'BAD_REGEX', String(error))
    }
  }
})

test('S-REGEX-15 patterns that backtrack for ever end in time that grows with the text', () => {
  const body = Buffer.from(`${'a'.repeat(1500)}b\n${'é'.repeat(500)}b\r\n`.repeat(2))
  for (const pattern of [
    '(a+)+$',
    '(a|aa)+$',
    '(.*a){20}c',
    '(?i)(a*)*c',
    '(\\w+\\s?)+$X',
    '^(.+)+c$',
    '(é|éé)+$',
    '(a+){3,40}c',
  ]) {
    const startedMs = performance.now()
    assert.deepEqual(matchingLines(compileRegex(pattern, false), body), [], pattern)
    assert.ok(performance.now() - startedMs < 5000, pattern)
  }
})
