/**
 * Reads a rotated log that kubelet or Docker has compressed: decompresses it as a stream into a window of
 * bounded size that is read by uncompressed position. Going backwards, or after an error, it is opened again.
 */

import { fstatSync, readSync } from 'node:fs'
import { constants, createGunzip, type Gunzip, gunzipSync } from 'node:zlib'
import { collectorLimits } from '../limits/collector.ts'
import { readAt } from './identity.ts'

/** `pending`: the bytes asked for are not decompressed yet. `cut`: the file ends too early or is damaged. */
export type GzipState = 'pending' | 'ready' | 'end' | 'cut'

export class GzipSource {
  state: GzipState = 'pending'
  readonly #wake: () => void
  readonly #gunzip: Gunzip
  #isClosed = false
  #chunks: Buffer[] = []
  /** Uncompressed offset of the first byte held, and after the last. */
  #from: number
  #to: number
  /** Bytes still to be passed over. */
  #skip: number

  /**
   * Bytes before `from` are decompressed but not kept. `wake` is called when there is more to read. `fd`
   * stays open.
   */
  constructor(fd: number, from: number, wake: () => void) {
    this.#wake = wake
    this.#from = from
    this.#to = from
    this.#skip = from
    const trailer = readGzipSize(fd)
    // Lenient: the strict mode throws away what the last bytes of a cut file still yield.
    const gunzip = createGunzip({
      chunkSize: collectorLimits.gzipChunkBytes,
      finishFlush: constants.Z_SYNC_FLUSH,
    })
    gunzip.on('error', () => this.#end('cut'))
    gunzip.on('end', () => {
      if (trailer === (this.#to - this.#skip) % 2 ** 32) this.#end('end')
      else
        verify(
          fd,
          (isWhole) => this.#end(isWhole ? 'end' : 'cut'),
          () => this.#isClosed,
        )
    })
    gunzip.on('data', (chunk: Buffer) => {
      this.#add(chunk)
      if (this.#to - this.#from > collectorLimits.gzipWindowBytes) gunzip.pause()
    })
    this.#gunzip = gunzip
    feed(fd, gunzip, () => this.#isClosed)
  }

  /**
   * Copies what is decompressed at `position` into `target` and returns how many bytes that are; drops what
   * lies before `position`, so that positions may only grow.
   */
  read(target: Buffer, position: number): number {
    this.#dropBefore(position)
    let filled = 0
    let at = this.#from
    for (const chunk of this.#chunks) {
      const start = Math.max(0, position - at)
      if (start < chunk.length && filled < target.length) filled += chunk.copy(target, filled, start)
      at += chunk.length
    }
    if (this.#to - this.#from <= collectorLimits.gzipWindowBytes && this.#gunzip.isPaused())
      this.#gunzip.resume()
    return filled
  }

  /** True when everything up to the end is in the window, or nothing more can come. */
  get isComplete(): boolean {
    return this.state === 'end' || this.state === 'cut'
  }

  /** Offset after the last decompressed byte. */
  get decompressedTo(): number {
    return this.#to
  }

  close(): void {
    this.#chunks = []
    this.#isClosed = true
    this.#gunzip.destroy()
  }

  #add(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    if (skipped === chunk.length) return
    this.#chunks.push(chunk.subarray(skipped))
    this.#to += chunk.length - skipped
    this.state = 'ready'
    this.#wake()
  }

  #end(state: 'end' | 'cut'): void {
    if (this.isComplete) return
    // A file shorter than the position that is asked for: whoever reads finds fewer bytes than were there.
    this.#to -= this.#skip
    this.#from = Math.min(this.#from, this.#to)
    this.state = state
    this.#wake()
  }

  #dropBefore(position: number): void {
    let first = this.#chunks[0]
    while (first !== undefined && this.#from + first.length <= position) {
      this.#chunks.shift()
      this.#from += first.length
      first = this.#chunks[0]
    }
  }
}

/** First bytes of the content, or null where the file cannot be decompressed at all. */
export function readGzipHead(fd: number, bytes: number): Buffer | null {
  const compressed = readAt(fd, 0, Math.max(bytes, collectorLimits.gzipProbeBytes))
  try {
    const content = gunzipSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH })
    return content.subarray(0, bytes)
  } catch {
    return null
  }
}

/** Uncompressed size modulo 2^32, as the last four bytes of a complete gzip file of one member say. */
export function readGzipSize(fd: number): number | null {
  const fileBytes = fstatSync(fd).size
  if (fileBytes < gzipBytesMin) return null
  const trailer = Buffer.allocUnsafe(4)
  return readSync(fd, trailer, 0, 4, fileBytes - 4) === 4 ? trailer.readUInt32LE() : null
}

/** Header and trailer of an empty gzip file. */
const gzipBytesMin = 18

/** Decompresses a whole file strictly, keeping nothing: where the trailer is not that of the whole. */
function verify(fd: number, done: (isWhole: boolean) => void, isClosed: () => boolean): void {
  const gunzip = createGunzip({ chunkSize: collectorLimits.gzipChunkBytes })
  gunzip.on('error', () => done(false))
  gunzip.on('end', () => done(true))
  gunzip.resume()
  feed(fd, gunzip, isClosed)
}

/**
 * Writes a file into a decompressor, as fast as that takes it. Does not touch the descriptor once `isClosed`.
 */
function feed(fd: number, gunzip: Gunzip, isClosed: () => boolean): void {
  let position = 0
  const next = (): void => {
    if (isClosed() || gunzip.destroyed) return
    try {
      const chunk = readAt(fd, position, collectorLimits.gzipCompressedChunkBytes)
      position += chunk.length
      if (chunk.length === 0) gunzip.end()
      else gunzip.write(chunk, (error) => error ?? next())
    } catch (error) {
      gunzip.destroy(error as Error)
    }
  }
  next()
}
