/** `| logfmt`, with and without field expressions: pairs `key=value key="a value"`. Hot path. */

import { parseError } from '../error.ts'
import type { FieldExpression } from '../syntax/tree.ts'
import { createKeyCleaner } from './label-names.ts'
import type { LineStage, LineState } from './line-state.ts'
import type { NeededLabels } from './needed-labels.ts'

export type LogfmtOptions = { readonly isStrict: boolean; readonly keepEmpty: boolean }

/** False ends the visit. */
type PairVisitor = (key: string, value: string) => void

const spaceMax = 0x20
const equalsCode = 0x3d
const quoteCode = 0x22
const backslashCode = 0x5c

/**
 * Visits the pairs of a line; tokens that are none are skipped or, if strict, end it: null, or what is
 * wrong.
 */
export function visitPairs(line: string, isStrict: boolean, visit: PairVisitor): string | null {
  let at = 0
  const { length } = line
  while (at < length) {
    if (line.charCodeAt(at) <= spaceMax) {
      at += 1
      continue
    }
    const end = readPair(line, at, visit)
    if (end >= 0) {
      at = end
      continue
    }
    if (isStrict) return `logfmt syntax error at pos ${-end} : unexpected character`
    at = -end
    while (at < length && line.charCodeAt(at) > spaceMax) at += 1
  }
  return null
}

/** Where the pair that begins at `start` ends; negative: where it stops being one. */
function readPair(line: string, start: number, visit: PairVisitor): number {
  const { length } = line
  let at = start
  let code = line.charCodeAt(at)
  while (at < length && code > spaceMax && code !== equalsCode && code !== quoteCode) {
    at += 1
    code = line.charCodeAt(at)
  }
  if (at === start || code === quoteCode) return -Math.max(at, 1)
  const key = line.slice(start, at)
  if (at >= length || code !== equalsCode) {
    visit(key, '')
    return at
  }
  at += 1
  if (line.charCodeAt(at) === quoteCode) return readQuoted(line, at, key, visit)
  const valueStart = at
  for (; at < length; at += 1) {
    code = line.charCodeAt(at)
    if (code <= spaceMax) break
    if (code === equalsCode || code === quoteCode) return -at
  }
  visit(key, line.slice(valueStart, at))
  return at
}

function readQuoted(line: string, start: number, key: string, visit: PairVisitor): number {
  let at = start + 1
  let isEscaped = false
  for (;;) {
    const code = line.charCodeAt(at)
    if (at >= line.length) return -line.length
    if (code === quoteCode) break
    if (code === backslashCode) {
      isEscaped = true
      at += 1
    }
    at += 1
  }
  const raw = line.slice(start + 1, at)
  const value = isEscaped ? unescapeValue(raw) : raw
  if (value === null) return -at
  visit(key, value)
  return at + 1
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '/': '/' }

/** Null: an escape that is none. */
function unescapeValue(raw: string): string | null {
  let isBad = false
  const text = raw.replaceAll(/\\(?:u([\da-fA-F]{4})|([^]))/g, (_all, hex: string, letter: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (letter === '"' || letter === '\\' || letter === "'") return letter
    const plain = escapes[letter]
    if (plain === undefined) isBad = true
    return plain ?? ''
  })
  return isBad ? null : text.toWellFormed()
}

/** Keys without values are left out unless they are to be kept. */
export function createLogfmtStage(
  { isStrict, keepEmpty }: LogfmtOptions,
  needed: NeededLabels = null,
): LineStage {
  const clean = createKeyCleaner()
  return (state) => {
    const problem = visitPairs(state.line, isStrict, (key, value) => {
      if (value === '' && !keepEmpty) return
      const name = clean(key)
      if (name !== '' && state.isNeeded(name, needed)) state.addParsed(name, value)
    })
    return told(state, problem)
  }
}

/** Each expression gives one label; what is missing is empty. */
export function createLogfmtFieldsStage(
  fields: readonly FieldExpression[],
  { isStrict, keepEmpty }: LogfmtOptions,
): LineStage {
  const clean = createKeyCleaner()
  const wanted = fields.map(({ name, path }) => {
    if (!/^[A-Za-z_][\w.-]*$/.test(path)) {
      throw parseError(`cannot parse expression ${JSON.stringify(path)}: a key of logfmt is expected`)
    }
    return { name, key: clean(path) }
  })
  const keys = new Set(wanted.map(({ key }) => key))
  return (state) => {
    const found = new Map<string, string>()
    const problem = visitPairs(state.line, isStrict, (key, value) => {
      const name = clean(key)
      if (!keys.has(name) || (value === '' && !keepEmpty)) return
      if (!found.has(name)) found.set(name, value)
    })
    for (const { name, key } of wanted) state.set(state.nameOf(name), found.get(key) ?? '')
    return told(state, problem)
  }
}

function told(state: LineState, problem: string | null): true {
  if (problem !== null) state.fail('LogfmtParserErr', problem)
  return true
}
