/** Values inside templates, with Go's kinds: whole numbers are bigint, fractions are number. */

import { formatGoTime, type GoTime, isGoTime } from './go-time.ts'

export type Value =
  | string
  | bigint
  | number
  | boolean
  | null
  | GoTime
  | readonly Value[]
  | ReadonlyMap<string, Value>

/** What goes wrong while a line is formatted. */
export class TemplateFailure extends Error {}

/** Labels, of which those that are missing are empty. */
export class LabelMap extends Map<string, string> {}

export function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

export function isTrue(value: Value): boolean {
  if (value === null) return false
  if (isList(value)) return value.length > 0
  if (isMap(value)) return value.size > 0
  if (typeof value === 'object') return true
  return typeof value === 'bigint' ? value !== 0n : Boolean(value) || Number.isNaN(value)
}

/** Kind of a value as Go names it. */
export function kindOf(value: Value): string {
  if (value === null) return 'nil'
  if (isList(value)) return 'slice'
  if (isMap(value)) return 'map'
  if (isGoTime(value)) return 'time.Time'
  if (typeof value === 'bigint') return 'int64'
  return typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : 'string'
}

/** A value as Go's `%v` prints it. */
export function printed(value: Value): string {
  if (value === null) return '<no value>'
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatFloat(value)
  if (isList(value)) return `[${value.map(printedInside).join(' ')}]`
  if (isMap(value)) {
    const members = [...value].sort(([one], [other]) => (one < other ? -1 : 1))
    return `map[${members.map(([key, member]) => `${key}:${printedInside(member)}`).join(' ')}]`
  }
  return isGoTime(value) ? formatGoTime(value, '2006-01-02 15:04:05.999999999 -0700 MST') : String(value)
}

function printedInside(value: Value): string {
  return value === null ? '<nil>' : printed(value)
}

/** Go's shortest form with `%g`: an exponent below -4 and from 6 on. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = ''] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < shortExponentMax) return plainFloat(value)
  const sign = exponent < 0 ? '-' : '+'
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
}

const shortExponentMax = 6

function plainFloat(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text
}
