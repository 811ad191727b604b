/** Patterns of `| pattern`, `|>` and `!>`: text with placeholders, `<_> level=<level> <_>`. */

import { parseError } from '../error.ts'

/** A placeholder (`name` null: `<_>`) or a text between placeholders. */
export type PatternPart = { readonly capture: string | null } | { readonly text: string }

const placeholder = /<([A-Za-z_]\w*)>/g

/** Throws `LogqlError` where two placeholders meet. */
export function parseLinePattern(pattern: string): PatternPart[] {
  const parts: PatternPart[] = []
  let end = 0
  for (const found of pattern.matchAll(placeholder)) {
    if (found.index > end) parts.push({ text: pattern.slice(end, found.index) })
    else if (found.index > 0) throw parseError('found consecutive capture: invalid expression')
    parts.push({ capture: found[1] === '_' ? null : (found[1] as string) })
    end = found.index + found[0].length
  }
  if (end < pattern.length) parts.push({ text: pattern.slice(end) })
  return parts
}

/** The same for the parser: at least one name, none twice. Throws `LogqlError`. */
export function parseCapturePattern(pattern: string): PatternPart[] {
  const parts = parseLinePattern(pattern)
  const names = parts.flatMap((part) => ('capture' in part && part.capture !== null ? [part.capture] : []))
  if (names.length === 0) throw parseError('at least one capture is required')
  if (new Set(names).size < names.length) throw parseError('duplicate capture name in the pattern')
  return parts
}

/** The same for line filters: no names. Throws `LogqlError`. */
export function parseFilterPattern(pattern: string): PatternPart[] {
  const parts = parseLinePattern(pattern)
  if (parts.some((part) => 'capture' in part && part.capture !== null)) {
    throw parseError('line filter only supports `<_>` placeholders, not named captures')
  }
  return parts
}
