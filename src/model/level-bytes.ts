/**
 * Small steps over the bytes of a line that the parts of the level detector share: letters, gaps, escape
 * sequences, values.
 */

import { lookUpLetter, lookUpName, nameBytesMax } from './level-names.ts'

export const byteOf = {
  tab: 0x09,
  escape: 0x1b,
  space: 0x20,
  quote: 0x22,
  apostrophe: 0x27,
  comma: 0x2c,
  slash: 0x2f,
  zero: 0x30,
  colon: 0x3a,
  less: 0x3c,
  equals: 0x3d,
  greater: 0x3e,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const

export function isLetter(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

export function isBlank(byte: number | undefined): boolean {
  return byte === byteOf.space || byte === byteOf.tab
}

/** End of the run of letters from `at`; stops early where the run is too long for a name. */
export function endOfLetters(bytes: Uint8Array, at: number, end: number): number {
  const stop = Math.min(end, at + nameBytesMax + 1)
  let index = at
  while (index < stop && isLetter(bytes[index])) index += 1
  return index
}

export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let index = at
  while (index < end && isBlank(bytes[index])) index += 1
  return index
}

/**
 * Index behind the escape sequence that begins at `at` (ECMA-48 CSI, as colours are), or behind the lone ESC.
 */
export function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  let index = at + 1
  if (bytes[index] !== byteOf.openBracket) return index
  index += 1
  while (index < end && (bytes[index] as number) >= 0x20 && (bytes[index] as number) < 0x40) index += 1
  return Math.min(index + 1, end)
}

/** Skips blanks and escape sequences. */
export function skipInvisible(bytes: Uint8Array, at: number, end: number): number {
  let index = at
  while (index < end) {
    if (isBlank(bytes[index])) index += 1
    else if (bytes[index] === byteOf.escape) index = skipEscape(bytes, index, end)
    else break
  }
  return index
}

export function startsWith(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  if (end - at < text.length) return false
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[at + index] !== text[index]) return false
  }
  return true
}

const endsPlainText = new Uint8Array(256)
endsPlainText[byteOf.quote] = 1
endsPlainText[byteOf.backslash] = 1

/** Index of the quote that closes the string whose content begins at `at`, or `end`. */
export function endOfString(bytes: Uint8Array, at: number, end: number): number {
  let index = endOfPlainText(bytes, at, end)
  while (index < end && bytes[index] !== byteOf.quote) index = endOfPlainText(bytes, index + 2, end)
  return Math.min(index, end)
}

/**
 * Index of the first quote or backslash from `at`, or `end`. The compiler makes this loop several times as
 * fast as one that compares with two values.
 */
export function endOfPlainText(bytes: Uint8Array, at: number, end: number): number {
  const table = endsPlainText
  let index = at
  while (index < end && table[bytes[index] as number] === 0) index += 1
  return index
}

/**
 * Level of the value of a field of that name: a name or a capital letter, quoted or not, that is the whole
 * value.
 */
export function valueLevel(bytes: Uint8Array, at: number, end: number): number {
  let index = skipBlanks(bytes, at, end)
  if (bytes[index] === byteOf.quote || bytes[index] === byteOf.apostrophe) {
    index = skipBlanks(bytes, index + 1, end)
  }
  const stop = endOfLetters(bytes, index, end)
  if (stop === index || (stop < end && !endsValue(bytes[stop] as number))) return 0
  if (stop - index === 1) return lookUpLetter(bytes[index] as number)
  return lookUpName(bytes, index, stop) & 0x0f
}

function endsValue(byte: number): boolean {
  switch (byte) {
    case byteOf.space:
    case byteOf.tab:
    case byteOf.escape:
    case byteOf.quote:
    case byteOf.apostrophe:
    case byteOf.comma:
    case byteOf.closeBracket:
    case byteOf.closeBrace:
    case 0x29: // )
    case 0x3b: // ;
    case 0x7c: // |
      return true
    default:
      return false
  }
}

/** True when letters `start` to `end` are all capitals. */
export function isCapital(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    if ((bytes[index] as number) >= 0x60) return false
  }
  return true
}
