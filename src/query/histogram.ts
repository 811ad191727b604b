/**
 * Counts matching lines over time, newest first, in slices; a bucket is complete when everything from its
 * beginning on is counted.
 */

import { queryLimits } from '../limits/query.ts'
import { type Cursor, comparePlaces, type Place } from '../model/cursor.ts'
import { gapLevel, levelNames, type Time } from '../model/entry.ts'
import { compareTime, formatDuration, formatTime, timeSecMax, timeSecMin } from '../model/time.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import type { HistogramGroup } from './contract.ts'
import { createSegmentCounter, onlyGroup, type SegmentCounter } from './histogram-count.ts'
import { gridOver, HistogramCounts, startOf, tooLong } from './histogram-grid.ts'
import { candidatesOf, placeOf, walkHistory } from './history.ts'
import type { PlaceRange, ScanCount } from './select-lines.ts'
import type { HistogramResult, HistogramState, HistogramTask } from './tasks.ts'
import { rangeOf, rangeUntil } from './walk-cursor.ts'

/** What taking back one segment at the end of a slice costs, about. */
const takeBackMs = 0.05
/** Range where nothing is stored and none is asked for. */
const emptyRangeSec = 3_600

/** `begun` is the walk's cursor where the task is the first. */
export function answerHistogram(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  task: HistogramTask,
  begun: Cursor,
): Omit<HistogramResult, 'warnings'> {
  const started = performance.now()
  const withoutGaps = { ...compiled, levelMask: (compiled.levelMask ?? everyLevel) & ~(1 << gapLevel) }
  const state = task.state ?? begin(snapshot, withoutGaps, task, begun)
  const { cursor, grid } = state
  const counts = new HistogramCounts(grid, task.state)
  const count: ScanCount = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const isOver = (open: number): boolean =>
    performance.now() - started + open * takeBackMs > task.sliceMs ||
    count.scannedBytes > task.scannedBytesMax
  const range = rangeUntil(rangeOf(cursor, 'backward'), 'backward', task.part?.endSec ?? null)
  const counter = createSegmentCounter({
    snapshot,
    compiled: withoutGaps,
    commit: cursor.commit,
    by: task.by,
    counts,
  })
  const stats = (): HistogramResult['stats'] => ({ ...count, elapsedMs: performance.now() - started })
  const answered = (cut: number | null): Omit<HistogramResult, 'warnings'> => {
    const members = new TextEncoder().encode(membersOf(counts, cursor, task.by, cut))
    return { state: null, members, stats: stats() }
  }
  if (task.isLast) return answered(state.isCounted ? null : secondFrom(range.before))
  const cut = countBack(snapshot, withoutGaps, { cursor, range, counter, isOver, count })
  if (cut === null && task.part === null) return answered(null)
  const place = cut === null ? range.after : { sec: cut, ns: 0, streamId: 0, line: 0 }
  const next = { ...counts.take(), grid, cursor: { ...cursor, place }, isCounted: cut === null }
  return { state: next, members: new Uint8Array(0), stats: stats() }
}

const everyLevel = (1 << (levelNames.length + 1)) - 1

type Walk = {
  readonly cursor: Cursor
  readonly range: PlaceRange
  readonly counter: SegmentCounter
  readonly isOver: (open: number) => boolean
  readonly count: ScanCount
}

/**
 * Counts from the newest segment on. Null: all are counted; else the second before which nothing is counted.
 * Segments that reach across it were counted as a whole, and what lies before it is taken back: only which
 * lines they were has to be remembered meanwhile.
 */
function countBack(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  { cursor, range, counter, isOver, count }: Walk,
): number | null {
  const candidates = candidatesOf(snapshot, compiled, { direction: 'backward', commit: cursor.commit, range })
  let open: { readonly segment: Segment; readonly added: Uint32Array | null }[] = []
  let openAtMost = openFirst
  try {
    for (;;) {
      const bound = candidates.bound()
      if (bound === null) return null
      if (bound + 1 < range.before.sec && isOver(open.length)) {
        const before = { sec: bound + 1, ns: 0, streamId: 0, line: 0 }
        const uncounted = { after: range.after, before }
        for (const { segment, added } of open) {
          if (segment.minSec <= bound) counter.takeBack(segment, added, uncounted)
        }
        return bound + 1
      }
      const segment = candidates.take()
      open.push({ segment, added: counter.add(segment, range, count) })
      if (open.length < openAtMost) continue
      open = open.filter(({ segment: { minSec } }) => minSec <= bound)
      openAtMost = Math.max(openFirst, 2 * open.length)
    }
  } finally {
    candidates.close()
  }
}

/** Headers remembered before those that are done with are looked for. */
const openFirst = 16

/** The first whole second that does not begin before a place. */
function secondFrom({ sec, ns }: Place): number {
  return ns > 0 ? sec + 1 : sec
}

/** Fixes the range where it is open, and the buckets over it. */
function begin(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  task: HistogramTask,
  cursor: Cursor,
): HistogramState {
  const until = task.range.until ?? endOf(snapshot, compiled, task, cursor)
  const since = task.range.since ?? startOfLines(snapshot, compiled, until)
  const grid = gridOver(since, until, task.bucket)
  return {
    grid,
    cursor: { ...cursor, since, until },
    names: [],
    counts: new Float64Array(0),
    isCounted: false,
  }
}

/** The end where none is given: now, or after the newest line where clocks differ a little. */
function endOf(snapshot: Snapshot, compiled: CompiledPlan, task: HistogramTask, cursor: Cursor): Time {
  const range = rangeOf(cursor, 'backward')
  const fromNow: Place = { sec: task.nowSec + 1, ns: 0, streamId: 0, line: 0 }
  const started = performance.now()
  const { hits, end, place } = walkHistory(
    snapshot,
    { ...compiled, matcher: null, requiredGrams: [] },
    {
      direction: 'backward',
      limit: 1,
      commit: cursor.commit,
      range: comparePlaces(range.after, fromNow) < 0 ? { ...range, after: fromNow } : range,
      isOver: () => performance.now() - started > task.sliceMs,
    },
    { scannedBytes: 0, scannedLines: 0, blocks: 0 },
  )
  let sec = fromNow.sec
  if (hits.length > 0) sec = placeOf(hits.at(0)).sec + 1
  else if (end === 'over') sec = place.sec
  const { since } = task.range
  return since !== null && compareTime(since, { sec, ns: 0 }) >= 0
    ? { sec: since.sec + 1, ns: 0 }
    : { sec, ns: 0 }
}

/** The beginning where none is given: the oldest line whose clock was right. */
function startOfLines(snapshot: Snapshot, compiled: CompiledPlan, until: Time): Time {
  const first = snapshot.totals.firstOf(compiled.streamsOf(snapshot))
  if (first !== null && first.sec < until.sec) return { sec: first.sec, ns: 0 }
  return { sec: Math.max(until.sec - emptyRangeSec, timeSecMin), ns: 0 }
}

/** What can be written of an end that lies behind the year 9999. */
const lastTime: Time = { sec: timeSecMax, ns: 999_999_999 }

/** `cut`: nothing before this second is counted; null: everything is. */
function membersOf(
  counts: HistogramCounts,
  { since, until }: Cursor,
  by: HistogramGroup | null,
  cut: number | null,
): string {
  const { grid, cells } = counts
  const { stepMs } = grid
  const groups = counts.names
    .map((name) => ({ name, count: counts.totalOf(name), offset: counts.offsetOf(name) }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1))
  const buckets: string[] = []
  let length = 0
  for (let index = 0; index < grid.length; index += 1) {
    const bucket = bucketText(index)
    length += bucket.length
    if (length > queryLimits.answerBytesMax) throw tooLong()
    buckets.push(bucket)
  }
  const head = {
    since: formatTime(since as Time),
    until: formatTime((until as Time).sec > timeSecMax ? lastTime : (until as Time)),
    step: formatDuration(stepMs),
    stepMs,
    by,
    groups: by === null ? [] : groups.map(({ name, count }) => ({ name, count })),
    count: groups.reduce((sum, { count }) => sum + count, 0),
    complete: cut === null,
  }
  return `${JSON.stringify(head).slice(1, -1)},"buckets":[${buckets.join(',')}]`

  function bucketText(index: number): string {
    const start = startOf(grid.first + index, stepMs)
    const complete = cut === null || start.sec >= cut
    let count = 0
    const parts: string[] = []
    for (const { name, offset } of groups) {
      const own = cells[offset + index] as number
      if (own === 0) continue
      count += own
      if (name !== onlyGroup || by !== null) parts.push(`${JSON.stringify(name)}:${own}`)
    }
    return `{"time":"${formatTime(start)}","count":${count},"complete":${complete},"counts":{${parts.join(',')}}}`
  }
}
