/** Counts the values of one field. */

import { fieldLimits } from '../../limits/query.ts'
import type { FieldCounter } from './field-counter.ts'
import { type FieldType, fieldTypes, visitLineFields } from './line-fields.ts'

type Value = { readonly type: FieldType; readonly text: string; readonly isCut: boolean }

/** `counted`: what `entries` gave earlier. */
export function createValueCounter(
  wanted: string,
  counted: readonly (readonly [string, number])[],
): FieldCounter {
  /** Lines by `keyOf` the value. */
  const values = new Map(counted)
  return {
    addLine: (body, leftOut) => {
      let hasFields = false
      let key: string | null = null
      const note = (name: string, type: FieldType, text: () => string): void => {
        hasFields = true
        if (name === wanted) key = keyOf(valueOf(type, text()))
      }
      visitLineFields(body, note, leftOut)
      if (key === null) return hasFields
      const lines = values.get(key)
      if (lines === undefined && values.size >= fieldLimits.valuesMax) leftOut.uncounted += 1
      else values.set(key, (lines ?? 0) + 1)
      return true
    },
    members: (limit, sample) => {
      const all = [...values].map(([key, count]) => ({ ...parseKey(key), count }))
      all.sort(
        (a, b) => b.count - a.count || order(a.text, b.text) || order(a.type, b.type) || (a.isCut ? 1 : -1),
      )
      const found = all.reduce((total, { count }) => total + count, 0) + sample.leftOut.uncounted
      const shown = all.slice(0, limit).map(({ text, type, count, isCut }) => {
        return { value: text, type, count, ...(isCut && { cut: true }) }
      })
      return {
        name: wanted,
        values: shown,
        more: all.length - shown.length,
        missing: sample.lines - found,
      }
    },
    entries: () => [...values],
  }
}

const highSurrogateFirst = 0xd800
const highSurrogateLast = 0xdbff

/** Values that are equal up to the bound are one. */
function valueOf(type: FieldType, text: string): Value {
  const { valueLengthMax } = fieldLimits
  if (text.length <= valueLengthMax) return { type, text, isCut: false }
  const last = text.charCodeAt(valueLengthMax - 1)
  const isHalf = last >= highSurrogateFirst && last <= highSurrogateLast
  return { type, text: text.slice(0, isHalf ? valueLengthMax - 1 : valueLengthMax), isCut: true }
}

/** Type and cut as a character each, then the text. */
function keyOf({ type, text, isCut }: Value): string {
  return `${fieldTypes.indexOf(type)}${isCut ? 1 : 0}${text}`
}

function parseKey(key: string): Value {
  return { type: fieldTypes[Number(key[0])] as FieldType, text: key.slice(2), isCut: key[1] === '1' }
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
