/** Conditions on the text of a line: parts of it, patterns, placeholders and addresses. */

import { parseError } from '../error.ts'
import { compilePattern } from '../regexes.ts'
import { type PatternPart, parseFilterPattern } from '../syntax/line-pattern.ts'
import type { LineFilterStage, LineOperand, LineOperator } from '../syntax/tree.ts'
import { holdsAddress, parseIpRange } from './ip-ranges.ts'
import type { LineStage } from './line-state.ts'

/** Throws `LogqlError`. */
export function createLineFilter({ operator, operands }: LineFilterStage): LineStage {
  const tests = operands.map((operand) => createTest(operator, operand))
  const isWanted = operator.startsWith('|')
  return ({ line }) => tests.some((test) => test(line)) === isWanted
}

function createTest(operator: LineOperator, { kind, value }: LineOperand): (line: string) => boolean {
  if (kind === 'ip') {
    if (operator !== '|=' && operator !== '!=') throw parseError(`ip: unsupported with operator ${operator}`)
    const range = parseIpRange(value)
    return (line) => holdsAddress(range, line)
  }
  switch (operator) {
    case '|=':
    case '!=':
      return (line) => line.includes(value)
    case '|~':
    case '!~':
      return compilePattern(value).test
    default:
      return createPatternTest(parseFilterPattern(value))
  }
}

/**
 * Each placeholder takes one character at least; texts are found from left to right, each at its first place;
 * a text at the pattern's end has to end the line, one at its beginning may stand anywhere.
 */
export function createPatternTest(parts: readonly PatternPart[]): (line: string) => boolean {
  if (parts.length === 0) return (line) => line === ''
  return (line) => {
    let at = 0
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index] as PatternPart
      if ('capture' in part) {
        if (index === parts.length - 1) return at < line.length
        continue
      }
      const isBehindCapture = index > 0
      const found = line.indexOf(part.text, at)
      if (found < 0 || (isBehindCapture && found === at)) return false
      at = found + part.text.length
    }
    return at === line.length
  }
}
