/** Runs chunks of random programs on threads, until there are no more or one fails. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { addCounts, noCounts, type TortureChunk, type TortureCounts, type TortureOutcome } from './outcome.ts'

export type TortureOrders = {
  readonly threads: number
  /** Null: no more. */
  readonly next: () => TortureChunk | null
  readonly progress?: (counts: TortureCounts) => void
}

/** Rejects where a thread dies. */
export async function runOnThreads({ threads, next, progress }: TortureOrders): Promise<TortureOutcome> {
  let counts = noCounts
  let failure: string | null = null
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('worker.ts', import.meta.url))
    try {
      for (let chunk = next(); chunk !== null && failure === null; chunk = next()) {
        const answered = once(worker, 'message') as Promise<[TortureOutcome]>
        worker.postMessage(chunk, [])
        const [outcome] = await answered
        counts = addCounts(counts, outcome.counts)
        failure ??= outcome.failure
        progress?.(counts)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: threads }, work))
  return { counts, failure }
}
