/** Hands selected lines on in the order of a walk, with the bytes of each. */

import type { Snapshot } from '../store/reader.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import type { EntrySink, WritableEntry } from './entry-writer.ts'
import { type HeldLines, heldLinesMax } from './held-lines.ts'
import type { Hit, HitList } from './open-segment.ts'

/** Takes hits until there is enough; returns how many were taken (at least one). */
export type HitWriter = (hits: HitList, isLate?: (hit: Hit) => boolean) => number

export function createHitWriter(
  snapshot: Snapshot,
  writer: EntrySink,
  bytesMax: number,
  held: HeldLines,
): HitWriter {
  const take = (entry: WritableEntry): boolean => {
    writer.write(entry)
    return writer.length < bytesMax
  }
  return createReader(snapshot, take, held, writer.takesEscaped)
}

/**
 * The same for any use of the lines: they are read until `take` answers false. The entry that it is given is
 * the same one each time, and its bytes are used again when `take` has returned.
 */
export function createHitReader(
  snapshot: Snapshot,
  take: (entry: WritableEntry) => boolean,
  held: HeldLines,
): HitWriter {
  return createReader(snapshot, take, held, false)
}

/** Hot path: some 60 ns a line. */
function createReader(
  snapshot: Snapshot,
  take: (entry: WritableEntry) => boolean,
  held: HeldLines,
  isEscaping: boolean,
): HitWriter {
  const none = { line: 0, sec: 0, ns: 0, level: 0, attributes: 0, start: 0, end: 0 }
  const entry: { -readonly [name in keyof WritableEntry]: WritableEntry[name] } = {
    ...none,
    stream: { id: 0 } as StreamRecord,
    bytes: Buffer.alloc(0),
    isEscaped: false,
    isLate: false,
  }
  return (hits, isLate) => {
    for (let next = 0; next < hits.length; ) {
      const first = next
      const count = Math.min(heldLinesMax, hits.length - first)
      const loaded = held.load(snapshot, hits, first, count, isEscaping)
      entry.bytes = held.bytes
      for (; next < first + loaded; next += 1) {
        const { segment, columns } = hits.sources[hits.sourceAt(next)] as Hit
        const index = hits.indexAt(next)
        if (entry.stream.id !== segment.streamId)
          entry.stream = snapshot.stream(segment.streamId) as StreamRecord
        entry.line = segment.firstLine + index
        entry.sec = columns.seconds[index] as number
        entry.ns = columns.nanos[index] as number
        entry.level = columns.levels[index] as number
        entry.attributes = columns.attributes[index] as number
        entry.start = held.starts[next - first] as number
        entry.end = held.ends[next - first] as number
        entry.isEscaped = held.areEscaped[next - first] === 1
        entry.isLate = isLate?.(hits.at(next)) ?? false
        if (!take(entry)) return next + 1
      }
    }
    return hits.length
  }
}
