/**
 * Walks over the tokens of a query: looks, accepts, expects, and says what stands where something else
 * should.
 */

import { logqlLimits } from '../../limits/logql.ts'
import { type LogqlError, parseError, positionAt } from '../error.ts'
import type { Token } from './scanner.ts'

export class TokenReader {
  readonly #query: string
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  #parts = 0

  constructor(query: string, tokens: readonly Token[]) {
    this.#query = query
    this.#tokens = tokens
  }

  get token(): Token {
    return this.#tokens[this.#next] as Token
  }

  /** The token behind the next. */
  get following(): Token {
    return this.#tokens[Math.min(this.#next + 1, this.#tokens.length - 1)] as Token
  }

  seesSign(text: string): boolean {
    return this.token.kind === 'sign' && this.token.text === text
  }

  /** Keywords have no case. */
  seesWord(text: string): boolean {
    return this.token.kind === 'word' && this.token.text.toLowerCase() === text
  }

  take(): Token {
    const { token } = this
    if (token.kind !== 'end') this.#next += 1
    return token
  }

  acceptSign(text: string): boolean {
    const seen = this.seesSign(text)
    if (seen) this.#next += 1
    return seen
  }

  acceptWord(text: string): boolean {
    const seen = this.seesWord(text)
    if (seen) this.#next += 1
    return seen
  }

  expectSign(text: string): void {
    if (!this.acceptSign(text)) throw this.unexpected(`expecting ${text}`)
  }

  expectText(): string {
    if (this.token.kind !== 'text') throw this.unexpected('expecting STRING')
    return this.take().text
  }

  /** A name of a label: no reserved word. */
  expectName(): string {
    if (!this.seesName()) throw this.unexpected('expecting IDENTIFIER')
    return this.take().text
  }

  seesName(): boolean {
    return this.token.kind === 'word' && !reservedWords.has(this.token.text.toLowerCase())
  }

  /** The error for what stands here. */
  unexpected(expected = ''): LogqlError {
    const found = describe(this.token)
    const rest = expected === '' ? '' : `, ${expected}`
    return parseError(`syntax error: unexpected ${found}${rest}`, positionAt(this.#query, this.token.offset))
  }

  /** The error for what has just been read from `token` on. */
  problem(message: string, token: Token): LogqlError {
    return parseError(message, positionAt(this.#query, token.offset))
  }

  /** Reads something that may hold its like; bounded in depth. */
  nested<Result>(read: () => Result): Result {
    if (this.#depth >= logqlLimits.depthMax) {
      throw this.problem(`the query is nested deeper than ${logqlLimits.depthMax}`, this.token)
    }
    this.#depth += 1
    const result = read()
    this.#depth -= 1
    return result
  }

  /** Counts one operation or stage; bounded. */
  countPart(): void {
    this.#parts += 1
    if (this.#parts > logqlLimits.partsMax) {
      throw this.problem(`the query has more than ${logqlLimits.partsMax} parts`, this.token)
    }
  }
}

const reservedWords: ReadonlySet<string> = new Set(
  `and or unless by without on ignoring group_left group_right bool offset json logfmt pattern regexp unpack
  unwrap line_format label_format decolorize drop keep`.split(/\s+/),
)

function describe({ kind, text }: Token): string {
  switch (kind) {
    case 'end':
      return '$end'
    case 'text':
      return 'STRING'
    case 'number':
      return 'NUMBER'
    case 'amount':
      return JSON.stringify(text)
    case 'range':
      return 'RANGE'
    case 'word':
      return reservedWords.has(text.toLowerCase()) ? text.toLowerCase() : `IDENTIFIER ${JSON.stringify(text)}`
    default:
      return text
  }
}
