/** Finds what of a text the search box asked for, to mark it. */

import { parseSearch, type Term } from './search-text.ts'

/** Half-open, in UTF-16 units; in order, without overlaps. */
export type Hit = readonly [start: number, end: number]

export type Highlighter = (text: string) => readonly Hit[]

/** Marks beyond it help nobody. */
const hitsMax = 200

/** Null where nothing is looked for. */
export function createHighlighter(box: string, matchCase: boolean): Highlighter | null {
  const search = parseSearch(box)
  const terms = search.kind === 'terms' ? search.terms : logqlTerms(search.query)
  const isCased = search.kind === 'logql' || matchCase
  const patterns = terms.filter(({ negate }) => !negate).flatMap((term) => compile(term, isCased) ?? [])
  if (patterns.length === 0) return null
  return (text) => merge(patterns.flatMap((pattern) => hitsOf(pattern, text)))
}

type Filter = Pick<Term, 'kind' | 'text' | 'negate'>

/** Line filters of LogQL: `|= "text"` and `|~ "pattern"`, also with backquotes. */
function logqlTerms(query: string): readonly Filter[] {
  const filters = query.matchAll(/\|(=|~)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)/g)
  return [...filters].map(([, sign, quoted = '']) => ({
    kind: sign === '=' ? 'text' : 'regex',
    text: unquote(quoted),
    negate: false,
  }))
}

function unquote(quoted: string): string {
  if (quoted.startsWith('`')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    // An escape of Go that JSON lacks: what can be marked is the text between the quotes.
    return quoted.slice(1, -1)
  }
}

function compile({ kind, text }: Filter, matchCase: boolean): RegExp | null {
  if (kind === 'regex' && !isQuick(text)) return null
  const source = kind === 'text' ? text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : text
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)([^]*)$/.exec(source) ?? []
  try {
    return new RegExp(rest, `g${flags.replace('i', '')}${matchCase && !flags.includes('i') ? '' : 'i'}`)
  } catch {
    // RE2 knows forms that RegExp does not: the server finds the lines, only the marks are missing.
    return null
  }
}

/**
 * The server matches in linear time, RegExp does not: patterns with a repeated group, or with more than two
 * open repeats, could hang the page on a hostile line and are not marked.
 */
export function isQuick(pattern: string): boolean {
  const plain = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  if (/\)(?:[*+]|\{\d+,?\d*\})/.test(plain)) return false
  return (plain.match(/[*+]|\{\d+,\}/g) ?? []).length <= 2
}

function hitsOf(pattern: RegExp, text: string): Hit[] {
  const hits: Hit[] = []
  for (const match of text.matchAll(pattern)) {
    if (match[0] !== '') hits.push([match.index, match.index + match[0].length])
    if (hits.length >= hitsMax) break
  }
  return hits
}

function merge(hits: readonly Hit[]): readonly Hit[] {
  const merged: [number, number][] = []
  for (const [start, end] of hits.toSorted((one, other) => one[0] - other[0])) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged
}
