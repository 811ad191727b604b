/**
 * A segment opened for merging: its selected lines in the order of the walk, and a heap of such by their next
 * line.
 */

import type { Columns } from '../store/columns.ts'
import type { Segment } from '../store/segment.ts'

/** One selected line. */
export type Hit = { readonly segment: Segment; readonly columns: Columns; readonly index: number }

export type OpenSegment = {
  readonly segment: Segment
  readonly columns: Columns
  /** Line indexes in ascending time order. */
  readonly order: Uint32Array
  /** Position in `order` of the next line: falls in a backward walk. */
  next: number
}

/** Binary heap; the top is the line that comes next in the walk. */
export class SegmentHeap {
  readonly #entries: OpenSegment[] = []
  readonly #step: 1 | -1

  /** `step` is 1 forward, -1 backward. */
  constructor(step: 1 | -1) {
    this.#step = step
  }

  get topSecond(): number | null {
    const top = this.#entries[0]
    return top === undefined ? null : (top.columns.seconds[top.order[top.next] as number] as number)
  }

  add(segment: Segment, columns: Columns, order: Uint32Array): void {
    const entry = { segment, columns, order, next: this.#step === 1 ? 0 : order.length - 1 }
    this.#entries.push(entry)
    let child = this.#entries.length - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!this.#isBefore(child, parent)) break
      this.#swap(child, parent)
      child = parent
    }
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** Takes the next lines of the walk, up to `count`. */
  takeUpTo(count: number): Hit[] {
    const hits: Hit[] = []
    while (hits.length < count) {
      const hit = this.take()
      if (hit === null) break
      hits.push(hit)
    }
    return hits
  }

  /** Takes the next line of the walk. */
  take(): Hit | null {
    const top = this.#entries[0]
    if (top === undefined) return null
    const hit = { segment: top.segment, columns: top.columns, index: top.order[top.next] as number }
    top.next += this.#step
    if (top.next < 0 || top.next >= top.order.length) {
      const last = this.#entries.pop() as OpenSegment
      if (this.#entries.length > 0) this.#entries[0] = last
    }
    this.#sink()
    return hit
  }

  #sink(): void {
    const size = this.#entries.length
    let parent = 0
    for (;;) {
      const left = parent * 2 + 1
      if (left >= size) return
      const right = left + 1
      const child = right < size && this.#isBefore(right, left) ? right : left
      if (!this.#isBefore(child, parent)) return
      this.#swap(child, parent)
      parent = child
    }
  }

  #swap(a: number, b: number): void {
    const entries = this.#entries
    const kept = entries[a] as OpenSegment
    entries[a] = entries[b] as OpenSegment
    entries[b] = kept
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#entries[a] as OpenSegment
    const second = this.#entries[b] as OpenSegment
    const i = first.order[first.next] as number
    const j = second.order[second.next] as number
    const order =
      (first.columns.seconds[i] as number) - (second.columns.seconds[j] as number) ||
      (first.columns.nanos[i] as number) - (second.columns.nanos[j] as number) ||
      first.segment.streamId - second.segment.streamId ||
      first.segment.firstLine + i - (second.segment.firstLine + j)
    return this.#step === 1 ? order < 0 : order > 0
  }
}
