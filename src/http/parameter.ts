/**
 * What a query parameter accepts, said once: the same description is read by the parsers and written into the
 * OpenAPI document.
 */

import { httpLimits } from '../limits/http.ts'

/** One value in JSON Schema (draft 2020-12). */
export type ValueSchema =
  | { readonly type: 'string'; readonly pattern?: string; readonly minLength: 1 }
  | { readonly type: 'string'; readonly enum: readonly string[]; readonly default?: string }
  | {
      readonly type: 'integer'
      readonly minimum: number
      readonly maximum: number
      readonly default?: number
    }
  | { readonly type: 'boolean'; readonly default: boolean }

export type Parameter<Schema extends ValueSchema = ValueSchema> = {
  readonly description: string
  readonly schema: Schema
  readonly examples?: readonly (string | number)[]
  /** How often it may be given; null: once. */
  readonly timesMax: number | null
  readonly isRequired: boolean
}

/** What a route accepts, by name. */
export type AcceptedParameters = Readonly<Record<string, Parameter>>

export type TextParameter = Parameter<Extract<ValueSchema, { minLength: 1 }>>
export type ChoiceParameter<Choice extends string = string> = Parameter<
  Extract<ValueSchema, { enum: unknown }> & { readonly enum: readonly Choice[] }
>
export type WholeParameter = Parameter<Extract<ValueSchema, { type: 'integer' }>>
export type BooleanParameter = Parameter<Extract<ValueSchema, { type: 'boolean' }>>

const once = { timesMax: null, isRequired: false } as const

/** Any text but the empty one, or what `pattern` says. */
export function text(description: string, pattern?: string, examples?: readonly string[]): TextParameter {
  const schema = { type: 'string', minLength: 1, ...(pattern === undefined ? {} : { pattern }) } as const
  return { ...once, description, schema, ...(examples === undefined ? {} : { examples }) }
}

export function choice<const Choice extends string>(
  description: string,
  values: readonly Choice[],
  standard?: Choice,
): ChoiceParameter<Choice> {
  const schema = { type: 'string', enum: values } as const
  return { ...once, description, schema: standard === undefined ? schema : { ...schema, default: standard } }
}

/** A whole number within bounds, both included. */
export function whole(
  description: string,
  bounds: { readonly min: number; readonly max: number; readonly standard?: number },
): WholeParameter {
  const { min, max, standard } = bounds
  const schema = { type: 'integer', minimum: min, maximum: max } as const
  return { ...once, description, schema: standard === undefined ? schema : { ...schema, default: standard } }
}

export function yesNo(description: string, standard: boolean): BooleanParameter {
  return { ...once, description, schema: { type: 'boolean', default: standard } }
}

export function repeatable<P extends Parameter>(
  parameter: P,
  timesMax: number = httpLimits.parameterValuesMax,
): P {
  return { ...parameter, timesMax }
}

export function required<P extends Parameter>(parameter: P): P {
  return { ...parameter, isRequired: true }
}
