/**
 * Columns of a run of lines (attributes, levels, times, lengths) as bytes: what a histogram reads instead of
 * bodies. Hot path.
 */

import { attribute, levelCodeCount, type Time } from '../model/entry.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { compareTime } from '../model/time.ts'
import { ByteReader, type ByteWriter } from './byte-writer.ts'

/** First byte of encoded columns. */
const columnFlag = { sameAttributes: 1, sameLevels: 2, lengths: 4 } as const

const nanosPerSecond = 1_000_000_000
/** Below this many seconds a difference in nanoseconds is an exact number, doubled for its sign. */
const deltaSecondsMax = 2_000_000

/** What the header of a block says about its lines. */
export type LineSummary = {
  readonly minSec: number
  readonly minNs: number
  readonly maxSec: number
  readonly maxNs: number
  /** No line is older than the one before it. */
  readonly ascending: boolean
  /** Lines per level code; gap records last. */
  readonly levelCounts: Uint32Array
  /** Null: all are lines whose clocks were right. */
  readonly exceptions: Exceptions | null
}

/** What listings leave out of a run of lines: gap records altogether, and the times of broken clocks. */
export type Exceptions = {
  readonly gaps: number
  /** Bytes of their records, without line ends. */
  readonly gapBytes: number
  /** Earliest and latest time of a line whose clock was right; null where there is none. */
  readonly span: Span | null
}

/** From the earliest to the latest of some times. */
export type Span = { readonly first: Time; readonly last: Time }

/** Columns in memory, one slot per line. */
export type Columns = {
  readonly lineCount: number
  readonly seconds: Float64Array
  readonly nanos: Int32Array
  readonly levels: Uint8Array
  readonly attributes: Uint8Array
  /** Bytes per line, only where a line holds an LF of its own; else the body is split at LF. */
  readonly lengths: Uint32Array | null
}

/** Summary of lines `from` to `to` (exclusive); at least one line. */
export function summarize(lines: LineBuffer, from: number, to: number): LineSummary {
  const { seconds, nanos, levels, attributes } = lines
  const levelCounts = new Uint32Array(levelCodeCount)
  let attributesSeen = 0
  let minSec = seconds[from] as number
  let minNs = nanos[from] as number
  let maxSec = minSec
  let maxNs = minNs
  let lastSec = minSec
  let lastNs = minNs
  let ascending = true
  for (let index = from; index < to; index += 1) {
    const sec = seconds[index] as number
    const ns = nanos[index] as number
    const level = levels[index] as number
    attributesSeen |= attributes[index] as number
    levelCounts[level] = (levelCounts[level] as number) + 1
    if (sec < lastSec || (sec === lastSec && ns < lastNs)) ascending = false
    if (sec < minSec || (sec === minSec && ns < minNs)) {
      minSec = sec
      minNs = ns
    } else if (sec > maxSec || (sec === maxSec && ns > maxNs)) {
      maxSec = sec
      maxNs = ns
    }
    lastSec = sec
    lastNs = ns
  }
  const exceptions = (attributesSeen & exceptional) === 0 ? null : exceptionsOf(lines, from, to)
  return { minSec, minNs, maxSec, maxNs, ascending, levelCounts, exceptions }
}

/** A gap record carries the time of the line before it, which may be a broken clock's. */
const exceptional = attribute.clock | attribute.gap

function exceptionsOf(lines: LineBuffer, from: number, to: number): Exceptions {
  const { attributes, ends } = lines
  let gaps = 0
  let gapBytes = 0
  let span: { first: Time; last: Time } | null = null
  for (let index = from; index < to; index += 1) {
    const bits = attributes[index] as number
    if (bits & attribute.gap) {
      gaps += 1
      gapBytes += (ends[index] as number) - lines.startOf(index)
    }
    if (bits & exceptional) continue
    const time = { sec: lines.seconds[index] as number, ns: lines.nanos[index] as number }
    if (span === null) span = { first: time, last: time }
    else if (compareTime(time, span.first) < 0) span.first = time
    else if (compareTime(time, span.last) > 0) span.last = time
  }
  return { gaps, gapBytes, span }
}

/** Earliest and latest time of lines whose clocks were right; null where there is none. */
export function spanOf({ minSec, minNs, maxSec, maxNs, exceptions }: LineSummary): Span | null {
  if (exceptions !== null) return exceptions.span
  return { first: { sec: minSec, ns: minNs }, last: { sec: maxSec, ns: maxNs } }
}

/** Appends the columns of lines `from` to `to` (exclusive) to `out`. True: a line holds an LF of its own. */
export function encodeColumns(lines: LineBuffer, from: number, to: number, out: ByteWriter): boolean {
  const { attributes, levels } = lines
  const withLengths = holdsLineFeed(lines, from, to)
  let flags: number = withLengths ? columnFlag.lengths : 0
  if (isUniform(attributes, from, to)) flags |= columnFlag.sameAttributes
  if (isUniform(levels, from, to)) flags |= columnFlag.sameLevels
  out.byte(flags)
  out.append(attributes.subarray(from, flags & columnFlag.sameAttributes ? from + 1 : to))
  out.append(levels.subarray(from, flags & columnFlag.sameLevels ? from + 1 : to))
  encodeTimes(lines, from, to, out)
  if (withLengths) {
    for (let index = from; index < to; index += 1) {
      out.integer((lines.ends[index] as number) - lines.startOf(index))
    }
  }
  return withLengths
}

/**
 * Differences to the line before, in nanoseconds, signed; 0 stands for "not representable, absolute time
 * follows".
 */
function encodeTimes(lines: LineBuffer, from: number, to: number, out: ByteWriter): void {
  const { seconds, nanos } = lines
  let lastSec = seconds[from] as number
  let lastNs = nanos[from] as number
  out.signed(lastSec)
  out.integer(lastNs)
  for (let index = from + 1; index < to; index += 1) {
    const sec = seconds[index] as number
    const ns = nanos[index] as number
    const difference = sec - lastSec
    if (difference > deltaSecondsMax || difference < -deltaSecondsMax) {
      out.byte(0)
      out.signed(sec)
      out.integer(ns)
    } else {
      const delta = difference * nanosPerSecond + (ns - lastNs)
      out.integer(delta >= 0 ? delta * 2 + 1 : -delta * 2)
    }
    lastSec = sec
    lastNs = ns
  }
}

/** Reads `lineCount` lines' columns at `offset`; the arrays are fresh. About 25 ns a line. */
export function decodeColumns(bytes: Uint8Array, offset: number, lineCount: number): Columns {
  const reader = new ByteReader(bytes, offset)
  const flags = reader.byte()
  const attributes = readByteColumn(reader, lineCount, (flags & columnFlag.sameAttributes) !== 0)
  const levels = readByteColumn(reader, lineCount, (flags & columnFlag.sameLevels) !== 0)
  const seconds = new Float64Array(lineCount)
  const nanos = new Int32Array(lineCount)
  let sec = reader.signed()
  let ns = reader.integer()
  seconds[0] = sec
  nanos[0] = ns
  for (let index = 1; index < lineCount; index += 1) {
    const code = reader.integer()
    if (code === 0) {
      sec = reader.signed()
      ns = reader.integer()
    } else {
      ns += code % 2 === 1 ? (code - 1) / 2 : -code / 2
      if (ns >= nanosPerSecond || ns < 0) {
        const carry = Math.floor(ns / nanosPerSecond)
        sec += carry
        ns -= carry * nanosPerSecond
      }
    }
    seconds[index] = sec
    nanos[index] = ns
  }
  let lengths: Uint32Array | null = null
  if (flags & columnFlag.lengths) {
    lengths = new Uint32Array(lineCount)
    for (let index = 0; index < lineCount; index += 1) lengths[index] = reader.integer()
  }
  return { lineCount, seconds, nanos, levels, attributes, lengths }
}

/** A copy: a view would keep the 64 KiB alive into which zstd has decompressed a few of them. */
function readByteColumn(reader: ByteReader, lineCount: number, same: boolean): Uint8Array {
  if (!same) return new Uint8Array(reader.slice(lineCount))
  return new Uint8Array(lineCount).fill(reader.byte())
}

function isUniform(values: Uint8Array, from: number, to: number): boolean {
  const first = values[from]
  for (let index = from + 1; index < to; index += 1) if (values[index] !== first) return false
  return true
}

/** Whether any of the lines holds an LF: there are then more LFs in the body than line ends. */
function holdsLineFeed(lines: LineBuffer, from: number, to: number): boolean {
  const { body, ends } = lines
  let position = body.indexOf(0x0a, lines.startOf(from))
  for (let index = from; index < to; index += 1) {
    if (position !== ends[index]) return true
    position = body.indexOf(0x0a, position + 1)
  }
  return false
}
