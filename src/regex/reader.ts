/** Walks over a pattern and makes the errors that say what was found in it, and where. */

import { LogkeepError, type LogkeepErrorOptions } from '../errors.ts'

const syntaxHint = 'patterns have RE2 syntax, as in Go and Loki: https://github.com/google/re2/wiki/Syntax'

export class PatternReader {
  readonly pattern: string
  /** UTF-16 offset of what comes next. */
  offset = 0

  constructor(pattern: string) {
    this.pattern = pattern
  }

  get done(): boolean {
    return this.offset >= this.pattern.length
  }

  /** True when `text` comes next. */
  sees(text: string): boolean {
    return this.pattern.startsWith(text, this.offset)
  }

  /** Steps over `text` if it comes next. */
  accept(text: string): boolean {
    if (!this.sees(text)) return false
    this.offset += text.length
    return true
  }

  /** The next code point, stepped over; null at the end. */
  next(): number | null {
    const codePoint = this.pattern.codePointAt(this.offset)
    if (codePoint === undefined) return null
    this.offset += codePoint > 0xffff ? 2 : 1
    return codePoint
  }

  /** What `sticky` (flag `y`) matches here, stepped over; null: nothing. */
  take(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.offset
    const match = sticky.exec(this.pattern)
    if (match !== null) this.offset += match[0].length
    return match
  }

  /** The error for the piece from `start` to here. `problem` names what is wrong with it. */
  error(
    problem: string,
    start: number,
    hint: string = syntaxHint,
    options?: LogkeepErrorOptions,
  ): LogkeepError {
    const found = this.pattern.slice(start, Math.max(this.offset, start + 1))
    const shown = found.length > 40 ? `${found.slice(0, 40).toWellFormed()}…` : found.toWellFormed()
    const what = shown === '' ? 'the end of the pattern' : JSON.stringify(shown)
    return regexError(`${problem}: ${what} at offset ${start}`, hint, options)
  }

  /** The same where a bound of `regexLimits` is reached. */
  bound(problem: string, start: number, hint: string): LogkeepError {
    return this.error(problem, start, hint, { limit: 'regex' })
  }
}

export function regexError(message: string, hint: string, options?: LogkeepErrorOptions): LogkeepError {
  return new LogkeepError('BAD_REGEX', message, hint, options)
}
