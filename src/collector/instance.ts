/**
 * One container instance's log: the files that hold it, oldest first, of which one at a time is read until
 * nothing more can come to it. Facts: kubelet renames the live file and has a new one opened; runtimes still
 * write to the old one.
 */

import { lstatSync } from 'node:fs'
import { collectorLimits } from '../limits/collector.ts'
import type { GapRecord } from '../model/entry.ts'
import type { Generation } from './generation.ts'
import { type FileKey, toFileStat } from './identity.ts'
import type { Joiner } from './joiner.ts'
import type { LineTarget } from './line-splitter.ts'
import type { PassedOver } from './listing.ts'
import { newGeneration } from './matching.ts'
import { isCutBack } from './probe.ts'
import { cutBack, finishReading, type ReadContext, type ReadOutcome, readOn } from './reading.ts'
import type { StreamLines } from './stream-lines.ts'

/** What an instance tells and asks the collector. */
export type InstanceHost = {
  readonly context: ReadContext
  readonly nextFileId: () => number
  /** A file is about to go away: what is read of it should be stored soon. */
  readonly commitSoon: () => void
  /** The file's row is to be deleted. */
  readonly fileRemoved: (id: number) => void
  /** A live file was renamed, replaced or truncated. */
  readonly rotated: () => void
  /** A file could not be read. Counted, warned about once. */
  readonly refused: (path: string, error: unknown) => void
  readonly isRefused: (path: string) => boolean
  /** A file has lost bytes that are stored. Warned about. */
  readonly cutBack: (path: string) => void
  /** False when another instance reads this file already. */
  readonly claim: (file: FileKey, instance: Instance) => boolean
}

/** `more`: call again at once. `idle`: nothing more to read now. */
export type TurnOutcome = 'more' | 'idle'

/** Time between two moments of a clock that may be set back meanwhile. */
export function elapsedMs(now: number, since: number): number {
  return Math.abs(now - since)
}

export class Instance {
  readonly restart: number
  readonly streamId: number
  readonly lines: StreamLines
  readonly joiner: Joiner
  /** In the order of reading. */
  generations: Generation[] = []
  /** Files that hold what is read elsewhere; as of the last listing. */
  passedOver: PassedOver[] = []
  /** A container instance with a higher number exists: this one writes no more. */
  supersededSinceMs: number | null = null
  /** The listing of its folder that is in memory is out of date. */
  needsListing = false
  /** Bytes are known to be unread. */
  hasMore = false
  /** The last turn came to the end of what there was: what comes now are new lines, not a backlog. */
  isCaughtUp = false
  /** All files are gone and everything is emitted. */
  isOver = false
  nextPollMs = 0
  #retryAtMs = 0
  #pollDelayMs: number = collectorLimits.pollBusyMs
  readonly #host: InstanceHost
  readonly #target: LineTarget

  constructor(restart: number, lines: StreamLines, joiner: Joiner, host: InstanceHost) {
    this.restart = restart
    this.streamId = lines.streamId
    this.lines = lines
    this.joiner = joiner
    this.#host = host
    this.#target = { lines, joiner }
  }

  /** The file being read: the oldest that is not read to its certain end. */
  get active(): Generation | undefined {
    return this.generations.find((generation) => generation.state !== 'done')
  }

  /** True when bytes may be there that a read of the active file cannot reach yet. */
  get isBehind(): boolean {
    const active = this.active
    return this.hasMore || (active !== undefined && active !== this.generations.at(-1))
  }

  /**
   * Looks whether the active file has changed, or another one is in its place. True: there may be something
   * to read.
   */
  look(now: number): boolean {
    const active = this.active
    const waitMs = this.#retryAtMs - now
    if (active === undefined || (waitMs > 0 && waitMs <= collectorLimits.readRetryMs)) return false
    try {
      return this.#hasChanged(active, now)
    } catch (error) {
      this.#host.refused(active.path ?? active.name, error)
      return false
    }
  }

  #hasChanged(active: Generation, now: number): boolean {
    if (active.isLive && active.path !== null) {
      const stats = lstatSync(active.path, { bigint: true, throwIfNoEntry: false })
      const stat = stats === undefined ? null : toFileStat(stats)
      if (stat !== null && active.isFile(stat)) return active.look(stat, now) || this.#isWaiting(active)
      this.needsListing = true
      this.#host.commitSoon()
    }
    return active.lookThrough(now) || this.#isWaiting(active)
  }

  /** Plans the next look: soon after something was read, later the longer nothing comes. */
  planPoll(now: number, hasRead: boolean, isLive: boolean): void {
    const slower = Math.min(this.#pollDelayMs * 1.5, collectorLimits.pollIdleMs)
    this.#pollDelayMs = hasRead || isLive ? collectorLimits.pollBusyMs : slower
    // Decompressing goes on beside the polls, and wakes them.
    this.nextPollMs = this.active?.isGzip ? now : now + this.#pollDelayMs
  }

  /** Reads up to `budget` bytes, going on to the next file where one is at its end. */
  turn(now: number, budget: number): TurnOutcome {
    this.hasMore = false
    for (;;) {
      const active = this.active
      if (active === undefined) return 'idle'
      const outcome = this.#read(active, budget)
      if (outcome === 'more') {
        this.hasMore = true
        return 'more'
      }
      if (outcome === 'changed') {
        this.#contentChanged(active)
        return this.needsListing ? 'idle' : 'more'
      }
      if (outcome === 'cut' && !this.#isCertainlyCut(active, now)) return 'idle'
      if (outcome === 'waiting' || outcome === 'gone') return 'idle'
      if (outcome === 'end' && !this.#isAtCertainEnd(active, now)) return 'idle'
      this.finish(active)
      if (outcome === 'cut') this.gap({ reason: 'cut_gzip', bytes: null, file: active.name })
    }
  }

  /** Ends a file: nothing more will be read from it. */
  finish(generation: Generation): void {
    finishReading(generation, this.#host.context, this.#target)
    if (generation.twin !== null) {
      generation.becomeFile(generation.twin)
      generation.state = 'done'
    }
    this.#host.commitSoon()
    if (generation.isUnlinked) this.needsListing = true
    this.endIfOver()
  }

  /** Emits what never ended, once no file can bring its end any more. */
  endIfOver(): void {
    if (this.active !== undefined) return
    if (this.supersededSinceMs !== null || this.generations.length === 0) this.joiner.flush()
  }

  /** Finds truncations that no read has met yet, so that copies of what was truncated are known as such. */
  checkBeginnings(): void {
    for (const generation of this.generations.filter((one) => !one.refreshHead())) {
      this.#contentChanged(generation)
    }
  }

  gap(record: GapRecord): void {
    this.lines.gap(record)
  }

  /** Drops a file that no longer exists; a physical line that was open in it will not go on. */
  remove(generation: Generation): void {
    if (generation === this.active && this.joiner.openIostream !== null) {
      this.joiner.continueOpen(empty, 0, 0, true)
    }
    generation.close()
    this.generations = this.generations.filter((other) => other !== generation)
    this.#host.fileRemoved(generation.id)
  }

  close(): void {
    for (const generation of this.generations) generation.close()
  }

  #read(active: Generation, budget: number): ReadOutcome {
    try {
      const outcome = readOn(active, this.#host.context, this.#target, budget)
      if (outcome === 'gone') this.needsListing = true
      return outcome
    } catch (error) {
      // What the system did not refuse is a mistake of this program: the thread starts again from what is
      // stored.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      active.close()
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.needsListing = true
      else {
        this.#host.refused(active.path ?? active.name, error)
        this.#retryAtMs = this.#host.context.now() + collectorLimits.readRetryMs
      }
      return 'waiting'
    }
  }

  /** A file at its end that can still end otherwise than by growing has to be looked at again. */
  #isWaiting(active: Generation): boolean {
    return (
      active.isGzip ||
      active !== this.generations.at(-1) ||
      this.supersededSinceMs !== null ||
      active.isUnlinked
    )
  }

  #isAtCertainEnd(active: Generation, now: number): boolean {
    if (active.isGzip) return true
    const isLast = active === this.generations.at(-1)
    if (isLast && this.supersededSinceMs === null && !active.isUnlinked) return false
    active.successorSinceMs ??= now
    const quietMs = elapsedMs(now, active.quietFromMs)
    if (quietMs >= collectorLimits.drainCertainMs) return true
    return Math.min(quietMs, elapsedMs(now, active.successorSinceMs)) >= collectorLimits.drainQuietMs
  }

  /** A cut file may still be growing: it is read again for a while after its last change. */
  #isCertainlyCut(active: Generation, now: number): boolean {
    if (elapsedMs(now, active.quietFromMs) >= collectorLimits.gzipCertainMs) return true
    active.log?.stopGzip()
    this.#retryAtMs = now + collectorLimits.readRetryMs
    return false
  }

  /**
   * The bytes before the position are others now: the file was truncated, or cut back by a crash of the node.
   */
  #contentChanged(active: Generation): void {
    const { log } = active
    if (log === null) return
    const stat = log.stat()
    const known = Math.max(active.position, active.headLength)
    if (!active.isGzip && stat.size > 0 && stat.size < known && isCutBack(active, log, stat.size)) {
      cutBack(active, log, stat.size)
      this.#host.cutBack(active.path ?? active.name)
      return
    }
    active.detach()
    if (active.isLive) this.#host.rotated()
    const { name, path, isGzip, isLive, orderMs } = active
    active.isLost = true
    active.isLive = false
    active.path = null
    const file = { name, path: path ?? name, isGzip, isLive, stem: name, stat }
    const next = newGeneration(this, file, log, this.#host)
    next.orderMs = Math.max(next.orderMs, orderMs)
    this.generations.splice(this.generations.indexOf(active) + 1, 0, next)
    this.needsListing = true
    this.#host.commitSoon()
  }
}

const empty = Buffer.alloc(0)
