/** The collector's thread in time: when to scan, poll, commit, keep the store up, answer a sync, and when to rest. */

import { collectorLimits, workerLimits } from '../limits.ts'
import type { Logger } from '../log.ts'
import type { Writer } from '../store/writer.ts'
import type { CollectorStatus } from './contract.ts'
import type { CollectorCore } from './core.ts'

export type LoopDeps = {
  readonly core: CollectorCore
  readonly writer: Pick<Writer, 'maintain'>
  readonly log: Logger
  readonly nowMs: () => number
  readonly onSynced: (id: number, isComplete: boolean) => void
  readonly onStatus: (status: CollectorStatus) => void
}

export type Loop = {
  /** Settles when `stop` has been called and what was read is committed. */
  readonly run: () => Promise<void>
  readonly stop: () => void
  readonly setLive: (isLive: boolean) => void
  readonly sync: (id: number) => void
  /** Look for new directories now. */
  readonly hint: () => void
  /** There may be something to read. */
  readonly wake: () => void
}

export function createLoop({ core, writer, log, nowMs, onSynced, onStatus }: LoopDeps): Loop {
  let isStopping = false
  let isLive = false
  let isAwake = false
  let scanAt = 0
  let statusAt = 0
  let maintainAt = 0
  let syncs: number[] = []
  let endRest: (() => void) | null = null

  const wake = (): void => {
    isAwake = true
    endRest?.()
  }

  /** Waits until `wake` or `ms` have passed; 0: lets messages in. */
  const rest = async (ms: number): Promise<void> => {
    if (isAwake || ms <= 0) await new Promise<void>((resolve) => setImmediate(resolve))
    else {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        endRest = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    endRest = null
    isAwake = false
  }

  const scan = (now: number): void => {
    const startedMs = performance.now()
    core.scan(now)
    const restMs = (performance.now() - startedMs) * collectorLimits.rescanRestFactor
    scanAt = now + Math.max(collectorLimits.rescanMs, restMs)
  }

  /** Reads everything once and commits it, for at most about `syncReadMs`. */
  const answerSyncs = (): void => {
    const ids = syncs
    syncs = []
    const deadline = performance.now() + workerLimits.syncReadMs
    core.scan(nowMs())
    let isMore = true
    while (isMore && performance.now() < deadline) isMore = core.poll(nowMs(), { all: true })
    const isCommitted = core.commit(nowMs())
    for (const id of ids) onSynced(id, isCommitted && !isMore && !core.isBehind())
  }

  const maintain = (now: number): boolean => {
    if (now < maintainAt) return false
    try {
      const isMore = writer.maintain(Math.floor(now / 1000), collectorLimits.maintainBudgetMs)
      core.setTrouble('upkeep', null)
      return isMore
    } catch (error) {
      const reason = (error as Error).message
      log.error('upkeep_failed', `The database's upkeep failed: ${reason}`)
      core.setTrouble('upkeep', `The database's upkeep fails (${reason}); it is tried again.`)
      maintainAt = now + collectorLimits.commitRetryMs
      return false
    }
  }

  const step = (): boolean => {
    const now = nowMs()
    // A clock that was set back must not stop the scans.
    if (now >= scanAt || scanAt - now > collectorLimits.rescanFullMs) scan(now)
    const isMore = core.poll(now, { isLive })
    core.commitIfDue(now, isLive)
    if (syncs.length > 0) answerSyncs()
    const hasUpkeep = maintain(now)
    if (now >= statusAt || statusAt - now > workerLimits.statusMs) {
      statusAt = now + workerLimits.statusMs
      onStatus(core.status())
    }
    return isMore || hasUpkeep
  }

  const run = async (): Promise<void> => {
    while (!isStopping) {
      const startedMs = performance.now()
      const isMore = step()
      await rest(isMore ? 0 : collectorLimits.pollBusyMs - (performance.now() - startedMs))
    }
    core.poll(nowMs(), { all: true })
    core.commit(nowMs())
  }

  return {
    run,
    stop: () => {
      isStopping = true
      wake()
    },
    setLive: (live) => {
      isLive = live
      wake()
    },
    sync: (id) => {
      syncs.push(id)
      wake()
    },
    hint: () => {
      scanAt = 0
      wake()
    },
    wake,
  }
}
