/** Patterns in RE2 syntax over single texts, such as values of labels: what they match, and where. */

import { regexLimits } from '../limits/query.ts'
import { standIn } from './byte-classes.ts'
import { parseRegex } from './parse.ts'
import { regexError } from './reader.ts'
import { translateCaptures } from './translate.ts'
import { concatOf, type RegexNode } from './tree.ts'

/**
 * Of one match: `groups[0]` is all of it; a group that took no part is undefined. Offsets in UTF-16 units.
 */
export type TextMatch = {
  readonly start: number
  readonly end: number
  readonly groups: readonly (string | undefined)[]
}

export type TextRegexOptions = {
  /** The pattern has to match the whole text, and its dots match LF. */
  readonly isWhole?: boolean
}

/** Names of groups by their index; null: it has none. Index 0 is the whole match. */
export type TextRegex = {
  readonly names: readonly (string | null)[]
  readonly test: (text: string) => boolean
  readonly exec: (text: string) => TextMatch | null
  /** Every match from left to right, after Go: none that is empty right behind another. */
  readonly all: (text: string) => TextMatch[]
}

/** Throws `LogkeepError` BAD_REGEX. */
export function compileTextRegex(pattern: string, { isWhole = false }: TextRegexOptions = {}): TextRegex {
  const parsed = parseRegex(pattern, false, { dotAll: isWhole, keepsCaptures: true })
  const start: RegexNode = { kind: 'assertion', assertion: 'textStart' }
  const end: RegexNode = { kind: 'assertion', assertion: 'textEnd' }
  const tree = isWhole ? concatOf([start, parsed, end]) : parsed
  const captures: { index: number; name: string | null }[] = []
  collectCaptures(tree, captures)
  const names: (string | null)[] = [null]
  for (const { index, name } of captures) names[index] = name
  const ascii = compileSource(tree, 'ascii')
  let utf8: RegExp | null = null

  const execFrom = (text: PreparedText, from: number): TextMatch | null => {
    const regex = text.isAscii ? ascii : (utf8 ??= compileSource(tree, 'utf8'))
    regex.lastIndex = from
    const found = regex.exec(text.searched)
    if (found === null) return null
    const groups: (string | undefined)[] = [text.restored(found[0])]
    captures.forEach(({ index }, place) => {
      const group = found[place + 1]
      groups[index] = group === undefined ? undefined : text.restored(group)
    })
    return { start: found.index, end: found.index + found[0].length, groups }
  }
  return {
    names: Array.from(names, (name) => name ?? null),
    test: (text) => {
      const prepared = prepare(text)
      const regex = prepared.isAscii ? ascii : (utf8 ??= compileSource(tree, 'utf8'))
      regex.lastIndex = 0
      return regex.test(prepared.searched)
    },
    exec: (text) => {
      const prepared = prepare(text)
      const match = execFrom(prepared, 0)
      return match === null ? null : placed(match, prepared)
    },
    all: (text) => {
      const prepared = prepare(text)
      const matches: TextMatch[] = []
      let from = 0
      let lastEnd = -1
      while (from <= prepared.searched.length) {
        const match = execFrom(prepared, from)
        if (match === null) break
        const isEmpty = match.start === match.end
        if (!isEmpty || match.start !== lastEnd) matches.push(placed(match, prepared))
        lastEnd = match.end
        from = isEmpty ? prepared.after(match.end) : match.end
      }
      return matches
    },
  }
}

function collectCaptures(node: RegexNode, found: { index: number; name: string | null }[]): void {
  if (node.kind === 'capture') found.push({ index: node.index, name: node.name })
  if (node.kind === 'capture' || node.kind === 'repeat') collectCaptures(node.item, found)
  if (node.kind === 'concat' || node.kind === 'alternate') {
    for (const item of node.items) collectCaptures(item, found)
  }
}

function compileSource(tree: RegexNode, flavour: 'ascii' | 'utf8'): RegExp {
  const hint = 'use smaller counts or fewer classes'
  const source = translateCaptures(tree, flavour)
  if (source.length > regexLimits.sourceLengthMax) {
    throw regexError('the pattern is too large for the search engine', hint, { limit: 'regex' })
  }
  try {
    return new RegExp(source, 'g')
  } catch (cause) {
    throw regexError('the pattern is too large for the search engine', hint, { limit: 'regex', cause })
  }
}

/** A text as patterns see it: one character per byte of UTF-8, stand-ins for CR and LF. */
type PreparedText = {
  readonly searched: string
  readonly isAscii: boolean
  readonly restored: (piece: string) => string
  /** The place behind the character at `offset`. */
  readonly after: (offset: number) => number
}

const beyondAscii = /[^\0-\x7f]/
const lineEnd = /[\r\n]/
const lineFeed = String.fromCharCode(standIn.lineFeed)
const carriageReturn = String.fromCharCode(standIn.carriageReturn)

function prepare(text: string): PreparedText {
  const isAscii = !beyondAscii.test(text)
  if (isAscii && !lineEnd.test(text)) return { searched: text, isAscii, restored: itself, after: afterOne }
  const bytes = isAscii ? text : Buffer.from(text).toString('latin1')
  const searched = bytes.replaceAll('\n', lineFeed).replaceAll('\r', carriageReturn)
  return { searched, isAscii, restored: isAscii ? withLineEnds : decoded, after: afterIn(searched) }
}

const itself = (piece: string): string => piece
const afterOne = (offset: number): number => offset + 1

function afterIn(searched: string): (offset: number) => number {
  return (offset) => {
    let next = offset + 1
    while (next < searched.length && (searched.charCodeAt(next) & 0xc0) === 0x80) next += 1
    return next
  }
}

function withLineEnds(piece: string): string {
  return piece.replaceAll(lineFeed, '\n').replaceAll(carriageReturn, '\r')
}

function decoded(piece: string): string {
  return Buffer.from(withLineEnds(piece), 'latin1').toString('utf8')
}

/** Offsets in the text that was given. */
function placed(match: TextMatch, { isAscii, searched }: PreparedText): TextMatch {
  if (isAscii) return match
  const start = decoded(searched.slice(0, match.start)).length
  return { ...match, start, end: start + (match.groups[0] as string).length }
}

/** `$1`, `${name}` and `$$` in a replacement, after Go's `Expand`. */
export function expandReplacement(replacement: string, regex: TextRegex, { groups }: TextMatch): string {
  return replacement.replaceAll(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_all, dollar, braced, bare) => {
    if (dollar !== undefined) return '$'
    const name = String(braced ?? bare)
    const index = /^\d+$/.test(name) ? Number(name) : regex.names.indexOf(name)
    return groups[index] ?? ''
  })
}
