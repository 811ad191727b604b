/**
 * Reads the OpenAPI document of a running program, and holds answers, frames and parameters against it with
 * a validator that is none of the program's own.
 */

import assert from 'node:assert/strict'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

type Schema = Readonly<Record<string, unknown>>

export type ApiParameter = {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly required?: boolean
  readonly description: string
  readonly schema: Schema
}

type ApiResponse = {
  readonly description: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, unknown>>
}

export type Operation = {
  readonly path: string
  /** Upper case. */
  readonly method: string
  readonly parameters: readonly ApiParameter[]
  readonly responses: Readonly<Record<string, ApiResponse>>
}

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type ApiDocument = {
  readonly document: Schema
  readonly operations: readonly Operation[]
  /** Throws an assertion where the answer is not documented, or not as documented. */
  readonly check: (operation: Operation, answer: Answer) => void
  /** An error of no documented operation: its shape alone. */
  readonly checkError: (answer: Answer) => void
  readonly checkFrame: (frame: unknown) => void
  /** Whether the document allows these parameters. */
  readonly allows: (operation: Operation, pairs: readonly (readonly [string, string])[]) => boolean
}

/** Statuses that every operation may answer with, described together. */
const describedTogether = ['405', '408', '431']

const componentsId = 'components'

export async function readApiDocument(base: string): Promise<ApiDocument> {
  const response = await fetch(`${base}/openapi.json`)
  assert.equal(response.status, 200)
  const document = (await response.json()) as Schema
  const operations = operationsOf(document)
  const ajv = new Ajv2020({ strict: true, allErrors: true })
  formats.default(ajv)
  // The validator speaks JSON Schema: components are its definitions.
  const moved = JSON.parse(
    JSON.stringify(document).replaceAll('"#/components/schemas/', `"${componentsId}#/$defs/`),
  ) as { components: { schemas: Schema }; paths: Schema }
  ajv.addSchema({ $id: componentsId, $defs: moved.components.schemas })
  const validators = new Map<string, ValidateFunction>()
  /** `at`: names from the document's root to the schema. */
  const fits = (at: readonly string[], value: unknown): void => {
    const key = at.join(' ')
    const schema = at.reduce<unknown>((part, name) => (part as Schema)[name], moved) as Schema
    const validate = validators.get(key) ?? ajv.compile(schema)
    validators.set(key, validate)
    const shown = (): string =>
      `${key}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value).slice(0, 500)}`
    if (!validate(value)) assert.fail(shown())
  }
  const check: ApiDocument['check'] = (operation, answer) => {
    const { path, method, responses } = operation
    const status = String(answer.status)
    const key = status in responses ? status : 'default'
    const what = `${method} ${path} ${status}`
    assert.ok(key !== 'default' || describedTogether.includes(status), `${what} is documented`)
    const { content, headers = {} } = responses[key] as ApiResponse
    checkHeaders(what, answer, headers)
    if (content === undefined || method === 'HEAD') return assert.equal(answer.body, '', what)
    const type = (answer.headers['content-type'] ?? '').split(';', 1)[0] as string
    assert.ok(Object.hasOwn(content, type), `${what} as ${type} is documented`)
    const at = ['paths', path, method.toLowerCase(), 'responses', key, 'content', type, 'schema']
    for (const value of valuesOf(type, answer.body)) fits(at, value)
  }
  return {
    document,
    operations,
    check,
    checkError: (answer) => {
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
      fits(['components', 'schemas', 'Error'], JSON.parse(answer.body))
    },
    checkFrame: (frame) => fits(['components', 'schemas', 'TailFrame'], frame),
    allows: ({ parameters }, pairs) => {
      const accepted = parameters.filter((parameter) => parameter.in === 'query')
      if (pairs.some(([name]) => !accepted.some((parameter) => parameter.name === name))) return false
      return accepted.every(({ name, required, schema }) => {
        const values = pairs.flatMap(([given, value]) => (given === name ? [value] : []))
        if (values.length === 0) return required !== true
        if (schema['type'] !== 'array')
          return values.length === 1 && isValid(ajv, schema, typed(values[0] ?? '', schema))
        return isValid(
          ajv,
          schema,
          values.map((value) => typed(value, schema['items'] as Schema)),
        )
      })
    },
  }
}

/** A path's part for one method. */
type Described = Pick<Operation, 'responses'> & { readonly parameters?: Operation['parameters'] }

function operationsOf(document: Schema): Operation[] {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Described>>>>
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], responses }]) => ({
      path,
      method: method.toUpperCase(),
      parameters,
      responses,
    })),
  )
}

/** Headers that this program makes up, and those that belong to a status. */
function checkHeaders(what: string, { status, headers }: Answer, documented: object): void {
  const own = Object.keys(headers).filter((name) =>
    /^(x-logkeep-|retry-after|www-authenticate|set-cookie)/.test(name),
  )
  for (const name of own)
    assert.ok(Object.hasOwn(documented, name), `${what}: the header ${name} is documented`)
  assert.ok(headers['x-logkeep-node'], `${what} names its node`)
  if (status === 429) assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/, what)
}

function valuesOf(type: string, body: string): readonly unknown[] {
  if (type === 'application/json') return [JSON.parse(body)]
  if (type === 'application/x-ndjson')
    return body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  return [body]
}

/** A text of a query string as the value that its schema speaks of. */
function typed(text: string, { type }: Schema): unknown {
  if (type === 'integer') return /^\d{1,15}$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  return text
}

function isValid(ajv: Ajv2020, schema: Schema, value: unknown): boolean {
  return ajv.validate(schema, value)
}

/** `fetch` or a raw answer, with lower-case names of headers. */
export async function answerOf(response: Response): Promise<Answer> {
  const headers = Object.fromEntries(response.headers)
  return { status: response.status, headers, body: await response.text() }
}
