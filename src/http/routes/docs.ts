/**
 * `GET /openapi.json`: the description of this server; `GET /docs`: a page to read it, made of the files that
 * @fastify/swagger-ui ships, so that it works without any other server.
 */

import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { jsonType, type SharedBody, sendShared, shareBody } from '../answer.ts'
import { routeParameters } from '../parameters.ts'
import { parseQueryString } from '../query-string.ts'
import { queryOf } from '../request.ts'
import { errorsOf } from '../schemas/errors.ts'
import { answer, routeSchema } from '../schemas/responses.ts'
import { oneOfTexts, textOf } from '../schemas/schema.ts'

const documentSchema = routeSchema({
  id: 'openapi',
  tag: 'program',
  summary: 'this description, in OpenAPI 3.1',
  parameters: routeParameters.none,
  isOpen: true,
  answers: { 200: answer('The document.', { 'application/json': { type: 'object' } }) },
  errors: errorsOf(),
})

const pageSchema = routeSchema({
  id: 'docs',
  tag: 'program',
  summary: 'a page to read the description of this server',
  parameters: routeParameters.none,
  isOpen: true,
  answers: { 200: answer('The page.', { 'text/html': textOf() }) },
  errors: errorsOf(),
})

const parts = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'start.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const

const partSchema = routeSchema({
  id: 'docsPart',
  tag: 'program',
  summary: 'what the page is made of',
  parameters: routeParameters.none,
  params: { part: oneOfTexts(Object.keys(parts), 'Its name.') },
  isOpen: true,
  answers: {
    200: answer('A part of the page.', {
      'text/css': textOf(),
      'text/javascript': textOf(),
      'image/png': { type: 'string', contentMediaType: 'image/png' },
    }),
  },
  errors: errorsOf(404),
})

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>logkeep: API</title>
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`

/** No validator: nothing of this server is sent anywhere. */
const start = `SwaggerUIBundle({
  url: new URL('openapi.json', document.baseURI).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
})
`

/** Only what this server itself sends; the pictures of the style sheet are within it. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type OfPart = { readonly Params: { readonly part: string } }

export function registerDocs(app: FastifyInstance, writeDocument: () => Promise<Buffer>): void {
  // From when they are first asked for: no token is needed for these, so no request may cost memory.
  const bodies = new Map<string, Promise<SharedBody>>()
  const bodyOf = (name: string, read: () => Buffer | Promise<Buffer>): Promise<SharedBody> => {
    const known = bodies.get(name)
    if (known !== undefined) return known
    const body = Promise.resolve().then(read).then(shareBody)
    bodies.set(name, body)
    body.catch(() => bodies.delete(name))
    return body
  }

  app.get('/openapi.json', { config: { access: 'free' }, schema: documentSchema }, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    reply.type(jsonType)
    return sendShared(request, reply, await bodyOf('openapi.json', writeDocument))
  })

  app.get('/docs', { config: { access: 'page' }, schema: pageSchema }, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    reply.type('text/html; charset=utf-8').header('content-security-policy', pagePolicy)
    return sendShared(request, reply, await bodyOf('docs', () => Buffer.from(page)))
  })

  const partOptions = { config: { access: 'free' }, schema: partSchema } as const
  app.get<OfPart>('/docs/:part', partOptions, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    const name = request.params.part
    if (!isPart(name)) {
      throw new LogkeepError('NOT_FOUND', 'there is nothing at this path', 'GET /docs is the page')
    }
    reply.type(parts[name])
    return sendShared(request, reply, await bodyOf(name, () => readPart(name)))
  })
}

function isPart(name: string): name is keyof typeof parts {
  return Object.hasOwn(parts, name)
}

async function readPart(name: keyof typeof parts): Promise<Buffer> {
  if (name === 'start.js') return Buffer.from(start)
  return readFile(new URL(`static/${name}`, import.meta.resolve('@fastify/swagger-ui/package.json')))
}
