/** One slice of a look at fields in a query thread: walks the newest lines and counts what they hold. */

import type { Snapshot } from '../../store/reader.ts'
import type { CompiledPlan } from '../compiled-plan.ts'
import type { WritableEntry } from '../entry-writer.ts'
import { explainEmpty, explainNames } from '../explain.ts'
import type { HeldLines } from '../held-lines.ts'
import { placeOf, walkHistory } from '../history.ts'
import type { ScanCount } from '../select-lines.ts'
import type { FieldsResult, FieldsTask } from '../tasks.ts'
import { boundCommit, rangeOf } from '../walk-cursor.ts'
import { createHitReader } from '../write-hits.ts'
import type { FieldCounter } from './field-counter.ts'
import { createNameCounter } from './name-counter.ts'
import { countLine, describeSample, emptySample, explainLeftOut, type Sample } from './sample.ts'
import { createValueCounter } from './value-counter.ts'

/** As it travels between slices, in JSON. */
type State = { readonly sample: Sample; readonly entries: readonly (readonly [string, never])[] }

export function answerFields(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  { task, held }: { readonly task: FieldsTask; readonly held: HeldLines },
): FieldsResult {
  const started = performance.now()
  const count: ScanCount = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const warnings = task.state === null ? explainNames(snapshot, compiled) : []
  const { sample, entries } = readState(task.state)
  const counter = task.name === null ? createNameCounter(entries) : createValueCounter(task.name, entries)
  const next = task.isLast ? null : walk(snapshot, compiled, task, { sample, counter, count, warnings, held })
  const isOver = next === null || sample.lines >= task.sample
  if (isOver) {
    warnings.push(...explainLeftOut(sample, task.name === null ? 'names' : 'values'))
    const empty = sample.lines === 0 && !task.isLast ? explainEmpty(snapshot, compiled) : null
    if (empty !== null) warnings.push(empty)
  }
  return {
    state: isOver ? new Uint8Array(0) : encode({ sample, entries: counter.entries() }),
    next: isOver ? null : next,
    members: isOver ? membersOf(counter, sample, task) : new Uint8Array(0),
    stats: { ...count, elapsedMs: performance.now() - started },
    warnings,
  }
}

type Progress = {
  readonly sample: Sample
  readonly counter: FieldCounter
  readonly count: ScanCount
  readonly warnings: string[]
  readonly held: HeldLines
}

/** Counts the next lines; returns where to go on, null at the end of the range. */
function walk(
  snapshot: Snapshot,
  compiled: CompiledPlan,
  task: FieldsTask,
  { sample, counter, count, warnings, held }: Progress,
): FieldsTask['cursor'] | null {
  const started = performance.now()
  const cursor = { ...task.cursor, commit: boundCommit(task.cursor, snapshot, warnings) }
  const slice = walkHistory(
    snapshot,
    compiled,
    {
      direction: 'backward',
      limit: task.sample - sample.lines,
      commit: cursor.commit,
      range: rangeOf(cursor, 'backward'),
      isOver: ({ scannedBytes }) =>
        performance.now() - started > task.sliceMs || scannedBytes > task.scannedBytesMax,
    },
    count,
  )
  // A time of its own: what the walk has found would have to be found again.
  const readStarted = performance.now()
  const take = ({ bytes, start, end, sec, ns }: WritableEntry): boolean => {
    countLine(sample, { sec, ns })
    if (counter.addLine(bytes.subarray(start, end), sample.leftOut)) sample.withFields += 1
    return performance.now() - readStarted <= task.sliceMs
  }
  const read = createHitReader(snapshot, take, held)(slice.hits)
  if (read < slice.hits.length) return { ...cursor, place: placeOf(slice.hits.at(read - 1)) }
  return slice.end === 'exhausted' ? null : { ...cursor, place: slice.place }
}

function membersOf(
  counter: FieldCounter,
  sample: Sample,
  { limit, sample: linesMax }: FieldsTask,
): Uint8Array {
  const members = { ...counter.members(limit, sample), sample: describeSample(sample, linesMax) }
  return new TextEncoder().encode(JSON.stringify(members).slice(1, -1))
}

function readState(bytes: Uint8Array | null): State {
  if (bytes === null) return { sample: emptySample(), entries: [] }
  return JSON.parse(new TextDecoder().decode(bytes)) as State
}

function encode(state: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state))
}
