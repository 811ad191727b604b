/** Waits for a condition by polling it until a deadline, so that no test sleeps for a guessed time. */

const defaultDeadlineMs = 30_000
const defaultIntervalMs = 20

export type WaitOptions = { readonly deadlineMs?: number; readonly intervalMs?: number }

type Truthy<T> = Exclude<T, null | undefined | false | 0 | ''>

/**
 * Resolves with the first truthy answer of `check`. A check that throws counts as not yet. Rejects at the
 * deadline with `what` and with what the last check gave or threw.
 */
export async function waitFor<T>(
  what: string,
  check: () => T | Promise<T>,
  { deadlineMs = defaultDeadlineMs, intervalMs = defaultIntervalMs }: WaitOptions = {},
): Promise<Truthy<T>> {
  const end = performance.now() + deadlineMs
  for (;;) {
    let last: string
    let cause: unknown
    try {
      const answer = await check()
      if (answer) return answer as Truthy<T>
      last = `last answer: ${String(answer)}`
    } catch (error) {
      last = `last error: ${String(error)}`
      cause = error
    }
    if (performance.now() >= end) throw new Error(`waited ${deadlineMs} ms for ${what}; ${last}`, { cause })
    await delay(intervalMs)
  }
}

/** For schedules only (a kill after a random time); a test that waits for an effect uses `waitFor`. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Rejects with `what` if `promise` has not settled by the deadline. */
export async function within<T>(what: string, deadlineMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${deadlineMs} ms for ${what}`)), deadlineMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
