/**
 * Level found by searching a line: a field as logfmt writes it, else a level in brackets, else a word; after
 * Loki's ingest rules.
 */

import {
  byteOf,
  endOfLetters,
  endOfPlainText,
  endOfString,
  isBlank,
  isDigit,
  isLetter,
  skipBlanks,
  skipEscape,
  startsWith,
  valueLevel,
} from './level-bytes.ts'
import { groupLevel, isAccessDate } from './level-group.ts'
import { isLevelKey, keyBytesMax, lookUpName, nameKind } from './level-names.ts'

/** What a byte can mean to the search; most mean nothing. */
const role = { none: 0, boundary: 1, equals: 2, bracket: 3, colon: 4, escape: 5 } as const

/**
 * Bytes that may stand before a word that is a level are boundaries: white space and `({"'|`, besides `=` and
 * `[`.
 */
const roles = new Uint8Array(256)
for (const byte of Buffer.from(' \t({\'|"')) roles[byte] = role.boundary
roles[byteOf.equals] = role.equals
roles[byteOf.openBracket] = role.bracket
roles[byteOf.colon] = role.colon
roles[byteOf.escape] = role.escape

/** Second and third letter of every word by its first: three looks exclude nearly every other word. */
const secondLetter = new Uint8Array(32)
const thirdLetter = new Uint8Array(32)
for (const start of ['tra', 'deb', 'inf', 'war', 'err', 'cri', 'fat'].map((text) => Buffer.from(text))) {
  secondLetter[(start[0] as number) & 0x1f] = start[1] as number
  thirdLetter[(start[0] as number) & 0x1f] = start[2] as number
}

/** Bytes that may stand behind it. */
const wordEnds = buildSet(' \t\r\x1b[](){}:,!"\'=|')

function buildSet(members: string): Uint8Array {
  const built = new Uint8Array(256)
  for (const byte of Buffer.from(members)) built[byte] = 1
  return built
}

/**
 * Hot path: one pass. Level code, or 0. A field wins over a level in brackets, that over a word; the first of
 * a kind wins. A field inside double quotes is text. `words`: whether a mere word counts. In an access log
 * nothing counts that stands behind its date.
 */
export function searchLevel(bytes: Uint8Array, start: number, end: number, words: boolean): number {
  let word = words && mayBeWord(bytes, start, end) ? wordLevel(bytes, start, start, end) : 0
  let bracket = 0
  for (let at = nextNotable(bytes, start, end); at < end; at = nextNotable(bytes, at + 1, end)) {
    const meaning = roles[bytes[at] as number] as number
    if (meaning === role.escape) {
      at = skipEscape(bytes, at, end) - 1
    } else if (meaning === role.bracket) {
      if (isAccessDate(bytes, at + 1, end)) return 0
      if (bracket === 0) bracket = bracketLevel(bytes, at, end)
    } else if (meaning === role.equals || (meaning === role.colon && bytes[at - 1] === byteOf.quote)) {
      const level = fieldLevel(bytes, start, at, end)
      if (level !== 0 && !isQuoted(bytes, start, at)) return level
    }
    if (at + 3 >= end || meaning === role.colon) continue
    const first = (bytes[at + 1] as number) & 0x1f
    if (secondLetter[first] !== ((bytes[at + 2] as number) | 0x20)) continue
    if (word === 0 && words && mayBeWord(bytes, at + 1, end)) word = wordLevel(bytes, start, at + 1, end)
  }
  return bracket === 0 ? word : bracket
}

/**
 * A loop of its own, because the compiler makes it three times as fast as the same test inside a larger one.
 */
function nextNotable(bytes: Uint8Array, at: number, end: number): number {
  const table = roles
  let index = at
  while (index < end && table[bytes[index] as number] === 0) index += 1
  return index
}

function mayBeWord(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 2 >= end) return false
  const first = (bytes[at] as number) & 0x1f
  return (
    secondLetter[first] === ((bytes[at + 1] as number) | 0x20) &&
    thirdLetter[first] === ((bytes[at + 2] as number) | 0x20)
  )
}

/** Whether `end` lies inside a string in double quotes. */
function isQuoted(bytes: Uint8Array, start: number, end: number): boolean {
  let at = endOfPlainText(bytes, start, end)
  while (at < end) {
    if (bytes[at] === byteOf.quote) {
      at = endOfString(bytes, at + 1, end)
      if (at === end) return true
    }
    at = endOfPlainText(bytes, at + 1, end)
  }
  return false
}

/** Level of the field whose key ends before `sign`, which is its `=`, or its `:` when the key is quoted. */
function fieldLevel(bytes: Uint8Array, start: number, sign: number, end: number): number {
  const isJson = bytes[sign] === byteOf.colon
  const keyEnd = isJson ? sign - 1 : sign
  // Every key ends in one of these, upper or lower case: l y t e.
  switch ((bytes[keyEnd - 1] as number) | 0x20) {
    case 0x6c:
    case 0x79:
    case 0x74:
    case 0x65:
      break
    default:
      return 0
  }
  const stop = Math.max(start, keyEnd - keyBytesMax)
  let keyStart = keyEnd
  while (keyStart > stop && isKeyByte(bytes[keyStart - 1] as number)) keyStart -= 1
  if (!isLevelKey(bytes, keyStart, keyEnd)) return 0
  if (keyStart > start && !isBeforeKey(bytes[keyStart - 1] as number, isJson)) return 0
  return valueLevel(bytes, sign + 1, end)
}

function isKeyByte(byte: number): boolean {
  return isLetter(byte) || byte === 0x2e || byte === 0x5f || byte === 0x40
}

function isBeforeKey(byte: number, isJson: boolean): boolean {
  if (isJson) return byte === byteOf.quote
  // white space, comma, semicolon, opening brackets, bar, end of a colour
  return (
    isBlank(byte) ||
    byte === byteOf.comma ||
    byte === 0x3b ||
    byte === 0x28 ||
    byte === 0x7b ||
    byte === 0x5b ||
    byte === 0x7c
  )
}

function bracketLevel(bytes: Uint8Array, at: number, end: number): number {
  const inner = skipBlanks(bytes, at + 1, end)
  const stop = endOfLetters(bytes, inner, end)
  const close = skipBlanks(bytes, stop, end)
  return close < end && bytes[close] === byteOf.closeBracket
    ? Math.max(0, groupLevel(bytes, inner, close))
    : 0
}

/** Level of the word at `at`, or 0. The byte before it must be one that a level may follow. */
function wordLevel(bytes: Uint8Array, start: number, at: number, end: number): number {
  const stop = endOfLetters(bytes, at, end)
  const name = lookUpName(bytes, at, stop)
  if ((name & nameKind.word) === 0 || !isLetter(bytes[at])) return 0
  if (stop < end && wordEnds[bytes[stop] as number] === 0) return 0
  const level = name & 0x0f
  if (isDeniedBefore(bytes, start, at)) return 0
  const sign = bytes[stop] === byteOf.quote ? skipBlanks(bytes, stop + 1, end) : stop
  const isKey = bytes[sign] === byteOf.equals || (sign > stop && bytes[sign] === byteOf.colon)
  if (sign >= end) return level
  if (isKey) return level < 4 || isNothing(bytes, sign + 1, end, true) ? 0 : level
  return bytes[stop] === byteOf.colon && isNothing(bytes, stop + 1, end, false) ? 0 : level
}

const denials = ['0', 'no', 'without'].map((text) => Buffer.from(text))

/** "0 error", "no error", "without error"; or a part of a URL: `/find?q=error`. */
function isDeniedBefore(bytes: Uint8Array, start: number, at: number): boolean {
  if (at === start) return false
  const before = bytes[at - 1] as number
  if (isBlank(before)) {
    return denials.some((text) => {
      const from = at - 1 - text.length
      if (from < start || isWordByte(bytes[from - 1], from > start)) return false
      for (let index = 0; index < text.length; index += 1) {
        const byte = bytes[from + index] as number
        if ((isLetter(byte) ? byte | 0x20 : byte) !== text[index]) return false
      }
      return true
    })
  }
  if (before === byteOf.quote || before === byteOf.apostrophe) return false
  for (let index = at - 1; index >= start; index -= 1) {
    const byte = bytes[index] as number
    if (isBlank(byte) || byte === byteOf.quote) return false
    if (byte === byteOf.slash || byte === 0x3f) return true
  }
  return false
}

function isWordByte(byte: number | undefined, isInside: boolean): boolean {
  return isInside && (isLetter(byte) || isDigit(byte) || byte === 0x2e)
}

const nothings = ['null', '<nil>', 'nil', 'none', 'false', 'undefined', '0', '[]', '{}', '""', "''"].map(
  (text) => Buffer.from(text),
)

/**
 * True when the value at `at` says that there was no error: `null`, `<nil>`, `0`, `""` and the like.
 * `isField`: the value of a field, which ends at white space too and may be missing; otherwise it must be the
 * last thing said.
 */
export function isNothing(bytes: Uint8Array, at: number, end: number, isField: boolean): boolean {
  const from = skipBlanks(bytes, at, end)
  if (isField && (from === end || from > at) && bytes[at - 1] === byteOf.equals) return true
  for (const text of nothings) {
    if (!startsWith(bytes, from, end, text)) continue
    const stop = from + text.length
    if (stop === end) return true
    switch (bytes[stop] as number) {
      case byteOf.space:
      case byteOf.tab:
        return isField
      case byteOf.comma:
      case byteOf.closeBrace:
      case byteOf.closeBracket:
      case 0x29: // )
      case 0x3b: // ;
      case 0x0d:
        return true
      default:
    }
  }
  return false
}
