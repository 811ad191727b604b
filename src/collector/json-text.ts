/**
 * Walks over JSON values and decodes JSON strings (RFC 8259) on bytes, for lines that are too many for
 * `JSON.parse`.
 */

const quote = 0x22
const backslash = 0x5c
/** Bytes below this must be escaped in a string. */
const firstPrintable = 0x20
/** U+FFFD, which stands for a half of a surrogate pair without the other. */
const replacement = 0xfffd

/** What the byte behind a backslash stands for; 0: nothing. */
const escapes = new Uint8Array(256)
for (const [letter, meaning] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) =>
  Buffer.from(pair),
)) {
  escapes[letter as number] = meaning as number
}
const letterU = 0x75

/** 1 for the bytes that cannot stand for themselves in a string. */
const endsPlainText = new Uint8Array(256).fill(1, 0, firstPrintable)
endsPlainText[quote] = 1
endsPlainText[backslash] = 1

export class JsonText {
  /** Offset of the first backslash that the last `endOf` passed; -1: none. */
  firstEscape = -1
  /** Owns the result of `decode`; overwritten by the next. */
  decoded: Buffer = Buffer.allocUnsafeSlow(1024)

  /**
   * Offset of the quote that closes the string whose content begins at `start`; -1: none, or a bare control
   * byte.
   */
  endOf(bytes: Uint8Array, start: number, end: number): number {
    this.firstEscape = -1
    let at = endOfPlainText(bytes, start, end)
    while (at < end && bytes[at] === backslash) {
      if (this.firstEscape < 0) this.firstEscape = at
      at = endOfPlainText(bytes, at + 2, end)
    }
    return at < end && bytes[at] === quote ? at : -1
  }

  /**
   * Decodes the content of a string into `decoded` and returns its length, or -1 for an escape that JSON does
   * not have. Surrogate pairs become one character, a lone half U+FFFD; other bytes are kept as they are.
   */
  decode(bytes: Uint8Array, start: number, end: number): number {
    // No escape is longer decoded than encoded.
    if (this.decoded.length < end - start) this.decoded = Buffer.allocUnsafeSlow((end - start) * 2)
    const out = this.decoded
    let length = 0
    let at = start
    while (at < end) {
      const byte = bytes[at] as number
      if (byte !== backslash) {
        out[length] = byte
        length += 1
        at += 1
        continue
      }
      const letter = bytes[at + 1] as number
      if (letter !== letterU) {
        const meaning = escapes[letter] as number
        if (meaning === 0) return -1
        out[length] = meaning
        length += 1
        at += 2
        continue
      }
      const unit = readUnit(bytes, at, end)
      if (unit < 0) return -1
      at += 6
      let character = unit
      if (unit >= 0xd800 && unit <= 0xdfff) {
        const low = unit < 0xdc00 ? readUnit(bytes, at, end) : -1
        const isPair = low >= 0xdc00 && low <= 0xdfff
        character = isPair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : replacement
        if (isPair) at += 6
      }
      length = writeCharacter(out, length, character)
    }
    return length
  }

  /**
   * Offset behind the value at `at`, or -1. Brackets must balance and strings end; the rest is not checked.
   */
  skipValue(bytes: Uint8Array, at: number, end: number): number {
    let depth = 0
    for (let index = at; index < end; index += 1) {
      switch (bytes[index] as number) {
        case quote: {
          index = this.endOf(bytes, index + 1, end)
          if (index < 0) return -1
          if (depth === 0) return index + 1
          break
        }
        case 0x5b: // [
        case 0x7b: // {
          depth += 1
          break
        case 0x5d: // ]
        case 0x7d: // }
          if (depth === 0) return index > at ? index : -1
          depth -= 1
          if (depth === 0) return index + 1
          break
        case 0x2c: // ,
          if (depth === 0) return index > at ? index : -1
          break
        default:
      }
    }
    return -1
  }
}

/** The compiler makes this loop several times as fast as one that compares with each value. */
function endOfPlainText(bytes: Uint8Array, start: number, end: number): number {
  const table = endsPlainText
  let at = start
  while (at < end && table[bytes[at] as number] === 0) at += 1
  return at
}

/** The 16 bits of the `\uXXXX` at `at`, or -1. */
function readUnit(bytes: Uint8Array, at: number, end: number): number {
  if (at + 6 > end || bytes[at] !== backslash || bytes[at + 1] !== letterU) return -1
  let unit = 0
  for (let index = at + 2; index < at + 6; index += 1) {
    const byte = bytes[index] as number
    const lower = byte | 0x20
    if (byte >= 0x30 && byte <= 0x39) unit = (unit << 4) | (byte - 0x30)
    else if (lower >= 0x61 && lower <= 0x66) unit = (unit << 4) | (lower - 0x57)
    else return -1
  }
  return unit
}

/** Writes a character as UTF-8 and returns the length of `out` behind it. */
function writeCharacter(out: Buffer, at: number, character: number): number {
  let length = at
  if (character < 0x80) {
    out[length++] = character
  } else if (character < 0x800) {
    out[length++] = 0xc0 | (character >> 6)
    out[length++] = 0x80 | (character & 0x3f)
  } else if (character < 0x10000) {
    out[length++] = 0xe0 | (character >> 12)
    out[length++] = 0x80 | ((character >> 6) & 0x3f)
    out[length++] = 0x80 | (character & 0x3f)
  } else {
    out[length++] = 0xf0 | (character >> 18)
    out[length++] = 0x80 | ((character >> 12) & 0x3f)
    out[length++] = 0x80 | ((character >> 6) & 0x3f)
    out[length++] = 0x80 | (character & 0x3f)
  }
  return length
}
