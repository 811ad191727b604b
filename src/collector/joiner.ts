/**
 * Joins the fragments of a line, per iostream of one container instance, as bytes: a fragment may end inside
 * a character, in one file, and go on in another, after a restart. Facts: containerd cuts at 16,384 bytes,
 * conmon at 8,192.
 */

import { collectorLimits } from '../limits/collector.ts'
import { attribute, type Iostream } from '../model/entry.ts'
import type { FragmentPiece } from '../store/contract.ts'

/** Takes one finished entry: bytes `start` to `end` of `bytes`. */
export type LineOutput = (
  bytes: Buffer,
  start: number,
  end: number,
  sec: number,
  ns: number,
  attributes: number,
) => void

/** Bytes held by unfinished lines, of all containers together. */
export type PendingBytes = { total: number }

/**
 * Bits of a pending piece beside `attribute`: its physical line is longer than a read, so its end has not
 * been seen (`open`), and that line's tag said that it ends the entry (`full`).
 */
const openLine = { open: 64, full: 128 } as const
const entryBits = 63
/** Room of a fragment: most are short, and it grows. */
const roomBytesMin = 256

type Pending = {
  sec: number
  ns: number
  attributes: number
  bytes: Buffer
  length: number
  /** Bytes from the beginning that earlier commits have stored. */
  committed: number
  /** A piece of it is stored, though that may be empty. */
  inStore: boolean
}

export class Joiner {
  readonly #streamId: number
  readonly #lineBytesMax: number
  readonly #output: LineOutput
  readonly #held: PendingBytes
  readonly #pending: [Pending | null, Pending | null] = [null, null]
  /** Pieces in the store that no longer hold. */
  readonly #cleared: [boolean, boolean] = [false, false]

  constructor(streamId: number, lineBytesMax: number, output: LineOutput, held: PendingBytes) {
    this.#streamId = streamId
    this.#lineBytesMax = lineBytesMax
    this.#output = output
    this.#held = held
  }

  /** Puts back a piece that an earlier run has committed, in the order of committing. */
  restore(piece: FragmentPiece): void {
    this.#append(piece.iostream, piece.sec, piece.ns, piece.attributes, piece.bytes, 0, piece.bytes.length)
    const pending = this.#pending[piece.iostream] as Pending
    pending.attributes |= piece.attributes
    pending.committed = pending.length
    pending.inStore = true
  }

  isPending(iostream: Iostream): boolean {
    return this.#pending[iostream] !== null
  }

  /**
   * Adds a fragment; `ends` says that it is the last of its line. The first fragment's time holds. Lines
   * above the cap come out in consecutive entries, all with the attribute `cut`.
   */
  add(
    iostream: Iostream,
    sec: number,
    ns: number,
    attributes: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    ends: boolean,
  ): void {
    this.#append(iostream, sec, ns, attributes, bytes, start, end)
    this.#cut(iostream)
    if (ends) this.#emit(iostream, 0)
  }

  /** Adds what a read holds of a physical line whose end is not in it. */
  open(
    iostream: Iostream,
    sec: number,
    ns: number,
    attributes: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    partial: boolean,
  ): void {
    const bits = openLine.open | (partial ? 0 : openLine.full)
    this.add(iostream, sec, ns, attributes | bits, bytes, start, end, false)
    const pending = this.#pending[iostream]
    if (pending !== null) pending.attributes |= bits
  }

  /** The iostream whose physical line goes on at the position of the file being read. */
  get openIostream(): Iostream | null {
    if (((this.#pending[0]?.attributes ?? 0) & openLine.open) !== 0) return 0
    return ((this.#pending[1]?.attributes ?? 0) & openLine.open) !== 0 ? 1 : null
  }

  /**
   * Adds the next part of the open physical line; `ends`: its line feed has been found, or its file is over.
   */
  continueOpen(bytes: Uint8Array, start: number, end: number, ends: boolean, extra = 0): void {
    const iostream = this.openIostream
    const pending = iostream === null ? null : this.#pending[iostream]
    if (iostream === null || pending == null) return
    const isFull = (pending.attributes & openLine.full) !== 0
    const open = pending.attributes & ~entryBits
    this.#append(iostream, pending.sec, pending.ns, 0, bytes, start, end)
    this.#cut(iostream)
    const rest = this.#pending[iostream] as Pending
    rest.attributes = (rest.attributes & entryBits) | (ends ? 0 : open)
    if (ends && isFull) this.#emit(iostream, extra)
    if (ends && !isFull) this.#rewrite(iostream)
  }

  /** Emits what never ended: their instance is over. */
  flush(): void {
    for (const iostream of [0, 1] as const) {
      if (this.#pending[iostream] !== null) this.#emit(iostream, attribute.unfinished)
    }
  }

  /** What the next commit has to say about pending fragments. */
  collect(cleared: { streamId: number; iostream: Iostream }[], pieces: FragmentPiece[]): void {
    for (const iostream of [0, 1] as const) {
      if (this.#cleared[iostream]) cleared.push({ streamId: this.#streamId, iostream })
      const pending = this.#pending[iostream]
      if (pending === null) continue
      const { sec, ns, attributes, length, committed } = pending
      if (pending.inStore && committed === length) continue
      pieces.push({
        streamId: this.#streamId,
        iostream,
        sec,
        ns,
        attributes,
        bytes: pending.bytes.subarray(committed, length),
      })
    }
  }

  /** The commit that `collect` filled has succeeded. */
  committed(): void {
    for (const iostream of [0, 1] as const) {
      this.#cleared[iostream] = false
      const pending = this.#pending[iostream]
      if (pending === null) continue
      pending.committed = pending.length
      pending.inStore = true
    }
  }

  #append(
    iostream: Iostream,
    sec: number,
    ns: number,
    attributes: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    let pending = this.#pending[iostream]
    if (pending === null) {
      const room = Buffer.allocUnsafe(Math.max(roomBytesMin, end - start))
      pending = { sec, ns, attributes, bytes: room, length: 0, committed: 0, inStore: false }
      this.#pending[iostream] = pending
    }
    pending.attributes |= attributes
    const length = pending.length + end - start
    if (length > pending.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, pending.bytes.length * 2))
      pending.bytes.copy(grown, 0, 0, pending.length)
      pending.bytes = grown
    }
    pending.bytes.set(bytes.subarray(start, end), pending.length)
    pending.length = length
    this.#held.total += end - start
  }

  /** Emits full pieces of a line above the cap, or everything where all containers together hold too much. */
  #cut(iostream: Iostream): void {
    const pending = this.#pending[iostream] as Pending
    let cap = this.#lineBytesMax
    if (this.#held.total > collectorLimits.pendingBytesMax)
      cap = Math.max(1, Math.min(cap, pending.length - 1))
    if (pending.length <= cap) return
    let from = 0
    pending.attributes |= attribute.cut
    while (pending.length - from > cap) {
      const { sec, ns, attributes } = pending
      this.#output(pending.bytes, from, from + cap, sec, ns, attributes & entryBits)
      from += cap
    }
    // A room of its own: the old one, as large as the cap, would stay for as long as the line does.
    const rest = Buffer.allocUnsafeSlow(Math.max(roomBytesMin, pending.length - from))
    pending.bytes.copy(rest, 0, from, pending.length)
    pending.bytes = rest
    pending.length -= from
    this.#held.total -= from
    this.#rewrite(iostream)
  }

  /** Has the next commit store the pending piece anew. */
  #rewrite(iostream: Iostream): void {
    const pending = this.#pending[iostream]
    if (pending === null) return
    if (pending.inStore) this.#cleared[iostream] = true
    pending.committed = 0
    pending.inStore = false
  }

  #emit(iostream: Iostream, extra: number): void {
    const pending = this.#pending[iostream] as Pending
    const { bytes, length, sec, ns, attributes } = pending
    this.#rewrite(iostream)
    this.#pending[iostream] = null
    this.#held.total -= length
    this.#output(bytes, 0, length, sec, ns, (attributes & entryBits) | extra)
  }
}
