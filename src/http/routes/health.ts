/**
 * `GET /healthz`: the process answers. `GET /readyz`: queries can be answered; trouble of the collector is
 * told.
 */

import type { FastifyInstance } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { httpLimits } from '../../limits/http.ts'
import { routeParameters } from '../parameters.ts'
import { parseQueryString } from '../query-string.ts'
import { queryOf } from '../request.ts'
import { error, errorsOf } from '../schemas/errors.ts'
import { answer, jsonAnswer, routeSchema } from '../schemas/responses.ts'
import { ref } from '../schemas/schema.ts'
import { health, readiness } from '../schemas/state.ts'
import type { RouteDeps } from '../server.ts'

const healthSchema = routeSchema({
  id: 'healthz',
  tag: 'program',
  summary: 'whether the process answers',
  parameters: routeParameters.none,
  isOpen: true,
  answers: { 200: jsonAnswer(health) },
  errors: errorsOf(),
})

const readySchema = routeSchema({
  id: 'readyz',
  tag: 'program',
  summary: 'whether queries can be answered, and what is wrong with reading',
  parameters: routeParameters.none,
  isOpen: true,
  answers: { 200: jsonAnswer(readiness) },
  errors: {
    ...errorsOf(),
    503: answer('Queries cannot be answered, or the program is stopping.', {
      'application/json': { anyOf: [ref(readiness), ref(error)] },
    }),
  },
})

export function registerHealth(app: FastifyInstance, { query, collector, config }: RouteDeps): void {
  const healthOptions = { exposeHeadRoute: true, config: { access: 'free' }, schema: healthSchema } as const
  app.get('/healthz', healthOptions, (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    return reply.send({ status: 'ok' })
  })

  const readyOptions = { exposeHeadRoute: true, config: { access: 'free' }, schema: readySchema } as const
  app.get('/readyz', readyOptions, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    const failure = await failureWithin(query.check(), httpLimits.readyWaitMs)
    const { degraded } = collector.status()
    if (failure !== null) {
      reply.code(new LogkeepError('STORE_UNAVAILABLE', '', '').status)
      return { status: 'unavailable', reasons: [failure, ...degraded], node: config.nodeName }
    }
    const { damage } = query.status()
    const reasons = [...degraded, ...(damage === null ? [] : [damage])]
    return { status: reasons.length === 0 ? 'ready' : 'degraded', reasons, node: config.nodeName }
  })
}

/** Why `work` failed, in words; null when it succeeded in time. */
async function failureWithin(work: Promise<void>, waitMs: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`queries are not answered within ${waitMs} ms`), waitMs)
  })
  const outcome = work.then(
    () => null,
    // The full error may name paths; probes are free for everybody.
    (error: unknown) => (error instanceof LogkeepError ? error.message : 'queries cannot be answered'),
  )
  try {
    return await Promise.race([outcome, late])
  } finally {
    clearTimeout(timer)
  }
}
