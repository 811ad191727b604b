/** `GET /logs`: a page as JSON, text or bare bytes, or an export as a stream of ndjson. */

import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { httpLimits } from '../../limits/http.ts'
import type { LogsPage, LogsRequest } from '../../query/contract.ts'
import {
  addWarningHeaders,
  clientSignal,
  gzipLevel,
  headerText,
  jsonType,
  rawType,
  type Sending,
  sendBytes,
  textType,
} from '../answer.ts'
import { reachesNow, refresh } from '../freshness.ts'
import { acceptsGzip } from '../negotiation.ts'
import { routeParameters } from '../parameters.ts'
import { queryOf } from '../request.ts'
import { parseLogsRequest } from '../requests.ts'
import { exportLine, logsPage } from '../schemas/entries.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { answer, routeSchema, warningHeader } from '../schemas/responses.ts'
import { ref, textOf } from '../schemas/schema.ts'
import type { RouteDeps } from '../server.ts'

const schema = routeSchema({
  id: 'logs',
  tag: 'logs',
  summary: 'entries, in pages or as an export',
  description:
    'A query that reaches a limit answers with what it found, a warning, and `next` at the place where it stopped.',
  parameters: routeParameters.logs,
  answers: {
    200: answer(
      'A page of entries as JSON; as text, oldest first, as `kubectl logs` prints them; as the bytes of its lines ' +
        'alone, oldest first; or an export, whose last line says whether it is complete.',
      {
        'application/json': ref(logsPage),
        'application/x-ndjson': ref(exportLine),
        'text/plain': textOf('`[pod/<pod>/<container>] <time> <line>` each.'),
        [rawType]: textOf('The bytes of each line exactly as they are stored, then LF; no gap records.'),
      },
      {
        ...warningHeader,
        'x-logkeep-next': textOf('Of text and bytes: `next`, where there is more.'),
        'x-logkeep-resume': textOf('Of text and bytes: `resume`.'),
      },
    ),
  },
  errors: dataErrorsOf(),
})

export function registerLogs(app: FastifyInstance, deps: RouteDeps): void {
  const { query, collector, config, nowMs, room } = deps
  let exportsOpen = 0

  app.get('/logs', { config: { access: 'data' }, schema }, async (request, reply) => {
    const { accept } = request.headers
    const asked = parseLogsRequest(queryOf(request), { nowMs: nowMs(), accept })
    const signal = clientSignal(reply)
    const warnings = await refresh(collector, reachesNow(asked.range, asked.cursor, nowMs()))
    if (asked.format === 'ndjson') {
      addWarningHeaders(reply, warnings)
      return sendExport({ request, reply, room, signal }, asked)
    }
    const page = await query.logs(asked, signal)
    const all = [...page.warnings, ...warnings]
    const sending = { request, reply, room, signal }
    if (asked.format === 'text') return sendLines(sending, page, all, textType)
    if (asked.format === 'raw') return sendLines(sending, page, all, rawType)
    reply.type(jsonType)
    return sendBytes(sending, jsonBody(page, config.nodeName, all))
  })

  async function sendExport({ request, reply, signal }: Sending, asked: LogsRequest): Promise<FastifyReply> {
    // It left while the collector was asked: its end, which gives the place back, is past.
    signal.throwIfAborted()
    if (exportsOpen >= config.exportsMax) {
      const message = `${config.exportsMax} exports are under way`
      const hint = 'wait for one to end, or ask for pages of JSON'
      throw new LogkeepError('TOO_MANY', message, hint, { limit: 'exports' })
    }
    exportsOpen += 1
    signal.addEventListener('abort', () => {
      exportsOpen -= 1
    })
    const pieces = query.exportLogs(asked, signal)
    // Also where the client leaves before anything is sent, and nobody reads the pieces.
    signal.addEventListener('abort', () => void pieces.return())
    // What the query layer refuses is told before the answer has begun.
    const first = await pieces.next()
    signal.throwIfAborted()
    const source = Readable.from(first.done === true ? [] : continued(first.value, pieces))
    reply.raw.setTimeout(httpLimits.exportStallMs, () => reply.raw.destroy())
    reply.type('application/x-ndjson; charset=utf-8').header('vary', 'accept, accept-encoding')
    source.on('error', (error) => {
      if (signal.aborted) return
      deps.log.warn('export_failed', 'an export was cut off by an error', { reason: String(error) })
    })
    if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(source)
    reply.header('content-encoding', 'gzip')
    // Each piece is flushed: a reader sees it when it is made, not when a buffer is full.
    const zipped = createGzip({ level: gzipLevel, flush: constants.Z_SYNC_FLUSH })
    // Its errors destroy the answer, which Fastify looks after.
    pipeline(source, zipped, () => undefined)
    return reply.send(zipped)
  }
}

async function* continued(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  yield first
  yield* rest
}

const jsonHead = Buffer.from('{"entries":[')

function jsonBody(page: LogsPage, node: string, warnings: readonly string[]): Buffer {
  const { next, resume, stats } = page
  const rest = JSON.stringify({ next, resume, node, stats, warnings }).slice(1)
  return Buffer.concat([jsonHead, page.entries, Buffer.from(`],${rest}\n`)])
}

async function sendLines(
  sending: Sending,
  page: LogsPage,
  warnings: readonly string[],
  type: string,
): Promise<FastifyReply> {
  const { reply } = sending
  if (page.next !== null) reply.header('x-logkeep-next', headerText(page.next))
  reply.header('x-logkeep-resume', headerText(page.resume)).type(type)
  addWarningHeaders(reply, warnings)
  return sendBytes(sending, Buffer.from(page.entries))
}
