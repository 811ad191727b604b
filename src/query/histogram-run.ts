/** A histogram on the main thread: a chain of slices until everything is counted or a bound is reached. */

import { queryLimits } from '../limits/query.ts'
import type { HistogramRequest, MembersAnswer, QueryStats } from './contract.ts'
import { type Ending, expressionEnding, type QueryBounds, spentEnding } from './ending.ts'
import { type Lane, type Lanes, TaskTimeout } from './lanes.ts'
import { looksAtText } from './plan.ts'
import type { HistogramResult, HistogramTask } from './tasks.ts'

export type HistogramRunOptions = {
  readonly bounds: QueryBounds
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export async function runHistogram(
  lanes: Lanes,
  { plan, range, bucket, by }: HistogramRequest,
  { bounds, now }: HistogramRunOptions,
  signal: AbortSignal,
): Promise<MembersAnswer> {
  const started = performance.now()
  const nowSec = Math.ceil(now() / 1000)
  const defaultUntilSec = nowSec + queryLimits.untilSlackSec
  const total = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const warnings = new Set<string>()
  let lane: Lane = looksAtText(plan) ? 'scan' : 'light'
  let state: HistogramTask['state'] = null
  let ending: Ending | null = null
  for (;;) {
    signal.throwIfAborted()
    const task: HistogramTask = {
      kind: 'histogram',
      plan,
      range,
      bucket,
      by,
      nowSec,
      defaultUntilSec,
      sliceMs: lanes.sliceMs(lane),
      scannedBytesMax: bounds.scannedBytesMax - total.scannedBytes,
      state,
      isLast: ending !== null,
    }
    let result: HistogramResult
    try {
      result = (await lanes.run(lane, task)) as HistogramResult
    } catch (error) {
      if (!(error instanceof TaskTimeout) || ending !== null) throw error
      ending = expressionEnding
      continue
    }
    addStats(total, result.stats)
    for (const warning of result.warnings) warnings.add(warning)
    if (result.state === null) return finish(result.members)
    state = result.state
    lane = 'scan'
    const spent = { elapsedMs: performance.now() - started, scannedBytes: total.scannedBytes }
    ending = spentEnding(spent, bounds)
  }

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
