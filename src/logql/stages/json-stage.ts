/** `| json`, with and without field expressions, and `| unpack`. */

import { logqlLimits } from '../../limits/logql.ts'
import type { FieldExpression } from '../syntax/tree.ts'
import { type JsonPath, parseJsonPath } from './json-path.ts'
import { JsonScanner, JsonSyntaxError } from './json-scanner.ts'
import { cleanKey, createKeyCleaner } from './label-names.ts'
import type { LineStage, LineState } from './line-state.ts'
import type { NeededLabels } from './needed-labels.ts'

/**
 * All members that are needed become labels, names of nested ones joined with `_`; arrays and nulls do not.
 */
export function createJsonStage(needed: NeededLabels = null): LineStage {
  const clean = createKeyCleaner()
  const visit = (state: LineState, scanner: JsonScanner, prefix: string, depth: number): void => {
    if (depth > logqlLimits.jsonDepthMax) throw new JsonSyntaxError('the line is nested too deeply')
    scanner.members((key) => {
      const cleaned = prefix === '' ? clean(key) : cleanKey(key, false)
      const name = prefix === '' || cleaned === '' ? prefix + cleaned : `${prefix}_${cleaned}`
      switch (scanner.kind()) {
        case 'object':
          visit(state, scanner, name, depth + 1)
          return
        case 'array':
          scanner.skip(depth)
          return
        case 'null':
          scanner.word()
          return
        case 'string':
          if (!state.isNeeded(name, needed)) return scanner.skipString()
          return addNamed(state, name, scanner.string())
        default:
          return addNamed(state, name, scanner.word())
      }
    })
  }
  return guarded((state) => visit(state, new JsonScanner(state.line), '', 0))
}

function addNamed(state: LineState, name: string, value: string): void {
  if (name !== '') state.addParsed(name, value)
}

/** Each expression gives one label; objects and arrays as they are written; what is missing is empty. */
export function createJsonFieldsStage(fields: readonly FieldExpression[]): LineStage {
  const wanted = fields.map(({ name, path }) => ({ name, path: parseJsonPath(path) }))
  return guarded((state) => {
    const found = wanted.map(({ path }) => valueAt(new JsonScanner(state.line), path))
    found.forEach((value, index) => {
      state.set(state.nameOf((wanted[index] as (typeof wanted)[number]).name), value)
    })
  })
}

function valueAt(scanner: JsonScanner, path: JsonPath): string {
  for (const step of path) {
    const kind = scanner.kind()
    const isFitting = typeof step === 'number' ? kind === 'array' : kind === 'object'
    if (!isFitting || !stepInto(scanner, step)) return ''
  }
  return rawValue(scanner)
}

/** Stands at the member or element afterwards; false: there is none. */
function stepInto(scanner: JsonScanner, step: string | number): boolean {
  let place = -1
  const visit = (at: string | number): void => {
    if (at === step) {
      place = scanner.at
      throw reached
    }
    scanner.skip()
  }
  try {
    if (typeof step === 'number') scanner.elements(visit)
    else scanner.members(visit)
  } catch (error) {
    if (error !== reached) throw error
  }
  if (place < 0) return false
  scanner.at = place
  return true
}

/** Ends a visit early. */
const reached = new Error('reached')

function rawValue(scanner: JsonScanner): string {
  switch (scanner.kind()) {
    case 'string':
      return scanner.string()
    case 'null':
      return ''
    case 'object':
    case 'array': {
      const start = scanner.at
      scanner.skip()
      return scanner.text.slice(start, scanner.at)
    }
    default:
      return scanner.word()
  }
}

/** `_entry` becomes the line, other members that are strings labels; without `_entry` nothing was packed. */
export function createUnpackStage(): LineStage {
  const clean = createKeyCleaner()
  return guarded((state) => {
    const scanner = new JsonScanner(state.line)
    let entry: string | null = null
    const members: [name: string, value: string][] = []
    scanner.members((key) => {
      if (scanner.kind() !== 'string') return scanner.skip()
      const value = scanner.string()
      if (key === '_entry') entry = value
      else members.push([clean(key), value])
    })
    if (entry === null) return
    for (const [name, value] of members) state.addParsed(name, value)
    state.line = entry
  })
}

/** Most lines that are no JSON at all are told by their first character: an error costs microseconds. */
const objectStart = /^[ \t\r\n]*\{/

function guarded(run: (state: LineState) => void): LineStage {
  return (state) => {
    if (!objectStart.test(state.line)) {
      state.fail('JSONParserErr', 'the line is no JSON object')
      return true
    }
    try {
      run(state)
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error
      state.fail('JSONParserErr', error.message)
    }
    return true
  }
}
