/** The lines read since the last commit, by stream, and what has been counted since the start. */

import { collectorLimits } from '../limits/collector.ts'
import { LineBuffer } from '../model/line-buffer.ts'
import { Counters } from './counters.ts'

export class Batch {
  readonly lines = new Map<number, LineBuffer>()
  readonly counters = new Counters()
  /** Bytes of bodies and an estimate of the columns. */
  bytes = 0
  lineCount = 0
  /** When the oldest line of the batch was read; null while it is empty. */
  oldestMs: number | null = null
  /** Clock of the poll under way: the arrival of every line read in it. */
  nowMs = 0
  readonly #idle = new Map<number, LineBuffer>()
  /** Large ones of the last commit, for whoever reads much next: a backlog would make them anew each time. */
  #large: LineBuffer[] = []

  /** The buffer to append a line of `bytes` bytes to; the line is counted. */
  bufferFor(streamId: number, bytes: number): LineBuffer {
    let buffer = this.lines.get(streamId)
    if (buffer === undefined) {
      buffer = this.#idle.get(streamId) ?? this.#large.pop() ?? new LineBuffer(linesAtFirst, bytesAtFirst)
      this.#idle.delete(streamId)
      this.lines.set(streamId, buffer)
    }
    this.bytes += bytes + bytesPerLine
    this.lineCount += 1
    this.oldestMs ??= this.nowMs
    return buffer
  }

  /**
   * Empties the batch after its commit. Small buffers are kept, so that a quiet stream does not allocate per
   * commit; large ones as long as batches are full of them.
   */
  clear(): void {
    const isFull = this.bytes >= collectorLimits.batchBytes
    this.#large = []
    for (const [streamId, buffer] of this.lines) {
      const isLarge = buffer.body.length > collectorLimits.bufferKeptBytes
      if (isLarge && !(isFull && buffer.body.length <= collectorLimits.largeBufferBytesMax)) continue
      buffer.clear()
      if (isLarge) this.#large.push(buffer)
      else this.#idle.set(streamId, buffer)
    }
    this.lines.clear()
    this.bytes = 0
    this.lineCount = 0
    this.oldestMs = null
  }

  forget(streamId: number): void {
    this.#idle.delete(streamId)
  }
}

/** Room of a new buffer: most streams are quiet, and there may be thousands. */
const linesAtFirst = 16
const bytesAtFirst = 2048

/** Columns of one line in a `LineBuffer`: end, seconds, nanoseconds, level, attributes. */
const bytesPerLine = 18
