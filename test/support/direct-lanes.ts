/** Lanes without threads: an engine answers tasks at once, as plain data, as if they had travelled. */

import type { Engine } from '../../src/query/engine.ts'
import type { Lane, Lanes } from '../../src/query/lanes.ts'
import type { Task } from '../../src/query/tasks.ts'

export type DirectLanesOptions = {
  /** Below 0 every slice ends as soon as it may. */
  readonly sliceMs?: number
  /** Parts of a walk that are read at a time. */
  readonly width?: number
  /** Called before each task with its number among those of its kind; may throw in its place. */
  readonly onTask?: (task: Task, number: number, lane: Lane) => void
}

const idle = { threads: 0, running: 0, waiting: 0 }

export function createDirectLanes(
  engine: Engine,
  { sliceMs = 10_000, width = 2, onTask }: DirectLanesOptions = {},
): Lanes {
  const counts = new Map<Task['kind'], number>()
  return {
    sliceMs: () => sliceMs,
    run: async (lane, task) => {
      const number = (counts.get(task.kind) ?? 0) + 1
      counts.set(task.kind, number)
      onTask?.(task, number, lane)
      const answer = engine[task.kind] as (task: Task) => unknown
      return structuredClone(answer(structuredClone(task)))
    },
    lastTaskMs: () => 0,
    widthOfScan: () => width,
    status: () => ({ light: idle, scan: idle }),
    memory: async () => [],
    close: async () => undefined,
  }
}
