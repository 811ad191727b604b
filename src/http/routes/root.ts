/**
 * `GET /`: the web page for browsers; for others what there is: lines of text for people, JSON for programs.
 * `GET /assets/{name}`: what the page is made of.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { sendShared, textType } from '../answer.ts'
import { createPageFiles, type PageFile } from '../page-files.ts'
import { routeParameters } from '../parameters.ts'
import { parseQueryString } from '../query-string.ts'
import { queryOf } from '../request.ts'
import type { ListedRoute } from '../route-list.ts'
import { errorsOf } from '../schemas/errors.ts'
import { answer, routeSchema } from '../schemas/responses.ts'
import { ref, textOf } from '../schemas/schema.ts'
import { routeList } from '../schemas/state.ts'
import type { RouteDeps } from '../server.ts'

const schema = routeSchema({
  id: 'root',
  tag: 'program',
  summary: 'the web page; for programs this list',
  description:
    'Who asks for `text/html` is given the page, whatever the parameters: they are its state. Others are given the ' +
    'list of routes, and no parameters are accepted of them.',
  parameters: routeParameters.none,
  isOpen: true,
  answers: {
    200: answer('The page, or the routes.', {
      'text/html': textOf(),
      'application/json': ref(routeList),
      'text/plain': textOf('A line each.'),
    }),
  },
  errors: errorsOf(),
})

const assetSchema = routeSchema({
  id: 'pageAsset',
  tag: 'program',
  summary: 'what the web page is made of',
  parameters: routeParameters.none,
  params: { name: textOf('Its name, which changes with its content.') },
  isOpen: true,
  answers: {
    200: answer('A part of the page.', {
      'text/css': textOf(),
      'text/javascript': textOf(),
      'image/svg+xml': textOf(),
    }),
  },
  errors: errorsOf(404),
})

/**
 * Only what this server itself sends. Lines of logs are hostile text: no script or style stands in the
 * document, and no text becomes HTML (Trusted Types refuse it).
 */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Names of assets hold a hash of their content. */
const assetCaching = 'public, max-age=31536000, immutable'

type OfAsset = { readonly Params: { readonly name: string } }

/** `routes` is complete when the first request comes. */
export function registerRoot(
  app: FastifyInstance,
  { pageFolder }: Pick<RouteDeps, 'pageFolder'>,
  routes: readonly ListedRoute[],
): void {
  const files = createPageFiles(pageFolder)

  app.get('/', { exposeHeadRoute: true, config: { access: 'page' }, schema }, async (request, reply) => {
    reply.header('vary', 'accept')
    const { accept = '' } = request.headers
    const wantsPage = /\btext\/html\b/.test(accept)
    const page = wantsPage ? await files.document() : null
    if (page !== null) {
      reply.header('content-security-policy', pagePolicy)
      return sendFile(request, reply, page)
    }
    parseQueryString(queryOf(request), routeParameters.none)
    const listed = routes.filter(({ summary }) => summary !== '')
    if (!/\btext\//.test(accept)) return { name: 'logkeep', routes: listed }
    const missing = wantsPage ? '\nThe web page is not built: npm run build:page\n' : ''
    return reply.type(textType).send(`logkeep\n\n${listOf(listed)}\n${missing}`)
  })

  const assetOptions = { config: { access: 'free' }, schema: assetSchema } as const
  app.get<OfAsset>('/assets/:name', assetOptions, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    const asset = await files.asset(request.params.name)
    if (asset === null) {
      throw new LogkeepError('NOT_FOUND', 'the page has no such part', 'load the page at / again')
    }
    reply.header('cache-control', assetCaching)
    return sendFile(request, reply, asset)
  })
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { type, body }: PageFile): FastifyReply {
  return sendShared(request, reply.type(type), body)
}

function listOf(routes: readonly ListedRoute[]): string {
  const pathChars = Math.max(...routes.map(({ path }) => path.length))
  const lines = routes.map(
    ({ path, methods, summary }) => `${path.padEnd(pathChars)} ${methods.join(', ').padEnd(12)} ${summary}`,
  )
  return lines.join('\n')
}
