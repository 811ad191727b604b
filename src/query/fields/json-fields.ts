/**
 * Reads the fields of a line that is a JSON object: objects within it are flattened with dots, lists stay
 * whole.
 */

import { fieldLimits } from '../../limits/query.ts'
import type { FieldType, FieldVisitor, LeftOut } from './line-fields.ts'

type JsonObject = { readonly [name: string]: unknown }

/** Where a field lies, and its line; `exact`: the line, read so that long numbers are texts. */
type Place = { readonly line: string; readonly path: string[]; exact: unknown }

/** Whether the line is a JSON object at all. What the bounds leave out is added to `leftOut`. */
export function visitJsonFields(line: string, visit: FieldVisitor, leftOut: LeftOut): boolean {
  if (!isNestedWithin(line, fieldLimits.nestingMax)) {
    leftOut.deepLines += 1
    return false
  }
  const object = parseObject(line)
  if (object === null) return false
  visitMembers(object, '', { line, path: [], exact: null }, visit, leftOut)
  return true
}

function parseObject(line: string): JsonObject | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  return typeOf(value) === 'object' ? (value as JsonObject) : null
}

/** Whether no bracket lies within more than `max` others, texts apart. */
function isNestedWithin(line: string, max: number): boolean {
  let depth = 0
  let isText = false
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at]
    if (character === '"') isText = !isText
    else if (isText) {
      if (character === '\\') at += 1
    } else if (character === '{' || character === '[') {
      depth += 1
      if (depth > max) return false
    } else if (character === '}' || character === ']') depth -= 1
  }
  return true
}

function visitMembers(
  object: JsonObject,
  prefix: string,
  place: Place,
  visit: FieldVisitor,
  leftOut: LeftOut,
): void {
  const { path } = place
  for (const key of Object.keys(object)) {
    if (prefix.length + key.length > fieldLimits.nameLengthMax) {
      leftOut.longNames += 1
      continue
    }
    const name = prefix + key
    const value = object[key]
    const type = typeOf(value)
    path.push(key)
    if (type === 'object' && Object.keys(value as JsonObject).length > 0) {
      if (path.length < fieldLimits.depthMax) {
        visitMembers(value as JsonObject, `${name}.`, place, visit, leftOut)
        path.pop()
        continue
      }
      leftOut.deepObjects += 1
    }
    visit(name, type, () => textOf(value, type, place))
    path.pop()
  }
}

function typeOf(value: unknown): FieldType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value as FieldType
}

function textOf(value: unknown, type: FieldType, place: Place): string {
  if (type === 'object' || type === 'array') return JSON.stringify(value)
  if (type === 'number' && Math.abs(value as number) > Number.MAX_SAFE_INTEGER) return exactNumber(place)
  return String(value)
}

/** A number that JavaScript does not keep exactly, as it stands in the line: ids are often so long. */
function exactNumber(place: Place): string {
  const keepLong = (_key: string, value: unknown, context: { readonly source?: string }): unknown =>
    typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
      ? (context.source ?? String(value))
      : value
  // Once a line: fields of one name may lie in many places.
  place.exact ??= JSON.parse(place.line, keepLong as Parameters<typeof JSON.parse>[1])
  let value = place.exact
  for (const key of place.path) value = (value as JsonObject)[key]
  return String(value)
}
