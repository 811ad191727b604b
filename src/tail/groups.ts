/**
 * Reads for the clients of live tails: each distinct place that clients are at once, sent to all who are
 * there.
 */

import { LogkeepError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { QueryService, TailRead } from '../query/contract.ts'
import type { Plan } from '../query/plan.ts'
import { entriesFrame, gapFrame } from './frames.ts'
import type { Subscriber } from './subscriber.ts'

/** Clients with the same filters at the same place. */
type Group = {
  readonly plan: Plan
  readonly planKey: string
  cursor: string
  readonly members: Set<Subscriber>
  /** Something may have been committed after `cursor`. */
  needsRead: boolean
  reading: boolean
}

export type TailGroupsOptions = {
  readonly query: Pick<QueryService, 'readTail'>
  readonly log: Logger
  /** Bytes of entries that a read may answer. `isBehind`: there was more than the read before could. */
  readonly readBytesMax: (isBehind: boolean) => number
  /** Ends all reading. */
  readonly signal: AbortSignal
}

export class TailGroups {
  readonly #options: TailGroupsOptions
  readonly #groups = new Set<Group>()
  readonly #groupOf = new Map<Subscriber, Group>()

  constructor(options: TailGroupsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#groups.size
  }

  /** Puts a client where it goes on from its own cursor: to others who are there, or alone. */
  join(subscriber: Subscriber, plan: Plan): void {
    const planKey = JSON.stringify(plan)
    const { cursor } = subscriber
    let group = this.#idleGroupAt(planKey, cursor)
    if (group === undefined) {
      group = { plan, planKey, cursor, members: new Set(), needsRead: false, reading: false }
      this.#groups.add(group)
    }
    group.members.add(subscriber)
    this.#groupOf.set(subscriber, group)
    this.#readFor(group)
  }

  /** Harmless for a client that is in no group. */
  leave(subscriber: Subscriber): void {
    const group = this.#groupOf.get(subscriber)
    this.#groupOf.delete(subscriber)
    group?.members.delete(subscriber)
    if (group?.members.size === 0) this.#groups.delete(group)
  }

  /** Something was committed. */
  readAll(): void {
    for (const group of this.#groups) this.#readFor(group)
  }

  #idleGroupAt(planKey: string, cursor: string, except?: Group): Group | undefined {
    for (const group of this.#groups) {
      const isThere = group.planKey === planKey && group.cursor === cursor
      if (isThere && !group.reading && group !== except) return group
    }
    return undefined
  }

  /** Marks that there may be more, and reads unless a read is under way, which then goes on. */
  #readFor(group: Group): void {
    group.needsRead = true
    if (group.reading) return
    group.reading = true
    void this.#readOn(group)
  }

  /** Reads until the group is caught up. Never rejects. */
  async #readOn(group: Group): Promise<void> {
    const { query, readBytesMax, signal } = this.#options
    let isBehind = false
    while (group.needsRead && group.members.size > 0 && !signal.aborted) {
      group.needsRead = false
      try {
        const read = await query.readTail(group.plan, group.cursor, readBytesMax(isBehind), signal)
        isBehind = !read.caughtUp
        if (isBehind) group.needsRead = true
        // A stop has sent the last frame meanwhile, with the cursor before this read.
        if (!signal.aborted) this.#deliver(group, read)
      } catch (error) {
        if (!signal.aborted) this.#fail(group, error)
      }
    }
    group.reading = false
    const other = group.members.size === 0 ? undefined : this.#idleGroupAt(group.planKey, group.cursor, group)
    if (other !== undefined) this.#merge(group, other)
  }

  #deliver(group: Group, read: TailRead): void {
    const gaps = read.warnings.map((message) => gapFrame(message, group.cursor))
    const frame = read.count === 0 ? null : entriesFrame(read.entries, read.cursor)
    group.cursor = read.cursor
    for (const member of group.members) {
      for (const gap of gaps) member.send(gap)
      member.moveTo(read.cursor)
      if (frame !== null) member.send(frame)
      // It falls behind on its own and joins again when it has taken what it has.
      if (member.isSlow) this.leave(member)
    }
  }

  #merge(group: Group, other: Group): void {
    for (const member of group.members) {
      other.members.add(member)
      this.#groupOf.set(member, other)
    }
    this.#groups.delete(group)
  }

  #fail(group: Group, cause: unknown): void {
    const error = cause instanceof LogkeepError ? cause : internalError(cause)
    this.#options.log.warn('tail_failed', 'tails were ended by an error', {
      code: error.code,
      reason: String(cause),
    })
    for (const member of group.members) {
      this.leave(member)
      member.fail(error)
    }
  }
}

function internalError(cause: unknown): LogkeepError {
  const hint = "connect again with the cursor; the server's own log has the cause"
  return new LogkeepError('INTERNAL', 'reading failed', hint, { cause })
}
