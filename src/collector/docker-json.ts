/**
 * Reads a line of Docker's json-file driver, its escapes decoded exactly once; the format is that of moby's
 * jsonlog package.
 */

import type { Iostream } from '../model/entry.ts'
import { TimeParser } from '../model/time.ts'
import { JsonText } from './json-text.ts'

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const lineFeed = 0x0a
const openBrace = 0x7b
const closeBrace = 0x7d

const noContent = Buffer.alloc(0)
const [logKey, streamKey, timeKey, attrsKey, stdoutName, stderrName] = [
  'log',
  'stream',
  'time',
  'attrs',
  'stdout',
  'stderr',
].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]

/**
 * Hot path: fields instead of a result object. Measured 470 ns for a line of 250 bytes, 1,050 ns where `log`
 * has escapes to decode (Node 26, a shared 2-core machine).
 */
export class DockerParser {
  sec = 0
  ns = 0
  /** False: `time` is missing or cannot be read, and `sec` and `ns` mean nothing. */
  hasTime = false
  /** stdout where the line names none. */
  iostream: Iostream = 0
  /** The line goes on in the next record of its iostream: `log` does not end in a line feed. */
  partial = false
  /**
   * Decoded bytes of `log` without its final line feed; empty where `log` is missing. A view on the bytes
   * given to `parse` or on this object's own memory: valid until the next `parse` or until those bytes
   * change.
   */
  content: Buffer = noContent
  readonly #time = new TimeParser()
  readonly #text = new JsonText()
  #hasLog = false
  #hasForeignKey = false

  /**
   * False: bytes `start` to `end` (exclusive, without the line feed) are no such line. Keys in any order; of
   * the same key the last counts; null is as good as missing. An object that could be an application's own
   * (other keys than Docker's without both `log` and `time`), an unknown stream name, and a line feed inside
   * `log` give false, so that the caller keeps the line whole.
   */
  parse(bytes: Buffer, start: number, end: number): boolean {
    this.hasTime = false
    this.iostream = 0
    this.partial = true
    this.content = noContent
    this.#hasLog = false
    this.#hasForeignKey = false
    if (start >= end || bytes[start] !== openBrace) return false
    let at = start + 1
    let hasTimeKey = false
    for (;;) {
      at = skipSpace(bytes, at, end)
      if (at >= end || bytes[at] !== quote) return false
      const keyEnd = this.#text.endOf(bytes, at + 1, end)
      if (keyEnd < 0) return false
      const keyStart = at + 1
      at = skipSpace(bytes, keyEnd + 1, end)
      if (at >= end || bytes[at] !== colon) return false
      at = skipSpace(bytes, at + 1, end)
      hasTimeKey ||= isText(bytes, keyStart, keyEnd, timeKey)
      at = this.#readField(bytes, keyStart, keyEnd, at, end)
      if (at < 0) return false
      at = skipSpace(bytes, at, end)
      if (at >= end) return false
      if (bytes[at] === closeBrace) break
      if (bytes[at] !== comma) return false
      at += 1
    }
    if (skipSpace(bytes, at + 1, end) !== end) return false
    return this.#hasForeignKey ? this.#hasLog && hasTimeKey : this.#hasLog || hasTimeKey
  }

  /** Returns the offset behind the value at `at`, or -1. */
  #readField(bytes: Buffer, keyStart: number, keyEnd: number, at: number, end: number): number {
    const isLog = isText(bytes, keyStart, keyEnd, logKey)
    const isStream = !isLog && isText(bytes, keyStart, keyEnd, streamKey)
    const isTime = !isLog && !isStream && isText(bytes, keyStart, keyEnd, timeKey)
    if (!isLog && !isStream && !isTime) {
      this.#hasForeignKey ||= !isText(bytes, keyStart, keyEnd, attrsKey)
      return this.#text.skipValue(bytes, at, end)
    }
    if (bytes[at] !== quote || at >= end) {
      if (isTime) this.hasTime = false
      else if (!isNull(bytes, at, end)) return -1
      else if (isLog) this.#clearLog()
      else this.iostream = 0
      return this.#text.skipValue(bytes, at, end)
    }
    const close = this.#text.endOf(bytes, at + 1, end)
    if (close < 0) return -1
    if (isLog) return this.#readLog(bytes, at + 1, close) ? close + 1 : -1
    if (isTime) {
      this.hasTime = this.#time.parse(bytes, at + 1, close)
      this.sec = this.#time.sec
      this.ns = this.#time.ns
      return close + 1
    }
    const isStderr = isText(bytes, at + 1, close, stderrName)
    if (!isStderr && !isText(bytes, at + 1, close, stdoutName)) return -1
    this.iostream = isStderr ? 1 : 0
    return close + 1
  }

  #clearLog(): void {
    this.content = noContent
    this.partial = true
    this.#hasLog = false
  }

  #readLog(bytes: Buffer, start: number, close: number): boolean {
    // `endOf` has just walked over this string and knows where its first escape stands.
    const text = this.#text
    this.#hasLog = true
    const isOnlyLineFeed =
      text.firstEscape === close - 2 && bytes[close - 1] === 0x6e && bytes[close - 2] === 0x5c
    if (text.firstEscape < 0 || isOnlyLineFeed) {
      this.partial = !isOnlyLineFeed
      this.content = bytes.subarray(start, isOnlyLineFeed ? close - 2 : close)
      return true
    }
    const length = text.decode(bytes, start, close)
    if (length < 0) return false
    const isWhole = length > 0 && text.decoded[length - 1] === lineFeed
    const contentLength = isWhole ? length - 1 : length
    this.partial = !isWhole
    this.content = text.decoded.subarray(0, contentLength)
    return !this.content.includes(lineFeed)
  }
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let index = at
  while (index < end && (bytes[index] === 0x20 || bytes[index] === 0x09 || bytes[index] === 0x0d)) index += 1
  return index
}

function isText(bytes: Uint8Array, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[start + index] !== text[index]) return false
  }
  return true
}

function isNull(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    at + 4 <= end &&
    bytes[at] === 0x6e &&
    bytes[at + 1] === 0x75 &&
    bytes[at + 2] === 0x6c &&
    bytes[at + 3] === 0x6c
  )
}
