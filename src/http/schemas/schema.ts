/** Small words for JSON Schema (draft 2020-12), in which requests and answers are described. */

/** A schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A named component: what it is, and the name under which others refer to it. */
export type Component = JsonSchema & { readonly $id: string }

type Properties = Readonly<Record<string, JsonSchema>>

/** An object that has all of `properties`, and of others only `optional`. */
export function object(properties: Properties, optional: Properties = {}): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties),
    properties: { ...properties, ...optional },
  }
}

export function component(name: string, description: string, schema: JsonSchema): Component {
  return { $id: name, description, ...schema }
}

export function ref({ $id }: Component): JsonSchema {
  return { $ref: `${$id}#` }
}

export function arrayOf(items: JsonSchema, description?: string): JsonSchema {
  return described({ type: 'array', items }, description)
}

export function textOf(description?: string): JsonSchema {
  return described({ type: 'string' }, description)
}

/** A whole number from 0. */
export function count(description?: string): JsonSchema {
  return described({ type: 'integer', minimum: 0 }, description)
}

export function flag(description?: string): JsonSchema {
  return described({ type: 'boolean' }, description)
}

export function oneOfTexts(values: readonly string[], description?: string): JsonSchema {
  return described({ type: 'string', enum: values }, description)
}

export function nullable(schema: JsonSchema): JsonSchema {
  const { description, ...rest } = schema
  return described({ anyOf: [rest, { type: 'null' }] }, description as string | undefined)
}

function described(schema: JsonSchema, description: string | undefined): JsonSchema {
  return description === undefined ? schema : { ...schema, description }
}
