/** Views of a body and its lines that filters ask for, each made at the first demand. Hot path. */

import { innerLinesTextOf, type SearchText, searchTextOf } from '../regex/compile.ts'

const lineFeed = 0x0a

/**
 * Offset of each line's LF; a last line without one ends at the end of the body. Looks for LF in a one-byte string,
 * which is faster than in the bytes: 256 KiB of lines of 120 bytes take 35 µs, 75 µs by `Buffer.indexOf`.
 */
export function lineEnds(body: Buffer, lineCount: number): Uint32Array {
  const ends = new Uint32Array(lineCount)
  const text = body.toString('latin1')
  let start = 0
  for (let index = 0; index < lineCount; index += 1) {
    const end = text.indexOf('\n', start)
    ends[index] = end === -1 ? text.length : end
    start = end === -1 ? text.length : end + 1
  }
  return ends
}

/** Lines that hold no LF, each followed by one. */
export class BodyText {
  readonly bytes: Buffer
  readonly lineCount: number
  #ends: Uint32Array | null
  #search: SearchText | null = null
  #searchEnds: Uint32Array | null = null

  /** `ends`: as `lineEnds` makes it, maybe longer; null: not known yet. */
  constructor(bytes: Buffer, ends: Uint32Array | null, lineCount: number) {
    this.bytes = bytes
    this.#ends = ends
    this.lineCount = lineCount
  }

  get ends(): Uint32Array {
    this.#ends ??= lineEnds(this.bytes, this.lineCount)
    return this.#ends
  }

  get search(): SearchText {
    this.#search ??= searchTextOf(this.bytes)
    return this.#search
  }

  /** Ends in `search.text`: others than `ends` where bytes that are not UTF-8 were replaced. */
  get searchEnds(): Uint32Array {
    if (this.search.bytes === this.bytes) return this.ends
    this.#searchEnds ??= lineEnds(this.search.bytes, this.lineCount)
    return this.#searchEnds
  }

  line(index: number): LineText {
    const start = index === 0 ? 0 : (this.ends[index - 1] as number) + 1
    return new LineText(this.bytes.subarray(start, this.ends[index]))
  }
}

/** One line; it may hold LFs. */
export class LineText {
  readonly bytes: Buffer
  #search: SearchText | null = null

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get search(): SearchText {
    this.#search ??= searchTextOf(this.bytes)
    return this.#search
  }

  /** Null: the line holds no LF. */
  get innerLines(): string | null {
    return this.bytes.includes(lineFeed) ? innerLinesTextOf(this.bytes) : null
  }
}
