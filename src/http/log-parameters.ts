/**
 * Compiles the query strings of `/logs`, `/logs/tail` and the listings into the requests of the query layer.
 */

import { httpLimits, tailLimits } from '../limits.ts'
import type { Time } from '../model/entry.ts'
import { compareTime, parseDurationMs, parseRfc3339, parseUnixTime } from '../model/time.ts'
import type { ListRequest, LogsRequest, TailStart } from '../query/contract.ts'
import type { Direction, Format, Plan, TimeRange } from '../query/plan.ts'
import { filterParameters, parsePlan, parseStreams, streamParameters } from './filter-parameters.ts'
import { preferredFormat } from './negotiation.ts'
import { badParameter, badValue, oneOf, type Parameters, parseQueryString } from './query-string.ts'

const logsParameters = {
  ...filterParameters,
  since: 'once',
  until: 'once',
  limit: 'once',
  direction: 'once',
  cursor: 'once',
  format: 'once',
} as const

const tailParameters = { ...filterParameters, cursor: 'once', since: 'once', tail: 'once' } as const
const listParameters = { ...streamParameters, limit: 'once', cursor: 'once' } as const

export type TailRequest = { readonly plan: Plan; readonly start: TailStart }

/** `accept` is the request's header. `until` stays null where it is absent. */
export function parseLogsRequest(query: string, nowMs: number, accept: string | undefined): LogsRequest {
  const parameters = parseQueryString(query, logsParameters)
  const format = parseFormat(oneOf(parameters, 'format'), accept)
  const limitDefault = format === 'ndjson' ? null : httpLimits.entriesDefault
  return {
    plan: parsePlan(parameters),
    range: parseRange(parameters, nowMs),
    direction: parseDirection(oneOf(parameters, 'direction')),
    limit: parseLimit(parameters, limitDefault, httpLimits.entriesMax),
    cursor: oneOf(parameters, 'cursor'),
    format,
  }
}

export function parseListRequest(kind: ListRequest['kind'], query: string): ListRequest {
  const parameters = parseQueryString(query, listParameters)
  const limit = parseLimit(parameters, httpLimits.listDefault, httpLimits.listMax)
  return { kind, streams: parseStreams(parameters), limit, cursor: oneOf(parameters, 'cursor') }
}

export function parseTailRequest(query: string, nowMs: number): TailRequest {
  const parameters = parseQueryString(query, tailParameters)
  return { plan: parsePlan(parameters), start: parseTailStart(parameters, nowMs) }
}

function parseTailStart(parameters: Parameters, nowMs: number): TailStart {
  const given = ['cursor', 'since', 'tail'].filter((name) => parameters.has(name))
  if (given.length > 1) {
    throw badParameter(
      given[1] as string,
      `is given together with "${given[0]}"`,
      'one of cursor, since and tail',
    )
  }
  const cursor = oneOf(parameters, 'cursor')
  if (cursor !== null) return { kind: 'cursor', cursor }
  const since = oneOf(parameters, 'since')
  if (since !== null) return { kind: 'since', since: parseTime('since', since, nowMs) }
  const tail = oneOf(parameters, 'tail')
  if (tail === null) return { kind: 'now' }
  const count = parseWhole(tail, 0, tailLimits.backfillMax)
  if (count === null) throw badValue('tail', tail, `a whole number from 0 to ${tailLimits.backfillMax}`)
  return count === 0 ? { kind: 'now' } : { kind: 'newest', count }
}

function parseRange(parameters: Parameters, nowMs: number): TimeRange {
  const given = (name: string): Time | null => {
    const value = oneOf(parameters, name)
    return value === null ? null : parseTime(name, value, nowMs)
  }
  const range = { since: given('since'), until: given('until') }
  if (range.since !== null && range.until !== null && compareTime(range.since, range.until) >= 0) {
    throw badParameter('since', 'is not before "until"', 'since is inclusive, until is exclusive')
  }
  return range
}

const timeForms =
  'RFC 3339 (2026-11-22T10:11:12.123456789Z), unix time in s, ms, µs or ns, ' +
  'or a duration before now (15m, 7d)'
/** A form reads the `+` of a time zone as a space. */
const lostPlus = /^(.*\d\d:\d\d:\d\d(?:\.\d+)?) (\d\d:\d\d)$/
/** 0000-01-01T00:00:00Z. */
const timeSecMin = -62_167_219_200

function parseTime(name: string, value: string, nowMs: number): Time {
  const time =
    parseRfc3339(value.replace(lostPlus, '$1+$2')) ?? parseUnixTime(value) ?? timeBefore(value, nowMs)
  if (time === null) throw badValue(name, value, timeForms)
  return time
}

function timeBefore(value: string, nowMs: number): Time | null {
  const durationMs = parseDurationMs(value)
  if (durationMs === null) return null
  const ms = nowMs - durationMs
  const sec = Math.floor(ms / 1000)
  return sec < timeSecMin ? null : { sec, ns: (ms - sec * 1000) * 1e6 }
}

function parseLimit(parameters: Parameters, absent: number, max: number): number
function parseLimit(parameters: Parameters, absent: number | null, max: number): number | null
function parseLimit(parameters: Parameters, absent: number | null, max: number): number | null {
  const value = oneOf(parameters, 'limit')
  if (value === null) return absent
  const limit = parseWhole(value, 1, max)
  if (limit === null) throw badValue('limit', value, `a whole number from 1 to ${max}`)
  return limit
}

function parseWhole(value: string, min: number, max: number): number | null {
  const whole = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  return whole >= min && whole <= max ? whole : null
}

function parseDirection(value: string | null): Direction {
  if (value === null || value === 'backward') return 'backward'
  if (value === 'forward') return 'forward'
  throw badValue('direction', value, 'backward or forward')
}

function parseFormat(value: string | null, accept: string | undefined): Format {
  if (value === null) return preferredFormat(accept)
  if (value === 'json' || value === 'ndjson' || value === 'text') return value
  throw badValue('format', value, 'json, ndjson or text')
}
