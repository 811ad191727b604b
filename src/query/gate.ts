/** Lets a bounded number of tasks run at once and a bounded number wait, first come first served. */

import { LogkeepError } from '../errors.ts'

export type Gate = {
  /** Waits for a place; rejects with `LogkeepError` TOO_MANY where too many wait already. */
  readonly enter: () => Promise<void>
  /** Gives the place back. */
  readonly leave: () => void
  readonly waiting: () => number
  readonly running: () => number
}

/**
 * Every page and export waits with one slice at a time, so first come first served means that they take
 * turns.
 */
export function createGate(places: number, waitingMax: number): Gate {
  const queue: (() => void)[] = []
  let free = places
  return {
    enter: async () => {
      if (free > 0) {
        free -= 1
        return
      }
      if (queue.length >= waitingMax) {
        throw new LogkeepError(
          'TOO_MANY',
          `${queue.length} queries are waiting already`,
          'try again in a second',
          { limit: 'waiting_queries' },
        )
      }
      await new Promise<void>((resolve) => queue.push(resolve))
    },
    leave: () => {
      const next = queue.shift()
      if (next === undefined) free += 1
      else next()
    },
    waiting: () => queue.length,
    running: () => places - free,
  }
}
