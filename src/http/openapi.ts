/** The OpenAPI document of this server, made from the descriptions of its routes (OpenAPI 3.1). */

import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
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

/**
 * Requests are read by parsers of their own, which name what is wrong; answers are bytes that are ready.
 * Without these Fastify loads ajv and fast-json-stringify, 5 MB that nothing here would use.
 */
export const schemaController = {
  compilersFactory: {
    // Its type knows the compilers of ajv alone.
    buildValidator: (() => () => () => true) as never,
    buildSerializer: () => () => (data: unknown) => JSON.stringify(data),
  },
}

type DescribedRoute = Pick<RouteOptions, 'url' | 'method' | 'schema'>

/** Must come before the routes; what it returns writes the document, once all routes are there. */
export function describeRoutes(app: FastifyInstance, version: string): () => Promise<Buffer> {
  const routes: DescribedRoute[] = []
  app.addHook('onRoute', ({ url, method, schema }) => {
    routes.push({ url, method, ...(schema !== undefined && { schema }) })
  })
  return () => writeDocument(routes, version)
}

/** On a server that never listens: few ask for the document, and what writes it takes 8 MB. */
async function writeDocument(routes: readonly DescribedRoute[], version: string): Promise<Buffer> {
  const { default: swagger } = await import('@fastify/swagger')
  const app = Fastify({ logger: false, exposeHeadRoutes: false, schemaController })
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
  app.register(async (scope) => {
    for (const route of routes) scope.route({ ...route, handler: async () => null })
  })
  await app.ready()
  // The plugin takes every body to be needed; here none is.
  const write = (key: string, value: unknown): unknown =>
    key === 'requestBody' && typeof value === 'object' ? { ...value, required: false } : value
  const document = Buffer.from(`${JSON.stringify(app.swagger(), write)}\n`)
  await app.close()
  return document
}
