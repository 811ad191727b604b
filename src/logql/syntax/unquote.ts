/** Reads string literals as Go writes them: double quotes with escapes, backquotes without. */

import { parseError, positionAt } from '../error.ts'

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

const plainRun = /[^"\\\n]*/y
const byteEscape = /x([\da-fA-F]{2})|([0-3][0-7]{2})/y
const codePointEscape = /u([\da-fA-F]{4})|U([\da-fA-F]{8})/y

/** The literal that begins at `start`; `end` is behind it. Throws `LogqlError`. */
export function unquote(query: string, start: number): { text: string; end: number } {
  const fail = (): never => {
    throw parseError('literal not terminated', positionAt(query, start))
  }
  if (query[start] === '`') {
    const close = query.indexOf('`', start + 1)
    return close < 0 ? fail() : { text: query.slice(start + 1, close).replaceAll('\r', ''), end: close + 1 }
  }
  let text = ''
  let offset = start + 1
  for (;;) {
    plainRun.lastIndex = offset
    const run = plainRun.exec(query)?.[0] ?? ''
    text += run
    offset += run.length
    const next = query[offset]
    if (next === '"') return { text, end: offset + 1 }
    if (next !== '\\') return fail()
    const escape = readEscape(query, offset + 1)
    if (escape === null) {
      if (offset + 1 >= query.length) return fail()
      throw parseError('invalid escape sequence in string', positionAt(query, offset))
    }
    text += escape.text
    offset = escape.end
  }
}

/** What stands behind a backslash; null: nothing that Go knows. */
function readEscape(query: string, offset: number): { text: string; end: number } | null {
  const simple = simpleEscapes[query[offset] ?? '']
  if (simple !== undefined) return { text: simple, end: offset + 1 }
  codePointEscape.lastIndex = offset
  const codePoint = codePointEscape.exec(query)
  if (codePoint !== null) {
    const value = Number.parseInt((codePoint[1] ?? codePoint[2]) as string, 16)
    const isCharacter = value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)
    return isCharacter ? { text: String.fromCodePoint(value), end: codePointEscape.lastIndex } : null
  }
  return readBytes(query, offset)
}

/** `\xe2\x82\xac` and `\342\202\254` are bytes of UTF-8; neighbours make one character together. */
function readBytes(query: string, offset: number): { text: string; end: number } | null {
  const bytes: number[] = []
  let end = offset
  for (;;) {
    byteEscape.lastIndex = end
    const found = byteEscape.exec(query)
    if (found === null) break
    bytes.push(
      found[1] === undefined ? Number.parseInt(found[2] as string, 8) : Number.parseInt(found[1], 16),
    )
    end = byteEscape.lastIndex
    if (query[end] !== '\\' || !/[x0-3]/.test(query[end + 1] ?? '')) break
    end += 1
  }
  if (bytes.length === 0) return null
  // Behind a last backslash that began no byte: it begins another escape.
  if (query[end - 1] === '\\') end -= 1
  return { text: Buffer.from(bytes).toString('utf8'), end }
}
