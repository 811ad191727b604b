/** Level inside a pair of brackets, as `[ERROR]`, `[10:11:12 INF]` or Apache's `[core:error]`. */

import { byteOf, endOfLetters, isBlank, isCapital, isDigit, isLetter, skipInvisible } from './level-bytes.ts'
import { lookUpLetter, lookUpName } from './level-names.ts'

/** Answer for a line in the Common Log Format: it has no level, and its words are not to be searched. */
const accessLog = -1

/**
 * What stands between brackets: a level, or a time and a level, or Apache's `module:level`; `accessLog` for
 * its date.
 */
export function groupLevel(bytes: Uint8Array, start: number, end: number): number {
  const at = skipInvisible(bytes, start, end)
  if (isDigit(bytes[at])) return isAccessDate(bytes, at, end) ? accessLog : levelAfterTime(bytes, at, end)
  const stop = endOfLetters(bytes, at, end)
  if (stop === at) return 0
  if (skipInvisible(bytes, stop, end) === end) {
    return stop - at === 1 ? lookUpLetter(bytes[at] as number) : lookUpName(bytes, at, stop) & 0x0f
  }
  if (stop - at === 1 && bytes[stop] === byteOf.space && isDigit(bytes[stop + 1])) {
    return lookUpLetter(bytes[at] as number)
  }
  let last = end
  while (last > at && isLetter(bytes[last - 1])) last -= 1
  return bytes[last - 1] === byteOf.colon ? lookUpName(bytes, last, end) & 0x0f : 0
}

/** `22/Nov/2026:10:11:12 +0000` */
export function isAccessDate(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    at + 6 < end &&
    isDigit(bytes[at]) &&
    isDigit(bytes[at + 1]) &&
    bytes[at + 2] === byteOf.slash &&
    isLetter(bytes[at + 3]) &&
    bytes[at + 6] === byteOf.slash
  )
}

/** `10:11:12 INF`, `2026-11-22T10:11:12Z INFO  crate`, `2026-11-22 10:11:12,123: ERROR/MainProcess` */
function levelAfterTime(bytes: Uint8Array, start: number, end: number): number {
  for (let index = start + 1; index < end; index += 1) {
    if (!isBlank(bytes[index - 1]) || !isLetter(bytes[index])) continue
    const stop = endOfLetters(bytes, index, end)
    const name = lookUpName(bytes, index, stop)
    const isWhole = stop === end || isBlank(bytes[stop]) || bytes[stop] === byteOf.slash
    if (name !== 0 && isWhole && isCapital(bytes, index, stop)) return name & 0x0f
    index = stop
  }
  return 0
}
