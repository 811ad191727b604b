/**
 * One content that a log file has had, from its first byte to its truncation or deletion: what was written,
 * and what the collector has certainly seen and stored of it.
 */

import { isIdWritten, type WrittenRecord } from './records.ts'

export class ModelFile {
  readonly records: WrittenRecord[] = []
  /** So many records are stored, whatever happens. */
  safe = 0
  /** So many had bytes in the file when it was last listed, in this life of the collector. */
  seen = 0
  /** The same for the last look in which all was read that could be. */
  looked = 0
  /** Listed in this life of the collector: it holds a descriptor, unless they are few. */
  isListed = false
  /** The store knows it, with content. */
  isRowed = false
  /** False: compressed or copied, so perhaps known without a descriptor. */
  hasDescriptor = true
  /** Only a copy is left: what was seen and not read before it was cut off is not known to be missing. */
  isTruncated = false
  /** Without a name; the collector still has a descriptor. */
  isUnlinked = false
  /** Nothing but what is read by now can be stored. */
  isDestroyed = false
  /** Destroyed: of the records before this one, those that are lost must be told. */
  toldBefore = 0
  /** Destroyed: its loss cannot be known. */
  isSilent = false
  /** Destroyed: a gap record is no mistake, though nothing may be lost. */
  mayGap = false
  /** The collector has had time to decide what has become of it. */
  isDecided = false
  /** All files of its instance were gone at a time: what was unfinished may have come out. */
  maySplit = false

  /** A record whose rest has not been written. */
  get half(): WrittenRecord | null {
    const last = this.records.at(-1)
    return last !== undefined && last.written < last.bytes.length ? last : null
  }

  /** Records with their line feeds. */
  get wholeCount(): number {
    return this.records.length - (this.half === null ? 0 : 1)
  }

  /** The half record has no id that it could be found by. */
  get isHalfNameless(): boolean {
    return this.half !== null && !isIdWritten(this.half)
  }

  listed(): void {
    this.isListed = true
    this.seen = this.records.length
  }

  /** `isComplete`: all there was has been read before. */
  committed(isComplete: boolean): void {
    if (this.isDestroyed) return
    if (this.isListed && this.seen > 0) this.isRowed = true
    if (isComplete) this.safe = this.wholeCount
  }

  /** Its last name is gone. `isRunning`: the collector runs. `areFew`: it holds few descriptors. */
  unlinked(isRunning: boolean, areFew: boolean): void {
    if (isRunning && this.isListed && this.hasDescriptor && !areFew) this.isUnlinked = true
    else {
      const known = this.isTruncated ? this.looked : this.seen
      this.#destroy(isRunning, this.isListed ? known : Number.POSITIVE_INFINITY)
    }
  }

  truncated(isRunning: boolean, areFew: boolean): void {
    this.#destroy(isRunning, this.looked, this.hasDescriptor && !areFew)
  }

  /** `isCertain`: the collector had it open, and knows what it had. */
  #destroy(isRunning: boolean, toldBefore: number, isCertain = false): void {
    this.isDestroyed = true
    this.toldBefore = isRunning ? toldBefore : Number.POSITIVE_INFINITY
    this.isSilent ||= !this.isListed && !this.isRowed
    const isUnread = this.safe < this.records.length
    this.mayGap = !isRunning || !isCertain || isUnread || this.isUnlinked || !this.isListed
    this.mayGap ||= this.toldBefore === Number.POSITIVE_INFINITY
  }

  /** The collector was killed. */
  killed(): void {
    if (this.isUnlinked && !this.isDestroyed && !this.isDecided) this.#destroy(false, 0)
    if (this.isDestroyed && !this.isDecided) {
      this.mayGap = true
      this.isSilent ||= !this.isRowed
    }
    this.isListed = false
    this.seen = this.safe
    this.looked = this.safe
  }
}
