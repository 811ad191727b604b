/**
 * Blocks that a backlog will certainly make are encoded while it is being read, by a second thread. That
 * is only a head start: the commit cuts its blocks as ever and takes what fits, or encodes itself.
 */

import os from 'node:os'
import { Worker } from 'node:worker_threads'
import type { StoreLimits } from '../limits/store.ts'
import type { Logger } from '../log.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { type Filling, fullAt } from './block-cuts.ts'
import type { EncodedBlock } from './block-encoding.ts'
import { createSharedSlots, EncodeSlots, slotState } from './encode-slots.ts'
import type { EncodeWorkerData } from './encode-worker.ts'

export type EncodeAhead = {
  /**
   * Gives the full blocks of `lines` from line `from` on to the other thread, those that were not given yet.
   * More lines may be appended until `clear`.
   */
  readonly begin: (lines: LineBuffer, from: number) => void
  /** Lines `from` to `to` (exclusive), encoded; valid until `clear`. Null: nobody has begun with them. */
  readonly take: (lines: LineBuffer, from: number, to: number) => EncodedBlock | null
  /** The batch is stored, its buffers hold other lines from now on. */
  readonly clear: () => void
  /** Whether there is a second thread at the moment. */
  readonly isRunning: () => boolean
  readonly close: () => void
}

/** What a block has that nobody waits for in the journal. */
const empty: Filling = { lines: 0, bytes: 0 }

type Job = { readonly lines: LineBuffer; readonly from: number; readonly to: number; readonly slot: number }

export function createEncodeAhead(limits: StoreLimits, log: Logger): EncodeAhead {
  const jobs: Job[] = []
  /** Where the block after those that were given begins. */
  const begun = new Map<LineBuffer, number>()
  let thread: Thread | null = null
  /** One processor gains nothing by a second thread. */
  let isAlone = os.availableParallelism() === 1
  const end = (): void => {
    thread?.close()
    thread = null
  }
  const idle = setTimeout(() => (jobs.length === 0 ? end() : idle.refresh()), limits.aheadIdleMs).unref()
  const fail = (reason: string): void => {
    if (!isAlone) log.warn('encoder_failed', `Blocks are encoded by one thread from now on: ${reason}`)
    isAlone = true
    end()
  }
  return {
    begin: (lines, first) => {
      if (isAlone || lines.bodyBytes < limits.blockBytes) return
      thread ??= startThread(limits, fail)
      idle.refresh()
      let from = begun.get(lines) ?? first
      while (from < lines.lineCount) {
        const to = fullAt(lines, from, empty, limits)
        const slot = to === null ? null : thread.give(lines, from, to)
        if (to === null || slot === null) break
        jobs.push({ lines, from, to, slot })
        from = to
      }
      begun.set(lines, from)
    },
    take: (lines, from, to) => {
      const job = jobs.find((other) => other.lines === lines && other.from === from && other.to === to)
      if (job === undefined || thread === null) return null
      const encoded = thread.take(job.slot)
      if (encoded === 'late') fail('the other one does not answer')
      return encoded === 'late' ? null : encoded
    },
    clear: () => {
      for (const { slot } of jobs) thread?.release(slot)
      jobs.length = 0
      begun.clear()
    },
    isRunning: () => thread !== null,
    close: () => {
      clearTimeout(idle)
      end()
    },
  }
}

type Thread = {
  /** The slot that was given to the thread; null: all are in use, or the lines do not fit into one. */
  readonly give: (lines: LineBuffer, from: number, to: number) => number | null
  /** Null: the thread has not begun with it, and will not. `late`: it has, long ago. */
  readonly take: (slot: number) => EncodedBlock | 'late' | null
  readonly release: (slot: number) => void
  readonly close: () => void
}

function startThread(limits: StoreLimits, fail: (reason: string) => void): Thread {
  const { aheadBlockBytes, aheadBlocksMax, aheadWaitMs, countCellsMax } = limits
  const shared = createSharedSlots(aheadBlocksMax, aheadBlockBytes)
  const slots = new EncodeSlots(shared)
  const used = new Set<number>()
  const workerData: EncodeWorkerData = { shared, countCellsMax }
  const worker = new Worker(new URL('./encode-worker.ts', import.meta.url), {
    workerData,
    resourceLimits: threadHeap,
  })
  worker.on('error', (error: Error) => fail(error.message))
  worker.unref()
  return {
    give: (lines, from, to) => {
      const slot = slots.free().find((index) => !used.has(index))
      if (slot === undefined || !slots.give(slot, lines, from, to)) return null
      used.add(slot)
      return slot
    },
    take: (slot) => {
      if (slots.change(slot, slotState.given, slotState.free)) return null
      if (!slots.untilDone(slot, aheadWaitMs)) return 'late'
      return slots.state(slot) === slotState.done ? slots.encoded(slot) : null
    },
    release: (slot) => {
      slots.change(slot, slotState.given, slotState.free)
      used.delete(slot)
    },
    close: () => void worker.terminate(),
  }
}

/** In MB: the thread keeps one block's columns and filter, and what V8 needs to run. */
const threadHeap = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }
