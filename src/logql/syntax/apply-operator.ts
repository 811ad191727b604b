/** What an operator makes of two numbers; comparisons give 1 or 0. */

import type { BinaryOperator } from './tree.ts'

export function applyOperator(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0 ? Number.NaN : left / right
    case '%':
      return right === 0 ? Number.NaN : left % right
    case '^':
      return left ** right
    default:
      return compare(operator, left, right) ? 1 : 0
  }
}

/** False for operators that compare nothing. */
export function compare(operator: BinaryOperator, left: number, right: number): boolean {
  switch (operator) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '<':
      return left < right
    case '<=':
      return left <= right
    default:
      return false
  }
}

export function isComparison(operator: BinaryOperator): boolean {
  return /^[=!<>]/.test(operator)
}
