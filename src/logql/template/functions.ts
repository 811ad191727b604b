/** The functions of templates by name: what they take, checked as Go checks it, and what they give. */

import type { LineState } from '../stages/line-state.ts'
import { builtins } from './builtins.ts'
import { numberFunctions } from './number-functions.ts'
import type { Given, TemplateFunction } from './signature.ts'
import { textFunctions } from './text-functions.ts'
import { timeFunctions } from './time-functions.ts'
import { kindOf, TemplateFailure, type Value } from './values.ts'

const functions: ReadonlyMap<string, TemplateFunction> = new Map(
  [builtins, textFunctions, numberFunctions, timeFunctions].flatMap((table) => Object.entries(table)),
)

export function isFunctionName(name: string): boolean {
  return functions.has(name) || isShortCircuit(name)
}

export function isShortCircuit(name: string): boolean {
  return name === 'and' || name === 'or'
}

/** Throws `TemplateFailure`. */
export function callFunction(name: string, given: readonly Given[], state: LineState): Value {
  const called = functions.get(name)
  if (called === undefined) throw new TemplateFailure(`wrong number of args for ${name}`)
  const { takes, rest = null } = called
  const isCounted = given.length === takes.length || (rest !== null && given.length > takes.length)
  if (!isCounted) {
    throw new TemplateFailure(`wrong number of args for ${name}: want ${takes.length} got ${given.length}`)
  }
  const values = given.map((one, index) => argument(name, one, takes[index] ?? rest ?? 'any'))
  return called.call(values as never[], state, given)
}

function argument(name: string, { value, float }: Given, type: string): Value {
  if (type === 'any') return value
  if (type === 'float' && float !== null) return float
  const isFitting =
    (type === 'string' && typeof value === 'string') ||
    (type === 'int' && typeof value === 'bigint') ||
    (type === 'float' && typeof value === 'number') ||
    (type === 'time' && kindOf(value) === 'time.Time')
  if (!isFitting)
    throw new TemplateFailure(`error calling ${name}: wrong type ${kindOf(value)}; expected ${type}`)
  return value
}
