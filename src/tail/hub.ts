/**
 * Opens, feeds and ends the live tails: their number, their sockets, their pings, and what the collector is
 * told.
 */

import type { WebSocket } from 'ws'
import type { Collector } from '../collector/contract.ts'
import { LogkeepError } from '../errors.ts'
import { httpLimits, tailLimits } from '../limits/http.ts'
import type { Logger } from '../log.ts'
import type { QueryService, TailRead, TailStart } from '../query/contract.ts'
import type { Plan } from '../query/plan.ts'
import { entriesFrame, gapFrame } from './frames.ts'
import { TailGroups } from './groups.ts'
import { Subscriber } from './subscriber.ts'

/** A tail whose parameters and cursor are accepted and whose first entries are read, before the upgrade. */
export type TailOpening = {
  /** Hands over the upgraded socket. */
  readonly attach: (socket: WebSocket) => void
  /** Gives the place back where no socket came. Harmless after `attach`. */
  readonly release: () => void
}

/** A tail that has a place here and is fed elsewhere. */
export type HeldTail = {
  /** At a stop. */
  readonly end: (reason: string) => void
  /** What it has for its client that is not taken. */
  readonly unsentBytes: () => number
}

export type TailHubOptions = {
  readonly query: Pick<QueryService, 'openTail' | 'readTail'>
  readonly collector: Pick<Collector, 'sync' | 'setLive' | 'onCommit'>
  readonly log: Logger
  /** A clock that does not go back. */
  readonly nowMs: () => number
  /** Bounds other than those of `limits/`, for tests. */
  readonly limits?: Partial<Record<keyof typeof tailLimits, number>>
}

export function createTailHub(options: TailHubOptions): TailHub {
  return new TailHub(options)
}

export class TailHub {
  readonly #options: TailHubOptions
  readonly #limits: Readonly<Record<keyof typeof tailLimits, number>>
  readonly #subscribers = new Set<Subscriber>()
  readonly #groups: TailGroups
  readonly #stopping = new AbortController()
  readonly #emptied = Promise.withResolvers<void>()
  readonly #unsubscribe: () => void
  readonly #ticker: NodeJS.Timeout
  /** Tails that are fed elsewhere. */
  readonly #held = new Set<HeldTail>()
  /** Places taken: subscribers, openings and what is fed elsewhere. */
  #taken = 0
  /** First entries of openings whose sockets have not come. */
  #openingBytes = 0

  constructor(options: TailHubOptions) {
    const { query, collector, log, limits } = options
    this.#options = options
    this.#limits = { ...tailLimits, ...limits }
    const { readBytesMax, readBehindBytesMax, pingMs } = this.#limits
    this.#groups = new TailGroups({
      query,
      log,
      readBytesMax: (isBehind) =>
        isBehind ? Math.max(readBytesMax, Math.min(readBehindBytesMax, this.unsentBytesMax)) : readBytesMax,
      signal: this.#stopping.signal,
    })
    this.#unsubscribe = collector.onCommit(() => this.#groups.readAll())
    this.#ticker = setInterval(() => {
      for (const subscriber of this.#subscribers) subscriber.tick()
    }, pingMs)
    this.#ticker.unref()
  }

  /** Clients there are, those in the middle of opening included. */
  get count(): number {
    return this.#taken
  }

  /** Groups that are read separately. */
  get groupCount(): number {
    return this.#groups.size
  }

  /**
   * Takes a place for a tail that is fed elsewhere, and returns what gives it back. Throws `TOO_MANY`,
   * `STOPPING`.
   */
  hold(tail: HeldTail): () => void {
    this.#take()
    this.#held.add(tail)
    return () => {
      if (this.#held.delete(tail)) this.#giveBack()
    }
  }

  /** Unsent bytes that each tail may have now, of whatever kind it is. */
  get unsentBytesMax(): number {
    const { bufferedBytesMax, bufferedTotalBytesMax } = this.#limits
    return Math.min(bufferedBytesMax, bufferedTotalBytesMax / Math.max(this.#taken, 1))
  }

  /**
   * Throws `TOO_MANY` where there is no room for the first entries of a tail: clients that ask for many and
   * take nothing share the room of all.
   */
  refuseAboveRoom(bytes: number): void {
    let used = this.#openingBytes
    for (const subscriber of this.#subscribers) used += subscriber.unsentBytes
    for (const tail of this.#held) used += tail.unsentBytes()
    if (bytes === 0 || used + bytes <= this.#limits.bufferedTotalBytesMax) return
    const hint = 'ask for fewer entries to begin with, or try again later'
    throw new LogkeepError('TOO_MANY', 'tails that are taken slowly leave no room for these entries', hint, {
      limit: 'tail_room',
    })
  }

  /** Rejects with `TOO_MANY`, `STOPPING`, `BAD_CURSOR` and what else the query layer refuses. */
  async open(plan: Plan, start: TailStart, signal: AbortSignal): Promise<TailOpening> {
    this.#take()
    let held = true
    let firstBytes = 0
    const release = (): void => {
      if (held) this.#giveBack()
      held = false
      this.#openingBytes -= firstBytes
      firstBytes = 0
    }
    const { query, collector } = this.#options
    const stopping = this.#stopping.signal
    try {
      // What was written before the client came belongs before its beginning.
      if (start.kind !== 'cursor') await collector.sync(httpLimits.syncWaitMs)
      const opening = query.openTail(plan, start, AbortSignal.any([signal, stopping]))
      // A stop does not wait until a query that is queued notices it.
      const first = await untilAborted(opening, stopping)
      this.refuseAboveRoom(first.entries.length)
      firstBytes = first.entries.length
      this.#openingBytes += firstBytes
      const attach = (socket: WebSocket): void => {
        if (!held) return socket.terminate()
        // The place is the subscriber's now; what is held of the first entries is its own to count.
        held = false
        release()
        this.#attach(socket, plan, start, first)
      }
      return { attach, release }
    } catch (error) {
      release()
      throw stopping.aborted ? stoppingError() : error
    }
  }

  /** Sends every client the `end` frame and waits for it to go, for a second at most. */
  async close(): Promise<void> {
    this.#stopping.abort(stoppingError())
    this.#unsubscribe()
    clearInterval(this.#ticker)
    for (const subscriber of this.#subscribers) subscriber.end(stopReason)
    for (const tail of this.#held) tail.end(stopReason)
    if (this.#subscribers.size > 0) {
      const timer = setTimeout(this.#emptied.resolve, this.#limits.closeGraceMs)
      await this.#emptied.promise
      clearTimeout(timer)
    }
    for (const subscriber of this.#subscribers) subscriber.terminate()
  }

  #take(): void {
    if (this.#stopping.signal.aborted) throw stoppingError()
    const { tailsMax } = this.#limits
    if (this.#taken >= tailsMax) {
      throw new LogkeepError('TOO_MANY', `${tailsMax} tails are open`, 'close one, or try again later', {
        limit: 'tails',
      })
    }
    this.#taken += 1
    if (this.#taken === 1) this.#options.collector.setLive(true)
  }

  #giveBack(): void {
    this.#taken -= 1
    if (this.#taken === 0) this.#options.collector.setLive(false)
  }

  #attach(socket: WebSocket, plan: Plan, start: TailStart, first: TailRead): void {
    const { lagMaxMs, peerSilentMaxMs } = this.#limits
    const stopping = this.#stopping.signal
    const subscriber = new Subscriber({
      socket,
      cursor: first.cursor,
      nowMs: this.#options.nowMs,
      bufferedBytesMax: () => this.unsentBytesMax,
      lagMaxMs,
      peerSilentMaxMs,
      onDrained: () => {
        // What a socket had unsent also ends when it closes.
        if (this.#subscribers.has(subscriber) && !stopping.aborted) this.#groups.join(subscriber, plan)
      },
      onClosed: () => this.#leave(subscriber),
    })
    this.#subscribers.add(subscriber)
    // Where a cursor was given, what was skipped is missing in the client's own record.
    if (start.kind === 'cursor') {
      for (const message of first.warnings) subscriber.send(gapFrame(message, start.cursor))
    }
    const warnings = start.kind === 'cursor' ? [] : first.warnings
    subscriber.send(entriesFrame(first.entries, first.cursor, warnings))
    if (stopping.aborted) subscriber.end(stopReason)
    else if (!subscriber.isSlow) this.#groups.join(subscriber, plan)
  }

  #leave(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber)) return
    this.#groups.leave(subscriber)
    this.#giveBack()
    if (this.#subscribers.size === 0 && this.#stopping.signal.aborted) this.#emptied.resolve()
  }
}

const stopReason = 'the server is stopping'

/** Rejects with the signal's reason when it aborts, whether or not the work has noticed. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function stoppingError(): LogkeepError {
  return new LogkeepError('STOPPING', stopReason, 'connect again in a moment, with the last cursor')
}
