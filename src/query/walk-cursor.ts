/**
 * What a cursor means to a walk: whether it belongs here, which commit binds it, and which range is left of
 * it.
 */

import { LogkeepError } from '../errors.ts'
import { type Cursor, comparePlaces, type Place } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Direction } from './plan.ts'
import type { PlaceRange } from './select-lines.ts'

/** Beyond every year that RFC 3339 can say. */
const latestSec = 2 ** 38 - 1
const earliestSec = -(2 ** 37)

/** Throws `LogkeepError` BAD_CURSOR for a cursor of another database or another query. */
export function checkCursor(cursor: Cursor | null, databaseId: string, planHash: number): void {
  if (cursor === null) return
  checkDatabase(cursor, databaseId)
  if (cursor.planHash !== planHash) {
    throw new LogkeepError(
      'BAD_CURSOR',
      'cursor: it belongs to a query with other filters',
      'repeat the filters of the request that gave it (limit, direction and format may differ)',
    )
  }
}

/** Throws `LogkeepError` BAD_CURSOR for a cursor of another database. */
export function checkDatabase(cursor: Cursor, databaseId: string): void {
  if (cursor.databaseId === databaseId) return
  throw new LogkeepError(
    'BAD_CURSOR',
    'cursor: it belongs to another database',
    'cursors of one node, or from before its data folder was replaced, mean nothing here: start without a cursor',
  )
}

/** The commit that a walk is bound to, moved back where the newest commits were lost to a power cut. */
export function boundCommit(cursor: Cursor, snapshot: Snapshot, warnings: string[]): number {
  const { sweptCommit, sweepCommit } = snapshot.retention()
  if (cursor.kind === 'tail' ? cursor.commit < sweptCommit : cursor.commit < sweepCommit) {
    warnings.push('retention has deleted lines since this cursor was given; it goes on with what remains')
  }
  if (cursor.commit <= snapshot.lastCommit) return cursor.commit
  warnings.push(
    'the cursor is ahead of what is stored (after a power cut); it was moved back to the newest line',
  )
  return snapshot.lastCommit
}

/** What is left of a walk: its whole range, cut at the cursor's place. */
export function rangeOf(cursor: Cursor, direction: Direction): PlaceRange {
  const between = (sec: number, ns: number): Place => ({ sec, ns, streamId: 0, line: 0 })
  let after = cursor.since === null ? between(earliestSec, 0) : between(cursor.since.sec, cursor.since.ns)
  let before = cursor.until === null ? between(latestSec, 0) : between(cursor.until.sec, cursor.until.ns)
  if (cursor.place !== null) {
    // A tail's place may lie outside the range that is asked for with it.
    if (direction === 'forward' && comparePlaces(cursor.place, after) > 0) after = cursor.place
    if (direction === 'backward' && comparePlaces(cursor.place, before) < 0) before = cursor.place
  }
  return { after, before }
}

/** The same up to the second at which a part of the walk ends. */
export function rangeUntil(
  { after, before }: PlaceRange,
  direction: Direction,
  endSec: number | null,
): PlaceRange {
  if (endSec === null) return { after, before }
  const end: Place = { sec: endSec, ns: 0, streamId: 0, line: 0 }
  if (direction === 'forward') return { after, before: comparePlaces(end, before) < 0 ? end : before }
  return { after: comparePlaces(end, after) > 0 ? end : after, before }
}
