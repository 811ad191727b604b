/** Ranges of time: presets, what people type, and the instants that they mean. */

import type { Range } from './view-state.ts'

export const presets = [
  ['5m', 'Last 5 minutes'],
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['6h', 'Last 6 hours'],
  ['24h', 'Last 24 hours'],
  ['2d', 'Last 2 days'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
] as const

const unitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}
/** No log is older: longer durations are typing errors. */
const durationMsMax = 3650 * 86_400_000

/** `90s`, `1h30m`, `7d`; null for anything else. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+[smhdw])+$/.test(text)) return null
  let ms = 0
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g)) {
    ms += Number(count) * (unitsMs[unit as string] as number)
  }
  return ms > 0 && ms <= durationMsMax ? ms : null
}

/** Milliseconds since 1970; `untilMs` null: now and whatever comes. */
export type Instants = { readonly sinceMs: number; readonly untilMs: number | null }

/** Null where the texts mean no time, or the beginning does not lie before the end. */
export function resolveRange({ since, until }: Range, nowMs: number): Instants | null {
  const durationMs = parseDuration(since)
  const untilMs = until === null ? null : Date.parse(until)
  const sinceMs = durationMs === null ? Date.parse(since) : (untilMs ?? nowMs) - durationMs
  if (Number.isNaN(sinceMs) || (untilMs !== null && Number.isNaN(untilMs))) return null
  if (sinceMs >= (untilMs ?? Number.POSITIVE_INFINITY)) return null
  return { sinceMs, untilMs }
}

export function absoluteRange(sinceMs: number, untilMs: number): Range {
  return { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString() }
}

export function isEqualRange(one: Range, other: Range): boolean {
  return one.since === other.since && one.until === other.until
}

/** As `parseDuration` reads it, in whole seconds: `2h`, `1h30m`. */
export function durationText(ms: number): string {
  let rest = Math.max(1, Math.round(ms / 1000))
  let text = ''
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds)
    if (count > 0) text += `${count}${unit}`
    rest -= count * seconds
  }
  return text
}

/** Twice as wide: up to now where the range is, else around the same middle, not beyond now. */
export function widerRange(range: Range, nowMs: number): Range {
  const instants = resolveRange(range, nowMs)
  if (instants === null) return range
  const untilMs = instants.untilMs ?? nowMs
  const spanMs = untilMs - instants.sinceMs
  const isRelative = range.until === null && parseDuration(range.since) !== null
  if (isRelative) return { since: durationText(Math.min(2 * spanMs, durationMsMax)), until: null }
  return absoluteRange(instants.sinceMs - spanMs / 2, Math.min(untilMs + spanMs / 2, nowMs))
}

/** What the button of the range says. */
export function rangeLabel({ since, until }: Range, format: (ms: number) => string): string {
  const preset = presets.find(([value]) => value === since)
  if (until === null && preset !== undefined) return preset[1]
  const isDuration = parseDuration(since) !== null
  if (until === null) return isDuration ? `Last ${since}` : `Since ${format(Date.parse(since))}`
  const begin = isDuration ? `${since} up to` : `${format(Date.parse(since))} to`
  return `${begin} ${format(Date.parse(until))}`
}

/**
 * A time as people type it: RFC 3339, `2026-11-30 10:15[:30[.5]]`, `10:15` of the day of `nowMs`, or a
 * duration before `nowMs`. Without a zone it is read in `utc` or the local one. Null for anything else.
 */
export function parseTypedTime(text: string, utc: boolean, nowMs: number): number | null {
  const trimmed = text.trim()
  if (trimmed === 'now') return nowMs
  const durationMs = parseDuration(trimmed.replace(/^-/, ''))
  if (durationMs !== null) return nowMs - durationMs
  const match =
    /^(?:(\d{4}-\d{2}-\d{2})(?:[T ]|$))?(?:(\d{2}:\d{2})(?::(\d{2}(?:\.\d+)?))?)?(Z|[+-]\d{2}:\d{2})?$/.exec(
      trimmed,
    )
  if (match === null || trimmed === '') return null
  const [, day = dayOf(nowMs, utc), clock = '00:00', seconds = '00', zone = utc ? 'Z' : ''] = match
  const ms = Date.parse(`${day}T${clock}:${seconds}${zone}`)
  return Number.isNaN(ms) ? null : ms
}

function dayOf(ms: number, utc: boolean): string {
  const shift = utc ? 0 : new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - shift).toISOString().slice(0, 'YYYY-MM-DD'.length)
}

/** The next wider preset: for "nothing found here". Null beyond the widest. */
export function widerPreset(spanMs: number): string | null {
  return presets.find(([value]) => (parseDuration(value) ?? 0) > spanMs)?.[0] ?? null
}
