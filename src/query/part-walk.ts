/**
 * One walk read by several threads: its parts are read at the same time and handed on in the order of the
 * walk.
 */

import type { Cursor } from '../model/cursor.ts'
import type { Lanes } from './lanes.ts'
import type { Pager, SliceRequest, SliceSize } from './pager.ts'
import type { Rooms } from './rooms.ts'
import type { CutTask, HistoryResult } from './tasks.ts'

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
  readonly bytesPerPart: number
  /** For the entries, whose reader gives it back; null: each slice takes its own. */
  readonly rooms: Rooms | null
}

type Part = {
  /** Where it goes on. */
  start: Cursor
  /** Second at which it ends; null: it is the rest of the walk. */
  readonly endSec: number | null
  ahead: Promise<Outcome> | null
}

type Outcome =
  | { readonly result: HistoryResult; readonly size: PartSize }
  | { readonly error: unknown; readonly size: PartSize }

export function createPartWalk(options: PartWalkOptions): PartWalk {
  const { lanes, slice, request, bytesPerPart, rooms } = options
  const abort = new AbortController()
  let { cursor } = options
  let parts: Part[] = []
  /** Slices that are being read. */
  let reading = 0

  const read = async (part: Part, size: PartSize): Promise<Outcome> => {
    const { start, endSec } = part
    reading += 1
    try {
      const room = rooms?.take() ?? null
      const given = { ...size, lane: 'scan', isFirst: false, endSec, room } as const
      return { result: await slice(request, start, given, abort.signal), size }
    } catch (error) {
      return { error, size }
    } finally {
      reading -= 1
      readAhead(size)
    }
  }
  /** Asks threads that are free for the parts that come next, one part more than there are threads. */
  const readAhead = (size: PartSize): void => {
    const width = lanes.widthOfScan()
    for (const part of parts.slice(0, width + 1)) {
      if (reading >= width || abort.signal.aborted) return
      part.ahead ??= read(part, size)
    }
  }
  const cutFrom = async (start: Cursor): Promise<void> => {
    const { plan, direction, scope = null } = request
    const task: CutTask = { kind: 'cuts', plan, direction, scope, cursor: start, bytesPerPart }
    const ends = (await lanes.run('scan', task, abort.signal)) as number[]
    const starts = [start, ...ends.map((sec) => placeAt(start, sec))]
    parts = starts.map((from, index) => ({ start: from, endSec: ends[index] ?? null, ahead: null }))
  }

  return {
    next: async (size) => {
      if (parts.length === 0) await cutFrom(cursor)
      readAhead(size)
      const [part, following] = parts as [Part, ...Part[]]
      part.ahead ??= read(part, size)
      let outcome = await part.ahead
      if ('result' in outcome && isTooMuch(outcome, size)) {
        rooms?.give(outcome.result.entries.buffer)
        part.ahead = read(part, size)
        outcome = await part.ahead
      }
      if ('error' in outcome) throw outcome.error
      part.ahead = null
      const { result } = outcome
      if (result.end !== 'exhausted') {
        cursor = result.next as Cursor
        part.start = cursor
        // What lies behind the last cut is cut anew.
        if (following === undefined) parts = []
        readAhead(size)
        return result
      }
      parts.shift()
      if (following === undefined) return result
      readAhead(size)
      return { ...result, end: 'over', next: following.start }
    },
    close: () => abort.abort(),
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
