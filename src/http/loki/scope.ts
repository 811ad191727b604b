/** What all routes of Loki's API share: reading requests, sending JSON, and errors as plain text. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { lokiLimits } from '../../limits/http.ts'
import { clientSignal, jsonType, sendBytes, textType } from '../answer.ts'
import { toLogkeepError } from '../errors.ts'
import { queryOf } from '../request.ts'
import type { RouteDeps } from '../server.ts'
import { LokiParameters } from './parameters.ts'

export const lokiPrefix = '/loki/api/v1'

/** An answer that is ready to send: `head`, bytes, and what closes them. */
export type LokiBody = readonly (string | Uint8Array)[]

export type LokiCall = {
  readonly parameters: LokiParameters
  readonly headers: FastifyRequest['headers']
  /** Parts of the path. */
  readonly path: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export type LokiHandler = (call: LokiCall) => Promise<LokiBody> | LokiBody

export type LokiScope = {
  /** For GET and for forms that are POSTed. */
  readonly answer: (path: string, handler: LokiHandler) => void
}

/** Inside a scope of its own: what it sets holds for its routes alone. */
export function createLokiScope(app: FastifyInstance, { room, log, metrics }: RouteDeps): LokiScope {
  app.setErrorHandler((error, request, reply) => {
    if (request.socket.destroyed) return reply.hijack()
    const known = toLogkeepError(error)
    if (known !== null && known.limit !== null) metrics.limitReached(known.limit)
    if (known === null) log.error('request_failed', 'a request failed', { reason: String(error) })
    return sendText(reply, known)
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: lokiLimits.formBytesMax },
    (_request, body, done) => done(null, body),
  )
  return {
    answer: (path, handler) => {
      app.route({
        method: ['GET', 'POST'],
        url: `${lokiPrefix}${path}`,
        bodyLimit: lokiLimits.formBytesMax,
        config: { access: 'data' },
        schema: { hide: true },
        handler: async (request, reply) => {
          const signal = clientSignal(reply)
          const body = await handler({
            parameters: parametersOf(request),
            headers: request.headers,
            path: request.params as Readonly<Record<string, string>>,
            signal,
          })
          reply.type(jsonType)
          return sendBytes(
            { request, reply, room, signal },
            Buffer.concat(body.map((part) => Buffer.from(part))),
          )
        },
      })
    },
  }
}

export function parametersOf(request: FastifyRequest): LokiParameters {
  return new LokiParameters(queryOf(request), typeof request.body === 'string' ? request.body : '')
}

const gatewayTimeout = 504

/** Loki answers errors as text. What a person can mend is no 5xx, whose text Grafana hides. */
export function sendText(reply: FastifyReply, error: LogkeepError | null): FastifyReply {
  if (error === null) return reply.code(500).type(textType).send('the request failed\n')
  const isOver = error.code === 'QUERY_ENDED'
  const status = isOver ? (error.limit === 'deadline' ? gatewayTimeout : 400) : error.status
  const isPlain = error.code === 'BAD_QUERY' || error.code === 'BAD_PARAMETER'
  const text = isPlain ? error.message : `${error.message}; ${error.hint}`
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="logkeep"')
  return reply.code(status).type(textType).send(`${text}\n`)
}

/** `{"status":"success","data":…}`; without `data` where there is none. */
export function success(data: unknown, warnings: readonly string[] = []): LokiBody {
  return [JSON.stringify({ status: 'success', ...(data !== undefined && { data }), ...told(warnings) })]
}

/** Member of an answer that there is where there is something to say. */
export function told(warnings: readonly string[]): { readonly warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings }
}
