/** LogQL over the store of a model, in parts and slices of any size, without threads. */

import { createEngine, type Engine } from '../../src/query/engine.ts'
import { normalLogQuery } from '../../src/query/logql/compile-selection.ts'
import type { LogqlService } from '../../src/query/logql/contract.ts'
import { createLogqlService } from '../../src/query/logql/service.ts'
import { createPager } from '../../src/query/pager.ts'
import type { Plan } from '../../src/query/plan.ts'
import type { TailResult, Task } from '../../src/query/tasks.ts'
import { openReader } from '../../src/store/reader.ts'
import { createDirectLanes } from './direct-lanes.ts'
import { everything } from './engine-tasks.ts'
import type { StoreModel } from './store-model.ts'

export type LogqlServiceOptions = {
  readonly nowSec: number
  /** Below 0 every slice ends as soon as it may. */
  readonly sliceMs?: number
  readonly scannedBytesMax?: number
  readonly queryDeadlineMs?: number
  /** Bodies of a part of a walk. */
  readonly partBytes?: number
  /** May change the task before it is done. */
  readonly onTask?: (task: Task) => void
}

/** The engine is to be closed. */
export function openLogqlService(
  model: StoreModel,
  options: LogqlServiceOptions,
): { readonly engine: Engine; readonly service: LogqlService } {
  const { nowSec, sliceMs = 10_000, scannedBytesMax = 1e12, queryDeadlineMs = 100_000, partBytes } = options
  const engine = createEngine(openReader(model.dataDir))
  const onTask = (task: Task): void => {
    if (task.kind === 'cuts' && partBytes !== undefined)
      Object.assign(task, { bytesPerPart: { usual: partBytes, wide: partBytes } })
    options.onTask?.(task)
  }
  const lanes = createDirectLanes(engine, { sliceMs, onTask })
  const bounds = { queryDeadlineMs, scannedBytesMax }
  const now = (): number => nowSec * 1000
  const pager = createPager(lanes, { ...bounds, now })
  const runTail = async (task: Parameters<typeof engine.tail>[0]): Promise<TailResult> => engine.tail(task)
  return { engine, service: createLogqlService({ lanes, pager, bounds, now, runTail }) }
}

export function logqlPlan(logql: string, gaps = true): Plan {
  return { ...everything, gaps, logql: normalLogQuery(logql) }
}
