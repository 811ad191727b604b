/** Views of a body and its lines that filters ask for, each made at the first demand. Hot path. */

import { innerLinesTextOf, type SearchText, searchTextOf } from '../../regex/compile.ts'
import { lineFeedEnds } from '../../store/line-ends.ts'

const lineFeed = 0x0a

/** Lines that hold no LF, each followed by one. */
export class BodyText {
  readonly bytes: Buffer
  readonly lineCount: number
  #ends: Uint32Array | null
  #search: SearchText | null = null
  #searchEnds: Uint32Array | null = null

  /** `ends`: as `lineFeedEnds` makes it, maybe longer; null: not known yet. */
  constructor(bytes: Buffer, ends: Uint32Array | null, lineCount: number) {
    this.bytes = bytes
    this.#ends = ends
    this.lineCount = lineCount
  }

  get ends(): Uint32Array {
    this.#ends ??= lineFeedEnds(this.bytes, this.lineCount)
    return this.#ends
  }

  get search(): SearchText {
    this.#search ??= searchTextOf(this.bytes)
    return this.#search
  }

  /** Ends in `search.text`: others than `ends` where bytes that are not UTF-8 were replaced. */
  get searchEnds(): Uint32Array {
    if (this.search.bytes === this.bytes) return this.ends
    this.#searchEnds ??= lineFeedEnds(this.search.bytes, this.lineCount)
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
