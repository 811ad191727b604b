/**
 * Splits the bytes of one stream's files at line feeds and reads each physical line as CRI or Docker
 * json-file, line by line, for a file may change its format. What is neither is kept whole, flagged. Hot
 * path: no objects per line.
 */

import { attribute, type Iostream, type Time } from '../model/entry.ts'
import { behindMark } from './byte-order-mark.ts'
import { CriParser } from './cri.ts'
import { DockerParser } from './docker-json.ts'
import type { Joiner } from './joiner.ts'
import { ReasonFinder } from './malformed-reason.ts'
import type { StreamLines } from './stream-lines.ts'

const lineFeed = 0x0a
const brace = 0x7b

/** Where a stream's lines go. */
export type LineTarget = { readonly lines: StreamLines; readonly joiner: Joiner }

/** One splitter serves all streams: it keeps nothing between calls. */
export class LineSplitter {
  readonly #cri = new CriParser()
  readonly #docker = new DockerParser()
  readonly #reason = new ReasonFinder()
  readonly #lineBytesMax: number
  readonly #nowMs: () => number

  constructor(lineBytesMax: number, nowMs: () => number) {
    this.#lineBytesMax = lineBytesMax
    this.#nowMs = nowMs
  }

  /**
   * Takes the whole lines of bytes `start` to `end` and returns how many bytes they are. `isFull`: there was
   * no room for more, so a line without an end in it is taken in pieces. `isMidLine`: `start` is not the
   * beginning of a line.
   */
  take(
    target: LineTarget,
    bytes: Buffer,
    start: number,
    end: number,
    isFull: boolean,
    isMidLine: boolean,
  ): number {
    const view = bytes.subarray(0, end)
    let at = start
    let isRest = isMidLine
    if (target.joiner.openIostream !== null) {
      const feed = view.indexOf(lineFeed, at)
      if (feed < 0 && !isFull) return 0
      target.joiner.continueOpen(bytes, at, feed < 0 ? end : feed, feed >= 0)
      if (feed < 0) return end - start
      at = feed + 1
      isRest = false
    }
    while (at < end) {
      // Inside a line NULs are its own.
      if (bytes[at] === 0 && !isRest) {
        at = skipHole(bytes, at, end)
        continue
      }
      const feed = view.indexOf(lineFeed, at)
      if (feed < 0) break
      this.#anyLine(target, bytes, at, feed, isRest ? attribute.cut : 0)
      isRest = false
      at = feed + 1
    }
    if (at === start && isFull) {
      this.#longLine(target, bytes, at, end)
      at = end
    }
    return at - start
  }

  /** Takes a last line that has no line feed and will not get one; `isMidLine` as for `take`. */
  takeUnfinished(target: LineTarget, bytes: Buffer, start: number, end: number, isMidLine: boolean): void {
    if (target.joiner.openIostream !== null) {
      target.joiner.continueOpen(bytes, start, end, true, attribute.unfinished)
      return
    }
    const from = isMidLine ? start : skipHole(bytes, start, end)
    const extra = attribute.unfinished | (isMidLine ? attribute.cut : 0)
    if (from < end) this.#anyLine(target, bytes, from, end, extra)
  }

  /**
   * A line that a parser cannot bear is kept whole like any that is no log line: it must not stop its file.
   */
  #anyLine(target: LineTarget, bytes: Buffer, start: number, end: number, extra: number): void {
    try {
      this.#physicalLine(target, bytes, start, end, extra)
    } catch {
      target.lines.malformed(bytes, start, end, extra, this.#lineBytesMax, 'format')
    }
  }

  /**
   * `extra`: `cut` for the rest of a line whose beginning is stored, kept only where it is not a line of its
   * own.
   */
  #physicalLine(target: LineTarget, bytes: Buffer, start: number, end: number, extra: number): void {
    const cri = this.#cri
    const unfinished = extra & attribute.unfinished
    if (cri.parse(bytes, start, end)) {
      const { iostream, sec, ns, contentStart, partial } = cri
      this.#content(target, bytes, contentStart, end, iostream, sec, ns, unfinished, partial)
      return
    }
    const docker = this.#docker
    if (bytes[start] === brace && docker.parse(bytes, start, end)) {
      const nowMs = this.#nowMs()
      const sec = docker.hasTime ? docker.sec : Math.floor(nowMs / 1000)
      const ns = docker.hasTime ? docker.ns : Math.floor(nowMs % 1000) * 1_000_000
      const bits = unfinished | (docker.hasTime ? 0 : attribute.clock)
      const { content, iostream, partial } = docker
      this.#content(target, content, 0, content.length, iostream, sec, ns, bits, partial)
      return
    }
    this.#malformed(target, bytes, start, end, extra)
  }

  #malformed(target: LineTarget, bytes: Buffer, start: number, end: number, extra: number): void {
    const reason = this.#reason.find(bytes, start, end)
    const time = this.#timeBehindMark(bytes, start, end)
    target.lines.malformed(bytes, start, end, extra, this.#lineBytesMax, reason, time)
  }

  /** The time of a line that is none only because a byte order mark stands before it. */
  #timeBehindMark(bytes: Buffer, start: number, end: number): Time | null {
    const from = behindMark(bytes, start)
    if (from === start) return null
    if (this.#cri.parse(bytes, from, end)) return { sec: this.#cri.sec, ns: this.#cri.ns }
    const docker = this.#docker
    return docker.parse(bytes, from, end) && docker.hasTime ? { sec: docker.sec, ns: docker.ns } : null
  }

  #content(
    target: LineTarget,
    bytes: Buffer,
    start: number,
    end: number,
    iostream: Iostream,
    sec: number,
    ns: number,
    attributes: number,
    partial: boolean,
  ): void {
    const bits = attributes | (iostream === 1 ? attribute.stderr : 0)
    const { joiner } = target
    if (partial || joiner.isPending(iostream) || end - start > this.#lineBytesMax) {
      joiner.add(iostream, sec, ns, bits, bytes, start, end, !partial)
      return
    }
    target.lines.line(bytes, start, end, sec, ns, bits)
  }

  /**
   * A physical line that fills a whole read: its content goes to the joiner in pieces, or out in pieces if it
   * has none.
   */
  #longLine(target: LineTarget, bytes: Buffer, start: number, end: number): void {
    const cri = this.#cri
    if (!cri.parse(bytes, start, end)) {
      this.#malformed(target, bytes, start, end, attribute.cut)
      return
    }
    const { iostream, sec, ns, contentStart, partial } = cri
    const bits = iostream === 1 ? attribute.stderr : 0
    target.joiner.open(iostream, sec, ns, bits, bytes, contentStart, end, partial)
  }
}

/**
 * NULs at the beginning of a line are the hole that a truncation leaves under a writer that does not append.
 */
function skipHole(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] === 0) at += 1
  return at
}
