/** A histogram on the main thread: a chain of slices until everything is counted or a bound is reached. */

import { queryLimits } from '../limits/query.ts'
import type { HistogramRequest, MembersAnswer, QueryStats } from './contract.ts'
import { type Ending, expressionEnding, type QueryBounds, spentEnding } from './ending.ts'
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
  { bounds, now, bytesPerPart = scanPart }: HistogramRunOptions,
  signal: AbortSignal,
): Promise<MembersAnswer> {
  const { plan, range, bucket, by } = request
  const started = performance.now()
  const nowSec = Math.ceil(now() / 1000)
  const defaultUntilSec = nowSec + queryLimits.untilSlackSec
  const total = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const warnings = new Set<string>()
  const isOfText = looksAtText(plan)
  let ending: Ending | null = null

  const ask = async (
    lane: Lane,
    given: Pick<HistogramTask, 'state' | 'part' | 'sliceMs'>,
  ): Promise<HistogramResult> => {
    signal.throwIfAborted()
    const task: HistogramTask = {
      kind: 'histogram',
      plan,
      range,
      bucket,
      by,
      nowSec,
      defaultUntilSec,
      scannedBytesMax: bounds.scannedBytesMax - total.scannedBytes,
      isLast: ending !== null || given.state?.isCounted === true,
      ...given,
    }
    const result = (await lanes.run(lane, task)) as HistogramResult
    addStats(total, result.stats)
    for (const warning of result.warnings) warnings.add(warning)
    return result
  }
  /** Whether more may be spent. */
  const look = (): void => {
    ending ??= spentEnding({ elapsedMs: performance.now() - started, ...total }, bounds)
  }
  /** One slice more, unless a bound is reached: null. */
  const countSlice = async (
    state: HistogramState | null,
    part: HistogramPart | null,
    lane: Lane,
    sliceMs: number,
  ): Promise<HistogramResult | null> => {
    if (state !== null) look()
    if (ending !== null) return null
    try {
      return await ask(lane, { state, part, sliceMs })
    } catch (error) {
      if (!(error instanceof TaskTimeout)) throw error
      ending ??= expressionEnding
      return null
    }
  }

  let lane: Lane = isOfText ? 'scan' : 'light'
  let state: HistogramState | null = null
  // What the first slice of a scan does not answer is for all threads.
  const firstMs = isOfText ? Math.min(queryLimits.sliceMs, lanes.sliceMs(lane)) : lanes.sliceMs(lane)
  for (let sliceMs = firstMs; ending === null; sliceMs = lanes.sliceMs(lane)) {
    const result: HistogramResult | null = await countSlice(state, null, lane, sliceMs)
    if (result === null) break
    if (result.state === null) return finish(result.members)
    state = result.state
    lane = 'scan'
    look()
    if (isOfText) break
  }
  if (isOfText && state !== null && ending === null) {
    const countPart = async (from: HistogramState, part: HistogramPart): Promise<HistogramState | null> =>
      (await countSlice(from, part, 'scan', lanes.sliceMs('scan')))?.state ?? null
    state = await countParts({ lanes, plan, bytesPerPart, countSlice: countPart }, state)
  }
  const last = await ask('scan', { state, part: null, sliceMs: lanes.sliceMs('scan') })
  return finish(last.members)

  function finish(members: Uint8Array): MembersAnswer {
    if (ending !== null) {
      warnings.add(`${ending.warning}; buckets that are not "complete" have counted only a part`)
    }
    const elapsedMs = Math.round((performance.now() - started) * 100) / 100
    return { members, ended: ending?.reason ?? null, stats: { ...total, elapsedMs }, warnings: [...warnings] }
  }
}

type Total = { -readonly [name in Exclude<keyof QueryStats, 'elapsedMs'>]: number }

function addStats(total: Total, { scannedBytes, scannedLines, blocks }: QueryStats): void {
  total.scannedBytes += scannedBytes
  total.scannedLines += scannedLines
  total.blocks += blocks
}
