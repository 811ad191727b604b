/**
 * Segments opened for merging, and a heap of them by their next line: what a walk takes from it are lines in
 * its order. Hot path.
 */

import type { Columns } from '../store/columns.ts'
import type { Segment } from '../store/segment.ts'

/** One selected line. */
export type Hit = { readonly segment: Segment; readonly columns: Columns; readonly index: number }

export type OpenSegment = Pick<Hit, 'segment' | 'columns'>

const roomAtFirst = 64

/** Selected lines in the order of a walk, as numbers: exports have thousands of lines per slice. */
export class HitList {
  /** Segments that the lines are of. */
  readonly sources: readonly OpenSegment[]
  #length = 0
  /** Two per line: number of its segment among `sources`, and its index there. */
  #numbers = new Uint32Array(2 * roomAtFirst)

  constructor(sources: readonly OpenSegment[]) {
    this.sources = sources
  }

  get length(): number {
    return this.#length
  }

  push(source: number, index: number): void {
    const at = 2 * this.#length
    if (at === this.#numbers.length) {
      const grown = new Uint32Array(2 * at)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#numbers[at] = source
    this.#numbers[at + 1] = index
    this.#length += 1
  }

  /** Number of a line's segment among `sources`. */
  sourceAt(position: number): number {
    return this.#numbers[2 * position] as number
  }

  /** Index of a line in its segment. */
  indexAt(position: number): number {
    return this.#numbers[2 * position + 1] as number
  }

  /** The line at a position, which there must be. */
  at(position: number): Hit {
    const { segment, columns } = this.sources[this.sourceAt(position)] as OpenSegment
    return { segment, columns, index: this.indexAt(position) }
  }
}

/**
 * Binary heap of segments; the top has the line that comes next in the walk. The times of next lines lie in
 * arrays of their own.
 */
export class SegmentHeap {
  readonly #step: 1 | -1
  readonly #sources: OpenSegment[] = []
  /** Of each source: its selected lines in ascending time order, and the position of the next one there. */
  readonly #orders: Uint32Array[] = []
  readonly #positions: number[] = []
  /** Time of each source's next line. */
  #seconds = new Float64Array(roomAtFirst)
  #nanos = new Int32Array(roomAtFirst)
  /** Numbers of sources that have lines left. */
  readonly #heap: number[] = []

  /** `step` is 1 forward, -1 backward. */
  constructor(step: 1 | -1) {
    this.#step = step
  }

  get topSecond(): number | null {
    const top = this.#heap[0]
    return top === undefined ? null : (this.#seconds[top] as number)
  }

  /** `order`: line indexes in ascending time order, one at least. */
  add(segment: Segment, columns: Columns, order: Uint32Array): void {
    const source = this.#sources.length
    this.#sources.push({ segment, columns })
    this.#orders.push(order)
    this.#positions.push(this.#step === 1 ? 0 : order.length - 1)
    if (source === this.#seconds.length) this.#grow()
    this.#readTime(source)
    this.#heap.push(source)
    this.#rise(source, this.#heap.length - 1)
  }

  /** An empty list for what is taken. */
  list(): HitList {
    return new HitList(this.#sources)
  }

  /** Takes the next lines of the walk, up to `count`. */
  takeUpTo(count: number): HitList {
    const hits = this.list()
    this.takeBefore(null, count, hits)
    return hits
  }

  /**
   * Takes lines into a list of this heap until it holds `limit`, no line is left, or the next line's second
   * is `bound` or beyond; null: no bound.
   */
  takeBefore(bound: number | null, limit: number, hits: HitList): void {
    const step = this.#step
    const seconds = this.#seconds
    const end = bound === null ? Number.POSITIVE_INFINITY : step * bound
    const heap = this.#heap
    while (hits.length < limit && heap.length > 0) {
      const top = heap[0] as number
      if (step * (seconds[top] as number) >= end) return
      const order = this.#orders[top] as Uint32Array
      const position = this.#positions[top] as number
      hits.push(top, order[position] as number)
      const next = position + step
      this.#positions[top] = next
      if (next >= 0 && next < order.length) {
        this.#readTime(top)
        this.#sink(top)
      } else {
        const last = heap.pop() as number
        if (heap.length > 0) this.#sink(last)
      }
    }
  }

  #readTime(source: number): void {
    const { columns } = this.#sources[source] as OpenSegment
    const index = (this.#orders[source] as Uint32Array)[this.#positions[source] as number] as number
    this.#seconds[source] = columns.seconds[index] as number
    this.#nanos[source] = columns.nanos[index] as number
  }

  /**
   * Puts a source into the free place at the top, or below it where others come first. Its line is most often
   * one of the last, so the free place goes all the way down first: half of the comparisons.
   */
  #sink(source: number): void {
    const heap = this.#heap
    const size = heap.length
    let free = 0
    for (let child = 1; child < size; child = free * 2 + 1) {
      const right = child + 1
      if (right < size && this.#isBefore(heap[right] as number, heap[child] as number)) child = right
      heap[free] = heap[child] as number
      free = child
    }
    this.#rise(source, free)
  }

  /** Puts a source into a free place, or above it where others come later. */
  #rise(source: number, place: number): void {
    const heap = this.#heap
    let free = place
    while (free > 0) {
      const parent = (free - 1) >> 1
      const above = heap[parent] as number
      if (!this.#isBefore(source, above)) break
      heap[free] = above
      free = parent
    }
    heap[free] = source
  }

  #isBefore(one: number, other: number): boolean {
    const order =
      (this.#seconds[one] as number) - (this.#seconds[other] as number) ||
      (this.#nanos[one] as number) - (this.#nanos[other] as number) ||
      this.#compareLines(one, other)
    return this.#step === 1 ? order < 0 : order > 0
  }

  /** Of next lines of the same time. */
  #compareLines(one: number, other: number): number {
    const { segment } = this.#sources[one] as OpenSegment
    const { segment: otherSegment } = this.#sources[other] as OpenSegment
    return (
      segment.streamId - otherSegment.streamId ||
      segment.firstLine + this.#nextIndex(one) - (otherSegment.firstLine + this.#nextIndex(other))
    )
  }

  #nextIndex(source: number): number {
    return (this.#orders[source] as Uint32Array)[this.#positions[source] as number] as number
  }

  #grow(): void {
    const size = 2 * this.#seconds.length
    const seconds = new Float64Array(size)
    seconds.set(this.#seconds)
    this.#seconds = seconds
    const nanos = new Int32Array(size)
    nanos.set(this.#nanos)
    this.#nanos = nanos
  }
}
