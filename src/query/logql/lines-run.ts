/** Log queries on the main thread: pages of history until there are enough entries, grouped by labels. */

import { queryLimits } from '../../limits/query.ts'
import type { LogsPage, LogsRequest, QueryStats } from '../contract.ts'
import { answerEnding, type Ending, type QueryBounds, spentEnding, withAdvice } from '../ending.ts'
import type { Pager } from '../pager.ts'
import { type LogqlEntry, type LogqlLinesAnswer, type LogqlLinesRequest, linesAdvice } from './contract.ts'
import { bytesOf, groupByLabels, nanosecondsOf, readRecords } from './read-records.ts'

/** Gap records that are told one by one. */
const gapsToldMax = 10
/** Entries that are read at a time where only some of them are kept. */
const intervalPageLimit = 5_000

/** What logs are answered by, and within which bounds. */
export type LinesDeps = { readonly pager: Pager; readonly bounds: QueryBounds }

export async function runLines(
  deps: LinesDeps,
  request: LogqlLinesRequest,
  signal: AbortSignal,
): Promise<LogqlLinesAnswer> {
  const { entries, ...answer } = await collectEntries(deps, request, signal)
  return { streams: groupByLabels(entries), count: entries.length, ...answer }
}

type Collected = Omit<LogqlLinesAnswer, 'streams' | 'count'> & {
  readonly entries: readonly LogqlEntry[]
  /** Cursor of a tail that goes on behind the range. */
  readonly resume: string
}

/** Entries in the order of the request, across labels. Bounds hold for all pages of them together. */
export async function collectEntries(
  { pager, bounds }: LinesDeps,
  { plan, range, direction, limit, intervalNs, isCategorized }: LogqlLinesRequest,
  signal: AbortSignal,
): Promise<Collected> {
  const started = performance.now()
  const format = isCategorized ? 'categorized' : 'streams'
  const isThinned = intervalNs > 0
  const kept = createKept(limit, intervalNs)
  const gaps: string[] = []
  const warnings = new Set<string>()
  const total = { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs: 0 }
  let cursor: LogsRequest['cursor'] = null
  for (;;) {
    const wanted = isThinned ? intervalPageLimit : limit - kept.entries.length
    const share = { started, scannedBytes: total.scannedBytes, advice: linesAdvice }
    const request = { plan, range, direction, limit: wanted, cursor, format } as const
    const page = await pager.page(request, signal, false, share)
    add(total, page.stats)
    const records = readRecords(page.entries)
    gaps.push(...records.gaps)
    kept.add(records.entries)
    cursor = page.next
    const isOver = kept.entries.length >= limit || cursor === null
    const ending = isOver ? null : (endingOf(page, kept.bytes, isThinned) ?? spent(started, total, bounds))
    for (const warning of warningsOf(page)) warnings.add(warning)
    if (ending !== null) warnings.add(ending.warning)
    if (isOver || ending !== null) {
      return {
        entries: kept.entries,
        ended: ending?.reason ?? null,
        stats: total,
        warnings: [...warnings, ...toldGaps(gaps)],
        resume: page.resume,
      }
    }
  }
}

/** Without that of its ending, which is its last. */
function warningsOf({ warnings, ended }: LogsPage): readonly string[] {
  return ended === null ? warnings : warnings.slice(0, -1)
}

/** A page that is full of what was not kept is none of the answer. */
function endingOf({ ended, warnings }: LogsPage, keptBytes: number, isThinned: boolean): Ending | null {
  const { answerBytesMax } = queryLimits
  if (ended !== null && !(isThinned && ended === 'answer_bytes')) {
    return { reason: ended, warning: warnings.at(-1) as string }
  }
  return keptBytes < answerBytesMax ? null : withAdvice(answerEnding(answerBytesMax), linesAdvice)
}

function spent(started: number, { scannedBytes }: QueryStats, bounds: QueryBounds): Ending | null {
  const ending = spentEnding({ elapsedMs: performance.now() - started, scannedBytes }, bounds)
  return ending && withAdvice(ending, linesAdvice)
}

/** Takes entries up to the limit, each so far from the last that was taken. */
function createKept(limit: number, intervalNs: number) {
  const entries: LogqlEntry[] = []
  const isFarEnough = createDistance(BigInt(Math.round(intervalNs)))
  let bytes = 0
  return {
    entries: entries as readonly LogqlEntry[],
    get bytes() {
      return bytes
    },
    add: (found: readonly LogqlEntry[]): void => {
      for (const entry of found) {
        if (entries.length >= limit) return
        if (!isFarEnough(entry)) continue
        entries.push(entry)
        bytes += bytesOf(entry)
      }
    },
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
