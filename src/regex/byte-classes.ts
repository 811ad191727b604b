/** Writes sets of code points as RegExp source over UTF-8 bytes, one character per byte. */

import { type CodePoints, codePointsOf, complement, includes, within } from './code-points.ts'

/** `ascii`: text without bytes above 0x7f but the stand-ins; `utf8`: any valid UTF-8. */
export type Flavour = 'ascii' | 'utf8'

/**
 * Bytes that no UTF-8 has, put in place of CR and of an LF inside a line: then nothing but the LF between
 * lines ends a line for `^` and `$` with flag `m`, and neither needs look-around, which V8's linear engine
 * does not have.
 */
export const standIn = { lineFeed: 0xfe, carriageReturn: 0xff } as const

const lineFeed = 0x0a
const carriageReturn = 0x0d
const asciiMax = 0x7f
const byteMax = 0xff
const trailing = '[\\x80-\\xbf]'
/** What UTF-8 can encode beyond ASCII; the second part because surrogates are no characters. */
const nonAsciiRanges = [0x80, 0xd7ff, 0xe000, 0x10ffff] as const

/** Matches one code point of `set`. Starts at the first byte of a character only. */
export function setSource(set: CodePoints, flavour: Flavour): string {
  const ascii = asciiBytes(set)
  if (holdsAllNonAscii(set)) {
    if (flavour === 'ascii') return byteClass([...ascii, 0x80, 0xfd])
    // Text is valid, so trailing bytes follow as they must; giving some back leads nowhere: nothing starts
    // with one.
    return `(?:${byteClass([...ascii, 0xc0, 0xfd])}${trailing}*)`
  }
  if (flavour === 'ascii') return byteClass(ascii)
  const sequences = nonAsciiSequences(set)
  if (sequences.length === 0) return byteClass(ascii)
  const alternatives = sequencesSource(sequences)
  return `(?:${ascii.length === 0 ? '' : `${byteClass(ascii)}|`}${alternatives})`
}

/** Source of one byte that stands for any run of `set`, when the run needs no structure; null: it does. */
export function runSource(set: CodePoints, flavour: Flavour): string | null {
  if (!holdsAllNonAscii(set)) return flavour === 'ascii' || isAscii(set) ? setSource(set, 'ascii') : null
  return byteClass([...asciiBytes(set), 0x80, 0xfd])
}

/** Source of one byte, outside or inside brackets. */
export function byteSource(byte: number): string {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9 _=:,;"'<>@#%&~!]/.test(character)
    ? character
    : `\\x${byte.toString(16).padStart(2, '0')}`
}

function isAscii(set: CodePoints): boolean {
  return set.length === 0 || (set[set.length - 1] as number) <= asciiMax
}

function holdsAllNonAscii(set: CodePoints): boolean {
  const missing = complement(set)
  return nonAsciiRanges.every(
    (first, index) =>
      index % 2 === 1 || within(missing, first, nonAsciiRanges[index + 1] as number).length === 0,
  )
}

/** ASCII members as bytes, with the stand-ins for line feed and carriage return. */
function asciiBytes(set: CodePoints): number[] {
  const bytes: number[] = []
  bytes.push(...within(set, 0, lineFeed - 1))
  bytes.push(...within(set, lineFeed + 1, carriageReturn - 1))
  bytes.push(...within(set, carriageReturn + 1, asciiMax))
  if (includes(set, lineFeed)) bytes.push(standIn.lineFeed, standIn.lineFeed)
  if (includes(set, carriageReturn)) bytes.push(standIn.carriageReturn, standIn.carriageReturn)
  return bytes
}

/** A class of bytes, written in its shorter form: with or without `^`. */
function byteClass(pairs: readonly number[]): string {
  const set = codePointsOf(pairs)
  if (set.length === 2 && set[0] === set[1]) return byteSource(set[0] as number)
  const rest = within(complement(set), 0, byteMax)
  return set.length <= rest.length ? `[${rangesSource(set)}]` : `[^${rangesSource(rest)}]`
}

function rangesSource(set: CodePoints): string {
  let source = ''
  for (let index = 0; index < set.length; index += 2) {
    const first = set[index] as number
    const last = set[index + 1] as number
    source += byteSource(first)
    if (last > first) source += `-${byteSource(last)}`
  }
  return source
}

/** Per byte of the sequence: first and last value. */
type Sequence = readonly (readonly [first: number, last: number])[]

/** Ranges of code points of one encoded length each. */
const encodedLengths = [0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff] as const

function nonAsciiSequences(set: CodePoints): Sequence[] {
  const sequences: Sequence[] = []
  for (let index = 0; index < encodedLengths.length; index += 2) {
    const part = within(set, encodedLengths[index] as number, encodedLengths[index + 1] as number)
    for (let range = 0; range < part.length; range += 2) {
      pushSequences(sequences, part[range] as number, part[range + 1] as number)
    }
  }
  return sequences
}

/** Splits a range until only trailing bytes that run through all their values differ, as RE2 does. */
function pushSequences(sequences: Sequence[], first: number, last: number): void {
  for (let bits = 6; bits <= 18; bits += 6) {
    const mask = 2 ** bits - 1
    if (Math.floor(first / (mask + 1)) === Math.floor(last / (mask + 1))) continue
    if ((first & mask) !== 0) {
      pushSequences(sequences, first, first | mask)
      pushSequences(sequences, (first | mask) + 1, last)
      return
    }
    if ((last & mask) !== mask) {
      pushSequences(sequences, first, (last & ~mask) - 1)
      pushSequences(sequences, last & ~mask, last)
      return
    }
  }
  const high = encodeUtf8(last)
  sequences.push(encodeUtf8(first).map((byte, index) => [byte, high[index] as number]))
}

/** Alternatives with common first bytes written once. */
function sequencesSource(sequences: readonly Sequence[]): string {
  const groups = new Map<string, Sequence[]>()
  for (const sequence of sequences) {
    const [first, last] = sequence[0] as readonly [number, number]
    const key = byteClass([first, last])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [sequence.slice(1)])
    else group.push(sequence.slice(1))
  }
  return Array.from(groups, ([head, rest]) => {
    if ((rest[0] as Sequence).length === 0) return head
    if ((rest[0] as Sequence).length > 1) {
      const tail = sequencesSource(rest)
      return rest.length === 1 || !tail.includes('|') ? head + tail : `${head}(?:${tail})`
    }
    return head + byteClass(rest.flatMap((sequence) => [...(sequence[0] as readonly [number, number])]))
  }).join('|')
}

function encodeUtf8(codePoint: number): number[] {
  const trail = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f)
  if (codePoint <= asciiMax) return [codePoint]
  if (codePoint <= 0x7ff) return [0xc0 | (codePoint >> 6), trail(0)]
  if (codePoint <= 0xffff) return [0xe0 | (codePoint >> 12), trail(6), trail(0)]
  return [0xf0 | (codePoint >> 18), trail(12), trail(6), trail(0)]
}
