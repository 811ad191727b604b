/**
 * Reads the header of a CRI log line: `<RFC3339Nano> <stdout|stderr> <tag[:tag…]> <content>`; after kubelet's
 * own reader.
 */

import type { Iostream } from '../model/entry.ts'
import { TimeParser } from '../model/time.ts'

const space = 0x20
const colon = 0x3a
const letterF = 0x46
const letterP = 0x50

/** `2026-11-22T10:11:12Z`: no shorter time exists. */
const timeBytesMin = 20
/** Nine fraction digits and an offset make 35; room for digits that a writer adds and the parser cuts. */
const timeBytesMax = 64
/** `stdout` and `stderr`. */
const iostreamBytes = 6

/** Hot path: fields instead of a result object. Measured 60 ns a line (Node 26, a shared 2-core machine). */
export class CriParser {
  sec = 0
  ns = 0
  iostream: Iostream = 0
  /** A piece of a line that goes on in the next record of its iostream. */
  partial = false
  /**
   * Offset of the first byte of the content, which reaches to the end given to `parse`; equal to it when
   * empty.
   */
  contentStart = 0
  readonly #time = new TimeParser()

  /**
   * False: bytes `start` to `end` (exclusive, without the line feed) are no CRI line, and the fields mean
   * nothing. The first tag decides, further ones are skipped. Without `P` or `F` in its place the line is of
   * the old form that had no tag: whole, and all behind the iostream is content.
   */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start + timeBytesMin
    const stop = Math.min(end, start + timeBytesMax)
    while (at < stop && bytes[at] !== space) at += 1
    if (at >= stop || !this.#time.parse(bytes, start, at)) return false
    this.sec = this.#time.sec
    this.ns = this.#time.ns
    const name = at + 1
    at = name + iostreamBytes
    if (at > end || !this.#readIostream(bytes, name)) return false
    this.partial = false
    this.contentStart = end
    if (at === end) return true
    if (bytes[at] !== space) return false
    this.#readTag(bytes, at + 1, end)
    return true
  }

  #readIostream(bytes: Uint8Array, at: number): boolean {
    if (bytes[at] !== 0x73 || bytes[at + 1] !== 0x74 || bytes[at + 2] !== 0x64) return false
    if (bytes[at + 3] === 0x6f && bytes[at + 4] === 0x75 && bytes[at + 5] === 0x74) {
      this.iostream = 0
      return true
    }
    this.iostream = 1
    return bytes[at + 3] === 0x65 && bytes[at + 4] === 0x72 && bytes[at + 5] === 0x72
  }

  #readTag(bytes: Uint8Array, tag: number, end: number): void {
    this.contentStart = tag
    if (tag >= end || (bytes[tag] !== letterF && bytes[tag] !== letterP)) return
    let at = tag + 1
    if (at < end && bytes[at] === colon) {
      while (at < end && bytes[at] !== space) at += 1
    }
    if (at < end && bytes[at] !== space) return
    this.partial = bytes[tag] === letterP
    this.contentStart = Math.min(at + 1, end)
  }
}
