/**
 * Parses conditions on labels. `and` binds tighter than `or`; a comma, or nothing at all, takes everything to
 * its right.
 */

import type { TokenReader } from './token-reader.ts'
import type { CompareOperator, LabelFilter, MatchOperator } from './tree.ts'
import { parseGoDuration, parsePrometheusDuration, parseSize } from './units.ts'

const orPrecedence = 1
const andPrecedence = 2

export function parseLabelFilter(reader: TokenReader): LabelFilter {
  return parseFrom(reader, orPrecedence)
}

function parseFrom(reader: TokenReader, precedence: number): LabelFilter {
  return reader.nested(() => {
    let left = parseOne(reader)
    for (;;) {
      if (reader.seesSign(',') || reader.seesSign('(') || reader.seesName()) {
        reader.acceptSign(',')
        return { kind: 'and', left, right: parseFrom(reader, orPrecedence) }
      }
      const operator = precedence <= andPrecedence && reader.acceptWord('and') ? 'and' : null
      if (operator !== null) {
        left = { kind: 'and', left, right: parseFrom(reader, andPrecedence + 1) }
      } else if (precedence <= orPrecedence && reader.acceptWord('or')) {
        left = { kind: 'or', left, right: parseFrom(reader, andPrecedence) }
      } else return left
      reader.countPart()
    }
  })
}

function parseOne(reader: TokenReader): LabelFilter {
  if (reader.acceptSign('(')) {
    const inner = parseLabelFilter(reader)
    reader.expectSign(')')
    return inner
  }
  const name = reader.expectName()
  const { following } = reader
  const matchOperator = matchOperatorHere(reader)
  if (matchOperator !== null && following.kind === 'text') {
    reader.take()
    return { kind: 'text', matcher: { name, operator: matchOperator, value: reader.take().text } }
  }
  const isIp = following.kind === 'word' && following.text.toLowerCase() === 'ip'
  if ((matchOperator === '=' || matchOperator === '!=') && isIp) {
    reader.take()
    return { kind: 'ip', name, operator: matchOperator, pattern: parseIp(reader) }
  }
  return parseComparison(reader, name)
}

const compareOperators: ReadonlySet<string> = new Set(['=', '==', '!=', '>', '>=', '<', '<='])

function parseComparison(reader: TokenReader, name: string): LabelFilter {
  const { token } = reader
  if (token.kind !== 'sign' || !compareOperators.has(token.text)) {
    throw reader.unexpected('expecting a comparison')
  }
  reader.take()
  const operator = (token.text === '=' ? '==' : token.text) as CompareOperator
  const start = reader.token
  const minus = reader.acceptSign('-')
  const isSigned = minus || reader.acceptSign('+')
  const sign = minus ? -1 : 1
  if (reader.token.kind === 'number') {
    const { text, value } = reader.take()
    const written = minus ? `-${text}` : text
    return { kind: 'compare', name, operator, value: sign * value, unit: 'number', text: written }
  }
  if (reader.token.kind !== 'amount') throw reader.unexpected('expecting NUMBER, DURATION, BYTES or STRING')
  const { text } = reader.take()
  const ns = parsePrometheusDuration(text) ?? parseGoDuration(text)
  if (ns !== null) {
    const written = minus ? `-${text}` : text
    return { kind: 'compare', name, operator, value: sign * ns, unit: 'duration', text: written }
  }
  const bytes = isSigned || !sizeForm.test(text) ? null : parseSize(text)
  if (bytes === null) throw reader.problem(`syntax error: bad number ${JSON.stringify(text)}`, start)
  return { kind: 'compare', name, operator, value: bytes, unit: 'bytes', text }
}

/** Sizes as they may be written in a query: an upper-case B, or none. */
const sizeForm = /^[\d.]+(?:B|[kKMGTP]i?B|[KMGTP]i?)$/

export function matchOperatorHere({ token }: TokenReader): MatchOperator | null {
  if (token.kind !== 'sign') return null
  const { text } = token
  return text === '=' || text === '!=' || text === '=~' || text === '!~' ? text : null
}

/** `ip("…")`, of which the first word stands next. */
export function parseIp(reader: TokenReader): string {
  reader.take()
  reader.expectSign('(')
  const pattern = reader.expectText()
  reader.expectSign(')')
  return pattern
}
