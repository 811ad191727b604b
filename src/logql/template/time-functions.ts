/** Functions of templates over instants. */

import { formatGoTime, type GoTime, isGoTime, parseGoTime } from './go-time.ts'
import { fixed, type TemplateFunction } from './signature.ts'
import { TemplateFailure, type Value } from './values.ts'

const secondNs = 1_000_000_000n

export const timeFunctions: Readonly<Record<string, TemplateFunction>> = {
  __timestamp__: fixed([], (_values, { time }) => ({
    ns: BigInt(time.sec) * secondNs + BigInt(time.ns),
    zone: 'UTC',
  })),
  now: fixed([], () => ({ ns: BigInt(Date.now()) * 1_000_000n, zone: 'UTC' })),
  date: fixed(['string', 'any'], ([layout, value]) => formatGoTime(timeOf(value), layout)),
  toDate: fixed(['string', 'string'], ([layout, text]) => parsed(layout, text, 'UTC')),
  toDateInZone: fixed(['string', 'string', 'string'], ([layout, zone, text]) => parsed(layout, text, zone)),
  unixEpoch: fixed(['time'], ([{ ns }]) => String(floorDivided(ns, secondNs))),
  unixEpochMillis: fixed(['time'], ([{ ns }]) => String(floorDivided(ns, 1_000_000n))),
  unixEpochNanos: fixed(['time'], ([{ ns }]) => String(ns)),
  unixToTime: fixed(['string'], ([text]) => fromUnix(text)),
}

function floorDivided(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

/** What is no time is now, as sprig has it; a whole number counts seconds. */
function timeOf(value: Value): GoTime {
  if (isGoTime(value)) return value
  if (typeof value === 'bigint') return { ns: value * secondNs, zone: 'UTC' }
  return { ns: BigInt(Date.now()) * 1_000_000n, zone: 'UTC' }
}

const zeroTime: GoTime = { ns: -62_135_596_800n * secondNs, zone: 'UTC' }

function parsed(layout: string, text: string, zone: string): GoTime {
  try {
    return parseGoTime(layout, text, zone) ?? zeroTime
  } catch (error) {
    if (error instanceof RangeError) throw new TemplateFailure(`unknown time zone ${zone}`)
    throw error
  }
}

/** The unit is told by the number of digits: days, seconds, milliseconds, microseconds, nanoseconds. */
const unitNs: Readonly<Record<number, bigint>> = {
  5: 86_400n * secondNs,
  10: secondNs,
  13: 1_000_000n,
  16: 1_000n,
  19: 1n,
}

function fromUnix(text: string): GoTime {
  const unit = unitNs[text.length]
  if (unit === undefined || !/^\d+$/.test(text)) {
    throw new TemplateFailure(`unable to parse time ${JSON.stringify(text)}`)
  }
  return { ns: BigInt(text) * unit, zone: 'UTC' }
}
