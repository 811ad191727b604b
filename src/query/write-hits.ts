/**
 * Loads the bodies of selected lines, each segment's once, and hands the lines on in the order of the walk.
 */

import { lineEnds } from '../store/line-ends.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import type { EntryWriter, WritableEntry } from './entry-writer.ts'
import type { Hit } from './open-segment.ts'

/** Lines whose bodies are held at a time. */
const groupSize = 512
/** Bytes of bodies held at a time, of however few lines: some are a megabyte long. */
const heldBytesMax = 4 * 1024 * 1024

/** Takes hits until there is enough; returns how many were taken (at least one). */
export type HitWriter = (hits: readonly Hit[], isLate?: (hit: Hit) => boolean) => number

/** For one answer: where the lines of a segment end is found once. */
export function createHitWriter(snapshot: Snapshot, writer: EntryWriter, bytesMax: number): HitWriter {
  return createHitReader(snapshot, (entry) => {
    writer.write(entry)
    return writer.length < bytesMax
  })
}

/** The same for any use of the lines: they are read until `take` answers false. */
export function createHitReader(snapshot: Snapshot, take: (entry: WritableEntry) => boolean): HitWriter {
  const endsOf = new Map<Segment, Uint32Array>()
  return (hits, isLate = () => false) => {
    for (let next = 0; next < hits.length; ) {
      for (const body of loadBodies(snapshot, endsOf, hits.slice(next, next + groupSize))) {
        const hit = hits[next] as Hit
        const { segment, columns, index } = hit
        const goesOn = take({
          stream: snapshot.stream(segment.streamId) as StreamRecord,
          line: segment.firstLine + index,
          sec: columns.seconds[index] as number,
          ns: columns.nanos[index] as number,
          level: columns.levels[index] as number,
          attributes: columns.attributes[index] as number,
          body,
          isLate: isLate(hit),
        })
        next += 1
        if (!goesOn) return next
      }
    }
    return hits.length
  }
}

/** Bodies of the first hits of a group: of all, or of as many as may be held; of one at least. */
function loadBodies(snapshot: Snapshot, endsOf: Map<Segment, Uint32Array>, group: readonly Hit[]): Buffer[] {
  const bySegment = new Map<Segment, number[]>()
  for (const [offset, { segment }] of group.entries()) {
    const offsets = bySegment.get(segment)
    if (offsets === undefined) bySegment.set(segment, [offset])
    else offsets.push(offset)
  }
  const bodies: (Buffer | undefined)[] = group.map(() => undefined)
  let heldBytes = 0
  for (const [segment, offsets] of bySegment) {
    if (heldBytes >= heldBytesMax) break
    const body = snapshot.body(segment)
    const ends = endsOf.get(segment) ?? lineEnds(body, (group[offsets[0] as number] as Hit).columns)
    endsOf.set(segment, ends)
    for (const offset of offsets) {
      const { index } = group[offset] as Hit
      const start = index === 0 ? 0 : (ends[index - 1] as number) + 1
      bodies[offset] = Buffer.from(body.subarray(start, ends[index]))
      heldBytes += (ends[index] as number) - start
      if (heldBytes >= heldBytesMax) break
    }
  }
  const missing = bodies.indexOf(undefined)
  return bodies.slice(0, missing === -1 ? bodies.length : missing) as Buffer[]
}
