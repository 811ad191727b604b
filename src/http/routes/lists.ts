/** The listings of what is stored: namespaces, pods, containers and streams. */

import type { FastifyInstance } from 'fastify'
import { httpLimits } from '../../limits.ts'
import { addWarningHeaders, clientSignal, sendBytes } from '../answer.ts'
import { parseListRequest } from '../log-parameters.ts'
import { queryOf } from '../request.ts'
import type { RouteDeps } from '../server.ts'
import { behindWarnings } from './logs.ts'

const summaries = {
  namespaces: 'namespaces that have entries',
  pods: 'pods that have entries, present or gone',
  containers: 'containers that have entries',
  streams: 'container instances with their lines, bytes and times',
} as const

export function registerLists(app: FastifyInstance, { query, collector, room }: RouteDeps): void {
  for (const kind of ['namespaces', 'pods', 'containers', 'streams'] as const) {
    app.get(`/${kind}`, { config: { access: 'data', summary: summaries[kind] } }, async (request, reply) => {
      const asked = parseListRequest(kind, queryOf(request))
      const signal = clientSignal(reply)
      const { behindMs } = await collector.sync(httpLimits.syncWaitMs)
      const { body } = await query.list(asked, signal)
      addWarningHeaders(reply, behindWarnings(behindMs))
      reply.type('application/json; charset=utf-8')
      return sendBytes({ request, reply, room, signal }, Buffer.from(body))
    })
  }
}
