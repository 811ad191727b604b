/** Regular expressions of queries, compiled; what is wrong with them is told as an error of the query. */

import { LogkeepError } from '../errors.ts'
import { compileTextRegex, type TextRegex, type TextRegexOptions } from '../regex/text-regex.ts'
import { parseError } from './error.ts'
import type { Matcher } from './syntax/tree.ts'

/** Throws `LogqlError`. */
export function compilePattern(pattern: string, options: TextRegexOptions = {}): TextRegex {
  try {
    return compileTextRegex(pattern, options)
  } catch (error) {
    if (error instanceof LogkeepError) throw parseError(`error parsing regexp: ${error.message}`)
    throw error
  }
}

/** A test of a label's text; a label that is missing has an empty one. Throws `LogqlError`. */
export function compileMatcher({ operator, value }: Matcher): (text: string) => boolean {
  switch (operator) {
    case '=':
      return (text) => text === value
    case '!=':
      return (text) => text !== value
    default: {
      const isWanted = operator === '=~'
      const names = alternativesOf(value)
      if (names !== null) return (text) => names.has(text) === isWanted
      const { test } = compilePattern(value, { isWhole: true })
      return remembering((text) => test(text) === isWanted)
    }
  }
}

/** The only texts that a matcher lets pass, the empty one not among them; null: it asks for more. */
export function exactValues({ operator, value }: Matcher): string[] | null {
  if (operator === '=') return value === '' ? null : [value]
  const values = operator === '=~' ? alternativesOf(value) : null
  return values === null ? null : [...values]
}

/** `a|b|c` without any sign that means more. */
function alternativesOf(pattern: string): ReadonlySet<string> | null {
  return /^[\w\- /:@,=]+(?:\|[\w\- /:@,=]+)*$/.test(pattern) ? new Set(pattern.split('|')) : null
}

/** Neighbouring lines often have the same labels. */
function remembering(test: (text: string) => boolean): (text: string) => boolean {
  let last: string | null = null
  let answer = false
  return (text) => {
    if (text !== last) {
      answer = test(text)
      last = text
    }
    return answer
  }
}
