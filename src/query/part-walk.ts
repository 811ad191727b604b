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

export function createPartWalk({ lanes, slice, request, ...options }: PartWalkOptions): PartWalk {
  const { bytesPerPart, rooms } = options
  const abort = new AbortController()
  let parts: Part[] = []
  /** What is not cut into parts yet; null: nothing. */
  let uncut: Pick<Part, 'start' | 'clearTo' | 'isAssumed'> | null = {
    start: options.cursor,
    clearTo: options.clearTo,
    isAssumed: false,
  }
  let cutting: Promise<void> | null = null
  /** Tasks under way. */
  let running = 0
  /** Blocks across the end of a part are expected to have no hits behind it, until some have. */
  let isSparse = request.plan.lines.length > 0

  const read = async (part: Part, size: PartSize): Promise<Outcome> => {
    running += 1
    try {
      return { result: await readOne(part, size), size }
    } catch (error) {
      return { error, size }
    } finally {
      running -= 1
      readAhead(size)
    }
  }
  const readOne = async (part: Part, size: PartSize): Promise<HistoryResult> => {
    const { start, endSec, clearTo } = part
    const room = rooms?.take() ?? null
    const given = { ...size, lane: 'scan', isFirst: false, endSec, clearTo, room } as const
    return slice(request, start, given, abort.signal)
  }
  /** Asks threads that are free for the parts that come next, one part more than there are threads. */
  const readAhead = (size: PartSize): void => {
    const width = lanes.widthOfScan()
    if (abort.signal.aborted) return
    if (uncut !== null && parts.length <= width && running < width) cut(size)
    for (const part of parts.slice(0, width + 1)) {
      if (running >= width) return
      part.ahead ??= read(part, size)
    }
  }
  const cut = (size: PartSize): Promise<void> => {
    cutting ??= cutMore().finally(() => {
      cutting = null
      readAhead(size)
    })
    // Told to whoever waits for it.
    cutting.catch(() => undefined)
    return cutting
  }
  const cutMore = async (): Promise<void> => {
    const from = uncut as NonNullable<typeof uncut>
    const { plan, direction, scope = null } = request
    running += 1
    try {
      const task: CutTask = { kind: 'cuts', plan, direction, scope, cursor: from.start, bytesPerPart }
      const { ends, lastBlock } = (await lanes.run('scan', task, abort.signal)) as CutResult
      let next = from
      for (const endSec of ends) {
        parts.push({ ...next, endSec, ahead: null })
        next = { start: placeAt(from.start, endSec), clearTo: isSparse ? lastBlock : null, isAssumed: true }
      }
      uncut = ends.length === 0 ? null : next
      if (ends.length === 0) parts.push({ ...from, endSec: null, ahead: null })
    } finally {
      running -= 1
    }
  }

  return {
    next: async (size) => {
      while (parts.length === 0) await cut(size)
      readAhead(size)
      const part = parts[0] as Part
      part.ahead ??= read(part, size)
      let outcome = await part.ahead
      if ('result' in outcome && isTooMuch(outcome, size)) {
        rooms?.give(outcome.result.entries.buffer)
        part.ahead = read(part, size)
        outcome = await part.ahead
      }
      if ('error' in outcome) throw outcome.error
      const { result } = outcome
      part.ahead = null
      return result.end === 'exhausted' ? leave(result, size) : stay(part, result, size)
    },
    close: () => abort.abort(),
  }

  /** The first part goes on. */
  function stay(part: Part, result: HistoryResult, size: PartSize): HistoryResult {
    const start = result.next as Cursor
    const clearTo = result.isClear ? result.lastBlock : null
    if (part.endSec === null) {
      // What lies behind the last cut is cut anew.
      parts = []
      uncut = { start, clearTo, isAssumed: false }
    } else Object.assign(part, { start, clearTo, isAssumed: false })
    readAhead(size)
    return result
  }

  /** The first part has ended. */
  function leave(result: HistoryResult, size: PartSize): HistoryResult {
    parts.shift()
    const following = parts[0] ?? uncut
    if (following === null) return result
    if (!result.isClear && following.clearTo !== null && following.isAssumed) {
      // Something lies behind it that the part read ahead has not looked for.
      isSparse = false
      following.clearTo = null
      if ('ahead' in following) following.ahead = null
    }
    following.isAssumed = false
    readAhead(size)
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
