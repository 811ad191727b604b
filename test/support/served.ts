/** Serves the HTTP doors over recorded layers on a free port, and speaks to them below the level of fetch. */

import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { buildServer, type ServerDeps } from '../../src/http/server.ts'
import { httpLimits } from '../../src/limits/http.ts'
import { createTailHub, type TailHubOptions } from '../../src/tail/hub.ts'
import { createLokiTails } from '../../src/tail/loki-tails.ts'
import {
  type Answers,
  createRecordedLog,
  createRecordedMetrics,
  createRecordedQuery,
  createStillCollector,
} from './recorded-query.ts'

export type ServedOptions = {
  readonly config?: Partial<ServerDeps['config']>
  readonly token?: string | null
  readonly answers?: Partial<Answers>
  readonly tailLimits?: TailHubOptions['limits']
  /** Address to listen on; loopback unless given. */
  readonly host?: string
  /** Of the built page; unless given there is none. */
  readonly pageFolder?: string
}

export async function serve(options: ServedOptions = {}) {
  const { config, token = null, answers, tailLimits = {}, host, pageFolder = '/nonexistent' } = options
  const query = createRecordedQuery(answers)
  const collector = createStillCollector()
  const { log, events } = createRecordedLog()
  const { metrics, limits, answered } = createRecordedMetrics()
  const clock = { nowMs: Date.UTC(2026, 10, 22, 10, 11, 12) }
  const tails = createTailHub({
    query: query.service,
    collector: collector.collector,
    log,
    nowMs: () => clock.nowMs,
    limits: tailLimits,
  })
  const lokiTails = createLokiTails({
    logql: query.service.logql,
    collector: collector.collector,
    hub: tails,
    log,
  })
  const app = buildServer({
    lokiTails,
    config: {
      nodeName: 'n1',
      anonymous: false,
      allowedHosts: [],
      allowedOrigins: [],
      serviceNames: [],
      podNamespace: null,
      exportsMax: httpLimits.exportsOpenMax,
      metricsOpen: false,
      ...config,
    },
    token,
    query: query.service,
    collector: collector.collector,
    tails,
    metrics,
    version: '1.2.3',
    pageFolder,
    log,
    nowMs: () => clock.nowMs,
  })
  await app.listen({ host: host ?? '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return {
    ...query,
    collector,
    events,
    limits,
    answered,
    clock,
    tails,
    app,
    port,
    base: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      await app.close()
    },
  }
}

export type RawAnswer = { readonly status: number; readonly headers: string; readonly body: string }

/**
 * Sends lines as they are (a blank line is added) and reads until the server closes or the stated length has
 * come.
 */
export async function rawRequest(
  port: number,
  lines: readonly string[],
  address = '127.0.0.1',
): Promise<RawAnswer> {
  const socket = connect(port, address)
  await once(socket, 'connect')
  let received = ''
  const isComplete = (): boolean => {
    const [head = '', body] = received.split(/\r\n\r\n(.*)/s)
    const length = /^content-length: (\d+)/im.exec(head)?.[1]
    return body !== undefined && length !== undefined && body.length >= Number(length)
  }
  socket.setEncoding('latin1').on('data', (text) => {
    received += text
    if (isComplete()) socket.destroy()
  })
  const closed = once(socket, 'close')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  await closed
  const [headers = '', body = ''] = received.split(/\r\n\r\n(.*)/s)
  return { status: Number(headers.split(' ')[1]), headers, body }
}

/** A plain GET with headers of one's choice, `Host` included. */
export function rawGet(
  port: number,
  path: string,
  headers: readonly string[],
  address?: string,
): Promise<RawAnswer> {
  return rawRequest(port, [`GET ${path} HTTP/1.1`, 'Connection: close', ...headers], address)
}
