/** What a query thread does for LogQL, beside the tasks that it shares with the other doors. */

import { type Cursor } from '../../model/cursor.ts'
import type { Reader, Snapshot } from '../../store/reader.ts'
import type { CompiledPlan } from '../compiled-plan.ts'
import type { HeldLines } from '../held-lines.ts'
import type { Plan } from '../plan.ts'
import type { BeginTask } from '../tasks.ts'
import { checkCursor } from '../walk-cursor.ts'
import { answerIndex } from './index-thread.ts'
import { createMetricThread } from './metric-thread.ts'
import { answerSample } from './sample-thread.ts'
import type {
  IndexResult,
  IndexTask,
  MetricFinishResult,
  MetricFinishTask,
  MetricPartResult,
  MetricPartTask,
  SampleResult,
  SampleTask,
} from './tasks.ts'

export type LogqlTasks = {
  readonly metricPart: (task: MetricPartTask) => MetricPartResult
  readonly metricFinish: (task: MetricFinishTask) => MetricFinishResult
  readonly index: (task: IndexTask) => IndexResult
  readonly sample: (task: SampleTask) => SampleResult
}

type HashedPlan = CompiledPlan & { readonly hash: number }

export type LogqlTasksDeps = {
  readonly reader: Reader
  readonly held: HeldLines
  readonly planOf: (plan: Plan) => HashedPlan
  /** A walk's beginning, as of the newest commit. */
  readonly begin: (
    snapshot: Snapshot,
    compiled: HashedPlan,
    task: Pick<BeginTask, 'range' | 'defaultUntilSec'>,
  ) => Cursor
}

export function createLogqlTasks({ reader, held, planOf, begin }: LogqlTasksDeps): LogqlTasks {
  const metrics = createMetricThread()
  return {
    metricPart: (task) => {
      const compiled = planOf(task.plan)
      checkCursor(task.cursor, reader.databaseId, compiled.hash)
      return reader.snapshot((snapshot) => metrics.part(snapshot, compiled, task))
    },
    metricFinish: (task) => metrics.finish(task),
    index: (task) => {
      const compiled = planOf(task.plan)
      const asked = { range: task.range, defaultUntilSec: Number.MAX_SAFE_INTEGER }
      return reader.snapshot((snapshot) =>
        answerIndex(snapshot, compiled, task, begin(snapshot, compiled, asked)),
      )
    },
    sample: (task) => {
      const compiled = planOf(task.plan)
      return reader.snapshot((snapshot) =>
        answerSample(snapshot, compiled, { task, held }, begin(snapshot, compiled, task)),
      )
    },
  }
}
