/** Parses escapes and character classes of RE2 syntax into sets of code points, after Go's regexp/syntax. */

import { regexLimits } from '../limits/query.ts'
import type { CaseFolder } from './case-folding.ts'
import { type CodePoints, codePointMax, codePointsOf, complement, union } from './code-points.ts'
import type { PatternReader } from './reader.ts'
import type { UnicodeClasses } from './unicode-classes.ts'

/** Tables and flags that a class is read with. */
export type ClassContext = {
  readonly ignoreCase: boolean
  readonly foldCase: CaseFolder
  readonly unicodeClasses: UnicodeClasses
}

const digit: CodePoints = [0x30, 0x39]
const word: CodePoints = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
/** RE2's `\s` has no vertical tab. */
const space: CodePoints = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20]

const perlClasses: ReadonlyMap<string, CodePoints> = new Map([
  ['d', digit],
  ['s', space],
  ['w', word],
])

const posixClasses: ReadonlyMap<string, CodePoints> = new Map([
  ['alnum', [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a]],
  ['alpha', [0x41, 0x5a, 0x61, 0x7a]],
  ['ascii', [0x00, 0x7f]],
  ['blank', [0x09, 0x09, 0x20, 0x20]],
  ['cntrl', [0x00, 0x1f, 0x7f, 0x7f]],
  ['digit', digit],
  ['graph', [0x21, 0x7e]],
  ['lower', [0x61, 0x7a]],
  ['print', [0x20, 0x7e]],
  ['punct', [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ['space', [0x09, 0x0d, 0x20, 0x20]],
  ['upper', [0x41, 0x5a]],
  ['word', word],
  ['xdigit', [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
])

const controlEscapes: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
])

/** `\d`, `\pL`, `\p{Greek}` and their opposites, where one comes next; null: something else does. */
export function parseClassEscape(reader: PatternReader, context: ClassContext): CodePoints | null {
  const start = reader.offset
  const perl = reader.take(/\\([dswDSW])/y)
  if (perl !== null) {
    const letter = perl[1] as string
    const set = perlClasses.get(letter.toLowerCase()) as CodePoints
    return signed(set, letter !== letter.toLowerCase(), context)
  }
  const unicode = reader.take(/\\([pP])(?:\{(\^?)([^{}]*)\}|([^{}^]))/uy)
  if (unicode === null) {
    if (reader.take(/\\[pP]\{?/y) !== null) throw reader.error('incomplete Unicode class', start)
    return null
  }
  const set = context.unicodeClasses.lookup(unicode[3] ?? (unicode[4] as string))
  if (set === null) throw reader.error('unknown Unicode category or script', start)
  if (context.unicodeClasses.count() > regexLimits.unicodeClassesMax) {
    const hint = `use at most ${regexLimits.unicodeClassesMax} different Unicode classes`
    throw reader.bound('too many Unicode classes', start, hint)
  }
  return signed(set, (unicode[1] === 'P') !== (unicode[2] === '^'), context)
}

/** A backslash and what it stands for, where that is one character. */
export function parseCharacterEscape(reader: PatternReader): number {
  const start = reader.offset
  const octal = reader.take(/\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/y)
  if (octal !== null) return Number.parseInt(octal[1] as string, 8)
  const hex = reader.take(/\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,16})\})/y)
  if (hex !== null) {
    const codePoint = Number.parseInt(hex[1] ?? (hex[2] as string), 16)
    if (codePoint > codePointMax) throw reader.error('no such code point', start)
    return codePoint
  }
  const control = reader.take(/\\([afnrtv])/y)
  if (control !== null) return controlEscapes.get(control[1] as string) as number
  const punctuation = reader.take(/\\([^A-Za-z0-9\u0080-\uffff])/y)
  if (punctuation !== null) return (punctuation[1] as string).charCodeAt(0)
  if (reader.take(/\\[1-9k]/y) !== null) {
    throw reader.error(
      'back-references are not supported',
      start,
      'RE2 has none, so that every search takes linear time',
    )
  }
  if (reader.take(/\\./suy) === null) {
    reader.offset = reader.pattern.length
    throw reader.error('the pattern ends in a backslash', start, 'write \\\\ for a backslash itself')
  }
  throw reader.error('unknown escape', start)
}

/** `[…]`, whose bracket comes next. */
export function parseBracketClass(reader: PatternReader, context: ClassContext): CodePoints {
  const start = reader.offset
  reader.offset += 1
  const isNegated = reader.accept('^')
  let set: CodePoints = []
  const pairs: number[] = []
  for (let first = true; first || !reader.sees(']'); first = false) {
    if (reader.done) throw reader.error('missing closing ]', start, 'write \\[ for a bracket itself')
    const group = parsePosixClass(reader, context) ?? parseClassEscape(reader, context)
    if (group !== null) {
      set = union(set, group)
      continue
    }
    const rangeStart = reader.offset
    const low = parseClassCharacter(reader, start)
    let high = low
    if (reader.sees('-') && !reader.sees('-]')) {
      reader.offset += 1
      high = parseClassCharacter(reader, start)
      if (high < low) throw reader.error('range in wrong order', rangeStart)
    }
    pairs.push(low, high)
  }
  reader.offset += 1
  const single = codePointsOf(pairs)
  set = union(set, context.ignoreCase ? context.foldCase(single) : single)
  return isNegated ? complement(set) : set
}

function parsePosixClass(reader: PatternReader, context: ClassContext): CodePoints | null {
  const start = reader.offset
  const found = reader.take(/\[:(\^?)((?:(?!:\]).)*):\]/suy)
  if (found === null) return null
  const set = posixClasses.get(found[2] as string)
  if (set === undefined) throw reader.error('unknown character class', start)
  return signed(set, found[1] === '^', context)
}

function parseClassCharacter(reader: PatternReader, classStart: number): number {
  if (reader.sees('\\')) return parseCharacterEscape(reader)
  const codePoint = reader.next()
  if (codePoint === null)
    throw reader.error('missing closing ]', classStart, 'write \\[ for a bracket itself')
  return codePoint
}

function signed(set: CodePoints, isNegated: boolean, context: ClassContext): CodePoints {
  const folded = context.ignoreCase ? context.foldCase(set) : set
  return isNegated ? complement(folded) : folded
}
