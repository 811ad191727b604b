/** Cuts a query into tokens with their places, after the lexical rules of LogQL. */

import { parseError, positionAt } from '../error.ts'
import { parsePrometheusDuration } from './units.ts'
import { unquote } from './unquote.ts'

/**
 * `text` as in the query, of strings what they stand for. `amount`: a digit run with a unit: a duration or a
 * size. `end`: behind the last.
 */
export type Token = {
  readonly kind: 'sign' | 'word' | 'text' | 'number' | 'amount' | 'range' | 'flag' | 'end'
  readonly text: string
  /** UTF-16 offset in the query. */
  readonly offset: number
  /** Of numbers; of ranges in nanoseconds. */
  readonly value: number
}

const blank = /(?:[ \t\r\n]+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y
const sign = /\|=|\|~|\|>|!=|!~|!>|=~|==|>=|<=|[{}(),|=<>+\-*/%^]/y
const word = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const numeric = /(?:\d+\.?\d*|\.\d+)/y
const number =
  /(?:0[xX](?:[\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)[pP][+-]?\d+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y
const amount = /[\d.\p{L}_]+/uy
const flag = /--[A-Za-z][A-Za-z-]*/y

/** Throws `LogqlError`. The list ends in a token of kind `end`. */
export function scanQuery(query: string): Token[] {
  const tokens: Token[] = []
  let offset = query.startsWith('\ufeff') ? 1 : 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = offset
    const found = pattern.exec(query)?.[0] ?? null
    if (found !== null) offset += found.length
    return found
  }
  const add = (kind: Token['kind'], text: string, start: number, value = 0): void => {
    tokens.push({ kind, text, offset: start, value })
  }
  for (;;) {
    take(blank)
    const start = offset
    const next = query[offset]
    if (next === undefined) {
      add('end', '', start)
      return tokens
    }
    if (next === '"' || next === '`') {
      const { text, end } = unquote(query, offset)
      offset = end
      add('text', text, start)
    } else if (next === '[') {
      const { ns, end } = scanRange(query, offset)
      offset = end
      add('range', query.slice(start, end), start, ns)
    } else if (/[\d.]/.test(next)) {
      const numberToken = scanNumber(query, offset, take)
      add(numberToken.kind, numberToken.text, start, numberToken.value)
    } else {
      const flagText = take(flag)
      const wordText = flagText === null ? take(word) : null
      if (flagText !== null) add('flag', flagText, start)
      else if (wordText !== null) add('word', wordText, start)
      else {
        const signText = take(sign)
        if (signText === null) throw unexpectedCharacter(query, start)
        add('sign', signText, start)
      }
    }
  }
}

function unexpectedCharacter(query: string, offset: number): Error {
  const character = String.fromCodePoint(query.codePointAt(offset) as number).toWellFormed()
  return parseError(
    `syntax error: unexpected character ${JSON.stringify(character)}`,
    positionAt(query, offset),
  )
}

/** `[5m]`: a duration as Prometheus writes it, without spaces. */
function scanRange(query: string, start: number): { ns: number; end: number } {
  const close = query.indexOf(']', start)
  const position = positionAt(query, start)
  if (close < 0) throw parseError("missing closing ']' in duration", position)
  const text = query.slice(start + 1, close)
  const ns = parsePrometheusDuration(text)
  if (ns === null) throw parseError(`not a valid duration string: ${shown(text)}`, position)
  return { ns, end: close + 1 }
}

function scanNumber(
  query: string,
  start: number,
  take: (pattern: RegExp) => string | null,
): Pick<Token, 'kind' | 'text' | 'value'> {
  const plain = take(number)
  const digits = plain ?? take(numeric)
  if (digits === null) throw unexpectedCharacter(query, start)
  const unit = take(amount)
  if (unit === null) {
    return { kind: 'number', text: digits, value: /^0[xX]/.test(digits) ? hexFloat(digits) : Number(digits) }
  }
  const text = digits + unit
  if (/^0[xXbBoO]/.test(text) || text.includes('_')) {
    throw parseError(`unable to parse literal as a float: ${shown(text)}`, positionAt(query, start))
  }
  return { kind: 'amount', text, value: 0 }
}

function hexFloat(text: string): number {
  const [mantissa = '', exponent = ''] = text.slice(2).toLowerCase().split('p')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return Number.parseInt(`0${whole}${fraction}`, 16) * 2 ** (Number(exponent) - 4 * fraction.length)
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
