/**
 * Puts finished entries of one stream into the batch: their level, the check of their clock, gap records. Hot
 * path.
 */

import { collectorLimits } from '../limits/collector.ts'
import { attribute, type GapRecord, gapLevel, type Iostream, type Time } from '../model/entry.ts'
import { LevelDetector } from '../model/level.ts'
import type { Batch } from './batch.ts'
import type { MalformedReason } from './contract.ts'
import type { ReadCount } from './counters.ts'
import type { StreamPlace } from './generation.ts'

/** What is stored of a stream already. */
export type StreamPast = StreamPlace & {
  /** Null where lines are stored, or none can have been lost. */
  readonly lostBeforeSec: number | null
}

export class StreamLines {
  readonly streamId: number
  readonly #batch: Batch
  readonly #detector: LevelDetector
  readonly #count: ReadCount
  /** Level code of the last line of stdout and stderr, for continuation lines. */
  readonly #lastLevels: [number, number]
  /** Time of the last line to arrive that can be believed: where a gap is shown. Null: there is none. */
  #last: { sec: number; ns: number } | null
  /**
   * Lines before this time may have been stored in a database that is lost, in seconds since 1970; null:
   * nothing is missing, or it is recorded.
   */
  #lostBeforeSec: number | null

  /** `namespace` only for the counters. */
  constructor(
    streamId: number,
    namespace: string,
    batch: Batch,
    detector: LevelDetector,
    { lastLevels, lastTime, lostBeforeSec }: StreamPast,
  ) {
    this.#lostBeforeSec = lostBeforeSec
    this.#last = lastTime === null ? null : { ...lastTime }
    this.streamId = streamId
    this.#batch = batch
    this.#detector = detector
    this.#count = batch.counters.of(namespace)
    this.#lastLevels = [lastLevels & 15, lastLevels >> 4]
  }

  get lastLevels(): number {
    return this.#lastLevels[0] | (this.#lastLevels[1] << 4)
  }

  get lastTime(): Time | null {
    return this.#last === null ? null : { ...this.#last }
  }

  /** Appends one entry, its bytes as they are. */
  readonly line = (
    bytes: Buffer,
    start: number,
    end: number,
    sec: number,
    ns: number,
    attributes: number,
  ): void => {
    const batch = this.#batch
    const iostream = (attributes & attribute.stderr) as Iostream
    let bits = attributes
    if (sec < collectorLimits.clockSecMin || sec > batch.nowMs / 1000 + collectorLimits.clockAheadMaxSec) {
      bits |= attribute.clock
    }
    if ((bits & (attribute.clock | attribute.malformed)) === 0) this.#believe(sec, ns)
    const level = this.#detector.detect(bytes, start, end, this.#lastLevels[iostream])
    this.#lastLevels[iostream] = level
    this.#count.lines += 1
    batch.bufferFor(this.streamId, end - start).append(bytes, start, end, sec, ns, bits, level)
  }

  /**
   * Appends bytes that are no log line, with the time of their arrival unless they have one; above the cap in
   * consecutive pieces.
   */
  malformed(
    bytes: Buffer,
    start: number,
    end: number,
    attributes: number,
    lineBytesMax: number,
    reason: MalformedReason,
    time: Time | null = null,
  ): void {
    const { counters, nowMs } = this.#batch
    const sec = time?.sec ?? Math.floor(nowMs / 1000)
    const ns = time?.ns ?? Math.floor(nowMs % 1000) * 1_000_000
    const cut = end - start > lineBytesMax ? attribute.cut : 0
    let from = start
    do {
      const to = Math.min(end, from + lineBytesMax)
      this.line(bytes, from, to, sec, ns, attributes | attribute.malformed | cut)
      counters.linesMalformed += 1
      counters.malformed[reason] += 1
      from = to
    } while (from < end)
  }

  /** Counts bytes that were read of this stream's files. */
  read(bytes: number): void {
    this.#count.bytes += bytes
    this.#batch.counters.bytesRead += bytes
  }

  /**
   * Keeps a line's time as the place of what may be missing behind it. The first tells whether there were
   * others before this database.
   */
  #believe(sec: number, ns: number): void {
    const lostBeforeSec = this.#lostBeforeSec
    this.#last ??= { sec, ns }
    this.#last.sec = sec
    this.#last.ns = ns
    if (lostBeforeSec === null) return
    this.#lostBeforeSec = null
    if (sec < lostBeforeSec) this.gap({ reason: 'database_replaced', bytes: null, file: null })
  }

  /** Records what is known to be missing, at the place in time of the last line before it. */
  gap(record: GapRecord): void {
    const { nowMs, counters } = this.#batch
    const body = Buffer.from(JSON.stringify(record))
    const { sec, ns } = this.#last ?? {
      sec: Math.floor(nowMs / 1000),
      ns: Math.floor(nowMs % 1000) * 1_000_000,
    }
    counters.gaps += 1
    counters.gapReasons[record.reason] += 1
    this.#batch
      .bufferFor(this.streamId, body.length)
      .append(body, 0, body.length, sec, ns, attribute.gap, gapLevel)
  }
}
