/** How functions of templates are declared. */

import type { LineState } from '../stages/line-state.ts'
import type { GoTime } from './go-time.ts'
import type { Value } from './values.ts'

export type ArgumentType = 'string' | 'int' | 'float' | 'any' | 'time'

/** `float`: of a whole number in the template itself what it is as a fraction. */
export type Given = { readonly value: Value; readonly float: number | null }

type ValueOf = {
  readonly string: string
  readonly int: bigint
  readonly float: number
  readonly any: Value
  readonly time: GoTime
}

export type TemplateFunction = {
  readonly takes: readonly ArgumentType[]
  /** Type of any number of arguments behind these. */
  readonly rest?: ArgumentType | null
  readonly call: (values: never[], state: LineState, given: readonly Given[]) => Value
}

type ValuesOf<Types extends readonly ArgumentType[]> = { [Index in keyof Types]: ValueOf[Types[Index]] }

/** A function with a fixed number of arguments. */
export function fixed<const Types extends readonly ArgumentType[]>(
  takes: Types,
  call: (values: ValuesOf<Types>, state: LineState, given: readonly Given[]) => Value,
): TemplateFunction {
  return { takes, call: call as unknown as TemplateFunction['call'] }
}

/** One that takes any number of further ones. */
export function variadic<const Types extends readonly ArgumentType[], const Rest extends ArgumentType>(
  takes: Types,
  rest: Rest,
  call: (
    values: [...ValuesOf<Types>, ...ValueOf[Rest][]],
    state: LineState,
    given: readonly Given[],
  ) => Value,
): TemplateFunction {
  return { takes, rest, call: call as unknown as TemplateFunction['call'] }
}
