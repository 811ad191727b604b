/** Loads the bodies of selected lines, each segment's once, and hands the lines to a writer in the order of the walk. */

import { lineEnds } from '../store/line-ends.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { Hit } from './open-segment.ts'

/** Lines whose bodies are held at a time. */
const groupSize = 512

/** Writes hits until `bytesMax` is exceeded; returns how many were written (at least one). */
export function writeHits(
  snapshot: Snapshot,
  hits: readonly Hit[],
  writer: EntryWriter,
  bytesMax: number,
  isLate: (hit: Hit) => boolean = () => false,
): number {
  for (let start = 0; start < hits.length; start += groupSize) {
    const group = hits.slice(start, start + groupSize)
    const bodies = loadBodies(snapshot, group)
    for (const [offset, hit] of group.entries()) {
      const { segment, columns, index } = hit
      writer.write({
        stream: snapshot.stream(segment.streamId) as StreamRecord,
        line: segment.firstLine + index,
        sec: columns.seconds[index] as number,
        ns: columns.nanos[index] as number,
        level: columns.levels[index] as number,
        attributes: columns.attributes[index] as number,
        body: bodies[offset] as Buffer,
        isLate: isLate(hit),
      })
      if (writer.length >= bytesMax) return start + offset + 1
    }
  }
  return hits.length
}

function loadBodies(snapshot: Snapshot, group: readonly Hit[]): Buffer[] {
  const bySegment = new Map<Segment, number[]>()
  for (const [offset, { segment }] of group.entries()) {
    const offsets = bySegment.get(segment)
    if (offsets === undefined) bySegment.set(segment, [offset])
    else offsets.push(offset)
  }
  const bodies: Buffer[] = []
  for (const [segment, offsets] of bySegment) {
    const body = snapshot.body(segment)
    const ends = lineEnds(body, (group[offsets[0] as number] as Hit).columns)
    for (const offset of offsets) {
      const { index } = group[offset] as Hit
      const start = index === 0 ? 0 : (ends[index - 1] as number) + 1
      bodies[offset] = body.subarray(start, ends[index])
    }
  }
  return bodies
}
