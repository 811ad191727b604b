/**
 * Lines of one stream in columns that grow: what the collector fills and the store encodes. Hot path: no
 * objects per line.
 */

import assert from 'node:assert'

/** One slot per line: what lines are made of beside their bodies. */
export type LineColumns = {
  readonly seconds: Float64Array
  readonly nanos: Int32Array
  readonly levels: Uint8Array
  readonly attributes: Uint8Array
}

/** A buffer's arrays, each exactly as long as what is in it. */
export type LineArrays = LineColumns & { readonly ends: Uint32Array; readonly body: Buffer }

/**
 * Bodies lie end to end in `body`, each followed by one LF that belongs to none of them. Arrays may be longer
 * than
 * `lineCount`; `body` may be longer than `bodyBytes`. All are owned by the buffer and replaced when it grows.
 */
export class LineBuffer {
  lineCount = 0
  bodyBytes = 0
  body: Buffer
  /** Per line: offset in `body` one past its last byte, where its LF stands. */
  ends: Uint32Array
  seconds: Float64Array
  nanos: Int32Array
  levels: Uint8Array
  /** Per line: bits of `attribute`. */
  attributes: Uint8Array

  constructor(lineCapacity = 64, byteCapacity = 8192) {
    this.body = Buffer.allocUnsafeSlow(byteCapacity)
    this.ends = new Uint32Array(lineCapacity)
    this.seconds = new Float64Array(lineCapacity)
    this.nanos = new Int32Array(lineCapacity)
    this.levels = new Uint8Array(lineCapacity)
    this.attributes = new Uint8Array(lineCapacity)
  }

  /** A buffer over arrays that are there, for reading. */
  static over({ body, ends, seconds, nanos, levels, attributes }: LineArrays): LineBuffer {
    const buffer = new LineBuffer(0, 0)
    const { length: lineCount } = ends
    return Object.assign(buffer, {
      body,
      ends,
      seconds,
      nanos,
      levels,
      attributes,
      lineCount,
      bodyBytes: body.length,
    })
  }

  /** Appends one line: bytes `start` to `end` (exclusive) of `source`, kept as they are. */
  append(
    source: Buffer,
    start: number,
    end: number,
    sec: number,
    ns: number,
    attributes: number,
    level: number,
  ): void {
    const index = this.lineCount
    if (index === this.ends.length) this.#growLines()
    const length = end - start
    const needed = this.bodyBytes + length + 1
    if (needed > this.body.length) this.#growBody(needed)
    // A view of the source to set from would be garbage per line, and takes twice as long.
    source.copy(this.body, this.bodyBytes, start, end)
    this.body[this.bodyBytes + length] = 0x0a
    this.ends[index] = this.bodyBytes + length
    this.seconds[index] = sec
    this.nanos[index] = ns
    this.levels[index] = level
    this.attributes[index] = attributes
    this.bodyBytes = needed
    this.lineCount = index + 1
  }

  /** Offset in `body` of the first byte of line `index`. */
  startOf(index: number): number {
    assert(index < this.lineCount)
    return index === 0 ? 0 : (this.ends[index - 1] as number) + 1
  }

  /** Appends lines `from` to `to` (exclusive) of another buffer. */
  appendLines(other: LineBuffer, from: number, to: number): void {
    if (from >= to) return
    const start = other.startOf(from)
    this.appendColumns(other, from, to, other.body.subarray(start, (other.ends[to - 1] as number) + 1))
    const shift = this.bodyBytes - (other.ends[to - 1] as number) - 1
    const target = this.lineCount - to
    for (let index = from; index < to; index += 1)
      this.ends[target + index] = (other.ends[index] as number) + shift
  }

  /**
   * Appends lines `from` to `to` (exclusive) of decoded columns with their body, an LF after each line. The
   * caller sets `ends` of the new lines.
   */
  appendColumns(columns: LineColumns, from: number, to: number, body: Uint8Array): void {
    const first = this.lineCount
    while (first + to - from > this.ends.length) this.#growLines()
    const needed = this.bodyBytes + body.length
    if (needed > this.body.length) this.#growBody(needed)
    this.body.set(body, this.bodyBytes)
    this.seconds.set(columns.seconds.subarray(from, to), first)
    this.nanos.set(columns.nanos.subarray(from, to), first)
    this.levels.set(columns.levels.subarray(from, to), first)
    this.attributes.set(columns.attributes.subarray(from, to), first)
    this.bodyBytes = needed
    this.lineCount = first + to - from
  }

  clear(): void {
    this.lineCount = 0
    this.bodyBytes = 0
  }

  #growLines(): void {
    const capacity = this.ends.length * 2
    const grow = <T extends Uint32Array | Float64Array | Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.ends = grow(this.ends, new Uint32Array(capacity))
    this.seconds = grow(this.seconds, new Float64Array(capacity))
    this.nanos = grow(this.nanos, new Int32Array(capacity))
    this.levels = grow(this.levels, new Uint8Array(capacity))
    this.attributes = grow(this.attributes, new Uint8Array(capacity))
  }

  #growBody(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.body.length * 2))
    this.body.copy(grown, 0, 0, this.bodyBytes)
    this.body = grown
  }
}
