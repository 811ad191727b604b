/** `GET /`: what there is, for whoever looks: lines of text for people, JSON for programs. */

import type { FastifyInstance } from 'fastify'
import type { ListedRoute } from '../server.ts'

/** `routes` is complete when the first request comes. */
export function registerRoot(app: FastifyInstance, routes: readonly ListedRoute[]): void {
  const summary = 'this list'
  app.get('/', { exposeHeadRoute: true, config: { access: 'page', summary } }, async (request, reply) => {
    reply.header('vary', 'accept')
    if (!/\btext\//.test(request.headers.accept ?? '')) return { name: 'logkeep', routes }
    const lines = routes.map(
      ({ path, methods, summary }) => `${path.padEnd(12)} ${methods.join(', ').padEnd(12)} ${summary}`,
    )
    return reply.type('text/plain; charset=utf-8').send(`logkeep\n\n${lines.join('\n')}\n`)
  })
}
