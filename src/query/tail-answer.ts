/** One step of a tail: first the rest of a history walk forward in time, then what was committed after it. */

import { type Cursor, encodeCursor, type Place } from '../model/cursor.ts'
import { compareTime } from '../model/time.ts'
import type { Snapshot } from '../store/reader.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { type EntrySink, EntryWriter } from './entry-writer.ts'
import type { HeldLines } from './held-lines.ts'
import { placeOf, walkHistory } from './history.ts'
import type { Hit, HitList, SegmentHeap } from './open-segment.ts'
import type { ScanCount } from './select-lines.ts'
import type { StreamTexts } from './stream-texts.ts'
import { readCommits } from './tail-read.ts'
import { createTailWindows, type TailWindows } from './tail-windows.ts'
import type { TailResult, TailTask } from './tasks.ts'
import { boundCommit, rangeOf } from './walk-cursor.ts'
import { createHitWriter, type HitWriter } from './write-hits.ts'

/** Lines that one step reads of a history walk. */
const historyLinesPerStep = 8_000
/** Lines of a commit that are taken at a time: a commit may hold more than one answer has room for. */
const commitLinesPerTurn = 512

type TailStep = Pick<TailTask, 'cursor' | 'sliceMs' | 'answerBytesMax'>

/** What several steps over one snapshot share: their entries are written with the same buffers. */
export type TailOutput = {
  readonly writer: EntrySink
  /** As `HitWriter`, until there are `bytesMax` bytes. */
  readonly write: (hits: HitList, bytesMax: number, isLate?: (hit: Hit) => boolean) => number
  readonly windows: TailWindows
}

/** Of entries as JSON. */
export function createTailWriter(databaseId: string, texts: StreamTexts): EntrySink {
  return new EntryWriter('json', beginning(databaseId, 0, 0), { texts })
}

/** For one snapshot. */
export function createTailOutput(snapshot: Snapshot, held: HeldLines, writer: EntrySink): TailOutput {
  return {
    writer,
    windows: createTailWindows(snapshot),
    write: (hits, bytesMax, isLate) => createHitWriter(snapshot, writer, bytesMax, held)(hits, isLate),
  }
}

/** Cursor of a tail that begins behind a commit. */
function beginning(databaseId: string, planHash: number, commit: number): Cursor {
  const nowhere = { since: null, until: null, place: null }
  return { kind: 'tail', isPartial: false, databaseId, planHash, commit, ...nowhere }
}

export function answerTail(
  snapshot: Snapshot,
  databaseId: string,
  compiled: CompiledPlan & { readonly hash: number },
  task: TailStep,
  output: TailOutput,
): TailResult {
  const warnings: string[] = []
  const cursor = task.cursor ?? beginning(databaseId, compiled.hash, snapshot.lastCommit)
  const commit = boundCommit(cursor, snapshot, warnings)
  const bound = { ...cursor, commit, isPartial: cursor.isPartial && commit === cursor.commit }
  return cursor.kind === 'history'
    ? continueHistory(snapshot, compiled, bound, task, output, warnings)
    : followCommits(snapshot, compiled, bound, task, output, warnings)
}

function continueHistory(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  bound: Cursor,
  task: TailStep,
  { writer, write }: TailOutput,
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
  writer.setCursor(cursor)
  const written = write(slice.hits, task.answerBytesMax)
  const isCut = written < slice.hits.length
  const isDone = slice.end === 'exhausted' && !isCut
  const place = isCut ? placeOf(slice.hits.at(written - 1)) : slice.place
  const next: Cursor = isDone
    ? { ...cursor, kind: 'tail', isPartial: false, since: null, place: sentPlace(slice.hits, cursor) }
    : { ...cursor, place }
  const caughtUp = isDone && snapshot.lastCommit <= cursor.commit
  return { entries: writer.take(), count: written, cursor: encodeCursor(next), caughtUp, warnings }
}

/**
 * Place of the newest entry that is known to be sent: a place between entries is only how far was searched.
 */
function sentPlace(sent: HitList, { place }: Cursor): Place | null {
  if (sent.length > 0) return placeOf(sent.at(sent.length - 1))
  return place === null || place.streamId === 0 ? null : place
}

function followCommits(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  cursor: Cursor,
  task: TailStep,
  { writer, write, windows }: TailOutput,
  warnings: string[],
): TailResult {
  const started = performance.now()
  const count: ScanCount = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const writeSome: HitWriter = (hits, isLate) => write(hits, task.answerBytesMax, isLate)
  let written = 0
  let reached: Cursor = cursor
  let newest: Place | null = cursor.place
  const start = { commit: cursor.commit, place: cursor.isPartial ? cursor.place : null }
  for (const { commit, hits } of readCommits(snapshot, compiled, start, count, windows)) {
    const sentBefore = newest
    const isLate = (hit: Hit): boolean => sentBefore !== null && isOlder(hit, sentBefore)
    if (hits.topSecond !== null) writer.setCursor({ ...cursor, commit, isPartial: true })
    const sent = sendCommit(hits, writeSome, isLate)
    written += sent.count
    if (sent.last !== null) newest = newerOf(newest, sent.last)
    reached = { ...cursor, commit, isPartial: sent.isPartial, place: sent.isPartial ? sent.last : newest }
    if (sent.isPartial || writer.length >= task.answerBytesMax || performance.now() - started > task.sliceMs)
      break
  }
  const caughtUp = !reached.isPartial && reached.commit >= snapshot.lastCommit
  return { entries: writer.take(), count: written, cursor: encodeCursor(reached), caughtUp, warnings }
}

type SentLines = { readonly count: number; readonly last: Place | null; readonly isPartial: boolean }

/** Writes a commit's lines by time, all of them or as many as there is room for. */
function sendCommit(hits: SegmentHeap, write: HitWriter, isLate: (hit: Hit) => boolean): SentLines {
  let count = 0
  let last: Place | null = null
  for (;;) {
    const taken = hits.takeUpTo(commitLinesPerTurn)
    if (taken.length === 0) return { count, last, isPartial: false }
    const written = write(taken, isLate)
    count += written
    last = placeOf(taken.at(written - 1))
    if (written < taken.length) return { count, last, isPartial: true }
  }
}

function isOlder({ columns, index }: Hit, { sec, ns }: Place): boolean {
  const hitSec = columns.seconds[index] as number
  return hitSec < sec || (hitSec === sec && (columns.nanos[index] as number) < ns)
}

function newerOf(a: Place | null, b: Place): Place {
  return a !== null && compareTime(a, b) >= 0 ? a : b
}
