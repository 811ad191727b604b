/** `printf` after Go's fmt: verbs, widths and precisions for texts, numbers and truth values. */

import { isGoTime } from './go-time.ts'
import { formatFloat, printed, TemplateFailure, type Value } from './values.ts'

const verb = /%([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?([a-zA-Z%])/g
/** Wider columns are refused. */
const widthMax = 10_000

type Verb = {
  readonly flags: string
  readonly width: number
  /** Null: none is given. */
  readonly precision: number | null
  readonly letter: string
}

/** `kinds`: of the values, as Go names them. */
export function goFormat(format: string, values: readonly Value[], kinds: readonly string[]): string {
  let next = 0
  const take = (): Value | undefined => values[next++]
  const size = (text: string | undefined): number | null => {
    if (text === undefined) return null
    const value = text === '*' ? Number(take()) : Number(text)
    if (!(Math.abs(value) <= widthMax)) throw new TemplateFailure('printf: bad width or precision')
    return value
  }
  const written = format.replaceAll(verb, (all, flags: string, width, precision, letter: string) => {
    if (letter === '%') return '%'
    const wide = size(width as string | undefined) ?? 0
    const hasPoint = all.includes('.')
    const precise = hasPoint ? (size(precision as string | undefined) ?? 0) : null
    const kind = kinds[next] as string
    const value = take()
    if (value === undefined) return `%!${letter}(MISSING)`
    const isLeft = flags.includes('-') || wide < 0
    const one = { flags, width: Math.abs(wide), precision: precise, letter }
    return padded(formatOne(one, value, kind), one, isLeft, value)
  })
  if (next >= values.length) return written
  const extra = values.slice(next).map((value, index) => `${kinds[next + index]}=${printed(value)}`)
  return `${written}%!(EXTRA ${extra.join(', ')})`
}

function padded(text: string, { flags, width }: Verb, isLeft: boolean, value: Value): string {
  const missing = width - Array.from(text).length
  if (missing <= 0) return text
  if (isLeft) return text + ' '.repeat(missing)
  const isNumber = typeof value === 'bigint' || typeof value === 'number'
  if (!flags.includes('0') || !isNumber) return ' '.repeat(missing) + text
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function formatOne({ flags, precision, letter }: Verb, value: Value, kind: string): string {
  const bad = `%!${letter}(${kind}=${printed(value)})`
  // A time knows itself how it is written.
  const text = isGoTime(value) ? printed(value) : value
  switch (letter) {
    case 'v':
      return typeof value === 'bigint' ? signed(String(value), flags) : cut(printed(value), value, precision)
    case 's':
      return typeof text === 'string' ? cut(text, text, precision) : bad
    case 'q':
      return typeof text === 'string' ? JSON.stringify(text) : bad
    case 't':
      return typeof value === 'boolean' ? String(value) : bad
    case 'T':
      return kind
    case 'd':
      return typeof value === 'bigint' ? signed(String(value), flags) : bad
    case 'c':
      return typeof value === 'bigint' ? String.fromCodePoint(Number(value)) : bad
    case 'b':
    case 'o':
      return typeof value === 'bigint' ? value.toString(letter === 'b' ? 2 : 8) : bad
    case 'x':
    case 'X': {
      const hex = hexOf(value)
      if (hex === null) return bad
      return letter === 'X' ? hex.toUpperCase() : hex
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return typeof value === 'number' ? signed(formatFraction(letter, value, precision), flags) : bad
    default:
      return bad
  }
}

function signed(text: string, flags: string): string {
  if (text.startsWith('-')) return text
  if (flags.includes('+')) return `+${text}`
  return flags.includes(' ') ? ` ${text}` : text
}

function cut(text: string, value: Value, precision: number | null): string {
  return precision === null || typeof value !== 'string'
    ? text
    : Array.from(text).slice(0, precision).join('')
}

function hexOf(value: Value): string | null {
  if (typeof value === 'bigint') return value.toString(16)
  return typeof value === 'string' ? Buffer.from(value).toString('hex') : null
}

/** Digits behind the point where no precision is given. */
const defaultPrecision = 6
const precisionMax = 100

function formatFraction(letter: string, value: number, precision: number | null): string {
  if (!Number.isFinite(value)) return formatFloat(value)
  const digits = Math.min(precision ?? defaultPrecision, precisionMax)
  switch (letter.toLowerCase()) {
    case 'f':
      return value.toFixed(digits)
    case 'e':
      return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2')
    default:
      return precision === null
        ? formatFloat(value)
        : formatFloat(Number(value.toPrecision(Math.max(digits, 1))))
  }
}
