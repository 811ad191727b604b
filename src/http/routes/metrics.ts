/** `GET /metrics`: the program's own figures for Prometheus. */

import type { FastifyInstance } from 'fastify'
import { httpLimits } from '../../limits/http.ts'
import { clientSignal, createAnswerRoom, sendBytes } from '../answer.ts'
import { routeParameters } from '../parameters.ts'
import { parseQueryString } from '../query-string.ts'
import { queryOf } from '../request.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { answer, routeSchema } from '../schemas/responses.ts'
import { textOf } from '../schemas/schema.ts'
import type { RouteDeps } from '../server.ts'

const schema = routeSchema({
  id: 'metrics',
  tag: 'program',
  summary: "the program's own figures, for Prometheus",
  description: 'Open to everybody where `LOGKEEP_METRICS_OPEN=true`; else as all data.',
  parameters: routeParameters.none,
  answers: { 200: answer('Text in the exposition format of Prometheus.', { 'text/plain': textOf() }) },
  errors: dataErrorsOf(),
})

export function registerMetrics(app: FastifyInstance, deps: RouteDeps): void {
  const { metrics, config } = deps
  const access = config.metricsOpen ? 'free' : 'data'
  // Clients that need no token do not take the room of those that have it.
  const room = config.metricsOpen ? createAnswerRoom(httpLimits.openAnswersHeldBytesMax) : deps.room
  app.get('/metrics', { config: { access }, schema }, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    const signal = clientSignal(reply)
    const { contentType, text } = await metrics.render()
    reply.type(contentType)
    return sendBytes({ request, reply, room, signal }, Buffer.from(text))
  })
}
