/**
 * Bytes of the next lines of a walk, copied together so that each of their blocks is opened once and none is
 * held for a line of it; as the inside of JSON strings where that is wanted. Hot path.
 */

import { isUtf8 } from 'node:buffer'
import { attribute } from '../model/entry.ts'
import type { BodyPart } from '../store/bodies.ts'
import type { Snapshot } from '../store/reader.ts'
import type { HitList, OpenSegment } from './open-segment.ts'

/** Lines held at a time: those of a page, so that each block of it is opened once. */
export const heldLinesMax = 8_192
/** Bytes of bodies held at a time, of however few lines: some are a megabyte long. */
const heldBytesMax = 4 * 1024 * 1024
const roomBytesMin = 64 * 1024
/** Room that very long lines took is given back. */
const roomBytesKept = 2 * heldBytesMax
/** So many lines of a block are copied, and escaped, as one run; fewer one by one. */
const runLinesMin = 4
/** Lines in a run for each of its lines that is wanted, at most. */
const runLinesPerWanted = 2
/** Longer runs are copied line by line: escaped they would take up to six times the room. */
const runBytesMax = 512 * 1024

const carriageReturn = 0x0d
/** `\\r` in JSON. */
const escapedReturnBytes = 2
/** Stands between the lines of a run while it is escaped: no byte of UTF-8, and JSON leaves it as it is. */
const separatorByte = 0xff
const separator = String.fromCharCode(separatorByte)
const nobody = -1

/** Lines of one source among those that are loaded: `first` is the offset of the first of them. */
type Chain = { readonly hits: HitList; readonly from: number; readonly first: number }

/** Neighbouring lines of a body, most of them wanted. */
type Run = {
  readonly body: BodyPart
  readonly lineEnds: Uint32Array
  readonly attributes: Uint8Array
  /** How many are wanted, and their indexes in the segment, the last inclusive. */
  readonly lineCount: number
  readonly firstLine: number
  readonly lastLine: number
  /** Bytes of the body, without the last line's LF. */
  readonly start: number
  readonly end: number
}

/** Where the text of a run begins in the room, and where the next lines go. */
type HeldRun = { readonly textStart: number; readonly next: number }

/** To be used again for any number of walks, one at a time. */
export class HeldLines {
  /** Of each loaded line: where it lies in `bytes`, and 1 where it is escaped. */
  readonly starts = new Uint32Array(heldLinesMax)
  readonly ends = new Uint32Array(heldLinesMax)
  readonly areEscaped = new Uint8Array(heldLinesMax)
  #room = Buffer.allocUnsafeSlow(roomBytesMin)
  /** Offsets of lines, chained by source: the first of each source, and the next one of each line. */
  #heads = new Int32Array(0)
  readonly #nexts = new Int32Array(heldLinesMax)
  /** Where the lines of a run end in `bytes`. */
  readonly #runEnds = new Uint32Array(heldLinesMax * runLinesPerWanted)

  /** Another buffer after each `load`. */
  get bytes(): Buffer {
    return this.#room
  }

  /**
   * Loads `count` lines from `from` on, `heldLinesMax` at most; returns how many there was room for, one at
   * least. `isEscaping`: lines are held as the inside of JSON strings, without the carriage return that a
   * terminal put at the end, wherever that is known to cost less than one by one.
   */
  load(snapshot: Snapshot, hits: HitList, from: number, count: number, isEscaping: boolean): number {
    if (this.#room.length > roomBytesKept) this.#room = Buffer.allocUnsafeSlow(roomBytesMin)
    this.#chain(hits, from, count)
    this.ends.fill(0, 0, count)
    // The first line begins behind a byte, so that an end of 0 is none of a line.
    let held = 1
    for (let first = 0; first < count && held < heldBytesMax; first += 1) {
      if (this.#heads[hits.sourceAt(from + first)] !== first) continue
      held = this.#loadChain(snapshot, { hits, from, first }, held, isEscaping)
    }
    const missing = this.ends.subarray(0, count).indexOf(0)
    return missing === -1 ? count : missing
  }

  #chain(hits: HitList, from: number, count: number): void {
    if (this.#heads.length < hits.sources.length) this.#heads = new Int32Array(2 * hits.sources.length)
    const heads = this.#heads
    for (let offset = 0; offset < count; offset += 1) heads[hits.sourceAt(from + offset)] = nobody
    for (let offset = count - 1; offset >= 0; offset -= 1) {
      const source = hits.sourceAt(from + offset)
      this.#nexts[offset] = heads[source] as number
      heads[source] = offset
    }
  }

  /** Returns where the next line goes. */
  #loadChain(snapshot: Snapshot, chain: Chain, held: number, isEscaping: boolean): number {
    const { hits, from, first } = chain
    const { segment, columns } = hits.sources[hits.sourceAt(from + first)] as OpenSegment
    const lineEnds = snapshot.lineEnds(segment, columns)
    const span = this.#spanOf(chain)
    const start = startOf(lineEnds, span.firstLine)
    const end = lineEnds[span.lastLine] as number
    const body = snapshot.bodyPart(segment, {
      start,
      end,
      next: nextOf(span, hits.indexAt(from + first)),
      openCount: hits.sources.length,
    })
    const lines = { ...span, start, end, body, lineEnds, attributes: columns.attributes }
    const run = this.#isRun(chain, lines, isEscaping) ? lines : null
    if (run !== null) {
      const { textStart, next } = isEscaping ? this.#escapeRun(run, held) : this.#copyRun(run, held)
      this.#placeLines(chain, run, textStart, isEscaping)
      return next
    }
    let next = held
    for (let at = first; at !== nobody && next < heldBytesMax; at = this.#nexts[at] as number) {
      next = this.#copyLine(body, lineEnds, hits.indexAt(from + at), at, next)
    }
    return next
  }

  #spanOf({ hits, from, first }: Chain): Pick<Run, 'lineCount' | 'firstLine' | 'lastLine'> {
    let lineCount = 0
    let firstLine = Number.POSITIVE_INFINITY
    let lastLine = 0
    for (let at = first; at !== nobody; at = this.#nexts[at] as number) {
      const index = hits.indexAt(from + at)
      lineCount += 1
      if (index < firstLine) firstLine = index
      if (index > lastLine) lastLine = index
    }
    return { lineCount, firstLine, lastLine }
  }

  /** False: lines are better copied one by one. */
  #isRun({ hits, from, first }: Chain, run: Run, isEscaping: boolean): boolean {
    const { body, lineCount, firstLine, lastLine, start, end, attributes } = run
    if (lineCount < runLinesMin || lastLine - firstLine >= lineCount * runLinesPerWanted) return false
    if (end - start > runBytesMax) return false
    if (!isEscaping) return true
    for (let at = first; at !== nobody; at = this.#nexts[at] as number) {
      // What is read of a gap record is not its text.
      if ((attributes[hits.indexAt(from + at)] as number) & attribute.gap) return false
    }
    return isUtf8(body.bytes.subarray(start - body.start, end - body.start))
  }

  #copyRun({ body, lineEnds, firstLine, lastLine, start, end }: Run, held: number): HeldRun {
    const next = held + end - start
    this.#reserve(next, held)
    body.bytes.copy(this.#room, held, start - body.start, end - body.start)
    const runEnds = this.#runEnds
    for (let line = firstLine; line <= lastLine; line += 1) {
      runEnds[line - firstLine] = held + (lineEnds[line] as number) - start
    }
    return { textStart: held, next }
  }

  /**
   * As one string through `JSON.stringify`, one character per byte, which leaves all beyond ASCII as it is:
   * 1.7 ns a byte, 3 and more when bytes were looked at one by one.
   */
  #escapeRun(run: Run, held: number): HeldRun {
    const copied = this.#copyRun(run, held)
    const room = this.#room
    const runEnds = this.#runEnds
    const lines = run.lastLine - run.firstLine + 1
    for (let line = 0; line < lines - 1; line += 1) room[runEnds[line] as number] = separatorByte
    const escaped = JSON.stringify(room.toString('latin1', held, copied.next))
    const quotes = 2
    if (escaped.length === copied.next - held + quotes) return copied
    const end = held + escaped.length
    this.#reserve(end, held)
    this.#room.write(escaped, held, 'latin1')
    for (let line = 0, at = 0; line < lines - 1; line += 1) {
      const found = escaped.indexOf(separator, at)
      runEnds[line] = held + found
      at = found + 1
    }
    runEnds[lines - 1] = end - 1
    return { textStart: held + 1, next: end }
  }

  /** Where the wanted lines of a run lie. */
  #placeLines(
    { hits, from, first }: Chain,
    { body, lineEnds, attributes, firstLine }: Run,
    textStart: number,
    isEscaping: boolean,
  ): void {
    const runEnds = this.#runEnds
    for (let at = first; at !== nobody; at = this.#nexts[at] as number) {
      const line = hits.indexAt(from + at)
      this.starts[at] = line === firstLine ? textStart : (runEnds[line - firstLine - 1] as number) + 1
      const isTrimmed =
        isEscaping &&
        ((attributes[line] as number) & asItIs) === 0 &&
        (lineEnds[line] as number) > startOf(lineEnds, line) &&
        body.bytes[(lineEnds[line] as number) - 1 - body.start] === carriageReturn
      this.ends[at] = (runEnds[line - firstLine] as number) - (isTrimmed ? escapedReturnBytes : 0)
      this.areEscaped[at] = Number(isEscaping)
    }
  }

  /** Returns where the next line goes. */
  #copyLine(body: BodyPart, lineEnds: Uint32Array, line: number, offset: number, held: number): number {
    const start = startOf(lineEnds, line)
    const end = lineEnds[line] as number
    const next = held + end - start
    this.#reserve(next, held)
    body.bytes.copy(this.#room, held, start - body.start, end - body.start)
    this.starts[offset] = held
    this.ends[offset] = next
    this.areEscaped[offset] = 0
    return next
  }

  #reserve(needed: number, used: number): void {
    if (needed <= this.#room.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2))
    this.#room.copy(grown, 0, 0, used)
    this.#room = grown
  }
}

/** A carriage return at the end of these lines is part of them. */
const asItIs = attribute.cut | attribute.malformed

/** Where a walk that came to `line` first of these goes on. */
function nextOf({ firstLine, lastLine }: Pick<Run, 'firstLine' | 'lastLine'>, line: number) {
  if (firstLine === lastLine) return 'unknown'
  return line === firstLine ? 'behind' : 'before'
}

function startOf(lineEnds: Uint32Array, line: number): number {
  return line === 0 ? 0 : (lineEnds[line - 1] as number) + 1
}
