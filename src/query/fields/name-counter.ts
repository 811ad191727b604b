/** Counts the names of fields, and in how many lines each has which type. */

import { fieldLimits } from '../../limits/query.ts'
import type { FieldCounter } from './field-counter.ts'
import { type FieldType, fieldTypes, type LeftOut, visitLineFields } from './line-fields.ts'

/** Lines per type, in the order of `fieldTypes`. */
type TypeCounts = number[]

/** `counted`: what `entries` gave earlier. */
export function createNameCounter(counted: readonly (readonly [string, TypeCounts])[]): FieldCounter {
  const names = new Map(counted)
  const add = (name: string, type: FieldType, leftOut: LeftOut): void => {
    let counts = names.get(name)
    if (counts === undefined) {
      if (names.size >= fieldLimits.namesMax) {
        leftOut.uncounted += 1
        return
      }
      counts = fieldTypes.map(() => 0)
      names.set(name, counts)
    }
    const index = fieldTypes.indexOf(type)
    counts[index] = (counts[index] as number) + 1
  }
  return {
    addLine: (body, leftOut) => {
      const own = new Map<string, FieldType>()
      const note = (name: string, type: FieldType): void => {
        if (own.size < fieldLimits.lineNamesMax || own.has(name)) own.set(name, type)
        else leftOut.crowdedNames += 1
      }
      visitLineFields(body, note, leftOut)
      for (const [name, type] of own) add(name, type, leftOut)
      return own.size > 0
    },
    members: (limit) => {
      const all = [...names].map(([name, types]) => ({ name, types, count: sum(types) }))
      all.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      const fields = all.slice(0, limit).map(({ name, types, count }) => {
        const found = fieldTypes.map((type, index) => [type, types[index] as number] as const)
        return { name, types: Object.fromEntries(found.filter(([, lines]) => lines > 0)), count }
      })
      return { fields, more: all.length - fields.length }
    },
    entries: () => [...names],
  }
}

function sum(counts: TypeCounts): number {
  return counts.reduce((total, count) => total + count, 0)
}
