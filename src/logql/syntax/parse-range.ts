/** Parses what a range aggregation goes over: a log query, the label that is unwrapped, range and offset. */

import { parseSelector, parseStages, parseUnwrap } from './parse-stages.ts'
import type { TokenReader } from './token-reader.ts'
import type { RangeAggregation } from './tree.ts'
import { parseGoDuration, parsePrometheusDuration } from './units.ts'

/** `rangeNs` null: none stands here; it has to follow the closing parenthesis. */
export type LogRange = Pick<RangeAggregation, 'query' | 'unwrap' | 'offsetNs'> & {
  readonly rangeNs: number | null
}

export function parseRange(reader: TokenReader): LogRange {
  if (!reader.seesSign('(')) return parseBareRange(reader)
  return reader.nested(() => {
    reader.take()
    const inner = parseRange(reader)
    reader.expectSign(')')
    return inner.rangeNs === null ? { ...inner, ...parseWindow(reader) } : inner
  })
}

function parseBareRange(reader: TokenReader): LogRange {
  const matchers = parseSelector(reader)
  const early = parseWindow(reader)
  const stages = parseStages(reader)
  const unwrap = parseUnwrap(reader)
  const window = early.rangeNs === null ? parseWindow(reader) : early
  return { query: { kind: 'log', matchers, stages }, unwrap, ...window }
}

function parseWindow(reader: TokenReader): { rangeNs: number | null; offsetNs: number } {
  if (reader.token.kind !== 'range') return { rangeNs: null, offsetNs: 0 }
  return { rangeNs: reader.take().value, offsetNs: parseOffset(reader) }
}

function parseOffset(reader: TokenReader): number {
  if (!reader.acceptWord('offset')) return 0
  const start = reader.token
  const isNegative = reader.acceptSign('-')
  if (!isNegative) reader.acceptSign('+')
  const { kind, text } = reader.token
  const ns =
    kind === 'amount' || text === '0' ? (parsePrometheusDuration(text) ?? parseGoDuration(text)) : null
  if (ns === null) {
    if (kind === 'amount') throw reader.problem(`not a valid duration: ${JSON.stringify(text)}`, start)
    throw reader.unexpected('expecting DURATION')
  }
  reader.take()
  return isNegative ? -ns : ns
}
