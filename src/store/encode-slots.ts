/**
 * Memory that the writer's thread shares with the one that encodes blocks ahead: slots, each with the lines
 * of a block and then with what became of them, and the order in which they were given.
 */

import { type LineArrays, LineBuffer } from '../model/line-buffer.ts'
import type { EncodedBlock } from './block-encoding.ts'

/** A slot goes from `free` to `given`, `taken` and `done`, or back to `free` before it is taken. */
export const slotState = { free: 0, given: 1, taken: 2, done: 3 } as const
export type SlotState = (typeof slotState)[keyof typeof slotState]

/** What is shared, as it is handed to a thread. */
export type SharedSlots = {
  readonly words: SharedArrayBuffer
  readonly bytes: SharedArrayBuffer
  readonly slots: number
}

/** Words of a slot. The first four lengths are those of the parts of an encoded block, in their order. */
const slotWord = { state: 0, columns: 1, body: 2, cells: 3, filter: 4, lineFeeds: 5, lines: 6, bytes: 7 }
const wordsPerSlot = 8
/** In place of the length of what is null. */
const none = -1
/** Beside its body: end, seconds, nanoseconds, level, attributes. */
const bytesPerLine = 18

export function createSharedSlots(slots: number, slotBytes: number): SharedSlots {
  // One word for how many were given, then their order, then the slots' own.
  const words = new SharedArrayBuffer((1 + slots + slots * wordsPerSlot) * Int32Array.BYTES_PER_ELEMENT)
  return { words, bytes: new SharedArrayBuffer(slots * slotBytes), slots }
}

export class EncodeSlots {
  readonly count: number
  readonly #words: Int32Array
  readonly #bytes: Buffer
  readonly #slotBytes: number

  constructor({ words, bytes, slots }: SharedSlots) {
    this.count = slots
    this.#words = new Int32Array(words)
    this.#bytes = Buffer.from(bytes)
    this.#slotBytes = bytes.byteLength / slots
  }

  state(slot: number): SlotState {
    return Atomics.load(this.#words, this.#wordOf(slot, slotWord.state)) as SlotState
  }

  /** Those that nothing is done with: `done` ones are free as soon as nobody reads them. */
  free(): number[] {
    const isIdle = (slot: number): boolean =>
      this.state(slot) === slotState.free || this.state(slot) === slotState.done
    return Array.from({ length: this.count }, (_, slot) => slot).filter(isIdle)
  }

  /** Changes the state where it is `from`; false: it is another. */
  change(slot: number, from: SlotState, to: SlotState): boolean {
    const at = this.#wordOf(slot, slotWord.state)
    const isChanged = Atomics.compareExchange(this.#words, at, from, to) === from
    if (isChanged) Atomics.notify(this.#words, at)
    return isChanged
  }

  /** Waits while the slot is taken; false: it still is after `ms`. */
  untilDone(slot: number, ms: number): boolean {
    const at = this.#wordOf(slot, slotWord.state)
    return Atomics.wait(this.#words, at, slotState.taken, ms) !== 'timed-out'
  }

  /** Slots given so far, over all time, modulo 2^32. */
  given(): number {
    return Atomics.load(this.#words, 0)
  }

  /** Waits while no more than `seen` were given. */
  untilGiven(seen: number): void {
    Atomics.wait(this.#words, 0, seen)
  }

  /** The slot that was given as number `number`, counted like `given`; none before it may still be unread. */
  slotGiven(number: number): number {
    return Atomics.load(this.#words, 1 + ((number >>> 0) % this.count))
  }

  /** Puts lines `from` to `to` (exclusive) into a free slot and gives it; false: they do not fit. */
  give(slot: number, lines: LineBuffer, from: number, to: number): boolean {
    const start = lines.startOf(from)
    const end = (lines.ends[to - 1] as number) + 1
    if ((to - from) * bytesPerLine + (end - start) > this.#slotBytes) return false
    this.#set(slot, slotWord.lines, to - from)
    this.#set(slot, slotWord.bytes, end - start)
    const into = this.#arraysOf(slot)
    into.seconds.set(lines.seconds.subarray(from, to))
    into.nanos.set(lines.nanos.subarray(from, to))
    into.levels.set(lines.levels.subarray(from, to))
    into.attributes.set(lines.attributes.subarray(from, to))
    for (let index = from; index < to; index += 1)
      into.ends[index - from] = (lines.ends[index] as number) - start
    into.body.set(lines.body.subarray(start, end))
    this.#set(slot, slotWord.state, slotState.given)
    Atomics.store(this.#words, 1 + ((this.given() >>> 0) % this.count), slot)
    Atomics.add(this.#words, 0, 1)
    Atomics.notify(this.#words, 0)
    return true
  }

  /** The lines of a slot; they lie in it. */
  lines(slot: number): LineBuffer {
    return LineBuffer.over(this.#arraysOf(slot))
  }

  /** Puts what became of a slot's lines in their place; false: it does not fit. */
  put(slot: number, { columns, body, cells, filter, holdsLineFeeds }: EncodedBlock): boolean {
    const parts = [columns, body, cells, filter]
    const bytes = parts.reduce((sum, part) => sum + (part?.length ?? 0), 0)
    if (bytes > this.#slotBytes) return false
    let at = slot * this.#slotBytes
    for (const [index, part] of parts.entries()) {
      this.#set(slot, slotWord.columns + index, part?.length ?? none)
      if (part === null) continue
      this.#bytes.set(part, at)
      at += part.length
    }
    this.#set(slot, slotWord.lineFeeds, Number(holdsLineFeeds))
    return true
  }

  /** What `put` left; it lies in the slot. */
  encoded(slot: number): EncodedBlock {
    let at = slot * this.#slotBytes
    const part = (word: number): Buffer | null => {
      const length = this.#get(slot, word)
      if (length === none) return null
      at += length
      return this.#bytes.subarray(at - length, at)
    }
    return {
      columns: part(slotWord.columns) as Buffer,
      body: part(slotWord.body) as Buffer,
      cells: part(slotWord.cells),
      filter: part(slotWord.filter) as Buffer,
      holdsLineFeeds: this.#get(slot, slotWord.lineFeeds) === 1,
    }
  }

  /** Arrays for as many lines and bytes as the slot's words say, widest first. */
  #arraysOf(slot: number): LineArrays {
    const lineCount = this.#get(slot, slotWord.lines)
    const shared = this.#bytes.buffer
    let at = slot * this.#slotBytes
    const skip = (bytes: number): number => {
      at += bytes
      return at - bytes
    }
    return {
      seconds: new Float64Array(shared, skip(8 * lineCount), lineCount),
      nanos: new Int32Array(shared, skip(4 * lineCount), lineCount),
      ends: new Uint32Array(shared, skip(4 * lineCount), lineCount),
      levels: new Uint8Array(shared, skip(lineCount), lineCount),
      attributes: new Uint8Array(shared, skip(lineCount), lineCount),
      body: this.#bytes.subarray(at, at + this.#get(slot, slotWord.bytes)),
    }
  }

  #get(slot: number, word: number): number {
    return Atomics.load(this.#words, this.#wordOf(slot, word))
  }

  #set(slot: number, word: number, value: number): void {
    Atomics.store(this.#words, this.#wordOf(slot, word), value)
  }

  #wordOf(slot: number, word: number): number {
    return 1 + this.count + slot * wordsPerSlot + word
  }
}
