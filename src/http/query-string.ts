/** Reads a query string strictly: unknown, empty, repeated and undecodable parameters are refused by name. */

import { LogkeepError, type LogkeepErrorOptions } from '../errors.ts'
import { httpLimits } from '../limits/http.ts'
import { nearestName } from '../model/nearest-name.ts'
import type { AcceptedParameters } from './parameter.ts'

/** Values by parameter, in the order given; never empty texts, never more of them than accepted. */
export type Parameters = ReadonlyMap<string, readonly string[]>

/** Longest piece of what was given that an error repeats. */
const shownCharsMax = 120

/**
 * `text` is what follows `?`. `+` is a space, as in forms. Throws `BAD_PARAMETER` naming the parameter. Where
 * a `+` must have stood (levels, time zones), the parsers of those values read the space as one.
 */
export function parseQueryString(text: string, accepted: AcceptedParameters): Parameters {
  const parameters = new Map<string, string[]>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals), 'a name')
    const rule = Object.hasOwn(accepted, name) ? accepted[name] : undefined
    if (rule === undefined) throw unknownParameter(name, Object.keys(accepted))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1), name)
    if (value === '') throw badParameter(name, 'is empty', 'leave it out, or give it a value')
    const values = parameters.get(name)
    if (values === undefined) parameters.set(name, [value])
    else if (rule.timesMax === null) throw badParameter(name, 'is given more than once', 'give it once')
    else if (values.length < rule.timesMax) values.push(value)
    else throw givenTooOften(name, rule.timesMax)
  }
  for (const [name, { isRequired, description }] of Object.entries(accepted)) {
    if (isRequired && !parameters.has(name)) throw badParameter(name, 'is missing', description)
  }
  return parameters
}

export function oneOf(parameters: Parameters, name: string): string | null {
  return parameters.get(name)?.[0] ?? null
}

export function allOf(parameters: Parameters, name: string): readonly string[] {
  return parameters.get(name) ?? []
}

/** `what` goes on after the parameter's name. */
export function badParameter(
  name: string,
  what: string,
  accepted: string,
  options?: LogkeepErrorOptions,
): LogkeepError {
  return new LogkeepError('BAD_PARAMETER', `parameter "${shown(name)}" ${what}`, accepted, options)
}

export function badValue(name: string, value: string, accepted: string): LogkeepError {
  return badParameter(name, `is ${JSON.stringify(shown(value))}`, `accepted: ${accepted}`)
}

function givenTooOften(name: string, timesMax: number): LogkeepError {
  const limit = timesMax === httpLimits.parameterValuesMax ? 'parameter_values' : 'filters'
  return badParameter(name, 'is given too often', `at most ${timesMax} times`, { limit })
}

function unknownParameter(name: string, known: readonly string[]): LogkeepError {
  const nearest = nearestName(name, known)
  const guess = nearest === null ? '' : `did you mean "${nearest}"? `
  const list = known.length === 0 ? 'none are accepted here' : `accepted: ${known.join(', ')}`
  return badParameter(name, 'is unknown', `${guess}${list}`)
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    const message = `parameter "${shown(name)}" has a percent sign that begins no UTF-8 character`
    throw new LogkeepError('BAD_PARAMETER', message, 'write % as %25', { cause })
  }
}

function shown(text: string): string {
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
}
