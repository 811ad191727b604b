/**
 * `GET /logs/tail`: checks a tail before the upgrade, so that refusals are plain answers, then hands its
 * socket over.
 */

import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import type { TailOpening } from '../../tail/hub.ts'
import { parseTailRequest } from '../log-parameters.ts'
import { queryOf } from '../request.ts'
import type { RouteDeps } from '../server.ts'

export const tailPath = '/logs/tail'

export function registerTail(app: FastifyInstance, { tails, nowMs }: RouteDeps): void {
  const openings = new WeakMap<FastifyRequest, TailOpening>()
  const summary = 'live entries over a WebSocket: the filters of /logs, and cursor, since or tail=N'

  app.route({
    method: 'GET',
    url: tailPath,
    config: { access: 'data', summary },
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
    wsHandler: (socket, request) => openings.get(request)?.attach(socket),
  })
}

/** What ws would refuse in a shape of its own (RFC 6455 section 4.2.1). */
function checkHandshake(isUpgrade: boolean, headers: IncomingHttpHeaders): void {
  if (!isUpgrade) throw upgradeRequired()
  const key = headers['sec-websocket-key'] ?? ''
  const version = headers['sec-websocket-version'] ?? ''
  if (/^[+/0-9A-Za-z]{22}==$/.test(key) && (version === '13' || version === '8')) return
  const message = 'the WebSocket handshake has no good Sec-WebSocket-Key or Sec-WebSocket-Version'
  throw new LogkeepError('BAD_REQUEST', message, 'version 13 is spoken here')
}

function upgradeRequired(): LogkeepError {
  const hint = 'connect with a WebSocket client; GET /logs answers plain requests'
  return new LogkeepError('UPGRADE_REQUIRED', 'a live tail is a WebSocket', hint)
}
