/**
 * Loads the bodies of selected lines, each segment's once, and hands the lines on in the order of the walk.
 */

import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import type { EntryWriter, WritableEntry } from './entry-writer.ts'
import type { Hit } from './open-segment.ts'

/** Lines whose bodies are held at a time: those of a page, so that each block of it is opened once. */
const groupSize = 8_192
/** Bytes of bodies held at a time, of however few lines: some are a megabyte long. */
const heldBytesMax = 4 * 1024 * 1024
const roomBytes = 64 * 1024

/** Takes hits until there is enough; returns how many were taken (at least one). */
export type HitWriter = (hits: readonly Hit[], isLate?: (hit: Hit) => boolean) => number

export function createHitWriter(snapshot: Snapshot, writer: EntryWriter, bytesMax: number): HitWriter {
  return createHitReader(snapshot, (entry) => {
    writer.write(entry)
    return writer.length < bytesMax
  })
}

/**
 * The same for any use of the lines: they are read until `take` answers false. The entry that it is given is
 * the same one each time. Hot path: some 200 ns a line.
 */
export function createHitReader(snapshot: Snapshot, take: (entry: WritableEntry) => boolean): HitWriter {
  const bodies = new HeldBodies(snapshot)
  return (hits, isLate) => {
    for (let next = 0; next < hits.length; ) {
      const first = next
      const loaded = bodies.load(hits, first)
      for (; next < first + loaded; next += 1) {
        const hit = hits[next] as Hit
        const goesOn = take(bodies.entry(hit, next - first, isLate?.(hit) ?? false))
        if (!goesOn) return next + 1
      }
    }
    return hits.length
  }
}

/** Bodies of the first lines of a run of hits, copied together so that no block is held for a line of it. */
class HeldBodies {
  readonly #snapshot: Snapshot
  /** Of the group: where each line lies in `#room`; an end of 0: it is not loaded. */
  readonly #starts = new Uint32Array(groupSize)
  readonly #ends = new Uint32Array(groupSize)
  #room = Buffer.allocUnsafeSlow(roomBytes)
  readonly #entry: { -readonly [name in keyof WritableEntry]: WritableEntry[name] }

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
    const none = { line: 0, sec: 0, ns: 0, level: 0, attributes: 0, start: 0, end: 0, isLate: false }
    this.#entry = { ...none, stream: { id: 0 } as StreamRecord, bytes: this.#room }
  }

  /** Loads lines from `first` on, as many as may be held, of one at least; returns how many. */
  load(hits: readonly Hit[], first: number): number {
    const size = Math.min(groupSize, hits.length - first)
    const offsetsOf = new Map<Segment, number[]>()
    for (let offset = 0; offset < size; offset += 1) {
      const { segment } = hits[first + offset] as Hit
      const offsets = offsetsOf.get(segment)
      if (offsets === undefined) offsetsOf.set(segment, [offset])
      else offsets.push(offset)
    }
    this.#ends.fill(0)
    // The first line begins behind a byte, so that an end of 0 is none of a line.
    let held = 1
    for (const [segment, offsets] of offsetsOf) {
      if (held >= heldBytesMax) break
      const body = this.#snapshot.body(segment)
      const { columns } = hits[first + (offsets[0] as number)] as Hit
      const ends = this.#snapshot.lineEnds(segment, columns)
      for (const offset of offsets) {
        held = this.#copy(body, ends, (hits[first + offset] as Hit).index, offset, held)
        if (held >= heldBytesMax) break
      }
    }
    const missing = this.#ends.indexOf(0)
    return missing === -1 ? size : Math.min(missing, size)
  }

  /** One line of the loaded group. */
  entry({ segment, columns, index }: Hit, offset: number, isLate: boolean): WritableEntry {
    const entry = this.#entry
    if (entry.stream.id !== segment.streamId)
      entry.stream = this.#snapshot.stream(segment.streamId) as StreamRecord
    entry.line = segment.firstLine + index
    entry.sec = columns.seconds[index] as number
    entry.ns = columns.nanos[index] as number
    entry.level = columns.levels[index] as number
    entry.attributes = columns.attributes[index] as number
    entry.bytes = this.#room
    entry.start = this.#starts[offset] as number
    entry.end = this.#ends[offset] as number
    entry.isLate = isLate
    return entry
  }

  /** Returns where the next line goes. */
  #copy(body: Buffer, ends: Uint32Array, index: number, offset: number, at: number): number {
    const start = index === 0 ? 0 : (ends[index - 1] as number) + 1
    const end = ends[index] as number
    const next = at + end - start
    if (next > this.#room.length) this.#grow(next, at)
    body.copy(this.#room, at, start, end)
    this.#starts[offset] = at
    this.#ends[offset] = next
    return next
  }

  #grow(needed: number, used: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2))
    this.#room.copy(grown, 0, 0, used)
    this.#room = grown
  }
}
