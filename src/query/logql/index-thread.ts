/** Sums up what is stored of streams in a range, by the headers of segments and their counts alone. */

import { queryLimits } from '../../limits/query.ts'
import type { Cursor } from '../../model/cursor.ts'
import { attribute, gapLevel, type Iostream, type Time } from '../../model/entry.ts'
import { visitCells } from '../../store/count-cells.ts'
import type { Snapshot } from '../../store/reader.ts'
import type { Segment } from '../../store/segment.ts'
import type { CompiledPlan } from '../compiled-plan.ts'
import { candidatesOf } from '../history.ts'
import { rangeOf } from '../walk-cursor.ts'
import { createEntryLabels } from './entry-labels.ts'
import type { IndexGroup, IndexResult, IndexTask } from './tasks.ts'

type Sums = { chunks: number; bytes: number; entries: number; readonly steps: Map<number, number> }

/** Of one stream, by iostream; null: there is nothing of it. */
type StreamSums = [Sums | null, Sums | null]

/** Parts of a segment's lines, by iostream. */
type Fractions = readonly [number, number]

/** Where nobody asks for iostreams all is summed up as if it were of the first. */
const undivided: Fractions = [1, 0]

export function answerIndex(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  task: IndexTask,
  cursor: Cursor,
): IndexResult {
  const started = performance.now()
  const range = rangeOf(cursor, 'backward')
  const { commit } = cursor
  const known = new Map<number, StreamSums>()
  const share = createShares(task, secondsOf(range.after), secondsOf(range.before))
  const fractionsOf = createFractions(snapshot, compiled, task)
  const candidates = candidatesOf(snapshot, compiled, { direction: 'backward', commit, range })
  let isCut = false
  try {
    while (candidates.bound() !== null) {
      isCut = performance.now() - started > queryLimits.listMs
      if (isCut) break
      const segment = candidates.take()
      const inside = share(segment)
      if (inside === null) continue
      const sums: StreamSums = known.get(segment.streamId) ?? [null, null]
      fractionsOf(segment).forEach((fraction, iostream) => {
        if (fraction === 0) return
        const own = (sums[iostream as Iostream] ??= noSums())
        own.chunks += 1
        addShare(own, inside, fraction)
      })
      known.set(segment.streamId, sums)
    }
  } finally {
    candidates.close()
  }
  return { groups: groupsOf(snapshot, known, task), isCut }
}

function secondsOf({ sec, ns }: Time): number {
  return sec + ns / 1e9
}

type Share = {
  readonly bytes: number
  readonly entries: number
  readonly steps: Iterable<readonly [step: number, bytes: number]>
}

/** A segment's share in the range, as if its lines were spread evenly over its seconds; null: it has none. */
function createShares({ stepMs }: IndexTask, from: number, to: number): (segment: Segment) => Share | null {
  return ({ minSec, maxSec, rawBytes, lineCount }) => {
    const length = maxSec - minSec + 1
    const first = Math.max(minSec, from)
    const end = Math.min(maxSec + 1, to)
    if (end <= first) return null
    const inside = (end - first) / length
    const steps: [number, number][] = []
    if (stepMs !== null) {
      const stepSec = stepMs / 1000
      for (let step = Math.floor((first - from) / stepSec); from + step * stepSec < end; step += 1) {
        const begin = Math.max(first, from + step * stepSec)
        const until = Math.min(end, from + (step + 1) * stepSec)
        if (until > begin) steps.push([step, (rawBytes * (until - begin)) / length])
      }
    }
    return { bytes: rawBytes * inside, entries: lineCount * inside, steps }
  }
}

function noSums(): Sums {
  return { chunks: 0, bytes: 0, entries: 0, steps: new Map() }
}

function addShare(sums: Sums, { bytes, entries, steps }: Share, fraction: number): void {
  sums.bytes += bytes * fraction
  sums.entries += entries * fraction
  for (const [step, own] of steps) sums.steps.set(step, (sums.steps.get(step) ?? 0) + own * fraction)
}

/** Looks into segments only where iostreams are asked for. */
function createFractions(
  snapshot: Snapshot,
  { plan }: CompiledPlan,
  { by }: IndexTask,
): (segment: Segment) => Fractions {
  const { iostream } = plan
  if (iostream === null && by !== null && !by.includes('stream')) return () => undivided
  return (segment) => {
    const counts = lineCounts(snapshot, segment)
    const total = counts[0] + counts[1]
    if (total === 0) return [0, 0]
    const of = (one: Iostream): number => (iostream === null || iostream === one ? counts[one] / total : 0)
    return [of(0), of(1)]
  }
}

/** By iostream, without gap records. */
function lineCounts(snapshot: Snapshot, segment: Segment): [number, number] {
  const counts: [number, number] = [0, 0]
  const cells = snapshot.countCells(segment)
  if (cells !== null) {
    visitCells(cells, (_sec, level, isStderr, count) => {
      if (level !== gapLevel) counts[isStderr ? 1 : 0] += count
    })
    return counts
  }
  for (const bits of snapshot.columns(segment).attributes) {
    if ((bits & attribute.gap) === 0) counts[(bits & attribute.stderr) as Iostream] += 1
  }
  return counts
}

function groupsOf(
  snapshot: Snapshot,
  known: ReadonlyMap<number, StreamSums>,
  { by }: IndexTask,
): IndexGroup[] {
  const labels = createEntryLabels()
  const groups = new Map<string, Sums & { readonly labels: IndexGroup['labels']; streams: number }>()
  for (const [id, ofIostreams] of known) {
    const stream = snapshot.stream(id)
    if (stream === undefined) continue
    let last: unknown = null
    for (const iostream of [0, 1] as const) {
      const sums = ofIostreams[iostream]
      if (sums === null) continue
      const own = [...labels.ofStream(stream, iostream)].filter(([name]) => by === null || by.includes(name))
      const key = JSON.stringify(own)
      const group = groups.get(key) ?? { labels: own, streams: 0, ...noSums() }
      groups.set(key, group)
      if (group !== last) group.streams += 1
      last = group
      group.chunks += sums.chunks
      addShare(group, sums, 1)
    }
  }
  return Array.from(groups.values(), (group) => ({
    ...group,
    bytes: whole(group.bytes),
    entries: whole(group.entries),
    steps: stepsOf(group),
  }))
}

function stepsOf({ steps }: Sums): number[] {
  const length = Math.max(-1, ...steps.keys()) + 1
  return Array.from({ length }, (_, step) => whole(steps.get(step) ?? 0))
}

/** What there is a part of is there. */
function whole(amount: number): number {
  return amount > 0 ? Math.max(Math.round(amount), 1) : 0
}
