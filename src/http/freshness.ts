/** Has what is written on the node stored before a question about it is answered, or says that it is not. */

import type { Collector } from '../collector/contract.ts'
import { httpLimits } from '../limits/http.ts'
import { parseCursor } from '../model/cursor.ts'
import type { TimeRange } from '../query/plan.ts'

/**
 * Whether the answer depends on what may not be read yet: a history walk has its end fixed by its first page.
 */
export function reachesNow(range: TimeRange, cursor: string | null, nowMs: number): boolean {
  if (cursor !== null && parseCursor(cursor)?.kind !== 'tail') return false
  return range.until === null || range.until.sec * 1000 > nowMs
}

/** Warnings for the answer; none where it need not be fresh. Never rejects. */
export async function refresh(
  collector: Pick<Collector, 'sync'>,
  isNeeded: boolean,
): Promise<readonly string[]> {
  if (!isNeeded) return []
  const { behindMs } = await collector.sync(httpLimits.syncWaitMs)
  return behindMs === null ? [] : [`behind: ${Math.round(behindMs)} ms`]
}
