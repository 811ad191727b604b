/** `GET /`: what there is, for whoever looks: lines of text for people, JSON for programs. */

import type { FastifyInstance } from 'fastify'
import { textType } from '../answer.ts'
import { routeParameters } from '../parameters.ts'
import { parseQueryString } from '../query-string.ts'
import { queryOf } from '../request.ts'
import type { ListedRoute } from '../route-list.ts'
import { errorsOf } from '../schemas/errors.ts'
import { answer, routeSchema } from '../schemas/responses.ts'
import { ref, textOf } from '../schemas/schema.ts'
import { routeList } from '../schemas/state.ts'

const schema = routeSchema({
  id: 'root',
  tag: 'program',
  summary: 'this list',
  parameters: routeParameters.none,
  isOpen: true,
  answers: {
    200: answer('The routes.', { 'application/json': ref(routeList), 'text/plain': textOf('A line each.') }),
  },
  errors: errorsOf(),
})

/** `routes` is complete when the first request comes. */
export function registerRoot(app: FastifyInstance, routes: readonly ListedRoute[]): void {
  app.get('/', { exposeHeadRoute: true, config: { access: 'page' }, schema }, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    reply.header('vary', 'accept')
    const listed = routes.filter(({ summary }) => summary !== '')
    if (!/\btext\//.test(request.headers.accept ?? '')) return { name: 'logkeep', routes: listed }
    const pathChars = Math.max(...listed.map(({ path }) => path.length))
    const lines = listed.map(
      ({ path, methods, summary }) => `${path.padEnd(pathChars)} ${methods.join(', ').padEnd(12)} ${summary}`,
    )
    return reply.type(textType).send(`logkeep\n\n${lines.join('\n')}\n`)
  })
}
