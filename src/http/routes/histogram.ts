/** `GET /logs/histogram`: matching lines counted over time. */

import type { FastifyInstance } from 'fastify'
import { clientSignal, sendMembers } from '../answer.ts'
import { reachesNow, refresh } from '../freshness.ts'
import { routeParameters } from '../parameters.ts'
import { queryOf } from '../request.ts'
import { parseHistogramRequest } from '../requests.ts'
import { histogram } from '../schemas/counts.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { jsonAnswer, routeSchema } from '../schemas/responses.ts'
import type { RouteDeps } from '../server.ts'

const schema = routeSchema({
  id: 'histogram',
  tag: 'logs',
  summary: 'matching lines counted over time, by level, namespace, pod, container, node or stream',
  description: 'A query that reaches a limit says so in a warning, and which buckets are not complete.',
  parameters: routeParameters.histogram,
  answers: { 200: jsonAnswer(histogram) },
  errors: dataErrorsOf(),
})

export function registerHistogram(app: FastifyInstance, deps: RouteDeps): void {
  const { query, collector, config, nowMs, room } = deps
  app.get('/logs/histogram', { config: { access: 'data' }, schema }, async (request, reply) => {
    const asked = parseHistogramRequest(queryOf(request), nowMs())
    const signal = clientSignal(reply)
    const behind = await refresh(collector, reachesNow(asked.range, null, nowMs()))
    const answer = await query.histogram(asked, signal)
    return sendMembers({ request, reply, room, signal }, answer, config.nodeName, behind)
  })
}
