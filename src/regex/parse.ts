/**
 * Parses RE2 syntax into a syntax tree, after Go's regexp/syntax with the flags that Loki uses
 * (`syntax.Perl`).
 */

import { regexLimits } from '../limits/query.ts'
import { createCaseFolder } from './case-folding.ts'
import { allCodePoints, type CodePoints, complement } from './code-points.ts'
import {
  type ClassContext,
  parseBracketClass,
  parseCharacterEscape,
  parseClassEscape,
} from './parse-class.ts'
import { PatternReader, regexError } from './reader.ts'
import { type AssertionKind, alternateOf, concatOf, emptyNode, type RegexNode } from './tree.ts'
import { createUnicodeClasses } from './unicode-classes.ts'

/** Flags of a group: `(?ismU)`. */
type Flags = {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
  readonly multiLine: boolean
  readonly swapLazy: boolean
}

/** A node while it is built; `repeats` and `size` bound what nested repeats multiply to. */
type Part = { readonly node: RegexNode; readonly repeats: number; readonly size: number }

type ParserState = {
  readonly reader: PatternReader
  readonly context: (flags: Flags) => ClassContext
  readonly groupNames: Set<string>
  readonly keepsCaptures: boolean
  captures: number
  depth: number
}

const notLineFeed: CodePoints = complement([0x0a, 0x0a])

export type ParseOptions = {
  /** `.` also matches LF. */
  readonly dotAll?: boolean
  readonly keepsCaptures?: boolean
}

/** Throws `LogkeepError` `BAD_REGEX`, and nothing else, whatever the pattern. */
export function parseRegex(
  pattern: string,
  ignoreCase: boolean,
  { dotAll = false, keepsCaptures = false }: ParseOptions = {},
): RegexNode {
  if (pattern.length > regexLimits.patternLengthMax) {
    const limit = `at most ${regexLimits.patternLengthMax} are accepted`
    throw regexError(`the pattern has ${pattern.length} characters`, `${limit}; use several filters`, {
      limit: 'regex',
    })
  }
  if (!pattern.isWellFormed())
    throw regexError('the pattern holds half of a surrogate pair', 'send it as UTF-8')
  const shared = { foldCase: createCaseFolder(), unicodeClasses: createUnicodeClasses() }
  const state: ParserState = {
    reader: new PatternReader(pattern),
    context: (flags) => ({ ...shared, ignoreCase: flags.ignoreCase }),
    groupNames: new Set(),
    keepsCaptures,
    captures: 0,
    depth: 0,
  }
  const flags = { ignoreCase, dotAll, multiLine: false, swapLazy: false }
  const part = parseAlternatives(state, flags)
  if (!state.reader.done) {
    const start = state.reader.offset
    throw state.reader.error('unexpected )', start, 'write \\) for a parenthesis itself')
  }
  if (part.size > regexLimits.programSizeMax) {
    throw regexError('the pattern is too large when its repeats are written out', 'use smaller counts', {
      limit: 'regex',
    })
  }
  return part.node
}

/** Up to the closing parenthesis or the end, neither of which is consumed. */
function parseAlternatives(state: ParserState, outerFlags: Flags): Part {
  const { reader } = state
  const alternatives: Part[] = []
  let parts: Part[] = []
  let flags = outerFlags
  let canRepeat = true
  while (!reader.done && !reader.sees(')')) {
    if (reader.accept('|')) {
      alternatives.push(joined(parts))
      parts = []
      canRepeat = true
      continue
    }
    const repeated = parseRepeat(state, parts, canRepeat, flags)
    if (repeated) {
      canRepeat = false
      continue
    }
    canRepeat = true
    const newFlags = parseFlags(state, flags)
    if (newFlags !== null) {
      flags = newFlags
      continue
    }
    parts.push(...parseItem(state, flags))
  }
  alternatives.push(joined(parts))
  return {
    node: alternateOf(alternatives.map((part) => part.node)),
    repeats: Math.max(...alternatives.map((part) => part.repeats)),
    size: alternatives.reduce((sum, part) => sum + part.size, 0),
  }
}

function joined(parts: readonly Part[]): Part {
  return {
    node: concatOf(parts.map((part) => part.node)),
    repeats: parts.reduce((most, part) => Math.max(most, part.repeats), 1),
    size: parts.reduce((sum, part) => sum + part.size, 1),
  }
}

/** One literal, class, assertion or group; `\Q…\E` yields several. */
function parseItem(state: ParserState, flags: Flags): Part[] {
  const { reader } = state
  if (reader.sees('(')) return [parseGroup(state, flags)]
  if (reader.sees('[')) return [setPart(parseBracketClass(reader, state.context(flags)))]
  if (reader.accept('.')) return [setPart(flags.dotAll ? allCodePoints : notLineFeed)]
  if (reader.accept('^')) return [assertionPart(flags.multiLine ? 'lineStart' : 'textStart')]
  if (reader.accept('$')) return [assertionPart(flags.multiLine ? 'lineEnd' : 'textEnd')]
  if (!reader.sees('\\')) return [literalPart(state, flags, reader.next() as number)]
  if (reader.accept('\\A')) return [assertionPart('textStart')]
  if (reader.accept('\\z')) return [assertionPart('textEnd')]
  if (reader.accept('\\b')) return [assertionPart('wordBoundary')]
  if (reader.accept('\\B')) return [assertionPart('notWordBoundary')]
  const quoted = reader.take(/\\Q(.*?)(?:\\E|$)/sy)
  if (quoted !== null) {
    const characters = Array.from(quoted[1] as string, (character) => character.codePointAt(0) as number)
    return characters.map((codePoint) => literalPart(state, flags, codePoint))
  }
  const set = parseClassEscape(reader, state.context(flags))
  return [set === null ? literalPart(state, flags, parseCharacterEscape(reader)) : setPart(set)]
}

function setPart(set: CodePoints): Part {
  return { node: { kind: 'set', set }, repeats: 1, size: 1 }
}

function assertionPart(assertion: AssertionKind): Part {
  return { node: { kind: 'assertion', assertion }, repeats: 1, size: 1 }
}

function literalPart(state: ParserState, flags: Flags, codePoint: number): Part {
  const set = [codePoint, codePoint]
  return setPart(flags.ignoreCase ? state.context(flags).foldCase(set) : set)
}

const lookAroundHint =
  'RE2 has no look-around, so that every search takes linear time; use a second filter, negated'

function parseGroup(state: ParserState, flags: Flags): Part {
  const { reader } = state
  const start = reader.offset
  if (reader.take(/\(\?<?[=!]/y) !== null)
    throw reader.error('look-around is not supported', start, lookAroundHint)
  const opening = reader.take(/\((?:\?(?:P?<([^>]*)>|([imsU-]*):))?/y) as RegExpExecArray
  let innerFlags = flags
  if (opening[1] !== undefined) rememberName(state, opening[1], start)
  else if (opening[2] !== undefined) innerFlags = changedFlags(reader, flags, opening[2], start)
  else if (reader.sees('?')) {
    reader.take(/\?P?[<=>!#|:&]?/y)
    throw reader.error('unknown kind of group', start)
  }
  if (state.depth === regexLimits.depthMax) {
    throw reader.bound('too many nested groups', start, `at most ${regexLimits.depthMax} are accepted`)
  }
  const isCapture = state.keepsCaptures && opening[2] === undefined
  if (isCapture) state.captures += 1
  const index = state.captures
  state.depth += 1
  const part = parseAlternatives(state, innerFlags)
  state.depth -= 1
  if (!reader.accept(')')) {
    throw reader.error('missing closing ) of the group', start, 'write \\( for a parenthesis itself')
  }
  if (!isCapture) return part
  return { ...part, node: { kind: 'capture', item: part.node, index, name: opening[1] ?? null } }
}

function rememberName(state: ParserState, name: string, start: number): void {
  if (!/^[A-Za-z0-9_]+$/.test(name)) throw state.reader.error('a group name has letters, digits and _', start)
  if (state.groupNames.has(name)) throw state.reader.error('two groups have the same name', start)
  state.groupNames.add(name)
}

/** `(?i)`, valid to the end of the group it stands in; null when something else comes next. */
function parseFlags(state: ParserState, flags: Flags): Flags | null {
  const start = state.reader.offset
  const found = state.reader.take(/\(\?([imsU-]*)\)/y)
  return found === null ? null : changedFlags(state.reader, flags, found[1] as string, start)
}

function changedFlags(reader: PatternReader, flags: Flags, letters: string, start: number): Flags {
  if (!/^[imsU]*(?:-[imsU]+)?$/.test(letters)) throw reader.error('bad flags of a group', start)
  const changed = { ...flags }
  let value = true
  for (const letter of letters) {
    if (letter === '-') value = false
    else if (letter === 'i') changed.ignoreCase = value
    else if (letter === 's') changed.dotAll = value
    else if (letter === 'm') changed.multiLine = value
    else changed.swapLazy = value
  }
  return changed
}

/** `*`, `+`, `?`, `{2,3}`: replaces the last of `parts` by its repetition. False when none comes next. */
function parseRepeat(state: ParserState, parts: Part[], canRepeat: boolean, flags: Flags): boolean {
  const { reader } = state
  const start = reader.offset
  const found = reader.take(/(?:([*+?])|\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\})(\??)/y)
  if (found === null) return false
  const [, sign, low, comma, high, lazyMark] = found
  if (!canRepeat) {
    const problem = sign === '+' ? 'possessive repeats are not supported' : 'a repeat follows a repeat'
    throw reader.error(problem, start, 'put the first repeat into (?:…) if both are meant')
  }
  const last = parts.pop()
  if (last === undefined)
    throw reader.error('nothing to repeat before', start, 'write a backslash before the sign itself')
  const min = sign === undefined ? Number(low) : sign === '+' ? 1 : 0
  const countedMax = comma === undefined ? min : high === undefined ? null : Number(high)
  const max = sign === undefined ? countedMax : sign === '?' ? 1 : null
  const hint = `counts go up to ${regexLimits.repeatMax}, smaller first`
  if (max !== null && max < min) throw reader.error('bad repeat count', start, hint)
  if (Math.max(min, max ?? 0) > regexLimits.repeatMax) throw reader.bound('bad repeat count', start, hint)
  const times = sign === undefined ? Math.max(max ?? min, 1) : 1
  const repeats = last.repeats * times
  const size = last.size * times + 1
  if (repeats > regexLimits.repeatMax || size > regexLimits.programSizeMax) {
    throw reader.bound('nested repeats multiply to too much', start, hint)
  }
  const lazy = (lazyMark === '?') !== flags.swapLazy
  parts.push({ node: repeatOf(last.node, min, max, lazy), repeats, size })
  return true
}

/** Repeating what matches no text changes nothing. */
function repeatOf(item: RegexNode, min: number, max: number | null, lazy: boolean): RegexNode {
  if (item.kind === 'empty' || max === 0) return emptyNode
  if (item.kind === 'assertion') return min === 0 ? emptyNode : item
  return min === 1 && max === 1 ? item : { kind: 'repeat', item, min, max, lazy }
}
