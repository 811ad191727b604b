/**
 * `GET /healthz`: the process answers. `GET /readyz`: queries can be answered; trouble of the collector is
 * told.
 */

import type { FastifyInstance } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { httpLimits } from '../../limits.ts'
import type { RouteDeps } from '../server.ts'

export function registerHealth(app: FastifyInstance, { query, collector, config }: RouteDeps): void {
  const healthSummary = 'whether the process answers'
  app.get(
    '/healthz',
    { exposeHeadRoute: true, config: { access: 'free', summary: healthSummary } },
    async () => {
      return { status: 'ok' }
    },
  )

  const readySummary = 'whether queries can be answered, and what is wrong with reading'
  app.get(
    '/readyz',
    { exposeHeadRoute: true, config: { access: 'free', summary: readySummary } },
    async (_, reply) => {
      const failure = await failureWithin(query.check(), httpLimits.readyWaitMs)
      if (failure !== null) {
        reply.code(new LogkeepError('STORE_UNAVAILABLE', '', '').status)
        return { status: 'unavailable', reasons: [failure], node: config.nodeName }
      }
      const reasons = collector.status().degraded
      return { status: reasons.length === 0 ? 'ready' : 'degraded', reasons, node: config.nodeName }
    },
  )
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
