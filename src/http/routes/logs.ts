/** `GET /logs`: a page as JSON, text or bare bytes, or an export as a stream of ndjson. */

import type { OutgoingHttpHeaders } from 'node:http'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
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
    const isZipped = acceptsGzip(request.headers['accept-encoding'])
    reply.type('application/x-ndjson; charset=utf-8').header('vary', 'accept, accept-encoding')
    if (isZipped) reply.header('content-encoding', 'gzip')
    reply.raw.setTimeout(httpLimits.exportStallMs, () => reply.raw.destroy())
    try {
      await sendPieces({ reply, signal, isZipped }, first, pieces)
    } catch (error) {
      reply.raw.destroy()
      if (signal.aborted) return reply
      deps.log.warn('export_failed', 'an export was cut off by an error', { reason: String(error) })
    }
    return reply
  }
}

type Pieces = AsyncGenerator<Uint8Array, void, void>

type ExportSending = Pick<Sending, 'reply' | 'signal'> & { readonly isZipped: boolean }

/**
 * Writes the pieces one by one, past Fastify: the next is asked for when the kernel, or gzip, has taken the
 * whole of the one before, whose memory is used again then. Rejects where a piece cannot be made or sent.
 */
async function sendPieces(
  { reply, signal, isZipped }: ExportSending,
  first: Awaited<ReturnType<Pieces['next']>>,
  pieces: Pieces,
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders)
  // Each piece is flushed: a reader sees it when it is made, not when a buffer is full.
  const zipped = isZipped ? createGzip({ level: gzipLevel, flush: constants.Z_SYNC_FLUSH }) : null
  const left = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
  const sent = zipped === null ? null : pipeline(zipped, raw)
  // A client that leaves is noticed with the next piece, or not at all.
  for (const promise of [left, sent]) promise?.catch(() => undefined)
  const target = zipped ?? raw
  for (let next = first; next.done !== true; next = await pieces.next()) {
    await Promise.race([write(target, next.value), left])
  }
  target.end()
  await sent
}

function write(target: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    target.write(piece, (error) => {
      if (error == null) resolve()
      else reject(error)
    })
  })
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
