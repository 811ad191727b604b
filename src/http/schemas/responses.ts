/** Describes a route to Fastify, from which the OpenAPI document is made: its parameters and its answers. */

import type { AcceptedParameters, Parameter } from '../parameter.ts'
import { commonHeaders } from './errors.ts'
import { type Component, type JsonSchema, ref, textOf } from './schema.ts'

type Security = { readonly [scheme: string]: readonly string[] }

/** What Fastify is given as a route's `schema`. Nothing is checked or written by it. */
export type RouteSchema = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly security: readonly Security[]
  readonly querystring?: JsonSchema
  readonly params?: JsonSchema
  readonly body?: JsonSchema
  readonly response: JsonSchema
}

export type DescribedRoute = {
  readonly id: string
  readonly tag: 'logs' | 'lists' | 'program'
  readonly summary: string
  readonly description?: string
  readonly parameters: AcceptedParameters
  /** Parts of the path. */
  readonly params?: Readonly<Record<string, JsonSchema>>
  readonly body?: JsonSchema
  /** Whether a token may be needed. */
  readonly isOpen?: boolean
  /** By status. */
  readonly answers: JsonSchema
  /** Of `errorsOf` or `dataErrorsOf`. */
  readonly errors: JsonSchema
}

/** Without a token set, clients on the machine itself need none. */
const guarded: readonly Security[] = [{ bearer: [] }, { session: [] }, {}]

export function routeSchema(route: DescribedRoute): RouteSchema {
  const { id, tag, summary, description, parameters, params, body, isOpen = false, answers, errors } = route
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: isOpen ? [] : guarded,
    ...(Object.keys(parameters).length === 0 ? {} : { querystring: queryOf(parameters) }),
    ...(params === undefined ? {} : { params: objectOf(params, Object.keys(params)) }),
    ...(body === undefined ? {} : { body }),
    response: { ...answers, ...errors },
  }
}

/** Media types of one status; the headers are those that not every answer has. */
export function answer(description: string, content: JsonSchema, headers: JsonSchema = {}): JsonSchema {
  const described = Object.entries(content).map(([type, schema]) => [type, { schema }])
  return { description, headers: { ...commonHeaders, ...headers }, content: Object.fromEntries(described) }
}

export function noContent(description: string, headers: JsonSchema): JsonSchema {
  return { description, headers: { ...commonHeaders, ...headers }, type: 'null' }
}

export function jsonAnswer(schema: Component): JsonSchema {
  return answer(schema['description'] as string, { 'application/json': ref(schema) })
}

/** Where the body has no place for them. */
export const warningHeader = {
  'x-logkeep-warning': textOf('Warnings, several joined by commas.'),
} as const satisfies JsonSchema

function queryOf(parameters: AcceptedParameters): JsonSchema {
  const properties = Object.entries(parameters).map(([name, parameter]) => [name, valueOf(parameter)])
  const required = Object.entries(parameters).flatMap(([name, { isRequired }]) => (isRequired ? [name] : []))
  return objectOf(Object.fromEntries(properties), required)
}

function valueOf({ description, schema, examples, timesMax }: Parameter): JsonSchema {
  if (timesMax === null) return { ...schema, description, ...(examples === undefined ? {} : { examples }) }
  const lists = examples?.map((example) => [example])
  const given = lists === undefined ? {} : { examples: lists }
  return { type: 'array', items: schema, maxItems: timesMax, description, ...given }
}

function objectOf(properties: JsonSchema, required: readonly string[]): JsonSchema {
  return { type: 'object', additionalProperties: false, required, properties }
}
