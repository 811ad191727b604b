/** Reads JSON text as it is written: numbers keep their digits, keys their order. Hot path. */

import { logqlLimits } from '../../limits/logql.ts'

/** What was found is no JSON; the message says where. */
export class JsonSyntaxError extends Error {}

export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

const quoteCode = 0x22
const backslashCode = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const colonCode = 0x3a
const commaCode = 0x2c

export class JsonScanner {
  readonly #text: string
  /** Where the next backslash stands, or beyond the end. */
  #backslash: number
  at = 0

  constructor(text: string) {
    this.#text = text
    this.#backslash = text.indexOf('\\')
    if (this.#backslash < 0) this.#backslash = text.length
  }

  get text(): string {
    return this.#text
  }

  /** Kind of the value that comes next. */
  kind(): JsonKind {
    this.skipBlank()
    const code = this.#text.charCodeAt(this.at)
    switch (code) {
      case quoteCode:
        return 'string'
      case openBrace:
        return 'object'
      case openBracket:
        return 'array'
      case 0x74:
      case 0x66:
        return 'boolean'
      case 0x6e:
        return 'null'
      default:
        if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return 'number'
        throw this.#error()
    }
  }

  /** Visits the members of the object that comes next; `visit` has to read or skip the value. */
  members(visit: (key: string) => void): void {
    this.skipBlank()
    this.#expect(openBrace)
    this.skipBlank()
    if (this.#accept(closeBrace)) return
    for (;;) {
      this.skipBlank()
      const key = this.string()
      this.skipBlank()
      this.#expect(colonCode)
      visit(key)
      this.skipBlank()
      if (this.#accept(closeBrace)) return
      this.#expect(commaCode)
    }
  }

  /** The same for an array. */
  elements(visit: (index: number) => void): void {
    this.#expect(openBracket)
    this.skipBlank()
    if (this.#accept(closeBracket)) return
    for (let index = 0; ; index += 1) {
      visit(index)
      this.skipBlank()
      if (this.#accept(closeBracket)) return
      this.#expect(commaCode)
    }
  }

  /** The string that comes next, unescaped. */
  string(): string {
    if (this.#text.charCodeAt(this.at) !== quoteCode) throw this.#error()
    const start = this.at + 1
    const end = this.#text.indexOf('"', start)
    if (end < 0) throw this.#error()
    if (this.#backslash < start) this.#findBackslash(start)
    if (this.#backslash > end) {
      this.at = end + 1
      return this.#text.slice(start, end)
    }
    return this.#escapedString(start)
  }

  /** The same where its text does not matter. */
  skipString(): void {
    const start = this.at + 1
    const end = this.#text.indexOf('"', start)
    if (this.#backslash < start) this.#findBackslash(start)
    // Escapes are looked at even so: a bad one makes the line no JSON.
    if (end < 0 || this.#backslash <= end) this.string()
    else this.at = end + 1
  }

  /** A number, `true`, `false` or `null` as written. */
  word(): string {
    const start = this.at
    for (;;) {
      const code = this.#text.charCodeAt(this.at)
      const isWord =
        (code >= 0x30 && code <= 0x39) ||
        (code >= 0x61 && code <= 0x7a) ||
        code === 0x2e ||
        code === 0x2d ||
        code === 0x2b ||
        code === 0x45
      if (!isWord) break
      this.at += 1
    }
    const word = this.#text.slice(start, this.at)
    const code = word.charCodeAt(0)
    const isLiteral = code >= 0x61 && word !== 'true' && word !== 'false' && word !== 'null'
    if (word === '' || isLiteral) throw this.#error()
    return word
  }

  /** Skips the value that comes next, whatever it is. */
  skip(depth = 0): void {
    if (depth > logqlLimits.jsonDepthMax) throw new JsonSyntaxError('the line is nested too deeply')
    switch (this.kind()) {
      case 'string':
        this.string()
        return
      case 'object':
        this.members(() => this.skip(depth + 1))
        return
      case 'array':
        this.elements(() => this.skip(depth + 1))
        return
      default:
        this.word()
    }
  }

  skipBlank(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at += 1
    }
  }

  #findBackslash(from: number): void {
    this.#backslash = this.#text.indexOf('\\', from)
    if (this.#backslash < 0) this.#backslash = this.#text.length
  }

  #escapedString(start: number): string {
    let end = start
    for (;;) {
      const code = this.#text.charCodeAt(end)
      if (Number.isNaN(code)) throw this.#error()
      if (code === quoteCode) break
      end += code === backslashCode ? 2 : 1
    }
    const raw = this.#text.slice(start, end)
    const value = unescapeJson(raw)
    if (value === null) throw this.#error()
    this.at = end + 1
    return value
  }

  #accept(code: number): boolean {
    if (this.#text.charCodeAt(this.at) !== code) return false
    this.at += 1
    return true
  }

  #expect(code: number): void {
    if (!this.#accept(code)) throw this.#error()
  }

  #error(): JsonSyntaxError {
    return new JsonSyntaxError(`no JSON at character ${this.at + 1} of the line`)
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '/': '/',
  '"': '"',
  '\\': '\\',
}

/** Null: it has an escape that JSON does not know. */
function unescapeJson(raw: string): string | null {
  let isBad = false
  const text = raw.replaceAll(/\\(?:u([\da-fA-F]{4})|([^]))/g, (_all, hex: string, letter: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    const plain = escapes[letter]
    if (plain === undefined) isBad = true
    return plain ?? ''
  })
  return isBad ? null : text.toWellFormed()
}
