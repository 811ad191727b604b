/**
 * Variable-length integers (LEB128, exact up to 2^53) and bytes, written to and read from a buffer. Hot path.
 */

import assert from 'node:assert'

const twoTo32 = 2 ** 32

/** Grows as needed; `bytes()` is a copy of what was written. */
export class ByteWriter {
  #buffer: Buffer
  #length = 0

  constructor(capacity = 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Written part, valid until the next write. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  reset(): void {
    this.#length = 0
  }

  byte(value: number): void {
    this.reserve(1)
    this.#buffer[this.#length++] = value
  }

  /** Integer from 0 to 2^53 - 1. */
  integer(value: number): void {
    this.reserve(8)
    const buffer = this.#buffer
    let length = this.#length
    let rest = value
    while (rest >= twoTo32) {
      buffer[length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    let low = rest >>> 0
    while (low >= 128) {
      buffer[length++] = (low & 127) | 128
      low >>>= 7
    }
    buffer[length++] = low
    this.#length = length
  }

  /** Integer from -2^52 to 2^52. */
  signed(value: number): void {
    this.integer(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/**
 * Reads what `ByteWriter` wrote. Reading past the end is a broken invariant: stored bytes are checked by
 * SQLite.
 */
export class ByteReader {
  offset: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.offset = offset
  }

  get atEnd(): boolean {
    return this.offset >= this.#bytes.length
  }

  byte(): number {
    const value = this.#bytes[this.offset++]
    assert(value !== undefined, 'read past the end of a stored record')
    return value
  }

  integer(): number {
    const bytes = this.#bytes
    let byte = bytes[this.offset++] as number
    if (byte < 128) return byte
    let value = byte & 127
    let shift = 7
    while (shift < 28) {
      byte = bytes[this.offset++] as number
      value |= (byte & 127) << shift
      if (byte < 128) return value
      shift += 7
    }
    let factor = 2 ** 28
    do {
      byte = this.byte()
      value += (byte & 127) * factor
      factor *= 128
    } while (byte >= 128)
    return value
  }

  signed(): number {
    const value = this.integer()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  slice(length: number): Uint8Array {
    assert(this.offset + length <= this.#bytes.length, 'read past the end of a stored record')
    const start = this.offset
    this.offset += length
    return this.#bytes.subarray(start, this.offset)
  }
}
