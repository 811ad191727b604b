/** Functions that every Go template has: comparisons, `len`, `index`, `print` and escaping. */

import { goFormat } from './go-format.ts'
import { fixed, type Given, type TemplateFunction, variadic } from './signature.ts'
import { urlEncoded } from './text-functions.ts'
import { isList, isMap, isTrue, kindOf, LabelMap, printed, TemplateFailure, type Value } from './values.ts'

export const builtins: Readonly<Record<string, TemplateFunction>> = {
  not: fixed(['any'], ([value]) => !isTrue(value)),
  eq: variadic(['any'], 'any', ([first, ...others]) => {
    if (others.length === 0) throw new TemplateFailure('missing argument for comparison')
    return others.some((other) => isEqual(first, other))
  }),
  ne: fixed(['any', 'any'], ([one, other]) => !isEqual(one, other)),
  lt: fixed(['any', 'any'], ([one, other]) => compared(one, other) < 0),
  le: fixed(['any', 'any'], ([one, other]) => compared(one, other) <= 0),
  gt: fixed(['any', 'any'], ([one, other]) => compared(one, other) > 0),
  ge: fixed(['any', 'any'], ([one, other]) => compared(one, other) >= 0),
  len: fixed(['any'], ([value]) => lengthOf(value)),
  index: variadic(['any'], 'any', ([value, ...keys]) => keys.reduce<Value>(elementOf, value)),
  slice: variadic(['any'], 'any', ([value, start = 0n, end]) => sliceOf(value, start, end)),
  print: variadic([], 'any', (values) => spaced(values)),
  println: variadic([], 'any', (values) => `${values.map(printed).join(' ')}\n`),
  printf: variadic(['string'], 'any', ([format, ...values], _state, given) =>
    goFormat(format, values, given.slice(1).map(kindOfGiven)),
  ),
  html: variadic([], 'any', (values) => escaped(values.map(printed).join(''), htmlEscapes)),
  js: variadic([], 'any', (values) => escaped(values.map(printed).join(''), scriptEscapes)),
  urlquery: variadic([], 'any', (values) => urlEncoded(values.map(printed).join(''))),
}

/** Whole numbers in the template itself are plain ones, others are results of functions. */
function kindOfGiven({ value, float }: Given): string {
  return typeof value === 'bigint' && float !== null ? 'int' : kindOf(value)
}

function isEqual(one: Value, other: Value): boolean {
  if (typeof one === 'object' || typeof other === 'object') {
    if (one === null || other === null) return one === other
    throw new TemplateFailure('uncomparable type')
  }
  if (kindOf(one) !== kindOf(other)) throw new TemplateFailure('incompatible types for comparison')
  return one === other
}

function compared(one: Value, other: Value): number {
  const kind = kindOf(one)
  if (kind !== kindOf(other)) throw new TemplateFailure('incompatible types for comparison')
  if (kind !== 'string' && kind !== 'int64' && kind !== 'float64') {
    throw new TemplateFailure('invalid type for comparison')
  }
  const [a, b] = [one, other] as [string, string]
  if (a === b) return 0
  return a < b ? -1 : 1
}

function lengthOf(value: Value): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (isList(value)) return BigInt(value.length)
  if (isMap(value)) return BigInt(value.size)
  throw new TemplateFailure(`len of type ${kindOf(value)}`)
}

function elementOf(value: Value, key: Value): Value {
  if (isMap(value)) {
    if (typeof key !== 'string') throw new TemplateFailure('value has type other than string')
    return value.get(key) ?? (value instanceof LabelMap ? '' : null)
  }
  if (typeof key !== 'bigint') throw new TemplateFailure('cannot index by this type')
  const index = Number(key)
  if (isList(value) && index >= 0 && index < value.length) return value[index] as Value
  const bytes = typeof value === 'string' ? Buffer.from(value) : null
  if (bytes !== null && index >= 0 && index < bytes.length) return BigInt(bytes[index] as number)
  throw new TemplateFailure(`index out of range or cannot index type ${kindOf(value)}`)
}

function sliceOf(value: Value, start: Value, end: Value | undefined): Value {
  const from = Number(start)
  const length = Number(lengthOf(value))
  const to = end === undefined ? length : Number(end)
  if (!(from >= 0 && from <= to && to <= length)) throw new TemplateFailure('slice bounds out of range')
  if (typeof value === 'string') return Buffer.from(value).subarray(from, to).toString('utf8')
  if (isList(value)) return value.slice(from, to)
  throw new TemplateFailure(`can't slice item of type ${kindOf(value)}`)
}

/** Go puts a space between two that are no texts. */
function spaced(values: readonly Value[]): string {
  let text = ''
  values.forEach((value, index) => {
    const before = values[index - 1]
    if (index > 0 && typeof value !== 'string' && typeof before !== 'string') text += ' '
    text += printed(value)
  })
  return text
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\ufffd',
}

const scriptEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
  '\n': '\\u000A',
  '\r': '\\u000D',
  '\t': '\\u0009',
}

function escaped(text: string, escapes: Readonly<Record<string, string>>): string {
  return Array.from(text, (character) => escapes[character] ?? character).join('')
}
