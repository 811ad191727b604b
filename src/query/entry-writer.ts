/**
 * Writes selected lines as answers: JSON objects, text lines or their bare bytes, ready to send. Hot path.
 */

import { isUtf8 } from 'node:buffer'
import { type Cursor, CursorWriter } from '../model/cursor.ts'
import { attribute, flagNames, type GapRecord } from '../model/entry.ts'
import { TimeWriter, timeTextBytes } from '../model/time.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import type { Format } from './plan.ts'
import { lineHead, StreamTexts } from './stream-texts.ts'

/** One line to be written: bytes `start` to `end` (exclusive), without its line feed. */
export type WritableEntry = {
  readonly stream: StreamRecord
  readonly line: number
  readonly sec: number
  readonly ns: number
  readonly level: number
  readonly attributes: number
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** The bytes are the inside of a JSON string already; only for writers that take it, and no gap record. */
  readonly isEscaped: boolean
  /** Older than what the tail had already sent. */
  readonly isLate: boolean
}

const carriageReturn = 0x0d
const comma = 0x2c
const lineFeed = 0x0a
const quote = 0x22
const backslash = 0x5c
const closeBrace = 0x7d
/** Room for what surrounds a line, stream names apart. */
const overheadBytes = 512
const roomBytesMin = 64 * 1024
/** Share of the room from which on it costs less to give it away than to copy out of it. */
const wellUsedShare = 0.75
/** Bytes that JSON may make of one: `\u001b`. */
const escapedBytesMax = 6

/** What JSON does with each byte. */
const asIs = 0
const escaped = 1
/** As it is, where the line is UTF-8. */
const beyondAscii = 2
const kindOf = new Uint8Array(256).map((_, byte) => {
  if (byte >= 0x80) return beyondAscii
  return byte < 0x20 || byte === quote || byte === backslash ? escaped : asIs
})
const escapes = Array.from({ length: 128 }, (_, byte) =>
  Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
)
export type EntryWriterOptions = {
  /** Entries are given back last one first. */
  readonly isReversed?: boolean
  /** Shared memory to write into, which `take` gives back; or bytes that the answer will about need. */
  readonly room?: SharedArrayBuffer | number
  /** Those of the thread; its own unless given. */
  readonly texts?: StreamTexts
}

/** What selected lines are given to. */
export type EntrySink = Pick<
  EntryWriter,
  'write' | 'length' | 'take' | 'takesEscaped' | 'setCursor' | 'hasLeftOutGaps'
>

/** Grows as needed. JSON objects are joined by commas; lines of the other formats end in LF. */
export class EntryWriter {
  readonly #format: Format
  #cursors: CursorWriter
  /** What follows most lines, up to the place in their cursors. */
  #tail: Buffer
  readonly #times = new TimeWriter()
  readonly #texts: StreamTexts
  /** Where each entry begins, if they are to be given back in reverse. */
  readonly #starts: number[] | null
  #buffer: Buffer
  #length = 0
  #hasLeftOutGaps = false
  /** The room belongs to whoever takes what was written. */
  readonly #isGivenBack: boolean

  /** `cursor` is what every entry's own cursor shares; its place is ignored. */
  constructor(format: Format, cursor: Cursor, options: EntryWriterOptions = {}) {
    const { isReversed = false, room = 0, texts = new StreamTexts() } = options
    this.#texts = texts
    this.#isGivenBack = typeof room !== 'number'
    this.#buffer =
      typeof room === 'number' ? Buffer.allocUnsafeSlow(Math.max(roomBytesMin, room)) : Buffer.from(room)
    this.#format = format
    this.#cursors = new CursorWriter(cursor)
    this.#tail = tailOf(this.#cursors)
    this.#starts = isReversed ? [] : null
  }

  /** Changes what the following entries' cursors share. */
  setCursor(cursor: Cursor): void {
    this.#cursors = new CursorWriter(cursor)
    this.#tail = tailOf(this.#cursors)
  }

  get length(): number {
    return this.#length
  }

  /** Lines may be given to it escaped. */
  get takesEscaped(): boolean {
    return this.#format === 'json' || this.#format === 'ndjson'
  }

  /** Gap records were given to it, and its format has no place for them. */
  get hasLeftOutGaps(): boolean {
    return this.#hasLeftOutGaps
  }

  /**
   * What was written, to be transferred: a copy, or the room itself where it is to be given back or most of
   * it is used.
   */
  take(): Uint8Array {
    const isWellUsed = this.#isGivenBack || this.#length >= this.#buffer.length * wellUsedShare
    if (this.#starts === null && isWellUsed) {
      const written = new Uint8Array(this.#buffer.buffer, 0, this.#length)
      this.#buffer = Buffer.alloc(0)
      this.#length = 0
      return written
    }
    const bytes = new Uint8Array(this.#length)
    if (this.#starts === null) bytes.set(this.#buffer.subarray(0, this.#length))
    else this.#copyReversed(bytes, this.#starts)
    this.#length = 0
    return bytes
  }

  write(entry: WritableEntry): void {
    this.#starts?.push(this.#length)
    if (this.#format === 'text') {
      this.#writeText(entry)
      return
    }
    if (this.#format === 'raw') {
      this.#writeRaw(entry)
      return
    }
    this.#reserve(entry.end - entry.start + overheadBytes)
    if (this.#format === 'json' && this.#length > 0) this.#byte(comma)
    if (entry.attributes & attribute.gap) this.#writeJsonGap(entry)
    else this.#writeJsonLine(entry)
    if (this.#format === 'ndjson') this.#byte(lineFeed)
  }

  /**
   * Entries but the first begin with their comma, so the last one, which becomes the first, leaves its comma
   * behind.
   */
  #copyReversed(bytes: Uint8Array, starts: number[]): void {
    const isJoined = this.#format === 'json'
    let end = this.#length
    let target = 0
    for (const start of starts.splice(0).reverse()) {
      const from = isJoined && start > 0 ? start + 1 : start
      if (isJoined && target > 0) bytes[target++] = comma
      bytes.set(this.#buffer.subarray(from, end), target)
      target += end - from
      end = start
    }
  }

  /** Hot path: some 300 ns for a line of 140 bytes that is escaped already, 500 ns for one that is not. */
  #writeJsonLine(entry: WritableEntry): void {
    const { stream, attributes, level, bytes, start, end } = entry
    const head = this.#texts.headOf(stream, attributes & attribute.stderr ? 1 : 0, level)
    this.#reserve(head.length + end - start + overheadBytes)
    const at = this.#length
    this.#buffer.set(head, at)
    this.#times.write(this.#buffer, at + lineHead.length, entry.sec, entry.ns)
    this.#length = at + head.length
    if (entry.isEscaped) this.#copy(bytes, start, end)
    else this.#jsonText(bytes, start, endOfText(entry))
    this.#reserve(overheadBytes)
    const hasFlags = (attributes & flagBits) !== 0 || entry.isLate
    if (hasFlags) this.#flags(entry, '","flags":[')
    else this.#bytes(this.#tail)
    this.#place(entry)
  }

  #writeJsonGap(entry: WritableEntry): void {
    this.#ascii('{"kind":"gap","time":"')
    this.#length = this.#times.write(this.#buffer, this.#length, entry.sec, entry.ns)
    this.#ascii('",')
    this.#bytes(this.#texts.of(entry.stream).json)
    const { reason, bytes, file } = gapOf(entry)
    this.#utf8(`"reason":${JSON.stringify(reason)},"bytes":${bytes},"file":${JSON.stringify(file)}`)
    this.#flags(entry, ',"flags":[')
    this.#place(entry)
  }

  /** The rest of a cursor, and the end of the object. */
  #place({ sec, ns, stream, line }: WritableEntry): void {
    this.#length = this.#cursors.writeRest(this.#buffer, this.#length, sec, ns, stream.id, line)
    this.#byte(quote)
    this.#byte(closeBrace)
  }

  /** And the beginning of the cursor. */
  #flags({ attributes, isLate }: WritableEntry, before: string): void {
    this.#ascii(before)
    let separator = ''
    for (const [bit, name] of flagNames) {
      if (!(attributes & bit)) continue
      this.#ascii(`${separator}"${name}"`)
      separator = ','
    }
    if (isLate) this.#ascii(`${separator}"late"`)
    this.#ascii('],"cursor":"')
    this.#bytes(this.#cursors.prefix)
    this.#reserve(overheadBytes)
  }

  #writeText(entry: WritableEntry): void {
    const { bytes, start, end, attributes } = entry
    const prefix = this.#texts.of(entry.stream).text
    this.#reserve(end - start + prefix.length + overheadBytes)
    this.#bytes(prefix)
    this.#length = this.#times.write(this.#buffer, this.#length, entry.sec, entry.ns)
    this.#ascii(' ')
    if (attributes & attribute.gap) {
      const gap = gapOf(entry)
      const file = gap.file === null ? '' : ` of ${gap.file}`
      this.#utf8(`-- gap: ${gap.reason}, ${gap.bytes ?? 'unknown'} bytes missing${file} --`)
    } else this.#copy(bytes, start, endOfText(entry))
    this.#byte(lineFeed)
  }

  #writeRaw({ bytes, start, end, attributes }: WritableEntry): void {
    if (attributes & attribute.gap) {
      this.#hasLeftOutGaps = true
      return
    }
    this.#reserve(end - start + 1)
    this.#copy(bytes, start, end)
    this.#byte(lineFeed)
  }

  /**
   * A JSON string's inside, byte by byte; a line that is not UTF-8 goes through JSON.stringify, which
   * replaces what is not. Hot path: about 1 ns a byte.
   */
  #jsonText(bytes: Buffer, start: number, end: number): void {
    let buffer = this.#buffer
    let at = this.#length
    let isChecked = false
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index] as number
      const kind = kindOf[byte]
      if (kind === beyondAscii && !isChecked) {
        if (!isUtf8(bytes.subarray(start, end))) {
          this.#utf8(JSON.stringify(bytes.toString('utf8', start, end)).slice(1, -1))
          return
        }
        isChecked = true
      }
      if (kind !== escaped) {
        buffer[at++] = byte
        continue
      }
      const escape = escapes[byte] as Buffer
      if (at + escapedBytesMax + end - index > buffer.length) {
        this.#reserveAt(at, escapedBytesMax + end - index)
        buffer = this.#buffer
      }
      for (let part = 0; part < escape.length; part += 1) buffer[at++] = escape[part] as number
    }
    this.#length = at
  }

  #ascii(text: string): void {
    this.#reserve(text.length)
    this.#length += this.#buffer.write(text, this.#length, 'latin1')
  }

  #utf8(text: string): void {
    this.#reserve(text.length * 3)
    this.#length += this.#buffer.write(text, this.#length, 'utf8')
  }

  #bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Into room that is reserved. */
  #byte(byte: number): void {
    this.#buffer[this.#length] = byte
    this.#length += 1
  }

  /** Into room that is reserved. */
  #copy(bytes: Buffer, start: number, end: number): void {
    bytes.copy(this.#buffer, this.#length, start, end)
    this.#length += end - start
  }

  #reserve(count: number): void {
    this.#reserveAt(this.#length, count)
  }

  /** Room for `count` bytes and a time behind the first `length`. */
  #reserveAt(length: number, count: number): void {
    const needed = length + count + timeTextBytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(roomBytesMin, needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, length)
    this.#buffer = grown
  }
}

const flagBits = flagNames.reduce((bits, [bit]) => bits | bit, 0)

function tailOf({ prefix }: CursorWriter): Buffer {
  return Buffer.concat([Buffer.from('","flags":[],"cursor":"'), prefix])
}

function gapOf({ bytes, start, end }: WritableEntry): GapRecord {
  return JSON.parse(bytes.toString('utf8', start, end)) as GapRecord
}

/**
 * End of a line without the one carriage return that a terminal put there; pieces and odd lines stay as they
 * are.
 */
function endOfText({ attributes, bytes, start, end }: WritableEntry): number {
  if (attributes & (attribute.cut | attribute.malformed)) return end
  return end > start && bytes[end - 1] === carriageReturn ? end - 1 : end
}
