/** Decimal arithmetic, as `addf` and its like do it: 0.1 and 0.2 are 0.3. */

import { TemplateFailure } from './values.ts'

export type DecimalOperator = '+' | '-' | '*' | '/'

/** `digits` × 10^-`scale`. */
type Decimal = { readonly digits: bigint; readonly scale: number }

/** Digits behind the point of a quotient. */
const divisionScale = 16
/** Beyond this the numbers themselves are good enough. */
const scaleMax = 400

export function decimalOf(operator: DecimalOperator, left: number, right: number): number {
  if (operator === '/' && right === 0) throw new TemplateFailure('decimal division by 0')
  const one = parse(left)
  const other = parse(right)
  if (one === null || other === null) return plain(operator, left, right)
  if (operator === '*') return numberOf(one.digits * other.digits, one.scale + other.scale)
  const scale = Math.max(one.scale, other.scale)
  const a = one.digits * 10n ** BigInt(scale - one.scale)
  const b = other.digits * 10n ** BigInt(scale - other.scale)
  if (operator !== '/') return numberOf(operator === '+' ? a + b : a - b, scale)
  // One digit more than kept, to round by.
  const quotient = (a * 10n ** BigInt(divisionScale + 1)) / b
  const half = quotient < 0n ? -5n : 5n
  return numberOf((quotient + half) / 10n, divisionScale)
}

function plain(operator: DecimalOperator, left: number, right: number): number {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  return operator === '*' ? left * right : left / right
}

function parse(value: number): Decimal | null {
  if (!Number.isFinite(value)) return null
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  const scale = fraction.length - Number(exponent)
  if (Math.abs(scale) > scaleMax) return null
  const digits = BigInt(whole + fraction)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

function numberOf(digits: bigint, scale: number): number {
  return Number(`${digits}e-${scale}`)
}
