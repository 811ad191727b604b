/** The deadline of a query: whatever it waits for then, a turn or a step, is given up. */

import { TaskTimeout } from './lanes.ts'

/** The query has taken as long as it may. */
export class DeadlineReached extends TaskTimeout {
  constructor() {
    super('the deadline was reached')
  }
}

/**
 * What `work` resolves with. Rejects with `DeadlineReached` at `endMs`, as `performance.now()`, whatever has
 * become of the work; its signal aborts then, and with `signal`.
 */
export async function untilDeadline<T>(
  endMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const end = (): void => {
    const error = new DeadlineReached()
    over.abort(error)
    reject(error)
  }
  const timer = setTimeout(end, Math.max(0, endMs - performance.now()))
  try {
    return await Promise.race([work(AbortSignal.any([signal, over.signal])), promise])
  } finally {
    clearTimeout(timer)
  }
}
