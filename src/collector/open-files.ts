/**
 * Bounds the descriptors that the collector holds: the file that has not been read for longest is closed
 * first.
 */

import { collectorLimits } from '../limits/collector.ts'

/** Something that holds a descriptor and can find its file again. */
export type Closable = { close: () => void; readonly isReopenable: boolean }

export class OpenFiles {
  readonly #files = new Set<Closable>()
  #max: number

  constructor(max: number = collectorLimits.openFilesMax) {
    this.#max = max
  }

  get count(): number {
    return this.#files.size
  }

  /** Opened, or read: moves to the end of the order of closing. */
  touch(file: Closable): void {
    this.#files.delete(file)
    this.#files.add(file)
    if (this.#files.size > this.#max) this.makeRoom(1, file)
  }

  closed(file: Closable): void {
    this.#files.delete(file)
  }

  /**
   * Does what takes a descriptor. Where the system has none left, files are closed, at most half as many are
   * held from now on, for queries and clients need some too, and it is tried once more.
   */
  withDescriptor<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if ((code !== 'EMFILE' && code !== 'ENFILE') || !this.#shrink()) throw error
      return work()
    }
  }

  /** False: there was none to close. */
  #shrink(): boolean {
    const half = Math.floor(this.#files.size / 2)
    const isFew = half < collectorLimits.openFilesFew
    if (!isFew) this.#max = half
    return this.makeRoom(isFew ? this.#files.size : this.#files.size - half)
  }

  /** Closes up to `count` files, those read longest ago first, but not `kept`. False: there was none. */
  makeRoom(count: number, kept: Closable | null = null): boolean {
    let left = count
    for (const file of this.#files) {
      if (left === 0) break
      if (!file.isReopenable || file === kept) continue
      file.close()
      left -= 1
    }
    return left < count
  }
}
