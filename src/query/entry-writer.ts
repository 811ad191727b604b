/**
 * Writes selected lines as answers: JSON objects, text lines or their bare bytes, ready to send. Hot path.
 */

import { type Cursor, CursorWriter } from '../model/cursor.ts'
import { attribute, flagNames, type GapRecord, iostreamNames, levelNames } from '../model/entry.ts'
import { TimeWriter, timeTextBytes } from '../model/time.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import type { Format } from './plan.ts'

/** One line to be written, with its bytes. */
export type WritableEntry = {
  readonly stream: StreamRecord
  readonly line: number
  readonly sec: number
  readonly ns: number
  readonly level: number
  readonly attributes: number
  readonly body: Buffer
  /** Older than what the tail had already sent. */
  readonly isLate: boolean
}

const carriageReturn = 0x0d
const comma = 0x2c
/** Room for what surrounds a line, stream names apart. */
const overheadBytes = 512

/** Bytes that JSON writes as they are: printable ASCII but quote and backslash. */
const isPlain = new Uint8Array(256).map((_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
)

type StreamText = { readonly json: Buffer; readonly text: Buffer }

/** Grows as needed. JSON objects are joined by commas; lines of the other formats end in LF. */
export class EntryWriter {
  readonly #format: Format
  #cursors: CursorWriter
  readonly #times = new TimeWriter()
  readonly #streams = new Map<number, StreamText>()
  /** Where each entry begins, if they are to be given back in reverse. */
  readonly #starts: number[] | null
  #buffer = Buffer.allocUnsafeSlow(64 * 1024)
  #length = 0
  #hasLeftOutGaps = false

  /** `cursor` is what every entry's own cursor shares; its place is ignored. */
  constructor(format: Format, cursor: Cursor, isReversed = false) {
    this.#format = format
    this.#cursors = new CursorWriter(cursor)
    this.#starts = isReversed ? [] : null
  }

  /** Changes what the following entries' cursors share. */
  setCursor(cursor: Cursor): void {
    this.#cursors = new CursorWriter(cursor)
  }

  get length(): number {
    return this.#length
  }

  /** Gap records were given to it, and its format has no place for them. */
  get hasLeftOutGaps(): boolean {
    return this.#hasLeftOutGaps
  }

  /** What was written: a copy that may be transferred. */
  take(): Uint8Array<ArrayBuffer> {
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
    if (this.#format === 'json' && this.#length > 0) this.#ascii(',')
    this.#writeJson(entry)
    if (this.#format === 'ndjson') this.#ascii('\n')
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

  #writeJson(entry: WritableEntry): void {
    const { stream, body, attributes } = entry
    const isGap = (attributes & attribute.gap) !== 0
    const streamText = this.#streamText(stream)
    this.#reserve(body.length + streamText.json.length + overheadBytes)
    this.#ascii(isGap ? '{"kind":"gap","time":"' : '{"kind":"line","time":"')
    this.#length = this.#times.write(this.#buffer, this.#length, entry.sec, entry.ns)
    this.#ascii('",')
    this.#bytes(streamText.json)
    if (isGap) {
      const gap = JSON.parse(body.toString()) as GapRecord
      this.#utf8(
        `"reason":${JSON.stringify(gap.reason)},"bytes":${gap.bytes},"file":${JSON.stringify(gap.file)},`,
      )
      this.#ascii('"flags":[')
    } else {
      const iostream = iostreamNames[attributes & attribute.stderr ? 1 : 0]
      this.#ascii(`"stream":"${iostream}","level":"${levelNames[entry.level]}","line":"`)
      this.#jsonText(withoutReturn(body, attributes))
      this.#ascii('","flags":[')
    }
    this.#flags(entry)
    this.#ascii('],"cursor":"')
    this.#ascii(this.#cursors.at(entry.sec, entry.ns, stream.id, entry.line))
    this.#ascii('"}')
  }

  #flags({ attributes, isLate }: WritableEntry): void {
    let separator = ''
    for (const [bit, name] of flagNames) {
      if (!(attributes & bit)) continue
      this.#ascii(`${separator}"${name}"`)
      separator = ','
    }
    if (isLate) this.#ascii(`${separator}"late"`)
  }

  #writeText(entry: WritableEntry): void {
    const { body, attributes } = entry
    const prefix = this.#streamText(entry.stream).text
    this.#reserve(body.length + prefix.length + overheadBytes)
    this.#bytes(prefix)
    this.#length = this.#times.write(this.#buffer, this.#length, entry.sec, entry.ns)
    this.#ascii(' ')
    if (attributes & attribute.gap) {
      const { reason, bytes, file } = JSON.parse(body.toString()) as GapRecord
      this.#utf8(
        `-- gap: ${reason}, ${bytes ?? 'unknown'} bytes missing${file === null ? '' : ` of ${file}`} --`,
      )
    } else {
      this.#bytes(withoutReturn(body, attributes))
    }
    this.#ascii('\n')
  }

  #writeRaw({ body, attributes }: WritableEntry): void {
    if (attributes & attribute.gap) {
      this.#hasLeftOutGaps = true
      return
    }
    this.#bytes(body)
    this.#ascii('\n')
  }

  /**
   * A JSON string's inside: plain ASCII is copied, anything else goes through JSON.stringify, which replaces
   * bad UTF-8.
   */
  #jsonText(body: Buffer): void {
    for (let index = 0; index < body.length; index += 1) {
      if (isPlain[body[index] as number] === 0) {
        this.#utf8(JSON.stringify(body.toString('utf8')).slice(1, -1))
        return
      }
    }
    this.#bytes(body)
  }

  #streamText(stream: StreamRecord): StreamText {
    const present = this.#streams.get(stream.id)
    if (present !== undefined) return present
    const { namespace, pod, podUid, container, node, restart } = stream.labels
    const json = JSON.stringify({ namespace, pod, podUid, container, node, restart })
    const text = {
      json: Buffer.from(`${json.slice(1, -1)},`),
      text: Buffer.from(`[pod/${pod}/${container}] `),
    }
    this.#streams.set(stream.id, text)
    return text
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

  #reserve(count: number): void {
    const needed = this.#length + count + timeTextBytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/**
 * A line without the one carriage return that a terminal put at its end; pieces and odd lines stay as they
 * are.
 */
function withoutReturn(body: Buffer, attributes: number): Buffer {
  if (attributes & (attribute.cut | attribute.malformed)) return body
  return body.at(-1) === carriageReturn ? body.subarray(0, -1) : body
}
