/** Patterns over single texts, against RE2: whether they match, where, and what their groups hold. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { regexEngineFlags } from '../../src/regex/compile.ts'
import { compileTextRegex, expandReplacement } from '../../src/regex/text-regex.ts'

for (const flag of regexEngineFlags) v8.setFlagsFromString(flag)

const patterns = [
  'a(b+)(c)?',
  '(?P<first>[a-z]+)-(?P<second>\\d+)',
  '(a|ab)(c|bcd)(d*)',
  '(x{2,40})y',
  '((é|ü)+)z',
  '^(.*)$',
  '(?s)(.+)',
  '\\b(w+)\\b',
  '(?i)(warn|err)(or)?',
  '(a)|(b)',
  '(?:x)(y){0}(z)',
  '',
]

const text = fc.array(
  fc.constantFrom('a', 'b', 'c', 'd', 'x', 'y', 'z', 'é', 'ü', '-', '1', ' ', '\n', '\r', 'w', 'WARN', '𝄞'),
  {
    maxLength: 12,
  },
)

test('S-REGEX-20 groups hold what they hold in RE2, whatever the text', () => {
  for (const pattern of patterns) {
    const regex = compileTextRegex(pattern)
    const model = RE2JS.compile(pattern)
    const property = fc.property(text, (parts) => {
      const line = parts.join('')
      const found = regex.exec(line)
      const matcher = model.matcher(line)
      assert.equal(found !== null, matcher.find())
      assert.equal(regex.test(line), found !== null)
      if (found === null) return
      assert.deepEqual([found.start, found.end], [matcher.start(), matcher.end()])
      for (let group = 0; group <= matcher.groupCount(); group += 1) {
        assert.equal(found.groups[group] ?? null, matcher.group(group))
      }
    })
    fc.assert(property, { numRuns: 300 })
  }
})

test('S-REGEX-21 a whole text is matched to its ends, with dots that match LF', () => {
  const regex = compileTextRegex('a.c|b', { isWhole: true })
  assert.deepEqual(
    ['abc', 'a\nc', 'b', 'xb', 'bx', 'abcd', ''].map((line) => regex.test(line)),
    [true, true, true, false, false, false, false],
  )
})

test('S-REGEX-22 replacements take groups by number and name, and all matches are found as in Go', () => {
  const regex = compileTextRegex('(?P<word>\\w+) (\\d)')
  const [match] = regex.all('one 1, two 2')
  assert.ok(match !== undefined)
  assert.equal(expandReplacement('${word}=$2 $$ $nothing$9', regex, match), 'one=1 $ ')
  const places = (pattern: string, line: string) =>
    compileTextRegex(pattern)
      .all(line)
      .map(({ start, end }) => [start, end])
  assert.deepEqual(places('a*', 'baac'), [
    [0, 0],
    [1, 3],
    [4, 4],
  ])
  assert.deepEqual(places('', 'é𝄞'), [
    [0, 0],
    [1, 1],
    [3, 3],
  ])
})

test('S-REGEX-23 patterns with groups that backtrack for ever end as well', () => {
  const regex = compileTextRegex('(a+)+(b)?x')
  assert.equal(regex.test('a'.repeat(5_000)), false)
  assert.equal(regex.exec(`${'a'.repeat(500)}x`)?.groups[1], 'a'.repeat(500))
})
