/**
 * Reads for tails: those that are wanted at the same time are one task of the light thread, which costs a
 * fraction of as many.
 */

import { setImmediate } from 'node:timers/promises'
import { LogkeepError } from '../errors.ts'
import { queryLimits } from '../limits/query.ts'
import type { Cursor } from '../model/cursor.ts'
import type { TailRead } from './contract.ts'
import { type Lanes, TaskTimeout } from './lanes.ts'
import type { Plan } from './plan.ts'
import type { TailResult, TailsResult, TailTask } from './tasks.ts'

export type TailReader = {
  /** One step alone. */
  readonly step: (task: TailTask) => Promise<TailResult>
  /** The first read of a tail. `cursor`: null for what is committed after now. */
  readonly open: (plan: Plan, cursor: Cursor | null) => Promise<TailRead>
  /** The next one. Both reject with `LogkeepError`. */
  readonly read: (plan: Plan, cursor: Cursor, answerBytesMax: number) => Promise<TailRead>
}

/** One read that somebody waits for. */
type Wanted = {
  readonly plan: Plan
  readonly cursor: Cursor
  readonly answerBytesMax: number
  readonly resolve: (read: TailRead) => void
  readonly reject: (error: unknown) => void
}

export function createTailReader(lanes: Lanes): TailReader {
  let waiting: Wanted[] = []
  let isReading = false
  const readAll = async (): Promise<void> => {
    isReading = true
    while (waiting.length > 0) {
      // A commit wakes all tails one after the other.
      await setImmediate()
      const batch = waiting
      waiting = []
      const left = await readTogether(lanes, batch)
      waiting.unshift(...left)
    }
    isReading = false
  }
  const step: TailReader['step'] = async (task) => {
    try {
      return (await lanes.run('light', task)) as TailResult
    } catch (error) {
      throw toldAs(error)
    }
  }
  return {
    step,
    open: (plan, cursor) => {
      const { sliceMs, answerBytesMax } = queryLimits
      return step({ kind: 'tail', plan, format: 'json', cursor, sliceMs, answerBytesMax })
    },
    read: (plan, cursor, answerBytesMax) => {
      const { promise, resolve, reject } = Promise.withResolvers<TailRead>()
      waiting.push({ plan, cursor, answerBytesMax, resolve, reject })
      if (!isReading) void readAll()
      return promise
    },
  }
}

/** Returns those for which there was no time or room. Never rejects. */
async function readTogether(lanes: Lanes, batch: readonly Wanted[]): Promise<readonly Wanted[]> {
  const { sliceMs, tailsBytesMax: answersBytesMax } = queryLimits
  const tails = batch.map(({ plan, cursor, answerBytesMax }) => ({ plan, cursor, answerBytesMax }))
  try {
    const task = { kind: 'tails', tails, sliceMs, answersBytesMax } as const
    const { entries, steps } = (await lanes.run('light', task)) as TailsResult
    let at = 0
    for (const [index, { length, ...step }] of steps.entries()) {
      batch[index]?.resolve({ ...step, entries: entries.subarray(at, at + length) })
      at += length
    }
    return batch.slice(steps.length)
  } catch (error) {
    const [only, ...others] = batch
    if (others.length === 0) only?.reject(toldAs(error))
    // Which of them it was is seen when each is read alone.
    else for (const wanted of batch) await readTogether(lanes, [wanted])
    return []
  }
}

function toldAs(error: unknown): unknown {
  if (!(error instanceof TaskTimeout)) return error
  return new LogkeepError(
    'QUERY_ENDED',
    'the filters of this tail took too long on one step and were ended',
    'use a simpler regular expression, or a plain text',
    { cause: error, limit: 'expression' },
  )
}
