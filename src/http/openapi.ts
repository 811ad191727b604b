/** The OpenAPI document of this server, made from the descriptions of its routes (OpenAPI 3.1). */

import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { components as counts } from './schemas/counts.ts'
import { components as entries } from './schemas/entries.ts'
import { error } from './schemas/errors.ts'
import { components as frames } from './schemas/frames.ts'
import { components as state } from './schemas/state.ts'

const info = {
  title: 'logkeep',
  description:
    'The logs of a Kubernetes node: kept, searchable and live. Everything is read with GET; an unknown parameter ' +
    'is refused, never ignored; every answer names its node.',
  license: { name: 'MIT', identifier: 'MIT' },
}

const tags = [
  { name: 'logs', description: 'Entries, and counts of them.' },
  { name: 'lists', description: 'What is stored.' },
  { name: 'program', description: 'The program itself.' },
]

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The text of `LOGKEEP_TOKEN`.' },
  session: { type: 'apiKey', in: 'cookie', name: 'logkeep_session', description: 'From `POST /session`.' },
} as const

/** Must come before the routes. */
export function describeRoutes(app: FastifyInstance, version: string): void {
  // Requests are read by parsers of their own, which name what is wrong; answers are bytes that are ready.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  for (const schema of [...entries, ...counts, ...frames, ...state, error]) app.addSchema(schema)
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { ...info, version },
      tags,
      components: { securitySchemes },
    },
    exposeHeadRoutes: true,
    convertConstToEnum: false,
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `def-${index}`,
    },
  })
}

/** When all routes are there. */
export function writeDocument(app: FastifyInstance): Buffer {
  // The plugin takes every body to be needed; here none is.
  const write = (key: string, value: unknown): unknown =>
    key === 'requestBody' && typeof value === 'object' ? { ...value, required: false } : value
  return Buffer.from(`${JSON.stringify(app.swagger(), write)}\n`)
}
