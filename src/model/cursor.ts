/**
 * Opaque cursors: a place in the total order (time, stream, line) as of a commit, bound to one database and
 * one plan.
 */

import type { Time } from './entry.ts'

/**
 * Position of an entry in history order. Stream 0 is before every stream: such a place lies between entries.
 */
export type Place = {
  readonly sec: number
  readonly ns: number
  readonly streamId: number
  readonly line: number
}

export type Cursor = {
  /**
   * `history`: a walk over what was committed up to `commit`. `tail`: everything up to `commit` was sent;
   * where
   * `isPartial`, of that commit itself only what lies up to `place`.
   */
  readonly kind: 'history' | 'tail'
  readonly isPartial: boolean
  /** Six hex digits of the database. */
  readonly databaseId: string
  /** 32-bit hash of the plan. */
  readonly planHash: number
  readonly commit: number
  readonly since: Time | null
  readonly until: Time | null
  readonly place: Place | null
}

const flag = { tail: 1, partial: 2, since: 4, until: 8, place: 16 } as const
const cursorVersion = 1
const versionShift = 5

/** Lengths are multiples of three bytes, so that parts encoded to base64url on their own can be joined. */
const headBytes = 15
const timeBytes = 9
const placeBytes = 18
const checkBytes = 3
const databaseIdBytes = 3
/** Characters of a place with its check: four for three bytes. */
const placeTextBytes = ((placeBytes + checkBytes) / 3) * 4
const base64url = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')

/** Added to seconds, so that RFC 3339's year 0 is positive in 40 bits. */
const secondOffset = 2 ** 38

/** Two characters of base64url for each number of twelve bits. */
const pairs = Uint16Array.from(
  { length: 4096 },
  (_, bits) => ((base64url[bits >>> 6] as number) << 8) | (base64url[bits & 63] as number),
)

/** Encodes cursors that differ in their place only: the shared part is encoded once. Hot path: 60 ns each. */
export class CursorWriter {
  /** What every cursor begins with. */
  readonly prefix: Buffer
  readonly #prefixHash: number
  /** Of the last place's second: what it adds to the hash. */
  #sec = Number.NaN
  #secHash = 0

  /** `cursor.place` is ignored. */
  constructor(cursor: Cursor) {
    const head = encodeHead({ ...cursor, place: { sec: 0, ns: 0, streamId: 0, line: 0 } })
    this.prefix = Buffer.from(head.toString('base64url'))
    this.#prefixHash = hashBytes(head, head.length, hashStart)
  }

  at(sec: number, ns: number, streamId: number, line: number): string {
    const rest = Buffer.alloc(placeTextBytes)
    this.writeRest(rest, 0, sec, ns, streamId, line)
    return this.prefix.toString('latin1') + rest.toString('latin1')
  }

  /** Writes the `placeTextBytes` characters that follow the prefix; returns the offset behind them. */
  writeRest(
    target: Uint8Array,
    offset: number,
    sec: number,
    ns: number,
    streamId: number,
    line: number,
  ): number {
    const moved = sec + secondOffset
    const secHigh = Math.floor(moved / 2 ** 16)
    const secLow = moved & 0xffff
    const lineHigh = Math.floor(line / 2 ** 24)
    if (sec !== this.#sec) {
      this.#secHash = hashTwo(hashThree(this.#prefixHash, secHigh), secLow)
      this.#sec = sec
    }
    let hash = hashTwo(hashTwo(this.#secHash, ns >>> 16), ns)
    hash = hashTwo(hashTwo(hash, streamId >>> 16), streamId)
    hash = hashThree(hashTwo(hash, lineHigh), line)
    writeThree(target, offset, secHigh)
    writeThree(target, offset + 4, (secLow << 8) | (ns >>> 24))
    writeThree(target, offset + 8, ns)
    writeThree(target, offset + 12, streamId >>> 8)
    writeThree(target, offset + 16, ((streamId & 0xff) << 16) | lineHigh)
    writeThree(target, offset + 20, line)
    writeThree(target, offset + 24, hash >>> 8)
    return offset + placeTextBytes
  }
}

/** The last three bytes of a number as four characters. */
function writeThree(target: Uint8Array, offset: number, value: number): void {
  const high = pairs[(value >>> 12) & 0xfff] as number
  const low = pairs[value & 0xfff] as number
  target[offset] = high >>> 8
  target[offset + 1] = high & 0xff
  target[offset + 2] = low >>> 8
  target[offset + 3] = low & 0xff
}

export function encodeCursor(cursor: Cursor): string {
  if (cursor.place !== null) {
    const { sec, ns, streamId, line } = cursor.place
    return new CursorWriter(cursor).at(sec, ns, streamId, line)
  }
  const head = encodeHead(cursor)
  const check = Buffer.alloc(checkBytes)
  check.writeUIntBE(hashBytes(head, head.length, hashStart) >>> 8, 0, checkBytes)
  return Buffer.concat([head, check]).toString('base64url')
}

/** Null where the text is not a whole cursor of this version. */
export function parseCursor(text: string): Cursor | null {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < headBytes + checkBytes || bytes.toString('base64url') !== text) return null
  const flags = bytes[0] as number
  if (flags >> versionShift !== cursorVersion) return null
  let offset = headBytes
  const readTimeIf = (bit: number): Time | null => {
    if (!(flags & bit)) return null
    offset += timeBytes
    if (offset > bytes.length) return null
    return readTime(bytes, offset - timeBytes)
  }
  const since = readTimeIf(flag.since)
  const until = readTimeIf(flag.until)
  let place: Place | null = null
  if (flags & flag.place) {
    if (offset + placeBytes > bytes.length) return null
    const streamId = bytes.readUInt32BE(offset + timeBytes)
    place = { ...readTime(bytes, offset), streamId, line: bytes.readUIntBE(offset + timeBytes + 4, 5) }
    offset += placeBytes
  }
  if (bytes.length !== offset + checkBytes) return null
  if (bytes.readUIntBE(offset, checkBytes) !== hashBytes(bytes, offset, hashStart) >>> 8) return null
  return {
    kind: flags & flag.tail ? 'tail' : 'history',
    isPartial: (flags & flag.partial) !== 0,
    databaseId: bytes.subarray(1, 1 + databaseIdBytes).toString('hex'),
    planHash: bytes.readUInt32BE(4),
    commit: bytes.readUInt8(8) * 2 ** 48 + bytes.readUIntBE(9, 6),
    since,
    until,
    place,
  }
}

/** Hash of a plan's JSON, for `Cursor.planHash`. */
export function hashPlan(json: string): number {
  const bytes = Buffer.from(json)
  return hashBytes(bytes, bytes.length, hashStart)
}

/** Negative, zero or positive as `a` is before, at or after `b` in history order. */
export function comparePlaces(a: Place, b: Place): number {
  return a.sec - b.sec || a.ns - b.ns || a.streamId - b.streamId || a.line - b.line
}

function encodeHead(cursor: Cursor): Buffer {
  const { since, until, place } = cursor
  const bytes = Buffer.alloc(headBytes + (since ? timeBytes : 0) + (until ? timeBytes : 0))
  let flags = cursorVersion << versionShift
  if (cursor.kind === 'tail') flags |= flag.tail
  if (cursor.isPartial) flags |= flag.partial
  if (since) flags |= flag.since
  if (until) flags |= flag.until
  if (place) flags |= flag.place
  bytes[0] = flags
  bytes.write(cursor.databaseId, 1, databaseIdBytes, 'hex')
  bytes.writeUInt32BE(cursor.planHash, 4)
  bytes.writeUInt8(Math.floor(cursor.commit / 2 ** 48), 8)
  bytes.writeUIntBE(cursor.commit % 2 ** 48, 9, 6)
  let offset = headBytes
  for (const time of [since, until]) {
    if (time === null) continue
    writeTime(bytes, offset, time.sec, time.ns)
    offset += timeBytes
  }
  return bytes
}

function writeTime(bytes: Uint8Array, offset: number, sec: number, ns: number): void {
  writeInteger(bytes, offset, 5, sec + secondOffset)
  writeInteger(bytes, offset + 5, 4, ns)
}

/** Big-endian; `value` may exceed 32 bits. */
function writeInteger(bytes: Uint8Array, offset: number, length: number, value: number): void {
  let high = Math.floor(value / 2 ** 32)
  let low = value >>> 0
  for (let at = offset + length - 1; at >= offset; at -= 1) {
    bytes[at] = low & 0xff
    low = (low >>> 8) | (high << 24)
    high >>>= 8
  }
}

function readTime(bytes: Buffer, offset: number): Time {
  return { sec: bytes.readUIntBE(offset, 5) - secondOffset, ns: bytes.readUInt32BE(offset + 5) }
}

/** FNV-1a, 32 bits: finds damage, is no protection against forgery. */
const hashStart = 0x811c9dc5
const hashFactor = 0x01000193
function hashBytes(bytes: Uint8Array, length: number, start: number): number {
  let hash = start
  for (let index = 0; index < length; index += 1)
    hash = Math.imul(hash ^ (bytes[index] as number), hashFactor)
  return hash >>> 0
}

/** The same over the last two bytes of a number, high one first, or its last three. */
function hashTwo(hash: number, value: number): number {
  const first = Math.imul(hash ^ ((value >>> 8) & 0xff), hashFactor)
  return Math.imul(first ^ (value & 0xff), hashFactor)
}

function hashThree(hash: number, value: number): number {
  return hashTwo(Math.imul(hash ^ ((value >>> 16) & 0xff), hashFactor), value)
}
