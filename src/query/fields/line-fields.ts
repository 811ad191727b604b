/** The fields of one line: of a JSON object, else the pairs of logfmt; bounded, whatever the line holds. */

import { fieldLimits } from '../../limits/query.ts'
import { visitJsonFields } from './json-fields.ts'
import { visitLogfmt } from './logfmt.ts'

/** `object`: an empty one, or one that lies too deep to be flattened. */
export const fieldTypes = ['string', 'number', 'boolean', 'null', 'object', 'array'] as const
export type FieldType = (typeof fieldTypes)[number]

/** A name may come again. `text` writes the value; to be called during the visit only. */
export type FieldVisitor = (name: string, type: FieldType, text: () => string) => void

/** How often each bound left something out. */
export type LeftOut = {
  longLines: number
  deepLines: number
  deepObjects: number
  longNames: number
  /** Fields of lines that have too many. */
  crowdedNames: number
  /** Names or values that came when no more different ones were counted. */
  uncounted: number
}

export const nothingLeftOut: Readonly<LeftOut> = {
  longLines: 0,
  deepLines: 0,
  deepObjects: 0,
  longNames: 0,
  crowdedNames: 0,
  uncounted: 0,
}

/** A number as JSON has it: what a program that reads the line would take for one. */
const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const openingBrace = 0x7b

export function visitLineFields(body: Buffer, visit: FieldVisitor, leftOut: LeftOut): void {
  if (body.length > fieldLimits.lineBytesMax) {
    leftOut.longLines += 1
    return
  }
  const line = body.toString()
  // What begins as JSON and is none (a line that was cut) would give parts of its texts as pairs.
  if (isObjectStart(body)) visitJsonFields(line, visit, leftOut)
  else visitPairs(line, visit, leftOut)
}

function isObjectStart(body: Buffer): boolean {
  let at = 0
  while (at < body.length && (body[at] as number) <= 0x20) at += 1
  return body[at] === openingBrace
}

function visitPairs(line: string, visit: FieldVisitor, leftOut: LeftOut): void {
  visitLogfmt(line, (key, value, isQuoted) => {
    if (key.length > fieldLimits.nameLengthMax) leftOut.longNames += 1
    else visit(key, isQuoted ? 'string' : looksLike(value), () => value)
  })
}

function looksLike(value: string): FieldType {
  if (value === 'true' || value === 'false') return 'boolean'
  return numberPattern.test(value) ? 'number' : 'string'
}
