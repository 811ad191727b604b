/** A histogram on the main thread: a chain of slices until everything is counted or a bound is reached. */

import { queryLimits } from '../limits/query.ts'
import type { EndReason, HistogramRequest, MembersAnswer, QueryStats } from './contract.ts'
import { type Lane, type Lanes, TaskTimeout } from './lanes.ts'
import type { HistogramResult, HistogramTask } from './tasks.ts'

export type HistogramRunOptions = {
  readonly queryDeadlineMs: number
  readonly scannedBytesMax: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export async function runHistogram(
  lanes: Lanes,
  { plan, range, bucket, by }: HistogramRequest,
  { queryDeadlineMs, scannedBytesMax, now }: HistogramRunOptions,
  signal: AbortSignal,
): Promise<MembersAnswer> {
  const started = performance.now()
  const nowSec = Math.ceil(now() / 1000)
  const defaultUntilSec = nowSec + queryLimits.untilSlackSec
  const total = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const warnings = new Set<string>()
  let lane: Lane = plan.lines.length === 0 ? 'light' : 'scan'
  let state: HistogramTask['state'] = null
  let ended: EndReason | null = null
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
      scannedBytesMax: scannedBytesMax - total.scannedBytes,
      state,
      isLast: ended !== null,
    }
    let result: HistogramResult
    try {
      result = (await lanes.run(lane, task)) as HistogramResult
    } catch (error) {
      if (!(error instanceof TaskTimeout) || ended !== null) throw error
      ended = 'expression'
      continue
    }
    addStats(total, result.stats)
    for (const warning of result.warnings) warnings.add(warning)
    if (result.state === null) return finish(result.members)
    state = result.state
    lane = 'scan'
    if (performance.now() - started >= queryDeadlineMs) ended = 'deadline'
    else if (total.scannedBytes >= scannedBytesMax) ended = 'scanned_bytes'
  }

  function finish(members: Uint8Array): MembersAnswer {
    if (ended !== null) warnings.add(endWarnings[ended](queryDeadlineMs, scannedBytesMax))
    const elapsedMs = Math.round((performance.now() - started) * 100) / 100
    return { members, ended, stats: { ...total, elapsedMs }, warnings: [...warnings] }
  }
}

type Total = { -readonly [name in Exclude<keyof QueryStats, 'elapsedMs'>]: number }

function addStats(total: Total, { scannedBytes, scannedLines, blocks }: QueryStats): void {
  total.scannedBytes += scannedBytes
  total.scannedLines += scannedLines
  total.blocks += blocks
}

const rest = 'buckets that are not "complete" have counted only a part'
const endWarnings: Readonly<Record<EndReason, (deadlineMs: number, scannedBytesMax: number) => string>> = {
  deadline: (deadlineMs) => `ended: the deadline of ${deadlineMs} ms was reached; ${rest}`,
  scanned_bytes: (_, bytes) => `ended: ${bytes} bytes were scanned; ${rest}`,
  answer_bytes: () => `ended: the answer is full; ${rest}`,
  expression: () => `ended: an expression took too long on one block; simplify it; ${rest}`,
}
