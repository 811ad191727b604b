/**
 * Which lines of one segment a plan selects: by commit, time and columns first, by text only if lines are
 * left. Hot path.
 */

import type { Place } from '../model/cursor.ts'
import { attribute } from '../model/entry.ts'
import type { Columns } from '../store/columns.ts'
import type { Snapshot } from '../store/reader.ts'
import type { Segment } from '../store/segment.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import type { BodyMatcher } from './match/body-matcher.ts'

/** Exclusive on both ends, in history order. */
export type PlaceRange = { readonly after: Place; readonly before: Place }

export type ScanCount = { scannedBytes: number; scannedLines: number; blocks: number }

export const noLines = new Uint32Array(0)

/**
 * Ascending indexes of the selected lines among lines `from` to `to` (exclusive) of the segment. Gap records
 * pass every filter but stream and range.
 */
export function selectLines(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  segment: Segment,
  lines: readonly [from: number, to: number],
  range: PlaceRange,
  count: ScanCount,
): Uint32Array {
  const selected = selectStored(snapshot, compiled, segment, lines, range, count)
  const { selector } = compiled
  if (selector === null || selected.length === 0) return selected
  // Where there is a matcher the body has been counted.
  if (compiled.matcher === null) count.scannedBytes += segment.rawBytes
  return selector(snapshot, segment, selected)
}

/** What columns and searches over the body tell. */
function selectStored(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  segment: Segment,
  [from, to]: readonly [from: number, to: number],
  range: PlaceRange,
  count: ScanCount,
): Uint32Array {
  if (from >= to) return noLines
  if (compiled.levelMask !== null && (segment.levelMask & compiled.levelMask) === 0) return noLines
  const holdsGap = (segment.levelMask & gapBit) !== 0
  if (!snapshot.mayHold(segment, compiled.requiredGrams)) return noLines
  count.blocks += 1
  count.scannedLines += to - from
  const { matcher, levelMask, plan } = compiled
  const isTextFirst =
    levelsLeft(segment, levelMask) === null &&
    plan.iostream === null &&
    !holdsGap &&
    !segment.mayHoldLineFeeds
  if (matcher !== null && isTextFirst) {
    const body = snapshot.body(segment)
    count.scannedBytes += body.length
    const found = findByText(matcher, segment, body)
    const isWhole = from === 0 && to === segment.lineCount
    const inPart = isWhole ? found : found.filter((index) => index >= from && index < to)
    return linesBetween(snapshot, segment, range, inPart)
  }
  const columns = snapshot.columns(segment)
  const inColumns = selectByColumns(columns, segment, compiled, from, to, range)
  if (matcher === null || inColumns.length === 0) return inColumns
  const body = snapshot.body(segment)
  count.scannedBytes += body.length
  const ends = columns.lengths === null ? null : snapshot.lineEnds(segment, columns)
  return selectByText(columns, compiled, body, ends, inColumns, holdsGap)
}

const gapBit = 1 << 8

/** The mask that is left to be looked at line by line; null: all levels of the segment are asked for. */
function levelsLeft(segment: Segment, levelMask: number | null): number | null {
  return levelMask === null || (segment.levelMask & ~levelMask) === 0 ? null : levelMask
}

/** Lines by their text alone, where none of them holds an LF. */
function findByText(matcher: BodyMatcher, { lineCount }: Segment, body: Buffer): Uint32Array {
  const hits = new Uint32Array(lineCount)
  return hits.subarray(0, matcher.match(body, null, lineCount, hits))
}

/** Of these lines those that lie in the range: columns are only decoded where that is in question. */
export function linesBetween(
  snapshot: Snapshot,
  segment: Segment,
  range: PlaceRange,
  lines: Uint32Array,
): Uint32Array {
  if (lines.length === 0) return noLines
  if (liesIn(segment, range)) return lines
  const columns = snapshot.columns(segment)
  return lines.filter((index) => isBetween(columns, segment, index, range))
}

/** Hot path: 8 ns a line where levels are asked for, else 1 ns. */
function selectByColumns(
  columns: Columns,
  segment: Segment,
  { plan, levelMask }: CompiledPlan,
  from: number,
  to: number,
  range: PlaceRange,
): Uint32Array {
  const { levels, attributes } = columns
  const [first, end, isInside] = narrow(columns, segment, from, to, range)
  if (first >= end) return noLines
  const selected = new Uint32Array(end - first)
  const mask = levelsLeft(segment, levelMask)
  if (isInside && mask === null && plan.iostream === null) {
    for (let index = first; index < end; index += 1) selected[index - first] = index
    return selected
  }
  let length = 0
  for (let index = first; index < end; index += 1) {
    if (mask !== null && (mask & (1 << (levels[index] as number))) === 0) continue
    const bits = attributes[index] as number
    if (plan.iostream !== null && (bits & attribute.stderr) !== plan.iostream && !(bits & attribute.gap))
      continue
    if (!isInside && !isBetween(columns, segment, index, range)) continue
    selected[length++] = index
  }
  return length === selected.length ? selected : selected.subarray(0, length)
}

/**
 * Of lines `from` to `to` (exclusive) those that may lie in the range, and whether they all do: where times
 * ascend its ends are looked up, so that a part of a walk costs no more than its own lines.
 */
function narrow(
  columns: Columns,
  segment: Segment,
  from: number,
  to: number,
  range: PlaceRange,
): [first: number, end: number, isInside: boolean] {
  if (liesIn(segment, range)) return [from, to, true]
  if (!segment.ascending) return [from, to, false]
  const { seconds, nanos } = columns
  const { streamId, firstLine } = segment
  /** The first line that does not lie before `place`, or at it. */
  const find = (place: Place, isExclusive: boolean): number => {
    let low = from
    let high = to
    while (low < high) {
      const middle = (low + high) >>> 1
      const sec = seconds[middle] as number
      const order = orderOf(sec, nanos[middle] as number, streamId, firstLine + middle, place)
      if (order < 0 || (isExclusive && order === 0)) low = middle + 1
      else high = middle
    }
    return low
  }
  return [find(range.after, true), find(range.before, false), true]
}

/** All of its lines lie in the range, as its header tells. */
function liesIn({ minSec, maxSec }: Segment, { after, before }: PlaceRange): boolean {
  return minSec > after.sec && maxSec < before.sec
}

function isBetween(
  { seconds, nanos }: Columns,
  { streamId, firstLine }: Segment,
  index: number,
  { after, before }: PlaceRange,
): boolean {
  const sec = seconds[index] as number
  const ns = nanos[index] as number
  return (
    orderOf(sec, ns, streamId, firstLine + index, after) > 0 &&
    orderOf(sec, ns, streamId, firstLine + index, before) < 0
  )
}

/** Negative, zero or positive as the line is before, at or after `place` in history order. */
export function orderOf(sec: number, ns: number, streamId: number, line: number, place: Place): number {
  return sec - place.sec || ns - place.ns || streamId - place.streamId || line - place.line
}

function selectByText(
  columns: Columns,
  { matcher }: CompiledPlan,
  body: Buffer,
  /** Null: no line holds an LF. */
  ends: Uint32Array | null,
  candidates: Uint32Array,
  holdsGap: boolean,
): Uint32Array {
  if (matcher === null) return candidates
  let length = 0
  if (ends !== null) {
    const selected = new Uint32Array(candidates.length)
    for (const index of candidates) {
      const start = index === 0 ? 0 : (ends[index - 1] as number) + 1
      const isGap = ((columns.attributes[index] as number) & attribute.gap) !== 0
      if (isGap || matcher.matchLine(body.subarray(start, ends[index]))) selected[length++] = index
    }
    return selected.subarray(0, length)
  }
  const hits = new Uint32Array(columns.lineCount)
  const hitCount = matcher.match(body, null, columns.lineCount, hits)
  if (hitCount === 0 && !holdsGap) return noLines
  const selected = new Uint32Array(candidates.length)
  let next = 0
  for (const index of candidates) {
    while (next < hitCount && (hits[next] as number) < index) next += 1
    const isHit = next < hitCount && hits[next] === index
    const isGap = holdsGap && ((columns.attributes[index] as number) & attribute.gap) !== 0
    if (isHit || isGap) selected[length++] = index
  }
  return selected.subarray(0, length)
}

/** Sorts ascending indexes by (time, line), in place: those that are left of a segment may be in order. */
export function sortByTime(
  selected: Uint32Array,
  segment: Segment,
  { seconds, nanos }: Columns,
): Uint32Array {
  if (segment.ascending || isAscending(selected, seconds, nanos)) return selected
  return selected.sort(
    (a, b) =>
      (seconds[a] as number) - (seconds[b] as number) || (nanos[a] as number) - (nanos[b] as number) || a - b,
  )
}

function isAscending(lines: Uint32Array, seconds: Float64Array, nanos: Int32Array): boolean {
  for (let at = 1; at < lines.length; at += 1) {
    const [before, line] = [lines[at - 1] as number, lines[at] as number]
    const order = (seconds[before] as number) - (seconds[line] as number)
    if (order > 0 || (order === 0 && (nanos[before] as number) > (nanos[line] as number))) return false
  }
  return true
}
