/** Views of a body and its lines that filters ask for, each made at the first demand. Hot path. */

import { innerLinesTextOf, type SearchText, searchTextOf } from '../../regex/compile.ts'
import { lineFeedEnds } from '../../store/line-ends.ts'

const lineFeed = 0x0a
/**
 * Strings of more than 128 KiB are large objects to V8, which pile up in a heap: 15 MB more in each thread
 * that scans with whole bodies.
 */
const pieceBytes = 96 * 1024

/** Lines with an LF between them; `end`: offset in the body of what follows. */
export type BodyPiece = { readonly search: SearchText; readonly end: number }

/** Lines that hold no LF, each followed by one. */
export class BodyText {
  readonly bytes: Buffer
  readonly lineCount: number
  #ends: Uint32Array | null

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

  /** As many whole lines as fit a piece, at least one, from the one at offset `start` on. */
  piece(start: number): BodyPiece {
    const { bytes } = this
    const isRest = bytes.length - start <= pieceBytes
    const last = isRest ? -1 : bytes.lastIndexOf(lineFeed, start + pieceBytes - 1)
    const next = isRest || last >= start ? last : bytes.indexOf(lineFeed, start + pieceBytes)
    const end = next === -1 ? bytes.length : next + 1
    const textEnd = bytes[end - 1] === lineFeed ? end - 1 : end
    return { search: searchTextOf(bytes.subarray(start, textEnd)), end }
  }

  /** The line that begins at offset `start`. */
  lineAt(start: number): number {
    const { ends } = this
    let low = 0
    let high = this.lineCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ends[middle] as number) < start) low = middle + 1
      else high = middle
    }
    return low
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
