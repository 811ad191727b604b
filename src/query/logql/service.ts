/** The questions in LogQL on the main thread. */

import { queryLimits } from '../../limits/query.ts'
import { requireCursor } from '../require-cursor.ts'
import type { TailResult, TailTask } from '../tasks.ts'
import type { LogqlService, LogqlTailRead } from './contract.ts'
import { collectEntries, runLines, toldGaps } from './lines-run.ts'
import { type LogqlDeps, runMetric } from './metric-run.ts'
import { readRecords } from './read-records.ts'
import type { IndexResult, SampleResult } from './tasks.ts'

export type LogqlServiceDeps = LogqlDeps & {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly runTail: (task: TailTask) => Promise<TailResult>
}

export function createLogqlService(deps: LogqlServiceDeps): LogqlService {
  const { lanes, now, runTail } = deps
  return {
    lines: (request, signal) => runLines(deps, request, signal),
    metric: (request, signal) => runMetric(deps, request, signal),
    index: async (request, signal) =>
      (await lanes.run('light', { kind: 'index', ...request }, signal)) as IndexResult,
    sample: async (request, signal) => {
      const defaultUntilSec = Math.ceil(now() / 1000) + queryLimits.untilSlackSec
      return (await lanes.run(
        'scan',
        { kind: 'sample', ...request, defaultUntilSec },
        signal,
      )) as SampleResult
    },
    openTail: async (request, signal) => {
      const newest = { ...request, direction: 'backward', intervalNs: 0 } as const
      const { entries, resume, warnings } = await collectEntries(deps, newest, signal)
      return { entries: entries.toReversed(), cursor: resume, caughtUp: false, warnings }
    },
    readTail: async ({ plan, cursor, isCategorized, bytesMax }) => {
      const read = await runTail({
        kind: 'tail',
        plan,
        format: isCategorized ? 'categorized' : 'streams',
        cursor: requireCursor(cursor),
        sliceMs: queryLimits.sliceMs,
        answerBytesMax: bytesMax,
      })
      return tailRead(read)
    },
  }
}

function tailRead({ entries, cursor, caughtUp, warnings }: TailResult): LogqlTailRead {
  const records = readRecords(entries)
  return { entries: records.entries, cursor, caughtUp, warnings: [...warnings, ...toldGaps(records.gaps)] }
}
