/**
 * One walk read by several threads: its parts are read at the same time and handed on in the order of the
 * walk.
 */

import type { Cursor } from '../model/cursor.ts'
import type { Lanes } from './lanes.ts'
import type { Pager, SliceRequest, SliceSize } from './pager.ts'
import type { Rooms } from './rooms.ts'
import type { CutResult, CutTask, HistoryResult, PartBytes } from './tasks.ts'

export type PartWalk = {
  /**
   * The next slice of the walk, from its beginning or from where the slice before ended. Of its `size` the
   * limit and the bytes are kept; a part may be read ahead with those of the call before.
   */
  readonly next: (size: PartSize) => Promise<HistoryResult>
  /** Ends what is read ahead. */
  readonly close: () => void
}

export type PartSize = Pick<SliceSize, 'limit' | 'answerBytesMax' | 'isReversed'>

export type PartWalkOptions = {
  readonly lanes: Lanes
  readonly slice: Pager['slice']
  readonly request: SliceRequest
  /** Where the walk begins. */
  readonly cursor: Cursor
  /** As in `HistoryTask`. */
  readonly clearTo: number | null
  readonly bytesPerPart: PartBytes
  /** For the entries, whose reader gives it back; null: each slice takes its own. */
  readonly rooms: Rooms | null
}

type Part = {
  /** Where it goes on. */
  start: Cursor
  /** Second at which it ends; null: it is the rest of the walk. */
  readonly endSec: number | null
  /** As in `HistoryTask`, for where it goes on. */
  clearTo: number | null
  /** `clearTo` is what the part before was expected to show, and is not known yet. */
  isAssumed: boolean
  ahead: Promise<Outcome> | null
}

type Outcome =
  | { readonly result: HistoryResult; readonly size: PartSize }
  | { readonly error: unknown; readonly size: PartSize }

export function createPartWalk(options: PartWalkOptions): PartWalk {
  const walk = new Walk(options)
  return { next: (size) => walk.next(size), close: () => walk.close() }
}

type Beginning = Pick<Part, 'start' | 'clearTo' | 'isAssumed'>

class Walk {
  readonly #options: PartWalkOptions
  readonly #abort = new AbortController()
  #parts: Part[] = []
  /** What is not cut into parts yet; null: nothing. */
  #uncut: Beginning | null
  #cutting: Promise<void> | null = null
  /** Tasks under way. */
  #running = 0
  /** Blocks across the end of a part are expected to have no hits behind it, until some have. */
  #isSparse: boolean

  constructor(options: PartWalkOptions) {
    this.#options = options
    this.#uncut = { start: options.cursor, clearTo: options.clearTo, isAssumed: false }
    this.#isSparse = options.request.plan.lines.length > 0
  }

  async next(size: PartSize): Promise<HistoryResult> {
    while (this.#parts.length === 0) await this.#cut(size)
    this.#readAhead(size)
    const part = this.#parts[0] as Part
    part.ahead ??= this.#read(part, size)
    let outcome = await part.ahead
    if ('result' in outcome && isTooMuch(outcome, size)) {
      this.#options.rooms?.give(outcome.result.entries)
      part.ahead = this.#read(part, size)
      outcome = await part.ahead
    }
    if ('error' in outcome) throw outcome.error
    const { result } = outcome
    part.ahead = null
    return result.end === 'exhausted' ? this.#leave(result, size) : this.#stay(part, result, size)
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(part: Part, size: PartSize): Promise<Outcome> {
    this.#running += 1
    try {
      return { result: await this.#readOne(part, size), size }
    } catch (error) {
      return { error, size }
    } finally {
      this.#running -= 1
      this.#readAhead(size)
    }
  }

  #readOne({ start, endSec, clearTo }: Part, size: PartSize): Promise<HistoryResult> {
    const { request, rooms, slice } = this.#options
    const room = rooms?.take() ?? null
    const given = { ...size, lane: 'scan', isFirst: false, endSec, clearTo, room } as const
    return slice(request, start, given, this.#abort.signal)
  }

  /** Asks threads that are free for the parts that come next, one part more than there are threads. */
  #readAhead(size: PartSize): void {
    const width = this.#options.lanes.widthOfScan()
    if (this.#abort.signal.aborted) return
    if (this.#uncut !== null && this.#parts.length <= width && this.#running < width) void this.#cut(size)
    for (const part of this.#parts.slice(0, width + 1)) {
      if (this.#running >= width) return
      part.ahead ??= this.#read(part, size)
    }
  }

  #cut(size: PartSize): Promise<void> {
    this.#cutting ??= this.#cutMore().finally(() => {
      this.#cutting = null
      this.#readAhead(size)
    })
    // Told to whoever waits for it.
    this.#cutting.catch(() => undefined)
    return this.#cutting
  }

  async #cutMore(): Promise<void> {
    const { bytesPerPart, lanes, request } = this.#options
    const from = this.#uncut as Beginning
    const { plan, direction, scope = null } = request
    this.#running += 1
    try {
      const task: CutTask = { kind: 'cuts', plan, direction, scope, cursor: from.start, bytesPerPart }
      const { ends, lastBlock } = (await lanes.run('scan', task, this.#abort.signal)) as CutResult
      let next = from
      for (const endSec of ends) {
        this.#parts.push({ ...next, endSec, ahead: null })
        const clearTo = this.#isSparse ? lastBlock : null
        next = { start: placeAt(from.start, endSec), clearTo, isAssumed: true }
      }
      this.#uncut = ends.length === 0 ? null : next
      if (ends.length === 0) this.#parts.push({ ...from, endSec: null, ahead: null })
    } finally {
      this.#running -= 1
    }
  }

  /** The first part goes on. */
  #stay(part: Part, result: HistoryResult, size: PartSize): HistoryResult {
    const start = result.next as Cursor
    const clearTo = result.isClear ? result.lastBlock : null
    if (part.endSec === null) {
      // What lies behind the last cut is cut anew.
      this.#parts = []
      this.#uncut = { start, clearTo, isAssumed: false }
    } else Object.assign(part, { start, clearTo, isAssumed: false })
    this.#readAhead(size)
    return result
  }

  /** The first part has ended. */
  #leave(result: HistoryResult, size: PartSize): HistoryResult {
    this.#parts.shift()
    const following = this.#parts[0] ?? this.#uncut
    if (following === null) return result
    if (!result.isClear && following.clearTo !== null && following.isAssumed) {
      // Something lies behind it that the part read ahead has not looked for.
      this.#isSparse = false
      following.clearTo = null
      if ('ahead' in following) following.ahead = null
    }
    following.isAssumed = false
    this.#readAhead(size)
    return { ...result, end: 'over', next: following.start }
  }
}

/** It was read ahead when more was wanted. */
function isTooMuch({ result, size: given }: Outcome & { result: HistoryResult }, size: PartSize): boolean {
  if (given.limit === size.limit && given.answerBytesMax === size.answerBytesMax) return false
  return result.count > size.limit || result.entries.length > size.answerBytesMax
}

function placeAt(cursor: Cursor, sec: number): Cursor {
  return { ...cursor, place: { sec, ns: 0, streamId: 0, line: 0 } }
}
