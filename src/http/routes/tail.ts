/**
 * `GET /logs/tail`: checks a tail before the upgrade, so that refusals are plain answers, then hands its
 * socket over.
 */

import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import type { TailOpening } from '../../tail/hub.ts'
import { routeParameters } from '../parameters.ts'
import { queryOf } from '../request.ts'
import { parseTailRequest } from '../requests.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { tailFrame } from '../schemas/frames.ts'
import { answer, routeSchema } from '../schemas/responses.ts'
import { ref } from '../schemas/schema.ts'
import type { RouteDeps } from '../server.ts'

export const tailPath = '/logs/tail'

/** The status of an upgrade, which Fastify does not see. */
const switchingProtocols = 101

const schema = routeSchema({
  id: 'tail',
  tag: 'logs',
  summary: 'live entries over a WebSocket',
  description:
    'The messages are frames of JSON. A client that connects again with the cursor of its last frame goes on exactly ' +
    'there. It answers pings, and has nothing else to say.',
  parameters: routeParameters.tail,
  answers: {
    101: answer('The connection is a WebSocket now; each message is a frame.', {
      'application/json': ref(tailFrame),
    }),
  },
  errors: dataErrorsOf(426),
})

export function registerTail(app: FastifyInstance, { tails, nowMs, metrics }: RouteDeps): void {
  const openings = new WeakMap<FastifyRequest, TailOpening>()

  app.route({
    method: 'GET',
    url: tailPath,
    config: { access: 'data' },
    schema,
    preHandler: async (request) => {
      const { plan, start } = parseTailRequest(queryOf(request), nowMs())
      checkHandshake(request.ws, request.headers)
      const closed = new AbortController()
      request.raw.socket.once('close', () => closed.abort())
      const opening = await tails.open(plan, start, closed.signal)
      if (closed.signal.aborted) opening.release()
      else closed.signal.addEventListener('abort', opening.release)
      openings.set(request, opening)
    },
    // Not reached: without an upgrade the check above refuses.
    handler: () => {
      throw upgradeRequired()
    },
    wsHandler: (socket, request) => {
      metrics.answered(tailPath, switchingProtocols, 0)
      openings.get(request)?.attach(socket)
    },
  })
}

/** What ws would refuse in a shape of its own (RFC 6455 section 4.2.1). */
export function checkHandshake(isUpgrade: boolean, headers: IncomingHttpHeaders): void {
  if (!isUpgrade) throw upgradeRequired()
  const key = headers['sec-websocket-key'] ?? ''
  const version = headers['sec-websocket-version'] ?? ''
  if (/^[+/0-9A-Za-z]{22}==$/.test(key) && (version === '13' || version === '8')) return
  const message = 'the WebSocket handshake has no good Sec-WebSocket-Key or Sec-WebSocket-Version'
  throw new LogkeepError('BAD_REQUEST', message, 'version 13 is spoken here')
}

export function upgradeRequired(): LogkeepError {
  const hint = 'connect with a WebSocket client; GET /logs answers plain requests'
  return new LogkeepError('UPGRADE_REQUIRED', 'a live tail is a WebSocket', hint)
}
