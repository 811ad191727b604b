/** Stores the batch together with the positions it was read up to, and keeps both when that fails. */

import { collectorLimits } from '../limits/collector.ts'
import type { Logger } from '../log.ts'
import type { Commit, FileRow, FragmentPiece, PositionMove } from '../store/contract.ts'
import type { Batch } from './batch.ts'
import type { CollectorWriter } from './core.ts'
import { elapsedMs } from './instance.ts'
import type { Population } from './population.ts'

export type CommitterDeps = {
  readonly writer: CollectorWriter
  readonly log: Logger
  readonly batch: Batch
  readonly population: Population
  readonly onCommit: (commit: number) => void
  readonly setTrouble: (key: string, reason: string | null) => void
}

const millisecondsPerSecond = 1000

export class Committer {
  lastCommit = 0
  /** Since the start: commits that were stored, those that failed, and the time that both took. */
  readonly counts = { commits: 0, commitFailures: 0, commitSec: 0 }
  readonly #deps: CommitterDeps
  #failedMs: number | null = null
  /** Since when something waits that is no line: positions, rows, fragments. */
  #changedMs: number | null = null

  constructor(deps: CommitterDeps) {
    this.#deps = deps
  }

  /** The last commit failed. */
  get isFailing(): boolean {
    return this.#failedMs !== null
  }

  /** Nothing more may be read: the batch is full and cannot be stored. */
  get isFull(): boolean {
    return this.isFailing && this.#deps.batch.bytes >= collectorLimits.batchBytes
  }

  commitIfDue(now: number, isLive: boolean): boolean {
    const { batch, population } = this.#deps
    if (this.#failedMs !== null) {
      return elapsedMs(now, this.#failedMs) >= collectorLimits.commitRetryMs && this.commit(now)
    }
    const sinceMs = batch.oldestMs ?? this.#changedMs
    const delayMs = this.#holdsNewFile() ? collectorLimits.commitNewFileMs : collectorLimits.commitDelayMs
    const isOld = sinceMs !== null && elapsedMs(now, sinceMs) >= delayMs
    if (isLive || isOld || population.isCommitUrgent || batch.bytes >= collectorLimits.batchBytes)
      return this.commit(now)
    if (this.#changedMs === null && this.#collect(now) !== null) this.#changedMs = now
    return true
  }

  #holdsNewFile(): boolean {
    for (const { generations } of this.#deps.population.instances) {
      for (const generation of generations) if (generation.isNew) return true
    }
    return false
  }

  commit(now: number): boolean {
    const { batch, population, setTrouble, log, writer } = this.#deps
    const commit = this.#collect(now)
    if (commit === null) {
      population.isCommitUrgent = false
      this.#changedMs = null
      return true
    }
    const startedMs = performance.now()
    try {
      this.lastCommit = writer.commit(commit)
      this.#count('commits', startedMs)
    } catch (error) {
      this.#count('commitFailures', startedMs)
      if (this.#failedMs === null)
        log.error('commit_failed', `Lines could not be stored: ${(error as Error).message}`)
      setTrouble(
        'commit',
        `Nothing can be stored (${(error as Error).message}); reading waits, nothing is lost.`,
      )
      this.#failedMs = now
      return false
    }
    if (this.#failedMs !== null) log.warn('commit_resumed', 'Lines are stored again.')
    setTrouble('commit', null)
    this.#failedMs = null
    this.#changedMs = null
    this.#settle()
    batch.clear()
    this.#deps.onCommit(this.lastCommit)
    return true
  }

  #count(outcome: 'commits' | 'commitFailures', startedMs: number): void {
    this.counts[outcome] += 1
    this.counts.commitSec += (performance.now() - startedMs) / millisecondsPerSecond
  }

  /** What is to be stored; null where that is nothing. */
  #collect(now: number): Commit | null {
    const { batch, population } = this.#deps
    const files: FileRow[] = []
    const moves: PositionMove[] = []
    const clearedFragments: Commit['clearedFragments'][number][] = []
    const fragments: FragmentPiece[] = []
    for (const instance of population.instances) {
      for (const generation of instance.generations) {
        if (generation.isRowChanged) files.push(generation.toRow(instance.lines))
        else if (generation.isMoved) moves.push(generation.toMove(instance.lines))
      }
      instance.joiner.collect(clearedFragments, fragments)
    }
    for (const { joiner } of population.retired) joiner.collect(clearedFragments, fragments)
    const removedFiles = [...population.removedFiles]
    const parts = [files, moves, clearedFragments, fragments, removedFiles]
    if (batch.lineCount === 0 && parts.every((part) => part.length === 0)) return null
    const arrivalSec = Math.floor(now / 1000)
    return { lines: batch.lines, files, moves, removedFiles, clearedFragments, fragments, arrivalSec }
  }

  /** Everything collected is stored now. */
  #settle(): void {
    const { batch, population } = this.#deps
    for (const instance of population.instances) {
      for (const generation of instance.generations) generation.committed()
      instance.joiner.committed()
    }
    for (const { streamId } of population.retired) batch.forget(streamId)
    population.retired.clear()
    population.removedFiles.clear()
    population.isCommitUrgent = false
  }
}
