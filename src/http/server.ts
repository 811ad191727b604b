/** Puts the HTTP server together: checks before every request, one shape of errors, and the routes. */

import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Collector } from '../collector/contract.ts'
import type { Config } from '../config.ts'
import { LogkeepError } from '../errors.ts'
import { httpLimits, tailLimits } from '../limits/http.ts'
import { processLimits } from '../limits/program.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/contract.ts'
import { forClient } from '../query/client.ts'
import type { QueryService } from '../query/contract.ts'
import type { TailHub } from '../tail/hub.ts'
import type { LokiTails } from '../tail/loki-tails.ts'
import { type AnswerRoom, createAnswerRoom } from './answer.ts'
import { answerParserError, sendError, toLogkeepError } from './errors.ts'
import { lokiPrefix, sendText } from './loki/scope.ts'
import { describeRoutes, schemaController } from './openapi.ts'
import { pathOf, queryOf } from './request.ts'
import { collectRoutes, listedPath, refuseUnknown } from './route-list.ts'
import { registerContext } from './routes/context.ts'
import { registerDocs } from './routes/docs.ts'
import { registerFields } from './routes/fields.ts'
import { registerFiles } from './routes/files.ts'
import { registerHealth } from './routes/health.ts'
import { registerHistogram } from './routes/histogram.ts'
import { registerLists } from './routes/lists.ts'
import { registerLogs } from './routes/logs.ts'
import { registerLoki } from './routes/loki/register.ts'
import { lokiTailPath } from './routes/loki/tail.ts'
import { registerMetrics } from './routes/metrics.ts'
import { registerRoot } from './routes/root.ts'
import { registerSession } from './routes/session.ts'
import { registerTail, tailPath } from './routes/tail.ts'
import { createSecurity, type Security } from './security.ts'
import { createSessions, type Sessions } from './sessions.ts'

export type ServerDeps = {
  readonly config: Pick<
    Config,
    | 'nodeName'
    | 'anonymous'
    | 'allowedHosts'
    | 'allowedOrigins'
    | 'serviceNames'
    | 'podNamespace'
    | 'exportsMax'
    | 'metricsOpen'
  >
  readonly token: string | null
  readonly query: QueryService
  readonly collector: Pick<Collector, 'sync' | 'status' | 'files'>
  readonly metrics: Pick<Metrics, 'render' | 'answered' | 'limitReached'>
  readonly tails: TailHub
  readonly lokiTails: LokiTails
  readonly log: Logger
  /** Of the package. */
  readonly version: string
  /** Where `npm run build:page` puts the web page. */
  readonly pageFolder: string
  /** Milliseconds since 1970: what relative times are relative to. */
  readonly nowMs: () => number
}

/** What the routes are given. */
export type RouteDeps = ServerDeps & {
  readonly security: Security
  readonly sessions: Sessions
  readonly room: AnswerRoom
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Who may ask. `data`: as the security settings say; `free`: anybody; `page`: anybody, and other sites
     * may link to it.
     */
    access?: 'data' | 'free' | 'page'
  }
}

/** `close()` ends the tails first and cuts off requests that do not end. */
export function buildServer(deps: ServerDeps): FastifyInstance {
  const answer = createErrorAnswer(deps)
  const app = createApp(answer)
  app.server.maxConnections = httpLimits.connectionsMax
  const sessions = createSessions(deps.nowMs)
  const security = createSecurity({ config: deps.config, token: deps.token, sessions })
  const routes = collectRoutes(app)
  const writeDocument = describeRoutes(app, deps.version)
  let stopping = false

  app.setErrorHandler((error, request, reply) => {
    // Nobody is left to answer.
    if (request.socket.destroyed) return reply.hijack()
    return answer(error, reply)
  })
  refuseUnknown(app, routes)
  app.addHook('onResponse', async ({ routeOptions }, { statusCode, elapsedTime }) => {
    const { url } = routeOptions
    deps.metrics.answered(url === undefined ? noRoute : listedPath(url), statusCode, elapsedTime / 1000)
  })
  app.addHook('preClose', async () => {
    stopping = true
    const cutOff = setTimeout(() => app.server.closeAllConnections(), processLimits.requestGraceMs)
    app.server.once('close', () => clearTimeout(cutOff))
    await deps.tails.close()
  })
  registerWebsocket(app, deps.log)
  // Behind the hook of the plugin, which must have marked an upgrade for its socket to be closed when
  // refused.
  app.after(() => {
    app.addHook('onRequest', async (request, reply) => {
      addAnswerHeaders(reply, deps.config.nodeName)
      if (stopping) throw stoppingError()
      if (request.url.length > httpLimits.urlBytesMax) throw tooLong()
      checkRequest(request, security)
    })
    // Behind the reading of bodies, whose events know of no request.
    app.addHook('preHandler', (request, _reply, done) => forClient(clientOf(request), done))
  })
  const room = createAnswerRoom(httpLimits.answersHeldBytesMax)
  const routeDeps: RouteDeps = { ...deps, security, sessions, room }
  app.register(async (scope) => {
    registerRoot(scope, routeDeps, routes)
    registerLogs(scope, routeDeps)
    registerHistogram(scope, routeDeps)
    registerContext(scope, routeDeps)
    registerFields(scope, routeDeps)
    registerTail(scope, routeDeps)
    registerLists(scope, routeDeps)
    registerFiles(scope, routeDeps)
    registerMetrics(scope, routeDeps)
    registerDocs(scope, writeDocument)
    registerSession(scope, routeDeps)
    registerHealth(scope, routeDeps)
  })
  app.register(async (scope) => registerLoki(scope, routeDeps))
  return app
}

/** What requests for paths that do not exist are counted under. */
const noRoute = '(none)'

const upgradePaths: ReadonlySet<string> = new Set([tailPath, lokiTailPath])

/** Some versions of Grafana's Logs Drilldown write the prefix twice. */
function withoutDoubledPrefix(url: string): string {
  return url.replace(/^(\/loki\/api\/v1){2}(?=\/)/, lokiPrefix)
}

type ErrorAnswer = (error: unknown, reply: FastifyReply) => FastifyReply

function createApp(answer: ErrorAnswer): FastifyInstance {
  return Fastify({
    logger: false,
    rewriteUrl: ({ url = '' }) => withoutDoubledPrefix(url),
    bodyLimit: httpLimits.bodyBytesMax,
    requestTimeout: httpLimits.requestTimeoutMs,
    // HEAD would run the whole query to throw its answer away; the routes for which it is cheap ask for it.
    exposeHeadRoutes: false,
    // Answered by the hook below, in the shape of all errors.
    return503OnClosing: false,
    // Names of fields stand in paths: what bounds an address bounds them.
    routerOptions: { querystringParser: (raw) => ({ raw }), maxParamLength: httpLimits.urlBytesMax },
    schemaController,
    frameworkErrors: (error, _request, reply) => void answer(error, reply),
    clientErrorHandler: answerParserError,
    // Only the tail is upgraded; elsewhere clients that offer it (h2c, for one) are answered in HTTP/1.1.
    http: {
      headersTimeout: httpLimits.headersTimeoutMs,
      requestTimeout: httpLimits.requestTimeoutMs,
      connectionsCheckingInterval: httpLimits.timeoutCheckMs,
      shouldUpgradeCallback: ({ url = '', headers }) =>
        upgradePaths.has(url.split('?', 1)[0] as string) && headers.upgrade?.toLowerCase() === 'websocket',
    },
  })
}

/** Logs what is not the client's doing, and sends the answer. */
function createErrorAnswer({ log, config, metrics }: ServerDeps): ErrorAnswer {
  return (error, reply) => {
    const known = toLogkeepError(error)
    if (known !== null && known.limit !== null) metrics.limitReached(known.limit)
    if (known === null) log.error('request_failed', 'a request failed', { reason: String(error) })
    else if (known.status >= 500 && known.code !== 'STOPPING') {
      log.warn('request_failed', 'a request failed', { code: known.code, reason: known.message })
    }
    const hint = "try again; the server's own log has the cause"
    addAnswerHeaders(reply, config.nodeName)
    if (pathOf(reply.request).startsWith(`${lokiPrefix}/`)) return sendText(reply, known)
    return sendError(reply, known ?? new LogkeepError('INTERNAL', 'the request failed', hint))
  }
}

function registerWebsocket(app: FastifyInstance, log: Logger): void {
  app.register(websocket, {
    options: socketOptions,
    // The hub ends its tails itself.
    preClose: (done) => done(),
    // ws has begun to close by then, with the code that fits (1009 for a long message).
    errorHandler: (error, socket) => {
      log.debug('tail_broke', 'a tail connection broke', { reason: error.message })
      socket.close()
    },
  })
}

/** Of ws. `closeTimeout` is not in its types yet; its own 30 s would keep `close()` waiting for clients. */
const socketOptions = {
  maxPayload: tailLimits.messageBytesMax,
  perMessageDeflate: false,
  closeTimeout: tailLimits.closeGraceMs,
}

/** For answers that no browser may interpret, keep or embed. */
const answerHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const

function addAnswerHeaders(reply: FastifyReply, node: string): void {
  reply.headers({ ...answerHeaders, 'x-logkeep-node': node })
}

function checkRequest(request: FastifyRequest, security: Security): void {
  const { headers, headersDistinct, url = '' } = request.raw
  // The form of address that proxies are sent names a host too (RFC 9112 section 3.2.2).
  const addressed = /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1]?.toLowerCase()
  const isOther = addressed !== undefined && addressed !== headers.host?.toLowerCase()
  const visit = {
    headers,
    hostsNamed: (headersDistinct['host']?.length ?? 0) + (isOther ? 1 : 0),
    peerAddress: request.socket.remoteAddress,
    query: queryOf(request),
  }
  // What is not there shows no data.
  const access = request.is404 ? 'free' : (request.routeOptions.config.access ?? 'data')
  security.checkSource(visit, access === 'page')
  if (access === 'data') security.checkAccess(visit)
}

/** Of names that clients may make as long as they like. */
const clientNameMax = 64

/**
 * Among whom threads are shared: addresses, and behind Grafana, which has one for all, its users where it
 * names them (`send_user_header`). Who takes many names takes many turns: this is for fairness, not for
 * defence.
 */
function clientOf({ headers, socket }: FastifyRequest): string {
  const user = String(headers['x-grafana-user'] ?? '').slice(0, clientNameMax)
  return `${socket.remoteAddress ?? ''} ${user}`
}

function stoppingError(): LogkeepError {
  return new LogkeepError('STOPPING', 'the server is stopping', 'try again in a moment')
}

function tooLong(): LogkeepError {
  const hint = `path and query may have ${httpLimits.urlBytesMax} bytes; use globs instead of many names`
  return new LogkeepError('URI_TOO_LONG', 'the address is too long', hint, { limit: 'url_length' })
}
