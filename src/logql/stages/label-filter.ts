/** Conditions on labels: texts, numbers, durations, sizes and addresses. */

import { compileMatcher } from '../regexes.ts'
import { compare } from '../syntax/apply-operator.ts'
import type { LabelFilter } from '../syntax/tree.ts'
import { parseGoDuration, parseSize } from '../syntax/units.ts'
import { holdsAddress, parseIpRange } from './ip-ranges.ts'
import { errorDetailsLabel, errorLabel, type LineStage } from './line-state.ts'

/** Throws `LogqlError`. */
export function createLabelFilter(filter: LabelFilter): LineStage {
  switch (filter.kind) {
    case 'text': {
      const { name } = filter.matcher
      const test = compileMatcher(filter.matcher)
      return (state) => test(state.get(name) ?? '')
    }
    case 'compare':
      return createComparison(filter)
    case 'ip': {
      const range = parseIpRange(filter.pattern)
      const isWanted = filter.operator === '='
      return (state) => {
        if (state.error !== null) return true
        const text = state.get(filter.name)
        return text !== undefined && holdsAddress(range, text) === isWanted
      }
    }
    case 'and': {
      const left = createLabelFilter(filter.left)
      const right = createLabelFilter(filter.right)
      // Both are asked: what cannot be read on either side is told.
      return (state) => {
        const isLeft = left(state)
        return right(state) && isLeft
      }
    }
    case 'or': {
      const left = createLabelFilter(filter.left)
      const right = createLabelFilter(filter.right)
      return (state) => left(state) || right(state)
    }
  }
}

const readers = { number: parseNumber, duration: parseGoDuration, bytes: parseSize } as const

function createComparison({
  name,
  operator,
  value,
  unit,
}: Extract<LabelFilter, { kind: 'compare' }>): LineStage {
  const read = readers[unit]
  return (state) => {
    // What went wrong before is no label here: such lines have no value to compare.
    const text = name === errorLabel || name === errorDetailsLabel ? undefined : state.get(name)
    if (text === undefined) return false
    const found = read(text)
    if (found === null) {
      state.fail('LabelFilterErr', `cannot read ${JSON.stringify(text)} as ${unit}`)
      return true
    }
    return compare(operator, found, value)
  }
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const infinite = /^([+-]?)inf(?:inity)?$/i

/** A number as Go reads it. Null where it is none. */
export function parseNumber(text: string): number | null {
  if (decimal.test(text)) return Number(text)
  const sign = infinite.exec(text)
  if (sign !== null) return sign[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^nan$/i.test(text) ? Number.NaN : null
}
