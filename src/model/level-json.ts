/**
 * Level of a line that is a JSON object: the value of its level field, at most one object deep; keys as in
 * Loki's ingest rules.
 */

import { byteOf, endOfString, isDigit, skipBlanks, valueLevel } from './level-bytes.ts'
import { isLetterKey, isLevelKey, mayBeLevelKey } from './level-names.ts'

/** Level fields are looked for in the object itself and in the objects within it. */
const depthMax = 2

/** Pino's and Bunyan's numbers divided by ten: trace 10, debug 20, info 30, warn 40, error 50, fatal 60. */
const levelOfTens = [0, 1, 2, 3, 4, 5, 7]

const isNotable = new Uint8Array(256)
for (const byte of Buffer.from('"{}[]')) isNotable[byte] = 1

/**
 * A loop of its own, because the compiler makes it several times as fast as the same test inside a larger
 * one.
 */
function nextNotable(bytes: Uint8Array, at: number, end: number): number {
  const table = isNotable
  let index = at
  while (index < end && table[bytes[index] as number] === 0) index += 1
  return index
}

/**
 * Level code, or 0 when no field tells. A field of the object itself wins over one further in. The rest of
 * the line is not checked: a cut object is as good as a whole one.
 */
export function jsonLevel(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0
  let nested = 0
  for (let at = nextNotable(bytes, start, end); at < end; at = nextNotable(bytes, at, end)) {
    const byte = bytes[at] as number
    if (byte === byteOf.quote) {
      const close = endOfString(bytes, at + 1, end)
      const level = depth <= depthMax ? fieldLevel(bytes, at + 1, close, end) : 0
      if (level !== 0 && depth === 1) return level
      if (nested === 0) nested = level
      at = close + 1
      continue
    }
    // Both kinds of bracket differ from their counterparts in these bits only.
    const open = byte | 0x20
    if (open === byteOf.openBrace) depth += 1
    else if (open === byteOf.closeBrace) depth -= 1
    at += 1
  }
  return nested
}

/** `next`: offset of the quote behind the key. A string that is no key is not followed by a colon. */
function fieldLevel(bytes: Uint8Array, keyStart: number, next: number, end: number): number {
  if (!mayBeLevelKey(bytes[keyStart] as number)) return 0
  const colon = skipBlanks(bytes, next + 1, end)
  if (colon >= end || bytes[colon] !== byteOf.colon) return 0
  const at = skipBlanks(bytes, colon + 1, end)
  if (bytes[at] === byteOf.quote) {
    if (isLevelKey(bytes, keyStart, next)) return valueLevel(bytes, at, end)
    const isLetter = isLetterKey(bytes, keyStart, next) && endOfString(bytes, at + 1, end) <= at + 3
    return isLetter ? mongoLevel(bytes, at + 1) : 0
  }
  if (!isDigit(bytes[at]) || !isLevelKey(bytes, keyStart, next)) return 0
  const isTwoDigits = isDigit(bytes[at + 1]) && !isDigit(bytes[at + 2]) && at + 1 < end
  return isTwoDigits ? (levelOfTens[(bytes[at] as number) - byteOf.zero] ?? 0) : 0
}

/** MongoDB: F, E, W, I, and D or D1 to D5. */
function mongoLevel(bytes: Uint8Array, at: number): number {
  const isAlone = bytes[at + 1] === byteOf.quote
  switch (bytes[at] as number) {
    case 0x46: // F
      return isAlone ? 7 : 0
    case 0x45: // E
      return isAlone ? 5 : 0
    case 0x57: // W
      return isAlone ? 4 : 0
    case 0x49: // I
      return isAlone ? 3 : 0
    case 0x44: // D
      return isAlone || isDigit(bytes[at + 1]) ? 2 : 0
    default:
      return 0
  }
}
