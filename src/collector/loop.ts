/**
 * The collector's thread in time: when to scan, poll, commit, keep the store up, answer a sync, and when to
 * rest.
 */

import { collectorLimits, workerLimits } from '../limits/collector.ts'
import type { Logger } from '../log.ts'
import type { Writer } from '../store/writer.ts'
import type { CollectorStatus } from './contract.ts'
import type { CollectorCore } from './core.ts'

export type LoopDeps = {
  readonly core: CollectorCore
  readonly writer: Pick<Writer, 'maintain' | 'swept' | 'lost'>
  readonly log: Logger
  readonly nowMs: () => number
  /** `isComplete`: everything that was readable when the run began is committed. */
  readonly onSynced: (id: number, isComplete: boolean) => void
  readonly onStatus: (status: CollectorStatus) => void
}

export class Loop {
  readonly #deps: LoopDeps
  #isStopping = false
  #isLive = false
  #isAwake = false
  #scanAtMs = 0
  #scannedMs = 0
  #statusAtMs = 0
  #maintainAtMs = 0
  #sweptLines = 0
  #sweptToldMs = Number.NEGATIVE_INFINITY
  #syncs: number[] = []
  #endRest: (() => void) | null = null

  constructor(deps: LoopDeps) {
    this.#deps = deps
  }

  /** Settles when `stop` has been called and what was read is committed, or when the database is lost. */
  async run(): Promise<void> {
    const { core, nowMs, writer } = this.#deps
    while (!this.#isStopping) {
      const startedMs = performance.now()
      const isMore = this.#step()
      if (writer.lost() !== null) return
      await this.#rest(isMore ? 0 : collectorLimits.pollBusyMs - (performance.now() - startedMs))
    }
    core.poll(nowMs(), { all: true })
    core.commit(nowMs())
    this.#tellSwept(nowMs())
  }

  stop(): void {
    this.#isStopping = true
    this.wake()
  }

  setLive(isLive: boolean): void {
    this.#isLive = isLive
    this.wake()
  }

  sync(id: number): void {
    this.#syncs.push(id)
    this.wake()
  }

  /** Look for new directories, now or as soon as the last look is long enough ago. */
  hint(): void {
    this.#scanAtMs = Math.min(this.#scanAtMs, this.#scannedMs + collectorLimits.hintRestMs)
    this.wake()
  }

  /** There may be something to read. */
  wake(): void {
    this.#isAwake = true
    this.#endRest?.()
  }

  /** True: there is more to do at once. */
  #step(): boolean {
    const { core, nowMs, onStatus } = this.#deps
    const now = nowMs()
    // A clock that was set back must stop neither the scans nor the signs of life.
    if (now >= this.#scanAtMs || this.#scanAtMs - now > collectorLimits.rescanFullMs) this.#scan(now)
    const isMore = core.poll(now, { isLive: this.#isLive })
    core.commitIfDue(now, this.#isLive)
    if (this.#syncs.length > 0) this.#answerSyncs()
    const hasUpkeep = this.#maintain(now)
    if (now >= this.#statusAtMs || this.#statusAtMs - now > workerLimits.statusMs) {
      this.#statusAtMs = now + workerLimits.statusMs
      onStatus(core.status())
      if (Math.abs(now - this.#sweptToldMs) >= workerLimits.sweptTellMs) this.#tellSwept(now)
    }
    return isMore || hasUpkeep
  }

  /** Says how much retention has deleted, where it has deleted more since it was last told. */
  #tellSwept(now: number): void {
    const { lines, bytes } = this.#deps.writer.swept
    if (lines === this.#sweptLines) return
    this.#sweptLines = lines
    this.#sweptToldMs = now
    const sinceStart = { linesSinceStart: lines, bytesSinceStart: bytes }
    this.#deps.log.info('lines_swept', 'Retention deleted the oldest lines.', sinceStart)
  }

  #scan(now: number): void {
    const startedMs = performance.now()
    this.#deps.core.scan(now)
    this.#scannedMs = now
    const { rescanMs, rescanRestFactor, rescanRestMsMax } = collectorLimits
    const restMs = Math.min((performance.now() - startedMs) * rescanRestFactor, rescanRestMsMax)
    this.#scanAtMs = now + Math.max(rescanMs, restMs)
  }

  /** Reads everything once and commits it, for at most about `syncReadMs`. */
  #answerSyncs(): void {
    const { core, nowMs, onSynced } = this.#deps
    const ids = this.#syncs
    this.#syncs = []
    const deadline = performance.now() + workerLimits.syncReadMs
    core.scan(nowMs())
    let isMore = true
    while (isMore && performance.now() < deadline) isMore = core.poll(nowMs(), { all: true })
    const isCommitted = core.commit(nowMs())
    for (const id of ids) onSynced(id, isCommitted && !isMore && !core.isBehind())
  }

  #maintain(now: number): boolean {
    const { core, log, writer } = this.#deps
    if (now < this.#maintainAtMs && this.#maintainAtMs - now <= collectorLimits.commitRetryMs) return false
    try {
      const isMore = writer.maintain(Math.floor(now / 1000), collectorLimits.maintainBudgetMs)
      core.setTrouble('upkeep', null)
      return isMore
    } catch (error) {
      const reason = (error as Error).message
      log.error('upkeep_failed', `The database's upkeep failed: ${reason}`)
      core.setTrouble('upkeep', `The database's upkeep fails (${reason}); it is tried again.`)
      this.#maintainAtMs = now + collectorLimits.commitRetryMs
      return false
    }
  }

  /** Waits until `wake` or `ms` have passed; 0: lets messages in. */
  async #rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#isAwake || ms <= 0) setImmediate(resolve)
    else {
      const timer = setTimeout(resolve, ms)
      this.#endRest = () => {
        clearTimeout(timer)
        resolve()
      }
    }
    await promise
    this.#endRest = null
    this.#isAwake = false
  }
}
