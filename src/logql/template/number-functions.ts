/** Functions of templates over numbers, as sprig has them: whatever cannot be read as a number is 0. */

import { parseGoDuration, parseSize } from '../syntax/units.ts'
import { type DecimalOperator, decimalOf } from './decimal.ts'
import { fixed, type TemplateFunction, variadic } from './signature.ts'
import { TemplateFailure, type Value } from './values.ts'

export const numberFunctions: Readonly<Record<string, TemplateFunction>> = {
  add: variadic([], 'any', (values) => values.map(wholeOf).reduce((sum, value) => wrapped(sum + value), 0n)),
  sub: fixed(['any', 'any'], ([one, other]) => wrapped(wholeOf(one) - wholeOf(other))),
  mul: variadic(['any'], 'any', (values) =>
    values.map(wholeOf).reduce((product, value) => wrapped(product * value)),
  ),
  div: fixed(['any', 'any'], ([one, other]) => wholeOf(one) / nonZero(wholeOf(other))),
  mod: fixed(['any', 'any'], ([one, other]) => wholeOf(one) % nonZero(wholeOf(other))),
  min: variadic(['any'], 'any', (values) =>
    values.map(wholeOf).reduce((least, value) => (value < least ? value : least)),
  ),
  max: variadic(['any'], 'any', (values) =>
    values.map(wholeOf).reduce((most, value) => (value > most ? value : most)),
  ),
  addf: variadic([], 'any', (values) => decimals('+', [0, ...values])),
  subf: variadic(['any'], 'any', (values) => decimals('-', values)),
  mulf: variadic(['any'], 'any', (values) => decimals('*', values)),
  divf: variadic(['any'], 'any', (values) => decimals('/', values)),
  minf: variadic(['any'], 'any', (values) => Math.min(...values.map(fractionOf))),
  maxf: variadic(['any'], 'any', (values) => Math.max(...values.map(fractionOf))),
  ceil: fixed(['any'], ([value]) => Math.ceil(fractionOf(value))),
  floor: fixed(['any'], ([value]) => Math.floor(fractionOf(value))),
  round: variadic(['any', 'int'], 'float', ([value, places, border = 0.5]) =>
    rounded(fractionOf(value), Number(places), border),
  ),
  int: fixed(['any'], ([value]) => wholeOf(value)),
  float64: fixed(['any'], ([value]) => fractionOf(value)),
  bytes: fixed(['string'], ([text]) => requireNumber(parseSize(text), text, 'bytes')),
  duration: fixed(['string'], ([text]) => requireNumber(parseGoDuration(text), text, 'duration') / 1e9),
  duration_seconds: fixed(
    ['string'],
    ([text]) => requireNumber(parseGoDuration(text), text, 'duration') / 1e9,
  ),
}

function requireNumber(value: number | null, text: string, kind: string): number {
  if (value === null) throw new TemplateFailure(`error calling ${kind}: cannot read ${JSON.stringify(text)}`)
  return value
}

const bits = 64

function wrapped(value: bigint): bigint {
  return BigInt.asIntN(bits, value)
}

function nonZero(value: bigint): bigint {
  if (value === 0n) throw new TemplateFailure('integer divide by zero')
  return value
}

/** As Go's `cast` does it: fractions are cut off, what is no number is 0. */
export function wholeOf(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isFinite(value) ? wrapped(BigInt(Math.trunc(value))) : 0n
  if (typeof value !== 'string') return 0n
  const whole = /^([+-]?)(\d+|0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+)(?:\.0*)?$/.exec(value)
  if (whole === null) return 0n
  const digits = whole[2] as string
  const isOctal = /^0[0-7]+$/.test(digits)
  if (/^0\d/.test(digits) && !isOctal) return 0n
  const size = BigInt(isOctal ? `0o${digits.slice(1)}` : digits)
  return wrapped(whole[1] === '-' ? -size : size)
}

export function fractionOf(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string' || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) return 0
  return Number(value)
}

function decimals(operator: DecimalOperator, values: readonly Value[]): number {
  const [first = 0, ...rest] = values.map(fractionOf)
  return rest.reduce((result, value) => decimalOf(operator, result, value), first)
}

/** As sprig does it: the fraction of what is below 0 is below 0, so that it always goes down. */
function rounded(value: number, places: number, border: number): number {
  const power = 10 ** places
  const scaled = value * power
  return (scaled % 1 >= border ? Math.ceil(scaled) : Math.floor(scaled)) / power
}
