/** Asks a thread for the size of its JavaScript heap. Facts: `worker.getHeapStatistics()` of Node. */

import type { Worker } from 'node:worker_threads'
import { queryLimits } from '../limits/query.ts'
import type { ThreadMemory } from './contract.ts'

/**
 * Null where the thread has ended or does not answer in time: it answers from within running JavaScript, but
 * not from within a statement of SQLite or before it has started.
 */
export async function readThreadMemory(thread: Worker): Promise<Omit<ThreadMemory, 'thread'> | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), queryLimits.memoryWaitMs)
  })
  // A thread that ends while it is asked rejects, maybe after the wait is over.
  const answer = thread.getHeapStatistics().then(
    (heap) => ({
      heapUsed: heap.used_heap_size,
      heapTotal: heap.total_heap_size,
      external: heap.external_memory,
    }),
    () => null,
  )
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
