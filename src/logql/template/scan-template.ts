/** Cuts a template into texts and actions, and actions into tokens, after Go's text/template. */

import { parseError } from '../error.ts'

export type TemplateToken = {
  readonly kind: 'word' | 'field' | 'variable' | 'text' | 'number' | 'character' | 'sign' | 'space'
  readonly text: string
}

/** A piece of text, or the tokens of one action. */
export type TemplatePiece = { readonly text: string } | { readonly tokens: readonly TemplateToken[] }

const spaces = /[ \t\r\n]+/y
const word = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const field = /\.[\p{L}_][\p{L}\p{Nd}_]*/uy
const variable = /\$[\p{L}\p{Nd}_]*/uy
const quoted = /"(?:[^"\\\n]|\\.)*"/y
const raw = /`[^`]*`/y
const character = /'(?:[^'\\\n]|\\.)+'/y
const fraction = '(?:\\d[\\d_]*\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?'
const number = new RegExp(
  `[+-]?(?:0[xX][\\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|${fraction})(?![\\p{L}\\d])`,
  'uy',
)
const sign = /:=|[|(),.=]/y

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** Throws `LogqlError`. */
export function scanTemplate(template: string): TemplatePiece[] {
  const pieces: TemplatePiece[] = []
  let at = 0
  let trimsNext = false
  for (;;) {
    const start = template.indexOf('{{', at)
    let text = template.slice(at, start < 0 ? template.length : start)
    if (trimsNext) text = text.trimStart()
    if (start < 0) {
      if (text !== '') pieces.push({ text })
      return pieces
    }
    const isTrimmed = /^\{\{-[ \t\r\n]/.test(template.slice(start, start + 4))
    if (isTrimmed) text = text.trimEnd()
    if (text !== '') pieces.push({ text })
    const action = scanAction(template, start + (isTrimmed ? 3 : 2))
    if (action.tokens !== null) pieces.push({ tokens: action.tokens })
    at = action.end
    trimsNext = action.trimsNext
  }
}

type Action = { tokens: TemplateToken[] | null; end: number; trimsNext: boolean }

function scanAction(template: string, start: number): Action {
  const comment = /\s*\/\*[\s\S]*?\*\/( -)?\}\}/y
  comment.lastIndex = start
  const found = comment.exec(template)
  if (found !== null) return { tokens: null, end: comment.lastIndex, trimsNext: found[1] !== undefined }
  const tokens: TemplateToken[] = []
  let at = start
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const text = pattern.exec(template)?.[0] ?? null
    if (text !== null) at = pattern.lastIndex
    return text
  }
  for (;;) {
    const isTrimmed = /[ \t\r\n]-\}\}/y
    isTrimmed.lastIndex = at
    if (isTrimmed.test(template)) return { tokens, end: at + 4, trimsNext: true }
    if (template.startsWith('}}', at)) return { tokens, end: at + 2, trimsNext: false }
    const token = nextToken(take)
    if (token === null) {
      const what =
        at >= template.length ? 'unclosed action' : `unexpected ${JSON.stringify(template[at])} in command`
      throw parseError(`invalid template: ${what}`)
    }
    tokens.push(token)
  }
}

function nextToken(take: (pattern: RegExp) => string | null): TemplateToken | null {
  if (take(spaces) !== null) return { kind: 'space', text: ' ' }
  for (const [kind, pattern] of [
    ['number', number],
    ['word', word],
    ['field', field],
    ['variable', variable],
  ] as const) {
    const text = take(pattern)
    if (text !== null) return { kind, text }
  }
  const quotedText = take(quoted)
  if (quotedText !== null) return { kind: 'text', text: unquoted(quotedText) }
  const rawText = take(raw)
  if (rawText !== null) return { kind: 'text', text: rawText.slice(1, -1) }
  const characterText = take(character)
  if (characterText !== null) return { kind: 'character', text: unquoted(characterText) }
  const signText = take(sign)
  return signText === null ? null : { kind: 'sign', text: signText }
}

function unquoted(literal: string): string {
  const escape = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([^]))/g
  return literal.slice(1, -1).replaceAll(escape, (_all, hex, short, long, octal, letter) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(String(octal), 8))
    const code = hex ?? short ?? long
    if (code !== undefined) {
      const codePoint = Number.parseInt(String(code), 16)
      if (codePoint > 0x10ffff) throw parseError('invalid template: bad escape in string')
      return String.fromCodePoint(codePoint)
    }
    const plain = escapes[String(letter)]
    if (plain === undefined) throw parseError('invalid template: bad escape in string')
    return plain
  })
}
