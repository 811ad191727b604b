/**
 * An open log file as bytes at positions, whether they lie in it plainly or have to be decompressed first.
 */

import { closeSync, fstatSync, readSync } from 'node:fs'
import { collectorLimits } from '../limits/collector.ts'
import { GzipSource } from './gzip-source.ts'
import { type FileStat, toFileStat } from './identity.ts'

/** Files being decompressed; their number is bounded. */
export type GzipSlots = Set<OpenLog>

export class OpenLog {
  readonly fd: number
  #gzip: GzipSource | null = null
  #slots: GzipSlots | null = null

  /** Owns `fd`. */
  constructor(fd: number) {
    this.fd = fd
  }

  stat(): FileStat {
    return toFileStat(fstatSync(this.fd, { bigint: true }))
  }

  /**
   * Begins to decompress; bytes before `from` are passed over. False: too many files are being decompressed
   * already.
   */
  startGzip(from: number, slots: GzipSlots, wake: () => void): boolean {
    if (this.#gzip !== null) return true
    if (slots.size >= collectorLimits.gzipOpenMax) return false
    slots.add(this)
    this.#slots = slots
    this.#gzip = new GzipSource(this.fd, from, wake)
    return true
  }

  stopGzip(): void {
    this.#gzip?.close()
    this.#gzip = null
    this.#slots?.delete(this)
  }

  /** Closed now, it would be decompressed from its beginning again. */
  get isDecompressing(): boolean {
    return this.#gzip !== null
  }

  /** Nothing more will come unless the file changes. */
  get isComplete(): boolean {
    return this.#gzip === null || this.#gzip.isComplete
  }

  /** A compressed file that ends too early, or is damaged. */
  get isCut(): boolean {
    return this.#gzip?.state === 'cut'
  }

  /** Reads at a position and returns how many bytes there are, up to the buffer's length. */
  fill(buffer: Buffer, position: number): number {
    if (this.#gzip !== null) return this.#gzip.read(buffer, position)
    let filled = 0
    while (filled < buffer.length) {
      const count = readSync(this.fd, buffer, filled, buffer.length - filled, position + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  close(): void {
    this.stopGzip()
    closeSync(this.fd)
  }
}
