/** Decides whose turn it is: files that are due, round robin by bytes, in slices of bounded time. */

import { collectorLimits } from '../limits/collector.ts'
import type { Batch } from './batch.ts'
import type { Committer } from './committer.ts'
import type { CollectorWriter } from './core.ts'
import { HeldFiles } from './held-files.ts'
import type { Instance } from './instance.ts'
import type { Population } from './population.ts'

export type SchedulerDeps = {
  readonly batch: Batch
  readonly population: Population
  readonly committer: Committer
  readonly writer: Pick<CollectorWriter, 'foresee'>
}

export type PollOptions = {
  readonly all?: boolean
  readonly isLive?: boolean
  readonly budgetMs?: number
}

export class Scheduler {
  readonly #deps: SchedulerDeps
  readonly #held = new HeldFiles()
  /** Whose turn is next where the last poll ran out of time. */
  #next = 0
  /** False after a poll whose time was up before it came to a file with a backlog. */
  #isBacklogLast = true

  constructor(deps: SchedulerDeps) {
    this.#deps = deps
  }

  poll(now: number, { all = false, isLive = false, budgetMs }: PollOptions): boolean {
    const { population } = this.#deps
    const { pollSliceMs, pollSliceLiveMs } = collectorLimits
    const deadline = performance.now() + (budgetMs ?? (isLive ? pollSliceLiveMs : pollSliceMs))
    let isMore = this.#readAll(this.#due(now, all, isLive), now, isLive, deadline)
    // A file in another's place, a truncation: look what became of it, and read that too.
    for (let round = 0; round < relistRoundsMax && !isMore && population.relist(now); round += 1) {
      isMore = this.#readAll(this.#due(now, all, isLive), now, isLive, deadline)
    }
    this.#held.limit(this.#deps.population.instances, now)
    return isMore
  }

  #due(now: number, all: boolean, isLive: boolean): readonly Instance[] {
    const { instances } = this.#deps.population
    const from = this.#next < instances.length ? this.#next : 0
    // While others have a backlog, polls follow each other at once: not each of them looks at every file.
    const earliest = isLive ? now + collectorLimits.pollBusyMs / 2 : now
    // Planned when there was no tail, or before the clock was set back.
    const latest = now + (isLive ? collectorLimits.pollBusyMs : collectorLimits.pollIdleMs)
    const isDue = ({ hasMore, nextPollMs }: Instance): boolean =>
      all || hasMore || nextPollMs <= earliest || nextPollMs > latest
    return this.#order([...instances.slice(from), ...instances.slice(0, from)].filter(isDue))
  }

  /**
   * Files that were read to their end have few lines, for which a tail may wait: they go before the backlog
   * of others, which would take a second of turns. Where looking at them takes all the time, every second
   * poll goes round.
   */
  #order(due: readonly Instance[]): readonly Instance[] {
    if (!this.#isBacklogLast) {
      this.#isBacklogLast = true
      return due
    }
    const hasBacklog = ({ isCaughtUp }: Instance): boolean => !isCaughtUp
    return [...due.filter(({ isCaughtUp }) => isCaughtUp), ...due.filter(hasBacklog)]
  }

  /** Gives turns until nobody has more to read. True: time or room ran out before. */
  #readAll(due: readonly Instance[], now: number, isLive: boolean, deadline: number): boolean {
    const { batch, committer } = this.#deps
    let queue = due
    while (queue.length > 0) {
      const more: Instance[] = []
      for (const [index, instance] of queue.entries()) {
        if (committer.isFull) return false
        const before = batch.counters.bytesRead
        const hadBacklog = !instance.isCaughtUp
        const isMore = this.#turn(instance, now)
        if (isMore) more.push(instance)
        else instance.planPoll(now, batch.counters.bytesRead > before, isLive)
        if (batch.bytes >= collectorLimits.batchBytes) committer.commit(now)
        if (performance.now() < deadline) continue
        this.#isBacklogLast = hadBacklog
        const isDone = index === queue.length - 1 && more.length === 0
        this.#next = Math.max(0, this.#deps.population.instances.indexOf(instance) + 1)
        return !isDone
      }
      queue = more
    }
    return false
  }

  #turn(instance: Instance, now: number): boolean {
    if (!instance.hasMore && !instance.look(now)) return false
    const isMore = instance.turn(now, collectorLimits.turnBytes) === 'more'
    instance.isCaughtUp = !isMore
    const lines = isMore ? this.#deps.batch.lines.get(instance.streamId) : undefined
    if (lines !== undefined) this.#deps.writer.foresee(instance.streamId, lines)
    return isMore
  }
}

/** Each round needs a reason; more than a few in one poll are a file that changes faster than it is read. */
const relistRoundsMax = 4
