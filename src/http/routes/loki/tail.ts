/** Loki's live tail: a WebSocket that is fed with streams. Refusals come before the upgrade. */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { httpLimits, lokiLimits } from '../../../limits/http.ts'
import type { TailOpening } from '../../../tail/hub.ts'
import { badParameter, timeOfNs } from '../../loki/parameters.ts'
import { lokiPrefix, parametersOf } from '../../loki/scope.ts'
import { parseLokiQuery, planOfLog } from '../../loki/selectors.ts'
import type { RouteDeps } from '../../server.ts'
import { checkHandshake, upgradeRequired } from '../tail.ts'
import { wantsCategories } from './queries.ts'

export const lokiTailPath = `${lokiPrefix}/tail`

/** The status of an upgrade, which Fastify does not see. */
const switchingProtocols = 101
const hourNs = 3_600_000_000_000n

export function registerLokiTail(app: FastifyInstance, { lokiTails, nowMs, metrics }: RouteDeps): void {
  const openings = new WeakMap<FastifyRequest, TailOpening>()
  app.route({
    method: 'GET',
    url: lokiTailPath,
    config: { access: 'data' },
    schema: { hide: true },
    preHandler: async (request) => {
      const parameters = parametersOf(request)
      const query = parseLokiQuery(parameters.text('query'))
      if (query.kind !== 'log')
        throw badParameter('only log queries can be tailed: a selector with a pipeline')
      const delayFor = parameters.text('delay_for')
      if (!/^[0-5]?$/.test(delayFor)) throw badParameter('delay_for can not be greater than 5')
      const limit = parameters.limit('limit', httpLimits.entriesDefault)
      if (limit > lokiLimits.tailBackfillMax)
        throw badParameter(`limit is above ${lokiLimits.tailBackfillMax}`)
      const startNs = parameters.time('start') ?? BigInt(Math.round(nowMs())) * 1_000_000n - hourNs
      checkHandshake(request.ws, request.headers)
      const closed = new AbortController()
      request.raw.socket.once('close', () => closed.abort())
      const isCategorized = wantsCategories(request.headers)
      const range = { since: timeOfNs(startNs), until: null }
      const delayMs = Number(delayFor) * 1000
      const asked = { plan: planOfLog(query), range, limit, isCategorized, delayMs }
      const opening = await lokiTails.open(asked, closed.signal)
      if (closed.signal.aborted) opening.release()
      else closed.signal.addEventListener('abort', opening.release)
      openings.set(request, opening)
    },
    // Not reached: without an upgrade the check above refuses.
    handler: () => {
      throw upgradeRequired()
    },
    wsHandler: (socket, request) => {
      metrics.answered(lokiTailPath, switchingProtocols, 0)
      openings.get(request)?.attach(socket)
    },
  })
}
