/** Fields of one line: members of a JSON object, or pairs of logfmt, as a table shows them. */

export type Field = { readonly name: string; readonly value: string }

/** More would not be read. */
const fieldsMax = 200
/** Longer lines are shown as text alone. */
const parsedCharsMax = 256 * 1024

export function fieldsOf(line: string): readonly Field[] {
  if (line.length > parsedCharsMax) return []
  const found = parseObject(line)
  return found === null ? logfmtOf(line) : flatten(found.object)
}

/** Indented JSON behind what stands before it; null where the line has none. */
export function prettyJson(line: string): string | null {
  if (line.length > parsedCharsMax) return null
  const found = parseObject(line)
  return found === null ? null : found.before + JSON.stringify(found.object, null, 2)
}

type Found = { readonly before: string; readonly object: object }

function parseObject(line: string): Found | null {
  const begin = line.indexOf('{')
  // A prefix before the object, such as a time, is usual.
  if (begin === -1 || begin > 64 || !line.trimEnd().endsWith('}')) return null
  try {
    const value: unknown = JSON.parse(line.slice(begin), keepNumber)
    return typeof value === 'object' && value !== null
      ? { before: line.slice(0, begin), object: value }
      : null
  } catch {
    // Not JSON after all.
    return null
  }
}

/** ECMAScript 2026, in every browser of 2025; TypeScript's libraries do not have it yet. */
type RawJson = {
  readonly rawJSON?: (text: string) => object
  readonly isRawJSON?: (value: unknown) => value is { readonly rawJSON: string }
}
const rawJson = JSON as RawJson

/** Numbers stay as they stand in the line: 1.50, and what is beyond 2^53. */
function keepNumber(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || rawJson.rawJSON === undefined) return value
  return rawJson.rawJSON(source)
}

function flatten(object: object): readonly Field[] {
  const fields: Field[] = []
  const add = (name: string, value: unknown): void => {
    if (fields.length >= fieldsMax) return
    if (rawJson.isRawJSON?.(value) === true) fields.push({ name, value: value.rawJSON })
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
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
