/**
 * Finds the level of a line on its bytes; rules after Loki's ingest rules, with the headers of klog, syslog
 * and common loggers.
 */

import { levelLimits } from '../limits/program.ts'
import { byteOf, isBlank, skipBlanks, skipInvisible } from './level-bytes.ts'
import { headLevel } from './level-head.ts'
import { jsonLevel } from './level-json.ts'
import { isCloser, isTraceHead, isTraceText } from './level-trace.ts'
import { searchLevel } from './level-words.ts'

/** Stored with what was detected. Raised with every change that gives any line another level. */
export const levelDetectorVersion = 1

/** Below this level a line says nothing about an exception named after it. */
const warnCode = 4

/**
 * Hot path, once per line. Measured for lines of 190 bytes (Node 26, a shared 2-core machine on which the
 * barest loop over them takes 180 ns): 60 to 140 ns where the head or the first fields tell, 400 to 700 ns
 * where the whole line is searched, 1,000 ns for a JSON object without a level.
 */
export class LevelDetector {
  /**
   * Code of `levelNames` for the line in bytes `start` to `end` (exclusive, without its line feed).
   * `previous` is the code of the line before it in the same stream and iostream, 0 for the first: lines that
   * continue a stack trace or a pretty-printed value take it. Only the first `levelLimits.scanBytesMax` bytes
   * are looked at.
   */
  detect(bytes: Uint8Array, start: number, end: number, previous: number): number {
    const stop = Math.min(end, start + levelLimits.scanBytesMax)
    const at = skipInvisible(bytes, skipMark(bytes, start, stop), stop)
    if (at === stop) return previous
    if (bytes[at] === byteOf.openBrace && isObject(bytes, at, stop)) {
      const level = jsonLevel(bytes, at, stop)
      if (level !== 0) return level
      return isBlank(bytes[start]) ? previous : searchLevel(bytes, at, stop, true)
    }
    if (isTraceText(bytes, at, stop) || isCloser(bytes, at, stop)) return previous
    return isBlank(bytes[start]) && previous !== 0
      ? indentedLevel(bytes, at, stop, previous)
      : plainLevel(bytes, at, stop, previous)
  }
}

function plainLevel(bytes: Uint8Array, at: number, stop: number, previous: number): number {
  const head = headLevel(bytes, at, stop, false)
  if (head !== 0) return Math.max(0, head)
  if (previous >= warnCode && isTraceHead(bytes, at, stop)) return previous
  return searchLevel(bytes, at, stop, true)
}

/**
 * An indented line is a part of the line before unless it plainly states a level: prose and source code do
 * not count.
 */
function indentedLevel(bytes: Uint8Array, at: number, stop: number, previous: number): number {
  const head = headLevel(bytes, at, stop, true)
  if (head !== 0) return Math.max(0, head)
  const found = searchLevel(bytes, at, stop, false)
  return found === 0 ? previous : found
}

function isObject(bytes: Uint8Array, at: number, stop: number): boolean {
  return bytes[skipBlanks(bytes, at + 1, stop)] === byteOf.quote
}

/** Skips a byte order mark. */
function skipMark(bytes: Uint8Array, start: number, stop: number): number {
  const isMark = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
  return isMark && start + 3 <= stop ? start + 3 : start
}
