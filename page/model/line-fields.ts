/** Fields of one line: members of a JSON object, or pairs of logfmt, as a table shows them. */

export type Field = { readonly name: string; readonly value: string }

/** More would not be read. */
const fieldsMax = 200
/** Longer lines are shown as text alone. */
const parsedCharsMax = 256 * 1024

export function fieldsOf(line: string): readonly Field[] {
  if (line.length > parsedCharsMax) return []
  const object = parseObject(line)
  if (object !== null) return flatten(object)
  return logfmtOf(line)
}

/** Indented JSON; null where the line is none. */
export function prettyJson(line: string): string | null {
  if (line.length > parsedCharsMax) return null
  const object = parseObject(line)
  return object === null ? null : JSON.stringify(object, null, 2)
}

function parseObject(line: string): object | null {
  const begin = line.indexOf('{')
  // A prefix before the object, such as a time, is usual.
  if (begin === -1 || begin > 64 || !line.trimEnd().endsWith('}')) return null
  try {
    const value: unknown = JSON.parse(line.slice(begin))
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    // Not JSON after all.
    return null
  }
}

function flatten(object: object): readonly Field[] {
  const fields: Field[] = []
  const add = (name: string, value: unknown): void => {
    if (fields.length >= fieldsMax) return
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, member] of Object.entries(value)) add(name === '' ? key : `${name}.${key}`, member)
    } else fields.push({ name, value: typeof value === 'string' ? value : JSON.stringify(value) })
  }
  add('', object)
  return fields
}

const pair = /(?:^|\s)([A-Za-z_@][\w.@/-]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g
/** A single `a=b` in a sentence is no logfmt. */
const pairsMin = 2

function logfmtOf(line: string): readonly Field[] {
  const fields: Field[] = []
  for (const [, name = '', quoted, bare = ''] of line.matchAll(pair)) {
    fields.push({ name, value: quoted === undefined ? bare : quoted.replace(/\\(.)/g, unescape) })
    if (fields.length >= fieldsMax) break
  }
  return fields.length < pairsMin ? [] : fields
}

function unescape(_: string, character: string): string {
  return { n: '\n', t: '\t', r: '\r' }[character] ?? character
}

/**
 * The text by which lines with the same value of the field are found: name and value as they stand in the
 * line where that can be seen, else the value alone.
 */
export function rawField(line: string, { name, value }: Field): string {
  const last = name.slice(name.lastIndexOf('.') + 1)
  const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const forms = [
    `"${escape(last)}"\\s*:\\s*(?:${escape(JSON.stringify(value))}|${escape(value)})(?=\\s*[,}])`,
    `(?<![\\w.])${escape(name)}=(?:"${escape(value)}"|${escape(value)})(?=\\s|$)`,
  ]
  for (const form of forms) {
    const found = new RegExp(form).exec(line)
    if (found !== null) return found[0]
  }
  return value
}
