/** What the parser of RE2 syntax accepts and refuses, compared with re2js; S-REGEX-01 to -05. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { LogkeepError } from '../../src/errors.ts'
import { regexLimits } from '../../src/limits/query.ts'
import { caseOrbit, createCaseFolder } from '../../src/regex/case-folding.ts'
import { complement, includes } from '../../src/regex/code-points.ts'
import { parseRegex } from '../../src/regex/parse.ts'
import { createUnicodeClasses } from '../../src/regex/unicode-classes.ts'
import { randomPattern } from '../support/regex-patterns.ts'

function isAccepted(pattern: string): boolean {
  try {
    parseRegex(pattern, false)
    return true
  } catch (error) {
    assert.ok(error instanceof LogkeepError && error.code === 'BAD_REGEX', String(error))
    assert.ok(error.message.isWellFormed() && error.hint !== '')
    return false
  }
}

function isAcceptedByRe2js(pattern: string): boolean {
  try {
    RE2JS.compile(pattern)
    return true
  } catch {
    return false
  }
}

const refused = String.raw`a** a{2}{3} {2} x{1001} x{3,2} * (*) |* (?i)* (?-) (?i-) (?P<a>x)(?<a>y)
  (?P=a) (?=a) (?!a) (?<=a) (?<!a) \1 \8 \x{110000} \x{} \xz \q \é \C \Z \E [[:foo:]] [a-\d] [z-a] [\b]
  \p \p{ \pé \p{Foo} ( a) [a \ (? (?P< (?P<>a) (?P<é>a) (?z) a++ (a{501}){2} (?:a{2}){1000} x{100000000}
  a{2}?? \Q\E* \G \h \cA \u0041 (?#c) (?>a) (?|a) []`
const accepted = String.raw`a*? a{,2} a{2 x{01} ^* a(?i)* a*(?i)* (?) (?i-s:a) (?P<a>x) (?<a>x) \12 \0
  \07 \_ \Qab\E* \Qa**b []a] [^]a] [a-] [-a] [a-b-c] [[:alpha:]] [[:^alpha:]] [[:x] [\d-z]
  [^\x00-\x{10FFFF}] \pN \p{^L} \PL \p{Any} a{1000} (a{500}){2} a{0} () ()* (|a)* (?i:a)*b a{2}? [\pL\D]
  \v\a\f \p{Greek}\P{Han} (?U)a+? a\Q\E* (?i)(?s). [[.a.]] [a&&b] { } ] a|b||`

test('S-REGEX-01 what RE2 accepts is accepted, what it refuses is refused', () => {
  for (const pattern of refused.split(/\s+/)) assert.equal(isAccepted(pattern), false, pattern)
  for (const pattern of accepted.split(/\s+/)) assert.equal(isAccepted(pattern), true, pattern)
  for (const pattern of `${refused} ${accepted}`.split(/\s+/)) {
    assert.equal(isAccepted(pattern), isAcceptedByRe2js(pattern), pattern)
  }
})

test('S-REGEX-01 random patterns of the grammar are accepted', () => {
  fc.assert(
    fc.property(randomPattern, (pattern) => assert.ok(isAccepted(pattern), pattern)),
    { numRuns: 150 },
  )
})

test('S-REGEX-02 an error names what was found and at which offset, with a hint', () => {
  const cases: readonly (readonly [pattern: string, message: RegExp, hint: RegExp])[] = [
    ['abc(?=d)', /look-around is not supported: "\(\?=" at offset 3/, /no look-around/],
    ['(a)\\1', /back-references are not supported: "\\\\1" at offset 3/, /linear time/],
    ['ab++', /possessive repeats are not supported: "\+" at offset 3/, /\(\?:…\)/],
    ['a(b', /missing closing \) of the group: "\(b" at offset 1/, /\\\(/],
    ['[[:nope:]]', /unknown character class: "\[:nope:\]" at offset 1/, /RE2/],
  ]
  for (const [pattern, message, hint] of cases) {
    assert.throws(() => parseRegex(pattern, false), { code: 'BAD_REGEX', message, hint }, pattern)
  }
})

test('S-REGEX-03 length, depth, counts and size are bounded', () => {
  const { depthMax, patternLengthMax, repeatMax } = regexLimits
  assert.equal(isAccepted('a'.repeat(patternLengthMax)), true)
  assert.equal(isAccepted('a'.repeat(patternLengthMax + 1)), false)
  assert.equal(isAccepted('('.repeat(depthMax) + ')'.repeat(depthMax)), true)
  assert.equal(isAccepted('('.repeat(depthMax + 1) + ')'.repeat(depthMax + 1)), false)
  assert.equal(isAccepted(`a{${repeatMax}}`), true)
  assert.equal(isAccepted(`a{${repeatMax + 1}}`), false)
  assert.equal(isAccepted('(?:a{1000})'.repeat(20)), false)
  assert.equal(isAccepted('\\p{Lu}\\p{Ll}\\p{Lt}\\p{Lm}\\p{Lo}\\p{Mn}\\p{Mc}\\p{Nd}\\p{Nl}'), false)
})

test('S-REGEX-04 nothing but BAD_REGEX is thrown, whatever the input', () => {
  const piece = fc.constantFrom(
    ...Array.from('()[]{}|*+?.^$\\-,:=!<>PpQE109xdDbBaAiUmsé😀\ud800 \n'),
    '(?',
    '[[:',
    '\\x{',
    '{1,',
  )
  const noise = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(noise, (pattern) => void isAccepted(pattern)),
    { numRuns: 2000 },
  )
})

test('S-REGEX-05 case is ignored as Unicode simple folding has it', () => {
  const foldCase = createCaseFolder()
  for (let codePoint = 0; codePoint < 0x1f000; codePoint += 1) {
    if (codePoint >= 0xd800 && codePoint < 0xe000) continue
    const orbit = caseOrbit(codePoint)
    if (orbit.length === 1) continue
    const same = new RegExp(`^\\u{${codePoint.toString(16)}}$`, 'iu')
    for (const member of orbit) assert.ok(same.test(String.fromCodePoint(member)), `${codePoint} ${member}`)
  }
  const everything = Array.from({ length: 0x1f000 }, (_, codePoint) => codePoint)
    .filter((codePoint) => codePoint < 0xd800 || codePoint >= 0xe000)
    .map((codePoint) => String.fromCodePoint(codePoint))
    .join('')
  for (const letter of 'ksKSåßµιθςДꙊ\u1fb3ﬅǅᏸ') {
    const expected = Array.from(everything.matchAll(new RegExp(letter, 'giu')), (match) =>
      match[0].codePointAt(0),
    )
    assert.deepEqual(new Set(caseOrbit(letter.codePointAt(0) as number)), new Set(expected), letter)
  }
  const notK = complement(foldCase([0x6b, 0x6b]))
  for (const letter of 'kK\u212a') assert.equal(includes(notK, letter.codePointAt(0) as number), false)
})

test('S-REGEX-05 Unicode classes hold what the engine says', () => {
  const classes = createUnicodeClasses()
  for (const name of ['L', 'Nd', 'Greek', 'Cn', 'Co', 'Zs']) {
    const set = classes.lookup(name)
    assert.ok(set !== null)
    const property = new RegExp(/^[A-Z][a-z]?$/.test(name) ? `\\p{${name}}` : `\\p{sc=${name}}`, 'u')
    for (let codePoint = 0; codePoint < 0x110000; codePoint += codePoint < 0x3000 ? 1 : 97) {
      if (codePoint >= 0xd800 && codePoint < 0xe000) continue
      assert.equal(
        includes(set, codePoint),
        property.test(String.fromCodePoint(codePoint)),
        `${name} ${codePoint}`,
      )
    }
  }
  assert.equal(classes.lookup('Nonsense'), null)
})
