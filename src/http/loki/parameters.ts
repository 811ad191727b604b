/** Parameters of Grafana Loki's HTTP API: from the query string and from forms, unknown ones ignored. */

import { LogkeepError } from '../../errors.ts'
import { parsePrometheusDuration } from '../../logql/syntax/units.ts'
import type { Time } from '../../model/entry.ts'
import { parseRfc3339 } from '../../model/time.ts'
import type { TimeRange } from '../../query/plan.ts'

/** Times in nanoseconds since 1970. */
export type LokiRange = { readonly startNs: bigint; readonly endNs: bigint }

const secondNs = 1_000_000_000n
const hourNs = 3_600n * secondNs
const millisecondNs = 1_000_000n

export class LokiParameters {
  readonly #values: URLSearchParams

  /** What follows `?`, and the body of a form. */
  constructor(query: string, form: string) {
    this.#values = new URLSearchParams(query)
    for (const [name, value] of new URLSearchParams(form)) this.#values.append(name, value)
  }

  /** Empty where it is absent. */
  text(name: string): string {
    return this.#values.get(name) ?? ''
  }

  all(name: string): string[] {
    return this.#values.getAll(name)
  }

  /** `start`, `end` and `since`, with what Loki takes where they are absent. */
  range(nowMs: number): LokiRange {
    const nowNs = BigInt(Math.round(nowMs)) * millisecondNs
    const endNs = this.time('end') ?? nowNs
    const startNs = this.time('start') ?? (endNs < nowNs ? endNs : nowNs) - this.#since()
    if (endNs <= startNs) throw badParameter('end timestamp must not be before or equal to start time')
    return { startNs, endNs }
  }

  /** Null where it is absent. */
  time(name: string): bigint | null {
    const text = this.text(name)
    if (text === '') return null
    const ns = parseLokiTime(text)
    if (ns === null) throw badParameter(`could not parse '${name}' timestamp: ${JSON.stringify(text)}`)
    return ns
  }

  /** Seconds as a number, or a duration; in nanoseconds. Null where it is absent. */
  duration(name: string): number | null {
    const text = this.text(name)
    if (text === '') return null
    const ns = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
      ? Math.round(Number(text) * 1e9)
      : parsePrometheusDuration(text)
    if (ns === null || !Number.isSafeInteger(Math.round(ns / 1e3))) {
      throw badParameter(`cannot parse ${JSON.stringify(text)} to a valid duration`)
    }
    return ns
  }

  /** A whole number above 0. */
  limit(name: string, standard: number): number {
    const text = this.text(name)
    if (text === '') return standard
    const limit = /^\d{1,15}$/.test(text) ? Number(text) : 0
    if (limit <= 0) throw badParameter(`${name} must be a positive value`)
    return limit
  }

  #since(): bigint {
    const text = this.text('since')
    if (text === '') return hourNs
    const ns = parsePrometheusDuration(text)
    if (ns === null) throw badParameter(`could not parse 'since' parameter: ${JSON.stringify(text)}`)
    return BigInt(Math.round(ns))
  }
}

/** A number with a point is seconds, one of up to ten digits too, a longer one nanoseconds; else RFC 3339. */
function parseLokiTime(text: string): bigint | null {
  if (/^-?\d+\.\d*(?:[eE][+-]?\d+)?$/.test(text)) {
    const ms = Math.round(Number(text) * 1000)
    return Number.isSafeInteger(ms) ? BigInt(ms) * millisecondNs : null
  }
  if (/^-?\d{1,19}$/.test(text)) {
    const value = BigInt(text)
    return text.replace('-', '').length <= 10 ? value * secondNs : value
  }
  const time = parseRfc3339(text)
  return time === null ? null : BigInt(time.sec) * secondNs + BigInt(time.ns)
}

export function timeOfNs(ns: bigint): Time {
  const rest = ((ns % secondNs) + secondNs) % secondNs
  return { sec: Number((ns - rest) / secondNs), ns: Number(rest) }
}

export function rangeOfNs({ startNs, endNs }: LokiRange): TimeRange {
  return { since: timeOfNs(startNs), until: timeOfNs(endNs) }
}

export function badParameter(message: string): LogkeepError {
  const hint =
    "parameters are those of Loki's HTTP API: https://grafana.com/docs/loki/latest/reference/loki-http-api/"
  return new LogkeepError('BAD_PARAMETER', message, hint)
}
