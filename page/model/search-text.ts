/**
 * Reads the search box: words that must all be in a line, `!word` that must not, `"a phrase"`, `/regex/`; or,
 * where it begins with `{`, a LogQL query, which the server reads.
 */

export type Term = {
  readonly kind: 'text' | 'regex'
  /** Without marks. */
  readonly text: string
  readonly negate: boolean
  /** Offset in the box at which `text` begins, and at which the whole term ends. */
  readonly start: number
  readonly end: number
}

/** A term without its place. */
export type Wanted = Pick<Term, 'kind' | 'text'>

export type Search =
  | { readonly kind: 'terms'; readonly terms: readonly Term[] }
  | { readonly kind: 'logql'; readonly query: string }

export function parseSearch(box: string): Search {
  if (box.trimStart().startsWith('{')) return { kind: 'logql', query: box.trim() }
  const terms: Term[] = []
  let at = 0
  while (at < box.length) {
    if (/\s/.test(box[at] as string)) at += 1
    else {
      const term = readTerm(box, at)
      if (term.text !== '') terms.push(term)
      at = term.end
    }
  }
  return { kind: 'terms', terms }
}

const metricQuery = /^\s*[a-z_]+\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\(.*\{[^}]*[=~].*\}/

/** `sum(rate({…}[5m]))`: LogQL that counts lines, which the box takes for words. */
export function isMetricQuery(box: string): boolean {
  return metricQuery.test(box)
}

function readTerm(box: string, from: number): Term {
  const negate = box[from] === '!' && /\S/.test(box[from + 1] ?? ' ')
  const at = negate ? from + 1 : from
  const mark = box[at]
  if (mark === '"' || mark === '/') {
    const end = endOfEnclosed(box, at + 1, mark)
    if (end !== -1) {
      const inner = box.slice(at + 1, end)
      const text = mark === '"' ? inner.replaceAll('\\"', '"') : inner
      return { kind: mark === '"' ? 'text' : 'regex', text, negate, start: at + 1, end: end + 1 }
    }
  }
  const word = /^\S+/.exec(box.slice(at))?.[0] ?? ''
  return { kind: 'text', text: word, negate, start: at, end: at + word.length }
}

/** Offset of the closing mark, which must be followed by a space or the end; -1 where there is none. */
function endOfEnclosed(box: string, from: number, mark: string): number {
  for (let at = from; at < box.length; at += 1) {
    if (box[at] === '\\') at += 1
    else if (box[at] === mark && /^(\s|$)/.test(box.slice(at + 1))) return at
  }
  return -1
}

/** A term as the server's parameter `q` takes it. */
export function toParameter({ kind, text, negate }: Term): string {
  const mark = negate ? '!' : ''
  return kind === 'regex' ? `${mark}/${text}/` : `${mark}"${text}"`
}

/** A term as the box has it, quoted where it must be. */
export function toBoxTerm({ kind, text }: Wanted, negate: boolean): string {
  if (kind === 'regex') return `${negate ? '!' : ''}/${text}/`
  const isPlain = /^[^\s!"/{][^\s]*$/.test(text)
  return `${negate ? '!' : ''}${isPlain ? text : `"${text.replaceAll('"', '\\"')}"`}`
}

/** Adds a term to the box; one that is there stays as it is. */
export function withTerm(box: string, wanted: Wanted, negate: boolean): string {
  const { kind, text } = wanted
  const search = parseSearch(box)
  if (search.kind === 'logql') {
    const sign = { text: ['|=', '!='], regex: ['|~', '!~'] }[kind][negate ? 1 : 0]
    return `${search.query} ${sign} ${JSON.stringify(text)}`
  }
  const has = search.terms.some((term) => term.kind === kind && term.text === text && term.negate === negate)
  return has ? box : `${box.trim()} ${toBoxTerm(wanted, negate)}`.trim()
}

/**
 * Offset in the box that a message is about: `line 1, col 9` of a LogQL query, `offset 3` of a regex;
 * null where it names none.
 */
export function errorOffset(box: string, message: string): number | null {
  const search = parseSearch(box)
  if (search.kind === 'logql') {
    const [, line, column] = /\bline (\d+), col (\d+)/.exec(message) ?? []
    if (line !== '1') return null
    return Math.min(box.indexOf('{') + Number(column) - 1, box.length)
  }
  const offset = /\boffset (\d+)/.exec(message)?.[1]
  const pattern = search.terms.find((term) => term.kind === 'regex')
  if (offset === undefined || pattern === undefined) return null
  return Math.min(pattern.start + Number(offset), box.length)
}
