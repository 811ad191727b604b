/** Asks another part of the program for figures without waiting for ever, and not more often than needed. */

export type TimedPartOptions<T> = {
  readonly read: () => Promise<T>
  /** Waited for so long. */
  readonly waitMs: number
  /** An answer is used again for so long; 0: every call asks. */
  readonly freshMs: number
}

/**
 * Null where there is no answer: the part failed or is late. One question is under way at a time; an answer
 * that comes late serves the next call while it is fresh.
 */
export function createTimedPart<T>({ read, waitMs, freshMs }: TimedPartOptions<T>): () => Promise<T | null> {
  let known: { readonly value: T; readonly atMs: number } | null = null
  let asked: Promise<void> | null = null
  const freshValue = (): T | null =>
    known !== null && performance.now() - known.atMs <= freshMs ? known.value : null

  const ask = async (): Promise<void> => {
    try {
      known = { value: await Promise.resolve().then(read), atMs: performance.now() }
    } catch {
      // A missing series is how a scrape shows it; the part tells its trouble itself.
      known = null
    } finally {
      asked = null
    }
  }

  return async () => {
    const fresh = freshValue()
    if (fresh !== null) return fresh
    known = null
    asked ??= ask()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs)
    })
    await Promise.race([asked, late])
    clearTimeout(timer)
    return known === null ? null : (known as { readonly value: T }).value
  }
}
