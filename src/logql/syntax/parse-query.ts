/** Parses a whole query: log queries, range and vector aggregations, and the operations between them. */

import { logqlLimits } from '../../limits/logql.ts'
import { parseError } from '../error.ts'
import { binaryOf } from './binary-of.ts'
import { checkQuery } from './check-query.ts'
import { parseRange } from './parse-range.ts'
import { parseSelector, parseStages } from './parse-stages.ts'
import { scanQuery } from './scanner.ts'
import { TokenReader } from './token-reader.ts'
import {
  type BinaryOperator,
  type Grouping,
  type Matching,
  type MetricQuery,
  type Query,
  type RangeOperation,
  rangeOperations,
  type VectorOperation,
  vectorOperations,
} from './tree.ts'

/** Throws `LogqlError`, and nothing else, whatever the text. */
export function parseQuery(text: string): Query {
  if (text.length > logqlLimits.queryLengthMax) {
    throw parseError(`input size too long (${text.length} > ${logqlLimits.queryLengthMax})`)
  }
  const reader = new TokenReader(text, scanQuery(text))
  const query = parseExpression(reader, 0)
  if (reader.token.kind !== 'end') {
    // Of a stage that may not stand here its name says more.
    reader.acceptSign('|')
    throw reader.unexpected()
  }
  checkQuery(query)
  return query
}

const precedenceOf: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '>=': 3,
  '<': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
}

function parseExpression(reader: TokenReader, precedence: number): Query {
  return reader.nested(() => {
    let left = parseOperand(reader)
    for (;;) {
      const operator = operatorHere(reader)
      if (operator === null || precedenceOf[operator] < precedence) return left
      reader.countPart()
      reader.take()
      const modifiers = parseModifiers(reader)
      // All are left associative but the power.
      const right = parseExpression(reader, precedenceOf[operator] + (operator === '^' ? 0 : 1))
      left = binaryOf(operator, modifiers, left, right)
    }
  })
}

function operatorHere({ token }: TokenReader): BinaryOperator | null {
  if (token.kind !== 'sign' && token.kind !== 'word') return null
  const text = token.text.toLowerCase()
  return Object.hasOwn(precedenceOf, text) ? (text as BinaryOperator) : null
}

function parseModifiers(reader: TokenReader): { isBool: boolean; matching: Matching | null } {
  const isBool = reader.acceptWord('bool')
  const isOn = reader.acceptWord('on')
  if (!isOn && !reader.acceptWord('ignoring')) return { isBool, matching: null }
  const labels = parseNames(reader)
  const isLeft = reader.acceptWord('group_left')
  if (!isLeft && !reader.acceptWord('group_right')) {
    return { isBool, matching: { isOn, labels, group: null, include: [] } }
  }
  const include = reader.seesSign('(') ? parseNames(reader) : []
  return { isBool, matching: { isOn, labels, group: isLeft ? 'left' : 'right', include } }
}

/** `(a, b)`, also empty. */
function parseNames(reader: TokenReader): string[] {
  reader.expectSign('(')
  const names: string[] = []
  if (reader.acceptSign(')')) return names
  do names.push(reader.expectName())
  while (reader.acceptSign(','))
  reader.expectSign(')')
  return names
}

function parseOperand(reader: TokenReader): Query {
  const { token } = reader
  if (token.kind === 'sign') {
    if (token.text === '{') {
      return { kind: 'log', matchers: parseSelector(reader), stages: parseStages(reader) }
    }
    if (token.text === '(') {
      reader.take()
      const inner = parseExpression(reader, 0)
      reader.expectSign(')')
      return inner
    }
  }
  const literal = parseLiteral(reader)
  if (literal !== null) return { kind: 'literal', value: literal }
  if (token.kind !== 'word') throw reader.unexpected()
  return parseFunction(reader)
}

/** A number with its sign; null: none stands here. */
function parseLiteral(reader: TokenReader): number | null {
  const isSigned = reader.seesSign('-') || reader.seesSign('+')
  const number = isSigned ? reader.following : reader.token
  if (number.kind !== 'number') return null
  const isNegative = isSigned && reader.take().text === '-'
  const { value } = reader.take()
  return isNegative ? -value : value
}

const isRangeOperation = (name: string): name is RangeOperation =>
  (rangeOperations as readonly string[]).includes(name)
const isVectorOperation = (name: string): name is VectorOperation =>
  (vectorOperations as readonly string[]).includes(name)

function parseFunction(reader: TokenReader): MetricQuery {
  const name = reader.token.text.toLowerCase()
  const isCalled = reader.following.kind === 'sign' && reader.following.text === '('
  reader.countPart()
  if (isVectorOperation(name)) {
    const { following } = reader
    if (isCalled || (following.kind === 'word' && /^(?:by|without)$/i.test(following.text))) {
      return parseVectorAggregation(reader, name)
    }
  }
  if (!isCalled) throw reader.unexpected()
  if (isRangeOperation(name)) return parseRangeAggregation(reader, name)
  if (name === 'label_replace') return parseLabelReplace(reader)
  if (name === 'vector') return parseVector(reader)
  throw reader.unexpected()
}

function parseVector(reader: TokenReader): MetricQuery {
  reader.take()
  reader.expectSign('(')
  const value = parseLiteral(reader)
  if (value === null) throw reader.unexpected('expecting NUMBER')
  reader.expectSign(')')
  return { kind: 'vector', value }
}

function parseLabelReplace(reader: TokenReader): MetricQuery {
  reader.take()
  reader.expectSign('(')
  const inner = parseMetric(reader)
  const [target, replacement, source, pattern] = [0, 1, 2, 3].map(() => {
    reader.expectSign(',')
    return reader.expectText()
  }) as [string, string, string, string]
  reader.expectSign(')')
  return { kind: 'labelReplace', inner, target, replacement, source, pattern }
}

function parseRangeAggregation(reader: TokenReader, operation: RangeOperation): MetricQuery {
  reader.take()
  reader.expectSign('(')
  let parameter: number | null = null
  if (reader.token.kind === 'number') {
    parameter = reader.take().value
    reader.expectSign(',')
  }
  const { query, unwrap, rangeNs, offsetNs } = parseRange(reader)
  if (rangeNs === null) throw reader.unexpected('expecting RANGE')
  reader.expectSign(')')
  const grouping = parseGrouping(reader)
  return { kind: 'range', operation, parameter, query, unwrap, rangeNs, offsetNs, grouping }
}

function parseVectorAggregation(reader: TokenReader, operation: VectorOperation): MetricQuery {
  reader.take()
  let grouping = parseGrouping(reader)
  reader.expectSign('(')
  let parameter: number | null = null
  const { following } = reader
  if (reader.token.kind === 'number' && following.kind === 'sign' && following.text === ',') {
    parameter = reader.take().value
    reader.take()
  }
  const inner = parseMetric(reader)
  reader.expectSign(')')
  grouping ??= parseGrouping(reader)
  return { kind: 'vectorAggregation', operation, parameter, grouping, inner }
}

function parseGrouping(reader: TokenReader): Grouping | null {
  const isWithout = reader.seesWord('without')
  if (!isWithout && !reader.seesWord('by')) return null
  reader.take()
  return { isWithout, labels: parseNames(reader) }
}

function parseMetric(reader: TokenReader): MetricQuery {
  const inner = parseExpression(reader, 0)
  if (inner.kind === 'log') throw reader.unexpected('expecting a metric query')
  return inner
}
