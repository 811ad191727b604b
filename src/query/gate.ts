/** Lets a bounded number of tasks run at once and a bounded number wait; clients take turns. */

import { LogkeepError } from '../errors.ts'
import { currentClient } from './client.ts'

export type Gate = {
  /**
   * Waits for a place; rejects with `LogkeepError` TOO_MANY where too many wait already, of all or of the
   * same client, and as the signal says when that is aborted.
   */
  readonly enter: (signal?: AbortSignal) => Promise<void>
  /** Gives the place back. */
  readonly leave: () => void
  readonly waiting: () => number
  readonly running: () => number
}

/** One client leaves a quarter of the waiting places to others. */
const shareOfClient = 3 / 4

/**
 * Every page and export waits with one slice at a time. Clients take turns, and so do the slices of each: who
 * asks for one page waits for one slice of everybody else, not for all fifty panels of a dashboard.
 */
export function createGate(places: number, waitingMax: number): Gate {
  /** Of clients that wait, in the order of their turns; null: the program itself. */
  const queues = new Map<string | null, Set<() => void>>()
  const clientMax = Math.max(Math.ceil(waitingMax * shareOfClient), 1)
  let free = places
  let waiting = 0
  const refuseTooMany = (own: number, client: string | null): void => {
    if (waiting < waitingMax && (client === null || own < clientMax)) return
    const message =
      waiting < waitingMax
        ? `${own} queries of this client are waiting already`
        : `${waiting} queries are waiting already`
    throw new LogkeepError('TOO_MANY', message, 'try again in a second', { limit: 'waiting_queries' })
  }
  const takeNext = (): (() => void) | undefined => {
    const [first] = queues
    if (first === undefined) return undefined
    const [client, queue] = first
    const [next] = queue
    // Behind all others, where more of it waits.
    queues.delete(client)
    queues.set(client, queue)
    if (next !== undefined) drop(client, queue, next)
    return next
  }
  const drop = (client: string | null, queue: Set<() => void>, turn: () => void): void => {
    if (queue.delete(turn)) waiting -= 1
    if (queue.size === 0) queues.delete(client)
  }
  return {
    enter: async (signal) => {
      signal?.throwIfAborted()
      if (free > 0) {
        free -= 1
        return
      }
      const client = currentClient()
      const queue = queues.get(client) ?? new Set()
      refuseTooMany(queue.size, client)
      queues.set(client, queue)
      waiting += 1
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const leave = (): void => {
        drop(client, queue, resolve)
        reject(signal?.reason)
      }
      queue.add(resolve)
      signal?.addEventListener('abort', leave)
      await promise.finally(() => signal?.removeEventListener('abort', leave))
    },
    leave: () => {
      const next = takeNext()
      if (next === undefined) free += 1
      else next()
    },
    waiting: () => waiting,
    running: () => places - free,
  }
}
