/**
 * Level that stands at the head of a line, alone, in brackets or after a time; shapes as glog, syslog and
 * common loggers write them.
 */

import { byteOf, endOfLetters, isBlank, isCapital, isDigit, isLetter, skipEscape } from './level-bytes.ts'
import { groupLevel } from './level-group.ts'
import { lookUpLetter, lookUpName, nameKind } from './level-names.ts'
import { isNothing } from './level-words.ts'

/**
 * Parts of a head that may stand before the level: date, time, zone, process, thread and their separators.
 */
const partsMax = 8
/** Longest group in brackets that may stand before the level: thread names are cut well below this. */
const groupBytesMax = 80

/** Levels of syslog's severities 0 to 7 (RFC 5424 section 6.2.1). */
const levelOfSeverity = [6, 6, 6, 5, 4, 3, 3, 2]

/**
 * Words that may stand between the parts of a time, or between it and the level; packed as `packWord` does.
 */
const timeWords = new Set(
  'jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun am pm utc gmt z cet cest est edt pst pdt'
    .split(' ')
    .map((word) => packWord(Buffer.from(word), 0, word.length)),
)
/** A longer word is none of these; also keeps a packed word within 31 bits. */
const timeWordBytesMax = 4

/** Five bits per letter: equal for words that differ in case only. */
function packWord(bytes: Uint8Array, start: number, end: number): number {
  let packed = 0
  for (let index = start; index < end; index += 1) packed = (packed << 5) | ((bytes[index] as number) & 0x1f)
  return packed
}

/**
 * Level code, -1 for an access log, or 0 when the head has none. `strict`: a name counts only in capitals or
 * before a colon, for places where prose or source code is likely.
 */
export function headLevel(bytes: Uint8Array, start: number, end: number, strict: boolean): number {
  let at = start
  for (let part = 0; part < partsMax; part += 1) {
    at = skipSeparators(bytes, at, end)
    if (at >= end) return 0
    const byte = bytes[at] as number
    if (isDigit(byte)) {
      const stop = endOfTimePart(bytes, at, end)
      // "0 errors" is no head.
      if (stop === at + 1 && byte === byteOf.zero) return 0
      at = stop
    } else if (byte === byteOf.openBracket || byte === byteOf.less) {
      const close = endOfGroup(bytes, at, end)
      if (close < 0) return 0
      const level = part === 0 && byte === byteOf.less ? priorityLevel(bytes, at + 1, close) : 0
      if (level !== 0) return level
      const inner = groupLevel(bytes, at + 1, close)
      if (inner !== 0) return inner
      at = close + 1
    } else if (isLetter(byte)) {
      const stop = endOfLetters(bytes, at, end)
      const level = part === 0 ? letterHeadLevel(bytes, at, end) : 0
      if (level !== 0) return level
      const name = nameLevel(bytes, at, stop, end, strict)
      if (name !== 0 || !isTimeWord(bytes, at, stop)) return name
      at = stop
    } else {
      return 0
    }
  }
  return 0
}

/** `E1122 10:11:12.123456` (klog, glog; also with a year) and `E, [2026-11-22T…` (Ruby). */
function letterHeadLevel(bytes: Uint8Array, at: number, end: number): number {
  const level = lookUpLetter(bytes[at] as number)
  if (level === 0) return 0
  if (bytes[at + 1] === byteOf.comma) {
    return bytes[at + 2] === byteOf.space && bytes[at + 3] === byteOf.openBracket && at + 3 < end ? level : 0
  }
  let index = at + 1
  while (index < end && isDigit(bytes[index])) index += 1
  const digits = index - at - 1
  const isHeader =
    (digits === 4 || digits === 8) &&
    bytes[index] === byteOf.space &&
    isDigit(bytes[index + 1]) &&
    isDigit(bytes[index + 2]) &&
    bytes[index + 3] === byteOf.colon &&
    index + 3 < end
  return isHeader ? level : 0
}

function nameLevel(bytes: Uint8Array, at: number, stop: number, end: number, strict: boolean): number {
  const name = lookUpName(bytes, at, stop)
  if (name === 0) return 0
  const next = stop < end ? (bytes[stop] as number) : byteOf.space
  if (!endsName(next)) return 0
  if (next === byteOf.colon && isNothing(bytes, stop + 1, end, false)) return 0
  const isProse = (name & nameKind.english) !== 0 || strict
  if (isProse && next !== byteOf.colon && !isCapital(bytes, at, stop)) return 0
  return name & 0x0f
}

function endsName(byte: number): boolean {
  switch (byte) {
    case byteOf.space:
    case byteOf.tab:
    case byteOf.escape:
    case byteOf.colon:
    case byteOf.comma:
    case byteOf.openBracket:
    case byteOf.closeBracket:
    case byteOf.greater:
    case 0x29: // )
    case 0x3b: // ;
    case 0x7c: // |
      return true
    default:
      return false
  }
}

function isTimeWord(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= timeWordBytesMax && timeWords.has(packWord(bytes, start, end))
}

function skipSeparators(bytes: Uint8Array, at: number, end: number): number {
  let index = at
  while (index < end) {
    const byte = bytes[index] as number
    if (byte === byteOf.escape) index = skipEscape(bytes, index, end)
    else if (
      isBlank(byte) ||
      byte === 0x2d ||
      byte === 0x7c ||
      byte === byteOf.comma ||
      byte === byteOf.colon
    )
      index += 1
    else break
  }
  return index
}

/** A part that begins with a digit ends at a blank or where a group begins: `10:11:12,123[main]`. */
function endOfTimePart(bytes: Uint8Array, at: number, end: number): number {
  let index = at + 1
  while (index < end) {
    const byte = bytes[index] as number
    if (isBlank(byte) || byte === byteOf.escape || byte === byteOf.openBracket || byte === 0x7c) break
    index += 1
  }
  return index
}

function endOfGroup(bytes: Uint8Array, at: number, end: number): number {
  const close = bytes[at] === byteOf.less ? byteOf.greater : byteOf.closeBracket
  const stop = Math.min(end, at + groupBytesMax)
  for (let index = at + 1; index < stop; index += 1) {
    if (bytes[index] === close) return index
  }
  return -1
}

/** `<34>` before a syslog message: facility times eight, and severity. */
function priorityLevel(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 1 || end - start > 3) return 0
  let priority = 0
  for (let index = start; index < end; index += 1) {
    if (!isDigit(bytes[index])) return 0
    priority = priority * 10 + (bytes[index] as number) - byteOf.zero
  }
  return priority <= 191 ? (levelOfSeverity[priority & 7] as number) : 0
}
