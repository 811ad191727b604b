/** One step of a tail: first the rest of a history walk forward in time, then what was committed after it. */

import { type Cursor, encodeCursor, type Place } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { EntryWriter } from './entry-writer.ts'
import { placeOf, walkHistory } from './history.ts'
import type { Hit } from './open-segment.ts'
import type { ScanCount } from './select-lines.ts'
import { readCommits } from './tail-read.ts'
import type { TailResult, TailTask } from './tasks.ts'
import { boundCommit, rangeOf } from './walk-cursor.ts'
import { writeHits } from './write-hits.ts'

/** Lines that one step reads of a history walk. */
const historyLinesPerStep = 2_000

export function answerTail(
  snapshot: Snapshot,
  databaseId: string,
  compiled: CompiledPlan & { readonly hash: number },
  task: TailTask,
): TailResult {
  const warnings: string[] = []
  const cursor: Cursor = task.cursor ?? {
    kind: 'tail',
    isPartial: false,
    databaseId,
    planHash: compiled.hash,
    commit: snapshot.lastCommit,
    since: null,
    until: null,
    place: null,
  }
  const commit = boundCommit(cursor, snapshot, warnings)
  const bound = { ...cursor, commit, isPartial: cursor.isPartial && commit === cursor.commit }
  return cursor.kind === 'history'
    ? continueHistory(snapshot, compiled, bound, task, warnings)
    : followCommits(snapshot, compiled, bound, task, warnings)
}

function continueHistory(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  bound: Cursor,
  task: TailTask,
  warnings: string[],
): TailResult {
  const started = performance.now()
  const cursor = { ...bound, until: null }
  const slice = walkHistory(
    snapshot,
    compiled,
    {
      direction: 'forward',
      limit: historyLinesPerStep,
      commit: cursor.commit,
      range: rangeOf(cursor, 'forward'),
      isOver: () => performance.now() - started > task.sliceMs,
    },
    { scannedBytes: 0, scannedLines: 0, blocks: 0 },
  )
  const writer = new EntryWriter('json', cursor)
  const written = writeHits(snapshot, slice.hits, writer, task.answerBytesMax)
  const isCut = written < slice.hits.length
  const isDone = slice.end === 'exhausted' && !isCut
  const place = isCut ? placeOf(slice.hits[written - 1] as Hit) : slice.place
  const last = slice.hits.at(-1)
  const next: Cursor = isDone
    ? { ...cursor, kind: 'tail', isPartial: false, since: null, place: last ? placeOf(last) : cursor.place }
    : { ...cursor, place }
  const caughtUp = isDone && snapshot.lastCommit <= cursor.commit
  return { entries: writer.take(), count: written, cursor: encodeCursor(next), caughtUp, warnings }
}

function followCommits(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  cursor: Cursor,
  task: TailTask,
  warnings: string[],
): TailResult {
  const started = performance.now()
  const count: ScanCount = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const writer = new EntryWriter('json', cursor)
  let written = 0
  let reached: Cursor = cursor
  let newest: Place | null = cursor.place
  const start = { commit: cursor.commit, place: cursor.isPartial ? cursor.place : null }
  for (const { commit, hits } of readCommits(snapshot, compiled, start, count)) {
    const sentBefore = newest
    const isLate = (hit: Hit): boolean => sentBefore !== null && isOlder(hit, sentBefore)
    writer.setCursor({ ...cursor, commit, isPartial: true })
    const sent = hits.length === 0 ? 0 : writeHits(snapshot, hits, writer, task.answerBytesMax, isLate)
    written += sent
    const last = hits[sent - 1]
    if (last !== undefined) newest = newerOf(newest, placeOf(last))
    const isPartial = sent < hits.length
    reached = { ...cursor, commit, isPartial, place: isPartial ? placeOf(last as Hit) : newest }
    if (isPartial || writer.length >= task.answerBytesMax || performance.now() - started > task.sliceMs) break
  }
  const caughtUp = !reached.isPartial && reached.commit >= snapshot.lastCommit
  return { entries: writer.take(), count: written, cursor: encodeCursor(reached), caughtUp, warnings }
}

function isOlder({ columns, index }: Hit, { sec, ns }: Place): boolean {
  const hitSec = columns.seconds[index] as number
  return hitSec < sec || (hitSec === sec && (columns.nanos[index] as number) < ns)
}

function newerOf(a: Place | null, b: Place): Place {
  return a !== null && (a.sec > b.sec || (a.sec === b.sec && a.ns >= b.ns)) ? a : b
}
