/** `GET /logs`: a page as JSON or text, or an export as a stream of ndjson. */

import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { httpLimits } from '../../limits.ts'
import { parseCursor } from '../../model/cursor.ts'
import type { LogsPage, LogsRequest } from '../../query/contract.ts'
import { addWarningHeaders, clientSignal, gzipLevel, headerText, type Sending, sendBytes } from '../answer.ts'
import { parseLogsRequest } from '../log-parameters.ts'
import { acceptsGzip } from '../negotiation.ts'
import { queryOf } from '../request.ts'
import type { RouteDeps } from '../server.ts'

export function registerLogs(app: FastifyInstance, deps: RouteDeps): void {
  const { query, collector, config, nowMs, room } = deps
  const summary = 'entries by namespace, pod, container, node, restart, stream, level, q, since, until'
  let exportsOpen = 0

  app.get('/logs', { config: { access: 'data', summary } }, async (request, reply) => {
    const asked = parseLogsRequest(queryOf(request), nowMs(), request.headers.accept)
    const signal = clientSignal(reply)
    const synced = reachesNow(asked, nowMs()) ? await collector.sync(httpLimits.syncWaitMs) : null
    const warnings = behindWarnings(synced?.behindMs ?? null)
    if (asked.format === 'ndjson') {
      addWarningHeaders(reply, warnings)
      return sendExport({ request, reply, room, signal }, asked)
    }
    const page = await query.logs(asked, signal)
    const all = [...page.warnings, ...warnings]
    const sending = { request, reply, room, signal }
    if (asked.format === 'text') return sendText(sending, page, all)
    reply.type('application/json; charset=utf-8')
    return sendBytes(sending, jsonBody(page, config.nodeName, all))
  })

  async function sendExport({ request, reply, signal }: Sending, asked: LogsRequest): Promise<FastifyReply> {
    // It left while the collector was asked: its end, which gives the place back, is past.
    signal.throwIfAborted()
    if (exportsOpen >= httpLimits.exportsOpenMax) {
      const message = `${httpLimits.exportsOpenMax} exports are under way`
      throw new LogkeepError('TOO_MANY', message, 'wait for one to end, or ask for pages of JSON')
    }
    exportsOpen += 1
    signal.addEventListener('abort', () => {
      exportsOpen -= 1
    })
    const pieces = query.exportLogs(asked, signal)
    // What the query layer refuses is told before the answer has begun.
    const first = await pieces.next()
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

/**
 * Whether the answer depends on what may not be read yet: a history walk has its end fixed by its first page.
 */
function reachesNow({ range, cursor }: LogsRequest, nowMs: number): boolean {
  if (cursor !== null && parseCursor(cursor)?.kind !== 'tail') return false
  return range.until === null || range.until.sec * 1000 > nowMs
}

export function behindWarnings(behindMs: number | null): readonly string[] {
  return behindMs === null ? [] : [`behind: ${Math.round(behindMs)} ms`]
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

async function sendText(
  sending: Sending,
  page: LogsPage,
  warnings: readonly string[],
): Promise<FastifyReply> {
  const { reply } = sending
  if (page.next !== null) reply.header('x-logkeep-next', headerText(page.next))
  reply.header('x-logkeep-resume', headerText(page.resume)).type('text/plain; charset=utf-8')
  addWarningHeaders(reply, warnings)
  return sendBytes(sending, Buffer.from(page.entries))
}
