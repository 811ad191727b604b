/** Answers tasks in a query thread: one read transaction each, bounded in time and size. */

import { queryLimits } from '../limits/query.ts'
import { type Cursor, hashPlan } from '../model/cursor.ts'
import type { Reader, Snapshot } from '../store/reader.ts'
import { resumeOf } from './collected-page.ts'
import { type CompiledPlan, compilePlan } from './compiled-plan.ts'
import type { MembersAnswer, StorageSizes } from './contract.ts'
import { findCuts } from './cuts.ts'
import { createEntrySink, isRecords, recordSinkOf } from './entry-sink.ts'
import type { EntrySink } from './entry-writer.ts'
import { explainEmpty, explainNames } from './explain.ts'
import { answerFields } from './fields/answer-fields.ts'
import { findEntry, planOfAll } from './find-entry.ts'
import { HeldLines } from './held-lines.ts'
import { answerHistogram } from './histogram.ts'
import { placeOf, walkHistory } from './history.ts'
import { answerList } from './listing.ts'
import { createLogqlTasks, type LogqlTasks } from './logql/engine-tasks.ts'
import type { Plan } from './plan.ts'
import { withinScope } from './scope.ts'
import type { ScanCount } from './select-lines.ts'
import { StreamTexts } from './stream-texts.ts'
import { answerTail, createTailOutput, createTailWriter } from './tail-answer.ts'
import { answerTails } from './tails-answer.ts'
import type {
  BeginTask,
  CutResult,
  CutTask,
  EntryResult,
  EntryTask,
  FieldsResult,
  FieldsTask,
  HistogramResult,
  HistogramTask,
  HistoryResult,
  HistoryTask,
  ListTask,
  TailResult,
  TailsResult,
  TailsTask,
  TailTask,
} from './tasks.ts'
import { boundCommit, checkCursor, checkDatabase, rangeOf, rangeUntil } from './walk-cursor.ts'
import { createHitWriter } from './write-hits.ts'

export type Engine = LogqlTasks & {
  readonly history: (task: HistoryTask) => HistoryResult
  readonly cuts: (task: CutTask) => CutResult
  readonly histogram: (task: HistogramTask) => HistogramResult
  readonly entry: (task: EntryTask) => EntryResult
  readonly fields: (task: FieldsTask) => FieldsResult
  readonly tail: (task: TailTask) => TailResult
  readonly tails: (task: TailsTask) => TailsResult
  /** Cursor at the very beginning of a walk. */
  readonly begin: (task: BeginTask) => Cursor
  readonly list: (task: ListTask) => MembersAnswer
  /** Id of the database; throws where it cannot be read. */
  readonly check: () => string
  readonly storage: () => StorageSizes
  readonly close: () => void
}

export function createEngine(reader: Reader): Engine {
  const held = new HeldLines()
  const texts = new StreamTexts()
  const plans = new Map<string, CompiledPlan & { readonly hash: number }>()
  const planOf = (plan: Plan) => {
    const json = JSON.stringify(plan)
    const present = plans.get(json)
    plans.delete(json)
    const compiled = present ?? { ...compilePlan(plan), hash: hashOf(plan) }
    plans.set(json, compiled)
    for (const oldest of plans.keys()) {
      if (plans.size <= queryLimits.compiledPlansMax) break
      plans.delete(oldest)
    }
    return compiled
  }
  return {
    history: (task) => {
      const compiled = planOf(task.plan)
      checkCursor(task.cursor, reader.databaseId, compiled.hash)
      const scoped = withinScope(compiled, task.scope)
      return reader.snapshot((snapshot) =>
        answerHistory(snapshot, reader.databaseId, scoped, { task, held, texts }),
      )
    },
    cuts: (task) => {
      const compiled = withinScope(planOf(task.plan), task.scope)
      return reader.snapshot((snapshot) => ({
        ...findCuts(snapshot, compiled, task),
        lastBlock: snapshot.lastBlock(),
      }))
    },
    entry: (task) => {
      checkDatabase(task.cursor, reader.databaseId)
      const plans = { all: planOf(planOfAll), around: planOf(task.plan) }
      return reader.snapshot((snapshot) => findEntry(snapshot, reader.databaseId, plans, { task, held }))
    },
    histogram: (task) => {
      const compiled = planOf(task.plan)
      return reader.snapshot((snapshot) => {
        const warnings: string[] = []
        const begun = cursorOf(snapshot, reader.databaseId, compiled.hash, task, warnings)
        if (task.state === null) warnings.push(...explainNames(snapshot, compiled))
        return { ...answerHistogram(snapshot, compiled, task, begun), warnings }
      })
    },
    fields: (task) => {
      const compiled = planOf(task.plan)
      return reader.snapshot((snapshot) => answerFields(snapshot, compiled, { task, held }))
    },
    ...createTailTasks({ reader, planOf, held, texts }),
    begin: (task) => {
      const { hash } = planOf(task.plan)
      return reader.snapshot((snapshot) => cursorOf(snapshot, reader.databaseId, hash, task, []))
    },
    ...createLogqlTasks({
      reader,
      held,
      planOf,
      begin: (snapshot, { hash }, task) => cursorOf(snapshot, reader.databaseId, hash, task, []),
    }),
    list: (task) => reader.snapshot((snapshot) => answerList(snapshot, task)),
    check: () => reader.snapshot(() => reader.databaseId),
    storage: () => reader.snapshot(() => reader.sizes()),
    close: () => reader.close(),
  }
}

type TailDeps = {
  readonly reader: Reader
  readonly planOf: (plan: Plan) => CompiledPlan & { readonly hash: number }
  readonly held: HeldLines
  readonly texts: StreamTexts
}

function createTailTasks({ reader, planOf, held, texts }: TailDeps): Pick<Engine, 'tail' | 'tails'> {
  const writerOfTails = (): EntrySink => createTailWriter(reader.databaseId, texts)
  return {
    tail: (task) => {
      const compiled = planOf(task.plan)
      checkCursor(task.cursor, reader.databaseId, compiled.hash)
      return reader.snapshot((snapshot) => {
        const output = createTailOutput(
          snapshot,
          held,
          recordSinkOf(compiled, task.format) ?? writerOfTails(),
        )
        return answerTail(snapshot, reader.databaseId, compiled, task, output)
      })
    },
    tails: (task) => {
      const compile = ({ plan, cursor }: TailsTask['tails'][number]) => {
        const compiled = planOf(plan)
        checkCursor(cursor, reader.databaseId, compiled.hash)
        return compiled
      }
      return reader.snapshot((snapshot) => {
        const output = createTailOutput(snapshot, held, writerOfTails())
        return answerTails(snapshot, reader.databaseId, compile, { task, output })
      })
    },
  }
}

/** What `gaps` is by default is left out: cursors are older than it. */
function hashOf({ gaps, ...plan }: Plan): number {
  return hashPlan(JSON.stringify(gaps ? plan : { ...plan, gaps }))
}

function answerHistory(
  snapshot: Snapshot,
  databaseId: string,
  compiled: CompiledPlan & { readonly hash: number },
  { task, held, texts }: Pick<TailDeps, 'held' | 'texts'> & { readonly task: HistoryTask },
): HistoryResult {
  const started = performance.now()
  const warnings: string[] = []
  const cursor = cursorOf(snapshot, databaseId, compiled.hash, task, warnings)
  const count: ScanCount = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const isOver = ({ scannedBytes }: ScanCount): boolean =>
    performance.now() - started > task.sliceMs || scannedBytes > task.scannedBytesMax
  const { direction, limit } = task
  const range = rangeOf(cursor, direction)
  const request = {
    direction,
    limit,
    commit: cursor.commit,
    // Without conditions on the text a look at what lies behind the end costs more than it can save.
    range: compiled.matcher === null ? rangeUntil(range, direction, task.endSec) : range,
    endSec: task.endSec,
    clearTo: task.clearTo,
    isOver,
  }
  const slice = walkHistory(snapshot, compiled, request, count)
  const roomBytes = Math.min(slice.hits.length * entryBytes, task.answerBytesMax + roomBeyondBytes)
  const writer = createEntrySink(compiled, task.format, cursor, {
    isReversed: task.isReversed,
    room: task.room ?? roomBytes,
    texts,
  })
  const written = createHitWriter(snapshot, writer, task.answerBytesMax, held)(slice.hits)
  if (writer.hasLeftOutGaps) warnings.push(gapsLeftOut)
  const isCut = written < slice.hits.length
  const end = isCut ? 'answer' : slice.end
  const place = isCut ? placeOf(slice.hits.at(written - 1)) : slice.place
  const next = end === 'exhausted' ? null : { ...cursor, place }
  // Records are for programs that ask again and again: an empty answer needs no explanation there.
  if (task.isFirst && !isRecords(task.format)) {
    warnings.push(...explainNames(snapshot, compiled))
    if (end === 'exhausted' && written === 0) {
      const empty = explainEmpty(snapshot, compiled)
      if (empty !== null) warnings.push(empty)
    }
  }
  return {
    entries: writer.take(),
    count: written,
    end,
    isMoreSeen: slice.isMoreSeen,
    next,
    isClear: compiled.matcher !== null && !isCut && slice.isClear,
    lastBlock: snapshot.lastBlock(),
    resumeText: resumeOf(cursor),
    stats: { ...count, elapsedMs: performance.now() - started },
    warnings,
  }
}

/** Of one entry as JSON, about; and what the last one may take beyond the bound of an answer. */
const entryBytes = 480
const roomBeyondBytes = 64 * 1024

const gapsLeftOut = 'records of missing lines are left out here: the other formats show them'

/** Fixes commit and range on the first page; a later one brings them along. */
function cursorOf(
  snapshot: Snapshot,
  databaseId: string,
  planHash: number,
  task: Pick<HistoryTask, 'range' | 'defaultUntilSec'> & { readonly cursor?: Cursor | null },
  warnings: string[],
): Cursor {
  const { range } = task
  const cursor = task.cursor ?? null
  // Whoever asks for what lies beyond the default end means no end.
  const isBeyond = range.since !== null && range.since.sec >= task.defaultUntilSec
  const until = range.until ?? (isBeyond ? null : { sec: task.defaultUntilSec, ns: 0 })
  if (cursor === null) {
    const { lastCommit: commit } = snapshot
    return {
      kind: 'history',
      isPartial: false,
      databaseId,
      planHash,
      commit,
      since: range.since,
      until,
      place: null,
    }
  }
  const commit = boundCommit(cursor, snapshot, warnings)
  if (cursor.kind === 'history') return { ...cursor, commit }
  return { ...cursor, kind: 'history', isPartial: false, commit, since: range.since, until: range.until }
}
