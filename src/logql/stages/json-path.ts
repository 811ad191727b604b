/** Paths of `| json name="a.b[0][\"c d\"]"`. */

import { parseError } from '../error.ts'

/** Names of members and indexes of elements. */
export type JsonPath = readonly (string | number)[]

const step = /(?:^|(?<!^)\.)([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y

/** Throws `LogqlError`. */
export function parseJsonPath(text: string): JsonPath {
  const path: (string | number)[] = []
  step.lastIndex = 0
  while (step.lastIndex < text.length) {
    const start = step.lastIndex
    const found = step.exec(text)
    if (found === null) {
      throw parseError(`cannot parse expression ${JSON.stringify(text)}: unexpected ${describe(text, start)}`)
    }
    const [, name, index, quoted] = found
    if (index !== undefined) path.push(Number(index))
    else path.push(name ?? (quoted as string).replaceAll(/\\(.)/g, '$1'))
  }
  if (path.length === 0) throw parseError('cannot parse expression: it is empty')
  return path
}

function describe(text: string, at: number): string {
  return `${JSON.stringify(text.slice(at, at + 10))} at ${at}`
}
