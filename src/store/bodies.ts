/** Decompressed bodies of segments, those read lately kept: all of one, or what is read next of it. */

import type { ByteCache } from './byte-cache.ts'
import { decompress } from './compression.ts'
import type { Connection } from './database.ts'
import { freeBytes } from './free-bytes.ts'
import type { JournalPlace, Segment } from './segment.ts'

/** Bytes of a body from `start` on. */
export type BodyPart = { readonly bytes: Buffer; readonly start: number }

export type WantedBytes = {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** What is wanted next lies behind the end, before the start, or nobody knows. */
  readonly next: 'behind' | 'before' | 'unknown'
  /** So many segments are read in turn. */
  readonly openCount: number
}

export type Bodies = {
  /**
   * Body with an LF after each line. Shared, do not change or transfer; gone with the next call of this, of
   * `bodyPart` or of `lineEnds` for another segment, which may need its memory.
   */
  readonly body: (segment: Segment) => Buffer
  /**
   * A part of the body that holds what is wanted; gone as that is. Where not all bodies that are read in turn
   * can be kept, of each a part is, so that it is decompressed once for many reads.
   */
  readonly bodyPart: (segment: Segment, wanted: WantedBytes) => BodyPart
}

/** Of what is kept beside the wanted bytes, the share that lies before them. */
const shareBefore = { behind: 0, unknown: 0.5, before: 1 } as const

/** `cache` keeps `cacheBytes`. */
export function createBodies(
  connection: Connection,
  journalBody: (place: JournalPlace, rawBytes: number) => Buffer,
  cache: ByteCache<string, BodyPart>,
  cacheBytes: number,
): Bodies {
  const bodyOf = connection.prepare('SELECT body FROM block_data WHERE block_id = ?').pluck()
  const read = (id: number, rawBytes: number): Buffer => {
    const stored = bodyOf.get(id) as Buffer
    const bytes = decompress(stored, rawBytes)
    freeBytes(stored)
    return bytes
  }
  const body: Bodies['body'] = ({ place, rawBytes }) => {
    if (place.kind === 'journal') return journalBody(place, rawBytes)
    const key = String(place.id)
    const known = cache.get(key)
    if (known?.bytes.length === rawBytes) return known.bytes
    const bytes = read(place.id, rawBytes)
    cache.set(key, { bytes, start: 0 }, rawBytes)
    return bytes
  }
  return {
    body,
    bodyPart: (segment, wanted) => {
      const { start, end, openCount } = wanted
      const { place, rawBytes } = segment
      const keptBytes = Math.floor(cacheBytes / openCount)
      if (place.kind === 'journal' || rawBytes <= keptBytes || end - start > keptBytes)
        return { bytes: body(segment), start: 0 }
      const key = String(place.id)
      const known = cache.get(key)
      const isWhole = known?.bytes.length === rawBytes
      if (known !== undefined && !isWhole && known.start <= start && end <= known.start + known.bytes.length)
        return known
      const whole = isWhole ? known.bytes : read(place.id, rawBytes)
      const from = Math.max(0, start - Math.floor((keptBytes - (end - start)) * shareBefore[wanted.next]))
      const part = { bytes: Buffer.from(whole.subarray(from, from + keptBytes)), start: from }
      freeBytes(whole)
      cache.set(key, part, part.bytes.length)
      return part
    },
  }
}
