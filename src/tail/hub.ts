/** Feeds the live tails: after each commit, every distinct place that clients are at is read once and sent to all there. */

import type { WebSocket } from 'ws'
import type { Collector } from '../collector/contract.ts'
import { LogkeepError } from '../errors.ts'
import { httpLimits, tailLimits } from '../limits.ts'
import type { Logger } from '../log.ts'
import type { QueryService, TailRead, TailStart } from '../query/contract.ts'
import type { Plan } from '../query/plan.ts'
import { entriesFrame, gapFrame } from './frames.ts'
import { Subscriber } from './subscriber.ts'

/** A tail whose parameters and cursor are accepted and whose first entries are read, before the upgrade. */
export type TailOpening = {
  /** Hands over the upgraded socket. */
  readonly attach: (socket: WebSocket) => void
  /** Gives the place back where no socket came. Harmless after `attach`. */
  readonly release: () => void
}

export type TailHub = {
  /** Rejects with `TOO_MANY`, `STOPPING`, `BAD_CURSOR` and what else the query layer refuses. */
  readonly open: (plan: Plan, start: TailStart, signal: AbortSignal) => Promise<TailOpening>
  /** Clients there are, those in the middle of opening included. */
  readonly count: () => number
  /** Groups that are read separately. */
  readonly groupCount: () => number
  /** Sends every client the `end` frame and waits for it to go, for a second at most. */
  readonly close: () => Promise<void>
}

export type TailHubOptions = {
  readonly query: Pick<QueryService, 'openTail' | 'readTail'>
  readonly collector: Pick<Collector, 'sync' | 'setLive' | 'onCommit'>
  readonly log: Logger
  /** A clock that does not go back. */
  readonly nowMs: () => number
  /** Bounds other than those of `limits.ts`, for tests. */
  readonly limits?: Partial<Record<keyof typeof tailLimits, number>>
}

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

export function createTailHub({ query, collector, log, nowMs, limits: given }: TailHubOptions): TailHub {
  const limits = { ...tailLimits, ...given }
  const groups = new Set<Group>()
  const subscribers = new Map<Subscriber, { readonly plan: Plan; group: Group | null }>()
  const stopping = new AbortController()
  const emptied = Promise.withResolvers<void>()
  /** Slots taken: subscribers and openings. */
  let taken = 0

  const unsubscribe = collector.onCommit(() => {
    for (const group of groups) readFor(group)
  })
  const ticker = setInterval(() => {
    for (const subscriber of subscribers.keys()) subscriber.tick()
  }, limits.pingMs)
  ticker.unref()

  function take(): void {
    if (stopping.signal.aborted) throw stoppingError()
    if (taken >= limits.tailsMax) {
      throw new LogkeepError('TOO_MANY', `${limits.tailsMax} tails are open`, 'close one, or try again later')
    }
    taken += 1
    if (taken === 1) collector.setLive(true)
  }

  function giveBack(): void {
    taken -= 1
    if (taken === 0) collector.setLive(false)
  }

  async function open(plan: Plan, start: TailStart, signal: AbortSignal): Promise<TailOpening> {
    take()
    let held = true
    const release = (): void => {
      if (held) giveBack()
      held = false
    }
    try {
      // What was written before the client came belongs before its beginning.
      if (start.kind !== 'cursor') await collector.sync(httpLimits.syncWaitMs)
      const first = await query.openTail(plan, start, AbortSignal.any([signal, stopping.signal]))
      const attach = (socket: WebSocket): void => {
        if (!held) return socket.terminate()
        held = false
        attachSocket(socket, plan, start, first)
      }
      return { attach, release }
    } catch (error) {
      release()
      throw stopping.signal.aborted ? stoppingError() : error
    }
  }

  function attachSocket(socket: WebSocket, plan: Plan, start: TailStart, first: TailRead): void {
    const { bufferedBytesMax, bufferedTotalBytesMax, lagMaxMs, peerSilentMaxMs } = limits
    const subscriber = new Subscriber({
      socket,
      cursor: first.cursor,
      nowMs,
      bufferedBytesMax: () =>
        Math.min(bufferedBytesMax, bufferedTotalBytesMax / Math.max(1, subscribers.size)),
      lagMaxMs,
      peerSilentMaxMs,
      onDrained: join,
      onClosed: leave,
    })
    subscribers.set(subscriber, { plan, group: null })
    // Where a cursor was given, what was skipped is missing in the client's own record.
    const skipped = start.kind === 'cursor' ? first.warnings : []
    if (start.kind === 'cursor')
      for (const message of skipped) subscriber.send(gapFrame(message, start.cursor))
    subscriber.send(entriesFrame(first.entries, first.cursor, start.kind === 'cursor' ? [] : first.warnings))
    if (stopping.signal.aborted) subscriber.end(stopReason)
    else if (!subscriber.isSlow) join(subscriber)
  }

  /** Puts a client where it goes on from its own cursor: to others who are there, or alone. */
  function join(subscriber: Subscriber): void {
    const entry = subscribers.get(subscriber)
    if (entry === undefined || stopping.signal.aborted) return
    const planKey = JSON.stringify(entry.plan)
    const { cursor } = subscriber
    const there = idleGroupAt(planKey, cursor)
    const alone = (): Group => ({
      plan: entry.plan,
      planKey,
      cursor,
      members: new Set(),
      needsRead: false,
      reading: false,
    })
    const group = there ?? alone()
    groups.add(group)
    group.members.add(subscriber)
    entry.group = group
    readFor(group)
  }

  function leave(subscriber: Subscriber): void {
    const group = subscribers.get(subscriber)?.group ?? null
    if (!subscribers.delete(subscriber)) return
    if (group !== null) removeMember(group, subscriber)
    giveBack()
    if (subscribers.size === 0 && stopping.signal.aborted) emptied.resolve()
  }

  function removeMember(group: Group, subscriber: Subscriber): void {
    group.members.delete(subscriber)
    if (group.members.size === 0) groups.delete(group)
  }

  function idleGroupAt(planKey: string, cursor: string, except?: Group): Group | undefined {
    for (const group of groups) {
      const same = group.planKey === planKey && group.cursor === cursor
      if (same && !group.reading && group !== except) return group
    }
    return undefined
  }

  /** Marks that there may be more, and reads unless a read is under way, which then goes on. */
  function readFor(group: Group): void {
    group.needsRead = true
    if (!group.reading) {
      group.reading = true
      void readOn(group)
    }
  }

  /** Reads until the group is caught up. Never rejects. */
  async function readOn(group: Group): Promise<void> {
    while (group.needsRead && group.members.size > 0 && !stopping.signal.aborted) {
      group.needsRead = false
      try {
        const read = await query.readTail(group.plan, group.cursor, limits.readBytesMax, stopping.signal)
        deliver(group, read)
        if (!read.caughtUp) group.needsRead = true
      } catch (error) {
        if (!stopping.signal.aborted) failGroup(group, error)
      }
    }
    group.reading = false
    const other = group.members.size === 0 ? undefined : idleGroupAt(group.planKey, group.cursor, group)
    if (other !== undefined) mergeInto(other, group)
  }

  function deliver(group: Group, read: TailRead): void {
    const gaps = read.warnings.map((message) => gapFrame(message, group.cursor))
    const frame = read.count === 0 ? null : entriesFrame(read.entries, read.cursor)
    group.cursor = read.cursor
    for (const member of [...group.members]) {
      for (const gap of gaps) member.send(gap)
      member.moveTo(read.cursor)
      if (frame !== null) member.send(frame)
      if (!member.isSlow) continue
      // It falls behind on its own and joins again when it has taken what it has.
      removeMember(group, member)
      const entry = subscribers.get(member)
      if (entry !== undefined) entry.group = null
    }
  }

  function mergeInto(other: Group, group: Group): void {
    for (const member of group.members) {
      other.members.add(member)
      const entry = subscribers.get(member)
      if (entry !== undefined) entry.group = other
    }
    groups.delete(group)
  }

  function failGroup(group: Group, cause: unknown): void {
    const error = cause instanceof LogkeepError ? cause : internalError(cause)
    log.warn('tail_failed', 'tails were ended by an error', { code: error.code, reason: String(cause) })
    groups.delete(group)
    for (const member of group.members) {
      const entry = subscribers.get(member)
      if (entry !== undefined) entry.group = null
      member.fail(error)
    }
    group.members.clear()
  }

  async function close(): Promise<void> {
    stopping.abort(stoppingError())
    unsubscribe()
    clearInterval(ticker)
    for (const subscriber of subscribers.keys()) subscriber.end(stopReason)
    if (subscribers.size > 0) {
      const timer = setTimeout(emptied.resolve, limits.closeGraceMs)
      await emptied.promise
      clearTimeout(timer)
    }
    for (const subscriber of subscribers.keys()) subscriber.terminate()
  }

  return { open, count: () => taken, groupCount: () => groups.size, close }
}

const stopReason = 'the server is stopping'

function stoppingError(): LogkeepError {
  return new LogkeepError('STOPPING', stopReason, 'connect again in a moment, with the last cursor')
}

function internalError(cause: unknown): LogkeepError {
  const hint = "connect again with the cursor; the server's own log has the cause"
  return new LogkeepError('INTERNAL', 'reading failed', hint, { cause })
}
