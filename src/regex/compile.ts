/**
 * Turns a pattern in RE2 syntax into what a search over whole bodies needs; the choices are in
 * docs/decisions/regex.md.
 */

import { isAscii, isUtf8 } from 'node:buffer'
import { regexLimits } from '../limits/query.ts'
import { type Flavour, standIn } from './byte-classes.ts'
import { requiredLiterals } from './literals.ts'
import { parseRegex } from './parse.ts'
import { regexError } from './reader.ts'
import { simplifyForSearch } from './simplify.ts'
import { translate } from './translate.ts'
import { containsAssertion, type RegexNode } from './tree.ts'

/**
 * Flags for `v8.setFlagsFromString` at the start of a thread that runs patterns, before the first of them is
 * compiled: a search that backtracks too much then goes on in V8's linear engine.
 */
export const regexEngineFlags: readonly string[] = [
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  `--regexp-backtracks-before-fallback=${regexLimits.backtracksMax}`,
]

/** All have flags `gm` and run over `SearchText.text`. Ask only whether and in which line they match. */
export type CompiledRegex = {
  readonly ascii: RegExp
  readonly utf8: RegExp
  /** For one line that holds LFs; the same as `utf8` unless the pattern has `(?m)`. */
  readonly innerLines: RegExp
  /** Conjunction of alternatives, see `requiredLiterals`. */
  readonly literals: readonly (readonly string[])[]
}

/** Throws `LogkeepError` `BAD_REGEX`. */
export function compileRegex(pattern: string, ignoreCase: boolean): CompiledRegex {
  return compileTree(parseRegex(pattern, ignoreCase))
}

export function compileTree(tree: RegexNode): CompiledRegex {
  const search = simplifyForSearch(tree)
  const hasInnerLines = containsAssertion(search, 'lineStart') || containsAssertion(search, 'lineEnd')
  const utf8 = compileSource(search, 'utf8', false)
  return {
    ascii: compileSource(search, 'ascii', false),
    utf8,
    innerLines: hasInnerLines ? compileSource(search, 'utf8', true) : utf8,
    literals: requiredLiterals(tree),
  }
}

/** Text as the compiled patterns see it: one character per byte. */
export type SearchText = {
  readonly text: string
  readonly isAscii: boolean
  /** The bytes behind `text`: those given, or with U+FFFD in place of what is not UTF-8. */
  readonly bytes: Buffer
}

/** `body` holds lines joined by LF. Offsets in `text` are offsets in `bytes`. */
export function searchTextOf(body: Buffer): SearchText {
  const isPlain = isAscii(body)
  const bytes = isPlain || isUtf8(body) ? body : Buffer.from(body.toString('utf8'))
  return {
    text: withStandIn(bytes.toString('latin1'), '\r', standIn.carriageReturn),
    isAscii: isPlain,
    bytes,
  }
}

/** One line that may hold LFs, as `innerLines` sees it. */
export function innerLinesTextOf(line: Buffer): string {
  return withStandIn(searchTextOf(line).text, '\n', standIn.lineFeed)
}

function withStandIn(text: string, character: string, byte: number): string {
  return text.includes(character) ? text.replaceAll(character, String.fromCharCode(byte)) : text
}

/**
 * V8 counts the characters in the middle of the text that it compiles for, 128 of them, and looks for the
 * rarest part of a pattern first: with a text that says nothing, `[0-9][%&][g-z]{3}#` runs at 0.9 GB/s in
 * place of 11, and `time(out|d out).*[0-9]{5}x` at 1.5 in place of 3.
 */
const typicalText =
  '2025-01-15T09:41:07.123Z INFO  [main] http-server: "GET /api/v1/orders/8f3a2c9d-4b1e HTTP/1.1" 200 1534 ' +
  'user=42 took=12.5ms {"level":"info","msg":"done"}\n'

function compileSource(tree: RegexNode, flavour: Flavour, innerLines: boolean): RegExp {
  const source = translate(tree, { flavour, innerLines })
  if (source.length > regexLimits.sourceLengthMax) throw tooLarge()
  try {
    const regex = new RegExp(source, 'gm')
    // V8 compiles at the first search and again, to machine code, at the second: it may find the pattern too
    // large then.
    for (let search = 0; search < 2; search += 1) {
      regex.test(typicalText)
      regex.lastIndex = 0
    }
    return regex
  } catch (error) {
    throw tooLarge({ cause: error })
  }
}

function tooLarge(options?: ErrorOptions): Error {
  return regexError('the pattern is too large for the search engine', 'use smaller counts or fewer classes', {
    ...options,
    limit: 'regex',
  })
}
