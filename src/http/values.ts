/** Reads the values of query parameters: times, ranges, durations, whole numbers, choices. */

import type { Time } from '../model/entry.ts'
import { compareTime, parseDurationMs, parseRfc3339, parseUnixTime } from '../model/time.ts'
import type { TimeRange } from '../query/plan.ts'
import type { BooleanParameter, ChoiceParameter, WholeParameter } from './parameter.ts'
import { allOf, badParameter, badValue, oneOf, type Parameters } from './query-string.ts'

/** Null where it is not given. */
export function readChoice<Choice extends string>(
  parameters: Parameters,
  name: string,
  accepted: ChoiceParameter<Choice>,
): Choice | null {
  return readChoices(parameters, name, accepted)[0] ?? null
}

export function readChoices<Choice extends string>(
  parameters: Parameters,
  name: string,
  { schema }: ChoiceParameter<Choice>,
): readonly Choice[] {
  const choices: readonly Choice[] = schema.enum
  return allOf(parameters, name).map((value) => {
    const known = choices.find((one) => one === value)
    if (known === undefined) throw badValue(name, value, listed(choices))
    return known
  })
}

/** `a, b or c`. */
function listed(values: readonly string[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

export function readBoolean(parameters: Parameters, name: string, { schema }: BooleanParameter): boolean {
  const value = oneOf(parameters, name)
  if (value === null) return schema.default
  if (value !== 'true' && value !== 'false') throw badValue(name, value, 'true or false')
  return value === 'true'
}

/** Null where it is not given and has no default. */
export function readWhole(parameters: Parameters, name: string, accepted: WholeParameter): number | null {
  return readWholes(parameters, name, accepted)[0] ?? accepted.schema.default ?? null
}

export function readWholes(
  parameters: Parameters,
  name: string,
  { schema: { minimum, maximum } }: WholeParameter,
): readonly number[] {
  return allOf(parameters, name).map((value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    if (number >= minimum && number <= maximum) return number
    throw badValue(name, value, `a whole number from ${minimum} to ${maximum}`)
  })
}

/** At least 1. Null where it is not given. */
export function readDurationMs(parameters: Parameters, name: string): number | null {
  const value = oneOf(parameters, name)
  if (value === null) return null
  const durationMs = parseDurationMs(value)
  if (durationMs === null || durationMs === 0) throw badValue(name, value, 'a duration (30s, 5m, 1h30m, 1d)')
  return durationMs
}

/** Null where an end is not given. Relative times lie before `nowMs`. */
export function readRange(parameters: Parameters, nowMs: number): TimeRange {
  const range = { since: readTime(parameters, 'since', nowMs), until: readTime(parameters, 'until', nowMs) }
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

export function readTime(parameters: Parameters, name: string, nowMs: number): Time | null {
  const value = oneOf(parameters, name)
  if (value === null) return null
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
