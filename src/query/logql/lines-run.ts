/** Log queries on the main thread: pages of history until there are enough entries, grouped by labels. */

import { queryLimits } from '../../limits/query.ts'
import type { LogsPage, LogsRequest, QueryStats } from '../contract.ts'
import type { Pager } from '../pager.ts'
import type { LogqlEntry, LogqlLinesAnswer, LogqlLinesRequest } from './contract.ts'
import { groupByLabels, nanosecondsOf, readRecords } from './read-records.ts'

/** Gap records that are told one by one. */
const gapsToldMax = 10
/** Entries that are read at a time where only some of them are kept. */
const intervalPageLimit = 5_000

export async function runLines(
  pager: Pager,
  request: LogqlLinesRequest,
  signal: AbortSignal,
): Promise<LogqlLinesAnswer> {
  const { entries, ...answer } = await collectEntries(pager, request, signal)
  return { streams: groupByLabels(entries), count: entries.length, ...answer }
}

type Collected = Omit<LogqlLinesAnswer, 'streams' | 'count'> & {
  readonly entries: readonly LogqlEntry[]
  /** Cursor of a tail that goes on behind the range. */
  readonly resume: string
}

/** Entries in the order of the request, across labels. */
export async function collectEntries(
  pager: Pager,
  { plan, range, direction, limit, intervalNs, isCategorized }: LogqlLinesRequest,
  signal: AbortSignal,
): Promise<Collected> {
  const entries: LogqlEntry[] = []
  const gaps: string[] = []
  const warnings = new Set<string>()
  const total = { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs: 0 }
  const isFarEnough = createDistance(BigInt(Math.round(intervalNs)))
  let cursor: LogsRequest['cursor'] = null
  let bytes = 0
  let page: LogsPage
  do {
    const wanted = intervalNs > 0 ? intervalPageLimit : limit - entries.length
    const format = isCategorized ? 'categorized' : 'streams'
    page = await pager.page({ plan, range, direction, limit: wanted, cursor, format }, signal, false)
    add(total, page.stats)
    const records = readRecords(page.entries)
    gaps.push(...records.gaps)
    for (const entry of records.entries) {
      if (entries.length < limit && isFarEnough(entry)) entries.push(entry)
    }
    for (const warning of page.warnings) warnings.add(warning)
    cursor = page.next
    bytes += page.entries.length
  } while (
    entries.length < limit &&
    cursor !== null &&
    page.ended === null &&
    bytes < queryLimits.answerBytesMax
  )
  return {
    entries,
    ended: page.ended,
    stats: total,
    warnings: [...warnings, ...toldGaps(gaps)],
    resume: page.resume,
  }
}

/** Whether an entry is far enough from the last that was. */
function createDistance(intervalNs: bigint): (entry: LogqlEntry) => boolean {
  let last: bigint | null = null
  return (entry) => {
    if (intervalNs === 0n) return true
    const ns = nanosecondsOf(entry)
    const distance = last === null ? intervalNs : ns > last ? ns - last : last - ns
    if (distance < intervalNs) return false
    last = ns
    return true
  }
}

function add(total: { -readonly [name in keyof QueryStats]: number }, stats: QueryStats): void {
  total.scannedBytes += stats.scannedBytes
  total.scannedLines += stats.scannedLines
  total.blocks += stats.blocks
  total.elapsedMs += stats.elapsedMs
}

export function toldGaps(gaps: readonly string[]): string[] {
  if (gaps.length <= gapsToldMax) return [...gaps]
  return [...gaps.slice(0, gapsToldMax), `and ${gaps.length - gapsToldMax} more records of missing lines`]
}
