/** Sums up what is stored of streams in a range, by the headers of segments alone. */

import { queryLimits } from '../../limits/query.ts'
import type { Cursor } from '../../model/cursor.ts'
import { attribute, type Iostream } from '../../model/entry.ts'
import type { Snapshot } from '../../store/reader.ts'
import type { Segment } from '../../store/segment.ts'
import type { CompiledPlan } from '../compiled-plan.ts'
import { candidatesOf } from '../history.ts'
import { rangeOf } from '../walk-cursor.ts'
import { createEntryLabels } from './entry-labels.ts'
import type { IndexGroup, IndexResult, IndexTask } from './tasks.ts'

type Sums = {
  streams: number
  chunks: number
  bytes: number
  entries: number
  readonly steps: number[]
}

/** Of one stream: what its newest segment in the range says of its iostreams. */
type Known = { readonly sums: Sums; readonly iostreams: readonly Iostream[] }

/** A stream that writes to both is listed under both, with its sums under the first. */
export function answerIndex(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  task: IndexTask,
  cursor: Cursor,
): IndexResult {
  const started = performance.now()
  const range = rangeOf(cursor, 'backward')
  const { commit } = cursor
  const known = new Map<number, Known>()
  const share = createShares(task, range.after.sec, range.before.sec)
  const candidates = candidatesOf(snapshot, compiled, { direction: 'backward', commit, range })
  let isCut = false
  try {
    while (candidates.bound() !== null) {
      isCut = performance.now() - started > queryLimits.listMs
      if (isCut) break
      const segment = candidates.take()
      let stream = known.get(segment.streamId)
      if (stream === undefined) {
        const iostreams = iostreamsOf(snapshot, compiled, segment, task)
        stream = { sums: { streams: 1, chunks: 0, bytes: 0, entries: 0, steps: [] }, iostreams }
        known.set(segment.streamId, stream)
      }
      share(segment, stream.sums)
    }
  } finally {
    candidates.close()
  }
  return { groups: groupsOf(snapshot, known, task), isCut }
}

/** Adds a segment's share in the range. */
function createShares(
  { stepMs }: IndexTask,
  fromSec: number,
  toSec: number,
): (segment: Segment, sums: Sums) => void {
  return ({ minSec, maxSec, rawBytes, lineCount }, sums) => {
    const length = maxSec - minSec + 1
    const first = Math.max(minSec, fromSec)
    const inside = Math.max(0, Math.min(maxSec + 1, toSec) - first)
    if (inside === 0) return
    sums.chunks += 1
    sums.bytes += (rawBytes * inside) / length
    sums.entries += (lineCount * inside) / length
    if (stepMs === null) return
    const stepSec = stepMs / 1000
    // Evenly over its time, whole steps at a time.
    for (let at = first; at < first + inside; ) {
      const step = Math.floor((at - fromSec) / stepSec)
      const end = Math.min(first + inside, Math.max(fromSec + (step + 1) * stepSec, at + 1e-3))
      sums.steps[step] = (sums.steps[step] ?? 0) + (rawBytes * (end - at)) / length
      at = end
    }
  }
}

function iostreamsOf(
  snapshot: Snapshot,
  { plan }: CompiledPlan,
  segment: Segment,
  { by }: IndexTask,
): readonly Iostream[] {
  if (plan.iostream !== null) return [plan.iostream]
  if (by !== null && !by.includes('stream')) return [0]
  const { attributes } = snapshot.columns(segment)
  const found = new Set<Iostream>()
  for (const bits of attributes) {
    if ((bits & attribute.gap) === 0) found.add((bits & attribute.stderr) as Iostream)
    if (found.size === 2) break
  }
  return [...found].sort((one, other) => one - other)
}

function groupsOf(snapshot: Snapshot, known: ReadonlyMap<number, Known>, { by }: IndexTask): IndexGroup[] {
  const labels = createEntryLabels()
  const groups = new Map<string, IndexGroup & Sums>()
  for (const [id, { sums, iostreams }] of known) {
    const stream = snapshot.stream(id)
    if (stream === undefined) continue
    iostreams.forEach((iostream, number) => {
      const own = [...labels.ofStream(stream, iostream)].filter(([name]) => by === null || by.includes(name))
      const key = JSON.stringify(own)
      let group = groups.get(key)
      if (group === undefined) {
        group = { labels: own, streams: 0, chunks: 0, bytes: 0, entries: 0, steps: [] }
        groups.set(key, group)
      }
      if (number === 0) addSums(group, sums)
    })
  }
  return Array.from(groups.values(), (group) => ({
    ...group,
    bytes: Math.round(group.bytes),
    entries: Math.round(group.entries),
    steps: Array.from(group.steps, (bytes) => Math.round(bytes ?? 0)),
  }))
}

function addSums(group: Sums, sums: Sums): void {
  group.streams += sums.streams
  group.chunks += sums.chunks
  group.bytes += sums.bytes
  group.entries += sums.entries
  sums.steps.forEach((bytes, step) => {
    group.steps[step] = (group.steps[step] ?? 0) + bytes
  })
}
