/** A histogram on the main thread: slices until everything is counted or a bound is reached. */

import { queryLimits } from '../limits/query.ts'
import type { HistogramRequest, MembersAnswer, QueryStats } from './contract.ts'
import { untilDeadline } from './deadline.ts'
import { type Ending, type QueryBounds, spentEnding, timeoutEnding } from './ending.ts'
import { countParts } from './histogram-parts.ts'
import { type Lane, type Lanes, TaskTimeout } from './lanes.ts'
import { scanPart } from './pager.ts'
import { looksAtText } from './plan.ts'
import type { HistogramPart, HistogramResult, HistogramState, HistogramTask, PartBytes } from './tasks.ts'

export type HistogramRunOptions = {
  readonly bounds: QueryBounds
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Bodies that one thread counts while others count their neighbours: of `limits/` unless given. */
  readonly bytesPerPart?: PartBytes
}

export async function runHistogram(
  lanes: Lanes,
  request: HistogramRequest,
  options: HistogramRunOptions,
  signal: AbortSignal,
): Promise<MembersAnswer> {
  const { plan } = request
  const { bytesPerPart = scanPart } = options
  const run = new Run(lanes, request, options, signal)
  const isOfText = looksAtText(plan)
  let lane: Lane = isOfText ? 'scan' : 'light'
  let state: HistogramState | null = null
  // What the first slice of a scan does not answer is for all threads.
  let sliceMs = isOfText ? Math.min(queryLimits.sliceMs, lanes.sliceMs(lane)) : lanes.sliceMs(lane)
  for (;;) {
    const result = await run.count(lane, { state, part: null, sliceMs })
    if (result === null) break
    if (result.state === null) return run.answer(result.members)
    state = result.state
    lane = 'scan'
    sliceMs = lanes.sliceMs(lane)
    if (isOfText) break
  }
  if (isOfText && state !== null && !run.isOver()) {
    const countSlice = async (from: HistogramState, part: HistogramPart): Promise<HistogramState | null> => {
      const result = await run.count('scan', { state: from, part, sliceMs: lanes.sliceMs('scan') })
      return result?.state ?? null
    }
    state = await countParts({ lanes, plan, bytesPerPart, countSlice }, state)
  }
  return run.finish(state)
}

type Slice = Pick<HistogramTask, 'state' | 'part' | 'sliceMs'>
type Total = { -readonly [name in Exclude<keyof QueryStats, 'elapsedMs'>]: number }

/** One histogram: what it has spent, and what has ended it. */
class Run {
  readonly #lanes: Lanes
  readonly #request: HistogramRequest
  readonly #bounds: QueryBounds
  readonly #signal: AbortSignal
  readonly #started = performance.now()
  readonly #nowSec: number
  readonly #total: Total = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  readonly #warnings = new Set<string>()
  #ending: Ending | null = null

  constructor(
    lanes: Lanes,
    request: HistogramRequest,
    { bounds, now }: HistogramRunOptions,
    signal: AbortSignal,
  ) {
    this.#lanes = lanes
    this.#request = request
    this.#bounds = bounds
    this.#signal = signal
    this.#nowSec = Math.ceil(now() / 1000)
  }

  /** Whether a bound is reached: nothing more is to be counted. */
  isOver(): boolean {
    const elapsedMs = performance.now() - this.#started
    this.#ending ??= spentEnding({ elapsedMs, scannedBytes: this.#total.scannedBytes }, this.#bounds)
    return this.#ending !== null
  }

  /** Counts one slice more; null: a bound is reached. */
  async count(lane: Lane, slice: Slice): Promise<HistogramResult | null> {
    if (slice.state !== null && this.isOver()) return null
    try {
      const endMs = this.#started + this.#bounds.queryDeadlineMs
      return await untilDeadline(endMs, this.#signal, (signal) => this.#ask(lane, slice, false, signal))
    } catch (error) {
      if (!(error instanceof TaskTimeout)) throw error
      this.#ending ??= timeoutEnding(error, this.#bounds)
      return null
    }
  }

  /** Writes the answer; where a bound was reached, without waiting behind what others scan. */
  async finish(state: HistogramState | null): Promise<MembersAnswer> {
    const lane = this.#ending === null ? 'scan' : 'light'
    const slice = { state, part: null, sliceMs: this.#lanes.sliceMs(lane) }
    return this.answer((await this.#ask(lane, slice, true, this.#signal)).members)
  }

  async #ask(lane: Lane, slice: Slice, isLast: boolean, signal: AbortSignal): Promise<HistogramResult> {
    signal.throwIfAborted()
    const { plan, range, bucket, by } = this.#request
    const task: HistogramTask = {
      kind: 'histogram',
      plan,
      range,
      bucket,
      by,
      nowSec: this.#nowSec,
      defaultUntilSec: this.#nowSec + queryLimits.untilSlackSec,
      scannedBytesMax: this.#bounds.scannedBytesMax - this.#total.scannedBytes,
      isLast,
      ...slice,
    }
    const { stats, ...result } = (await this.#lanes.run(lane, task, signal)) as HistogramResult
    this.#total.scannedBytes += stats.scannedBytes
    this.#total.scannedLines += stats.scannedLines
    this.#total.blocks += stats.blocks
    for (const warning of result.warnings) this.#warnings.add(warning)
    return { stats, ...result }
  }

  answer(members: Uint8Array): MembersAnswer {
    if (this.#ending !== null) {
      const parts = 'buckets that are not "complete" have counted only a part'
      this.#warnings.add(`${this.#ending.warning}; ${parts}`)
    }
    const elapsedMs = Math.round((performance.now() - this.#started) * 100) / 100
    const stats = { ...this.#total, elapsedMs }
    return { members, ended: this.#ending?.reason ?? null, stats, warnings: [...this.#warnings] }
  }
}
