/**
 * Functions of templates over texts, as Loki and sprig have them. Lengths are in bytes, as Go counts them.
 */

import { expandReplacement, type TextRegex } from '../../regex/text-regex.ts'
import { LogqlError } from '../error.ts'
import { compilePattern } from '../regexes.ts'
import type { LineState } from '../stages/line-state.ts'
import { fixed, type TemplateFunction, variadic } from './signature.ts'
import { isTrue, TemplateFailure, type Value } from './values.ts'

/** Longer texts are refused, whatever makes them. */
const textLengthMax = 1_048_576

export const textFunctions: Readonly<Record<string, TemplateFunction>> = {
  __line__: fixed([], (_values, state) => state.line),
  lower: fixed(['string'], ([text]) => text.toLowerCase()),
  upper: fixed(['string'], ([text]) => text.toUpperCase()),
  title: fixed(['string'], ([text]) => title(text)),
  trunc: fixed(['int', 'string'], ([count, text]) => truncated(Number(count), text)),
  substr: fixed(['int', 'int', 'string'], ([start, end, text]) =>
    substring(Number(start), Number(end), text),
  ),
  contains: fixed(['string', 'string'], ([part, text]) => text.includes(part)),
  hasPrefix: fixed(['string', 'string'], ([part, text]) => text.startsWith(part)),
  hasSuffix: fixed(['string', 'string'], ([part, text]) => text.endsWith(part)),
  indent: fixed(['int', 'string'], ([count, text]) => indented(count, text)),
  nindent: fixed(['int', 'string'], ([count, text]) => `\n${indented(count, text)}`),
  replace: fixed(['string', 'string', 'string'], ([old, next, text]) => replaced(text, old, next, -1)),
  repeat: fixed(['int', 'string'], ([count, text]) => repeated(text, count)),
  trim: fixed(['string'], ([text]) => text.trim()),
  trimAll: fixed(['string', 'string'], ([set, text]) => trimmed(text, set, 'both')),
  trimPrefix: fixed(['string', 'string'], ([part, text]) => withoutPrefix(text, part)),
  trimSuffix: fixed(['string', 'string'], ([part, text]) => withoutSuffix(text, part)),
  ToLower: fixed(['string'], ([text]) => text.toLowerCase()),
  ToUpper: fixed(['string'], ([text]) => text.toUpperCase()),
  Replace: fixed(['string', 'string', 'string', 'int'], ([text, old, next, count]) =>
    replaced(text, old, next, Number(count)),
  ),
  Trim: fixed(['string', 'string'], ([text, set]) => trimmed(text, set, 'both')),
  TrimLeft: fixed(['string', 'string'], ([text, set]) => trimmed(text, set, 'left')),
  TrimRight: fixed(['string', 'string'], ([text, set]) => trimmed(text, set, 'right')),
  TrimPrefix: fixed(['string', 'string'], ([text, part]) => withoutPrefix(text, part)),
  TrimSuffix: fixed(['string', 'string'], ([text, part]) => withoutSuffix(text, part)),
  TrimSpace: fixed(['string'], ([text]) => text.trim()),
  regexReplaceAll: fixed(['string', 'string', 'string'], ([pattern, text, next], state) => {
    const regex = patternOf(pattern, state)
    return replacedMatches(text, regex, (match) => expandReplacement(next, regex, match))
  }),
  regexReplaceAllLiteral: fixed(['string', 'string', 'string'], ([pattern, text, next], state) =>
    replacedMatches(text, patternOf(pattern, state), () => next),
  ),
  count: fixed(['string', 'string'], ([pattern, text], state) =>
    BigInt(patternOf(pattern, state).all(text).length),
  ),
  urlencode: fixed(['string'], ([text]) => urlEncoded(text)),
  urldecode: fixed(['string'], ([text]) => urlDecoded(text)),
  b64enc: fixed(['string'], ([text]) => Buffer.from(text).toString('base64')),
  b64dec: fixed(['string'], ([text]) => base64Decoded(text)),
  alignLeft: fixed(['int', 'string'], ([count, text]) => aligned(Number(count), text, true)),
  alignRight: fixed(['int', 'string'], ([count, text]) => aligned(Number(count), text, false)),
  default: variadic(['any'], 'any', ([fallback, ...given]) => {
    const [value = null] = given
    return isTrue(value) ? value : fallback
  }),
  fromJson: fixed(['string'], ([text]) => fromJson(text)),
}

/** Patterns that are remembered: those of one query come again with every line. */
const patternsMax = 100

function patternOf(pattern: string, { patterns }: LineState): TextRegex {
  const present = patterns.get(pattern)
  if (present !== undefined) return present
  let compiled: TextRegex
  try {
    compiled = compilePattern(pattern)
  } catch (error) {
    if (error instanceof LogqlError) throw new TemplateFailure(error.message)
    throw error
  }
  if (patterns.size >= patternsMax) patterns.clear()
  patterns.set(pattern, compiled)
  return compiled
}

function bounded(text: string): string {
  if (text.length > textLengthMax) throw new TemplateFailure('a text gets too long')
  return text
}

/** As Go's `strings.Title`: whatever ASCII is no letter, digit or `_` parts words, an apostrophe too. */
function title(text: string): string {
  return text.replaceAll(/(^|[\0-/:-@[-^`{-\x7f\s])(\p{L})/gu, (_all, before: string, letter: string) => {
    const upper = letter.toUpperCase()
    return before + (upper.length === letter.length ? upper : letter)
  })
}

const beyondAscii = /[^\0-\x7f]/

/** Bytes `start` to `end` of a text in UTF-8. */
function bytesOf(text: string, start: number, end?: number): string {
  if (!beyondAscii.test(text)) return text.slice(start, end)
  return Buffer.from(text).subarray(start, end).toString('utf8')
}

function truncated(count: number, text: string): string {
  const length = Buffer.byteLength(text)
  if (count < 0 && length + count > 0) return bytesOf(text, length + count)
  return count >= 0 && length > count ? bytesOf(text, 0, count) : text
}

function substring(start: number, end: number, text: string): string {
  const length = Buffer.byteLength(text)
  if (start < 0) return bytesOf(text, 0, Math.max(end, 0))
  if (end < 0 || end > length) {
    if (start > length) throw new TemplateFailure('slice bounds out of range')
    return bytesOf(text, start)
  }
  if (start > end) throw new TemplateFailure('slice bounds out of range')
  return bytesOf(text, start, end)
}

function repeated(text: string, count: bigint): string {
  if (count < 0n) throw new TemplateFailure('negative repeat count')
  if (BigInt(text.length) * count > BigInt(textLengthMax)) throw new TemplateFailure('a text gets too long')
  return text.repeat(Number(count))
}

function indented(count: bigint, text: string): string {
  const pad = repeated(' ', count)
  return bounded(pad + text.replaceAll('\n', `\n${pad}`))
}

function replaced(text: string, old: string, next: string, count: number): string {
  if (count === 0 || old === next) return text
  const parts = old === '' ? ['', ...Array.from(text), ''] : text.split(old)
  const done =
    count < 0 || count >= parts.length ? parts : [...parts.slice(0, count), parts.slice(count).join(old)]
  if ((done.length - 1) * next.length > textLengthMax) throw new TemplateFailure('a text gets too long')
  return done.join(next)
}

function trimmed(text: string, set: string, sides: 'left' | 'right' | 'both'): string {
  const unwanted = new Set(set)
  const characters = Array.from(text)
  let start = 0
  let end = characters.length
  if (sides !== 'right') while (start < end && unwanted.has(characters[start] as string)) start += 1
  if (sides !== 'left') while (end > start && unwanted.has(characters[end - 1] as string)) end -= 1
  return characters.slice(start, end).join('')
}

function withoutPrefix(text: string, part: string): string {
  return text.startsWith(part) ? text.slice(part.length) : text
}

function withoutSuffix(text: string, part: string): string {
  return part !== '' && text.endsWith(part) ? text.slice(0, -part.length) : text
}

function replacedMatches(
  text: string,
  regex: TextRegex,
  replacement: (match: ReturnType<TextRegex['all']>[number]) => string,
): string {
  let written = ''
  let end = 0
  for (const match of regex.all(text)) {
    written += text.slice(end, match.start) + replacement(match)
    bounded(written)
    end = match.end
  }
  return written + text.slice(end)
}

/** As Go's `url.QueryEscape`. */
export function urlEncoded(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+')
  return encoded.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function urlDecoded(text: string): string {
  const bytes = text.replaceAll('+', ' ')
  if (/%(?![\da-fA-F]{2})/.test(bytes)) throw new TemplateFailure('invalid URL escape')
  const decoded = bytes.replaceAll(/(?:%[\da-fA-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  )
  return decoded
}

/** With or without padding, as Loki takes it. */
function base64Decoded(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return 'illegal base64 data'
  return Buffer.from(text, 'base64').toString('utf8')
}

function aligned(count: number, text: string, isLeft: boolean): string {
  const characters = Array.from(text)
  if (count <= 0) return count < 0 ? text : ''
  if (characters.length > count) {
    return (isLeft ? characters.slice(0, count) : characters.slice(characters.length - count)).join('')
  }
  const pad = repeated(' ', BigInt(count - characters.length))
  return isLeft ? text + pad : pad + text
}

function fromJson(text: string): Value {
  try {
    return valueOf(JSON.parse(text))
  } catch {
    return null
  }
}

function valueOf(json: unknown): Value {
  if (Array.isArray(json)) return json.map(valueOf)
  if (typeof json === 'object' && json !== null) {
    return new Map(Object.entries(json).map(([key, value]) => [key, valueOf(value)]))
  }
  return json as Value
}
