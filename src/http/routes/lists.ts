/** The listings of what is stored: namespaces, pods, containers and streams. */

import type { FastifyInstance } from 'fastify'
import { clientSignal, sendMembers } from '../answer.ts'
import { refresh } from '../freshness.ts'
import { routeParameters } from '../parameters.ts'
import { queryOf } from '../request.ts'
import { parseListRequest } from '../requests.ts'
import { lists } from '../schemas/counts.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { jsonAnswer, routeSchema } from '../schemas/responses.ts'
import type { RouteDeps } from '../server.ts'

const summaries = {
  namespaces: 'namespaces that have entries',
  pods: 'pods that have entries, present or gone',
  containers: 'containers that have entries',
  streams: 'container instances with their lines, bytes and times',
} as const

export function registerLists(app: FastifyInstance, { query, collector, config, room }: RouteDeps): void {
  for (const kind of ['namespaces', 'pods', 'containers', 'streams'] as const) {
    const schema = routeSchema({
      id: kind,
      tag: 'lists',
      summary: summaries[kind],
      parameters: routeParameters.list,
      answers: { 200: jsonAnswer(lists[kind]) },
      errors: dataErrorsOf(),
    })
    app.get(`/${kind}`, { config: { access: 'data' }, schema }, async (request, reply) => {
      const asked = parseListRequest(kind, queryOf(request))
      const signal = clientSignal(reply)
      const behind = await refresh(collector, true)
      const answer = await query.list(asked, signal)
      return sendMembers({ request, reply, room, signal }, answer, config.nodeName, behind)
    })
  }
}
