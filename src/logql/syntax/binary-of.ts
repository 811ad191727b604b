/** Makes an operation of its two sides; two numbers become one at once. */

import { parseError } from '../error.ts'
import { applyOperator } from './apply-operator.ts'
import type { BinaryOperator, Matching, MetricQuery, Query } from './tree.ts'

type Modifiers = { readonly isBool: boolean; readonly matching: Matching | null }

/** Throws `LogqlError`. */
export function binaryOf(
  operator: BinaryOperator,
  { isBool, matching }: Modifiers,
  left: Query,
  right: Query,
): MetricQuery {
  if (left.kind === 'log') throw badSide('left', operator)
  if (right.kind === 'log') throw badSide('right', operator)
  const isSet = operator === 'and' || operator === 'or' || operator === 'unless'
  if (isSet) {
    for (const [side, { kind }] of [
      ['left', left],
      ['right', right],
    ] as const) {
      if (kind === 'literal') {
        throw parseError(`unexpected literal for ${side} leg of logical/set binary operation (${operator})`)
      }
    }
    if (matching !== null && matching.group !== null) {
      throw parseError(`no grouping allowed for "${operator}" operation`)
    }
  }
  if (left.kind === 'literal' && right.kind === 'literal') {
    return { kind: 'literal', value: applyOperator(operator, left.value, right.value) }
  }
  return { kind: 'binary', operator, isBool, matching, left, right }
}

function badSide(side: 'left' | 'right', operator: string): Error {
  return parseError(`unexpected type for ${side} leg of binary operation (${operator}): a log query`)
}
