/** Terms of the search box by which lines with a value of a field are found, and none of longer values. */

import type { Field } from './line-fields.ts'
import type { Wanted } from './search-text.ts'

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

/** Of a member of a JSON object: names of objects around it stand elsewhere in the line. */
function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/**
 * As the field stands in the line, where that can be seen: the text itself where quotes end it, else a
 * pattern with what may follow. Of values that are written otherwise the value alone.
 */
export function fieldTerm(line: string, { name, value }: Field): Wanted {
  const forms = `(?:${escape(JSON.stringify(value))}|${escape(value)})`
  const member = new RegExp(`"${escape(lastName(name))}"\\s*:\\s*${forms}(?=\\s*[,}])`)
  const json = member.exec(line)?.[0]
  if (json !== undefined)
    return json.endsWith('"')
      ? { kind: 'text', text: json }
      : { kind: 'regex', text: `${escape(json)}\\s*[,}]` }
  const pair = new RegExp(`(?<!\\S)${escape(name)}=(?:"${escape(value)}"|${escape(value)})(?!\\S)`)
  if (pair.test(line)) return { kind: 'regex', text: pairPattern(name, value) }
  return value === '' ? { kind: 'text', text: name } : { kind: 'text', text: value }
}

/** Of a value that the server has counted, in JSON and logfmt alike. `isCut`: it goes on. */
export function valueTerm({ name, value }: Field, isCut: boolean): Wanted {
  const inner = escape(JSON.stringify(value).slice(1, -1))
  const bare = value === '' ? [] : [escape(value)]
  const quoted = isCut ? `"${inner}` : `"${inner}"`
  const members = [quoted, ...bare.map((text) => (isCut ? text : `${text}\\s?[,}]`))].join('|')
  const pairs = isCut ? `(?:^|\\s)${escape(name)}="?${inner}` : pairPattern(name, value)
  return { kind: 'regex', text: `"${escape(lastName(name))}"\\s?:\\s?(?:${members})|${pairs}` }
}

/** With or without quotes: equal values are written either way. */
function pairPattern(name: string, value: string): string {
  const text = value === '' ? '(?:"")?' : `"?${escape(JSON.stringify(value).slice(1, -1))}"?`
  return `(?:^|\\s)${escape(name)}=${text}(?:\\s|$)`
}
