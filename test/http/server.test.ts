/** The server over recorded layers: answers, formats, errors in one shape, freshness, health. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { LogkeepError } from '../../src/errors.ts'
import { httpLimits } from '../../src/limits/http.ts'
import { encodeCursor } from '../../src/model/cursor.ts'
import type { ListRequest } from '../../src/query/contract.ts'
import { emptyPage, membersAnswer } from '../support/recorded-query.ts'
import { rawGet, rawRequest, serve } from '../support/served.ts'
import { waitFor } from '../support/wait.ts'

type Sent = { method?: string; body?: string | URLSearchParams; headers?: Record<string, string> }
type ErrorBody = { code: string; message: string; hint: string }

async function errorOf(response: Response): Promise<ErrorBody> {
  const body = (await response.json()) as ErrorBody
  assert.deepEqual(Object.keys(body), ['code', 'message', 'hint'])
  return body
}

test('S-HTTP-20 a page is JSON around the entries, with node, stats and warnings', async () => {
  await using served = await serve({
    answers: {
      logs: () => ({
        ...emptyPage,
        entries: Buffer.from('{"line":"ü"},{"line":"b"}'),
        next: 'n',
        warnings: ['w'],
      }),
    },
  })
  const response = await fetch(`${served.base}/logs?namespace=shop&limit=2`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.deepEqual(await response.json(), {
    entries: [{ line: 'ü' }, { line: 'b' }],
    next: 'n',
    resume: 'r1',
    node: 'n1',
    stats: emptyPage.stats,
    warnings: ['w'],
  })
  assert.deepEqual(served.requests[0]?.plan.streams.namespace, ['shop'])
})

test('S-HTTP-21 text is the bytes of the page, with cursors and warnings as headers', async () => {
  await using served = await serve({
    answers: {
      logs: () => ({
        ...emptyPage,
        entries: Buffer.from('a\nb\n'),
        next: 'n',
        warnings: ['one\r\nx: ü', 'two'],
      }),
    },
  })
  const response = await fetch(`${served.base}/logs`, { headers: { accept: 'text/plain' } })
  assert.equal(await response.text(), 'a\nb\n')
  assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.equal(response.headers.get('x-logkeep-next'), 'n')
  assert.equal(response.headers.get('x-logkeep-resume'), 'r1')
  assert.equal(response.headers.get('x-logkeep-node'), 'n1')
  assert.equal(response.headers.get('x-logkeep-warning'), 'one\\u000d\\u000ax: \\u00fc, two')
  assert.equal(response.headers.get('x'), null)
})

test('S-HTTP-21 warnings in headers stay below what proxies refuse, and say how many are left out', async () => {
  const warnings = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(500)}`)
  await using served = await serve({ answers: { logs: () => ({ ...emptyPage, warnings }) } })
  const response = await fetch(`${served.base}/logs?format=text`)
  const shown = (response.headers.get('x-logkeep-warning') ?? '').split(', ')
  assert.ok(shown.join('').length <= httpLimits.warningHeadersBytesMax + 100)
  assert.equal(shown.at(-1), `and ${100 - (shown.length - 1)} more: format=json shows all`)
})

test('S-HTTP-22 an export streams its pieces as they are made, and stops making them when the client leaves', async () => {
  let made = 0
  let ended = false
  await using served = await serve({
    answers: {
      exportLogs: async function* () {
        try {
          for (; made < 100_000; made += 1) yield Buffer.alloc(64 * 1024, 0x61)
        } finally {
          ended = true
        }
      },
    },
  })
  // fetch takes everything that comes; this client reads one piece and no more.
  const asked = get(`${served.base}/logs?format=ndjson`)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  assert.equal(response.headers['content-type'], 'application/x-ndjson; charset=utf-8')
  await once(response, 'readable')
  assert.equal(response.read(1)[0], 0x61)
  let before = -1
  await waitFor('the server to wait for the client', () => {
    const still = made === before
    before = made
    return still
  })
  assert.ok(made < 1000, `${made} pieces made for a client that reads none`)
  response.destroy()
  await waitFor('the export to end', () => ended)
})

test('S-HTTP-22 an export whose client leaves before its first piece is ended too', async () => {
  const { promise: made, resolve: make } = Promise.withResolvers<void>()
  let left: AbortSignal | null = null
  let ended = false
  await using served = await serve({
    answers: {
      exportLogs: async function* (_request, signal) {
        left = signal
        try {
          await made
          yield Buffer.from('{}\n')
        } finally {
          ended = true
        }
      },
    },
  })
  const asked = get(`${served.base}/logs?format=ndjson`)
  asked.on('error', () => undefined)
  await waitFor('the export', () => left !== null)
  asked.destroy()
  await waitFor('the server to notice', () => left?.aborted === true)
  make()
  await waitFor('the export to end', () => ended)
})

test('S-HTTP-23 what the query layer refuses at once is a plain error, also for an export', async () => {
  const refuse = () => new LogkeepError('BAD_CURSOR', 'parameter "cursor" is damaged', 'leave it out')
  await using served = await serve({
    answers: {
      logs: () => Promise.reject(refuse()),
      exportLogs: async function* () {
        yield* []
        throw refuse()
      },
    },
  })
  for (const query of ['', '&format=ndjson']) {
    const response = await fetch(`${served.base}/logs?cursor=x${query}`)
    assert.equal(response.status, 400)
    assert.equal((await errorOf(response)).code, 'BAD_CURSOR')
  }
})

test('S-HTTP-24 an export that fails half-way is cut off, not ended as if complete', async () => {
  await using served = await serve({
    answers: {
      exportLogs: async function* () {
        yield Buffer.from('{}\n')
        throw new LogkeepError('QUERY_ENDED', 'ended', 'x')
      },
    },
  })
  const response = await fetch(`${served.base}/logs?format=ndjson`)
  await assert.rejects(response.text())
  assert.ok(served.events.some((event) => event.startsWith('export_failed')))
})

test('S-HTTP-25 gzip on request: pages above a kilobyte, exports piece by piece', async () => {
  const big = Buffer.alloc(httpLimits.gzipBytesMin, 0x20)
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await using served = await serve({
    answers: {
      logs: (request) => ({ ...emptyPage, entries: request.limit === 1 ? Buffer.from('') : big }),
      exportLogs: async function* () {
        yield Buffer.from('{"a":1}\n')
        await held
        yield Buffer.from('{"b":2}\n')
      },
    },
  })
  const headers = { 'accept-encoding': 'gzip' }
  const encoding = async (query: string, given: Record<string, string>) =>
    (await fetch(`${served.base}/logs?${query}`, { headers: given })).headers.get('content-encoding')
  assert.equal(await encoding('', headers), 'gzip')
  assert.equal(await encoding('', { 'accept-encoding': 'identity' }), null)
  assert.equal(await encoding('limit=1', headers), null)
  const raw = await rawGet(served.port, '/logs', ['Host: localhost', 'Accept-Encoding: gzip'])
  assert.equal(JSON.parse(gunzipSync(Buffer.from(raw.body, 'latin1')).toString()).node, 'n1')
  const response = await fetch(`${served.base}/logs?format=ndjson`, { headers })
  assert.equal(response.headers.get('content-encoding'), 'gzip')
  const reader = response.body?.getReader()
  const text = (piece: { value?: Uint8Array } | undefined): string =>
    Buffer.from(piece?.value ?? []).toString()
  assert.equal(text(await reader?.read()), '{"a":1}\n', 'the first piece comes before the second is made')
  release()
  assert.equal(text(await reader?.read()), '{"b":2}\n')
})

test('S-HTTP-26 the ninth export at a time is refused until one has ended', async () => {
  const releases: (() => void)[] = []
  await using served = await serve({
    answers: {
      exportLogs: async function* () {
        yield Buffer.from('{}\n')
        await new Promise<void>((resolve) => releases.push(resolve))
      },
    },
  })
  const open = () => fetch(`${served.base}/logs?format=ndjson`)
  const first = await Promise.all(Array.from({ length: httpLimits.exportsOpenMax }, open))
  assert.ok(first.every((response) => response.status === 200))
  const refused = await open()
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  assert.equal((await errorOf(refused)).code, 'TOO_MANY')
  for (const release of releases) release()
  await Promise.all(first.map((response) => response.text()))
  const last = await waitFor('a place', async () => {
    const response = await open()
    return response.ok ? response : null
  })
  releases.at(-1)?.()
  await last.body?.cancel()
})

test('S-HTTP-26 an export whose client leaves before it begins takes no place', async () => {
  await using served = await serve()
  const { promise, resolve } = Promise.withResolvers<void>()
  served.collector.state.held = promise
  const leave = new AbortController()
  const gone = Array.from({ length: httpLimits.exportsOpenMax }, () =>
    fetch(`${served.base}/logs?format=ndjson`, { signal: leave.signal }),
  )
  await waitFor('all to wait', () => served.collector.state.syncs === httpLimits.exportsOpenMax)
  leave.abort()
  await Promise.allSettled(gone)
  await waitFor('the server to see it', async () => (await openConnections(served.app.server)) === 0)
  resolve()
  const response = await fetch(`${served.base}/logs?format=ndjson`)
  assert.equal(response.status, 200)
  await response.text()
})

function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

test('S-HTTP-27 a query that reaches up to now waits for the collector, and says when it is behind', async () => {
  await using served = await serve()
  const { state } = served.collector
  const warnings = async (query: string): Promise<string[]> => {
    const response = await fetch(`${served.base}/logs?${query}`)
    return ((await response.json()) as { warnings: string[] }).warnings
  }
  const cursor = (kind: 'history' | 'tail'): string => {
    const rest = { isPartial: false, databaseId: 'abcdef', planHash: 1, commit: 1, since: null, until: null }
    return encodeCursor({ kind, ...rest, place: null })
  }
  const nowSec = served.clock.nowMs / 1000
  const cases: readonly (readonly [query: string, syncs: boolean])[] = [
    ['', true],
    [`until=${nowSec}`, false],
    [`until=${nowSec + 1}`, true],
    ['until=5m', false],
    [`cursor=${cursor('history')}`, false],
    [`cursor=${cursor('tail')}`, true],
  ]
  for (const [query, syncs] of cases) {
    const before = state.syncs
    await warnings(query)
    assert.equal(state.syncs - before, syncs ? 1 : 0, query)
  }
  state.behindMs = 1234.4
  assert.deepEqual(await warnings(''), ['behind: 1234 ms'])
  const exported = await fetch(`${served.base}/logs?format=ndjson`)
  assert.equal(exported.headers.get('x-logkeep-warning'), 'behind: 1234 ms')
  await exported.text()
})

test('S-HTTP-28 listings are the bytes of the query layer, with node, stats and warnings', async () => {
  const answers = { list: ({ kind }: ListRequest) => membersAnswer(`"${kind}":["ü"],"next":"n"`, ['w']) }
  await using served = await serve({ answers })
  served.collector.state.behindMs = 7
  for (const kind of ['namespaces', 'pods', 'containers', 'streams']) {
    const response = await fetch(`${served.base}/${kind}?namespace=a*&restart=1`)
    const body = {
      [kind]: ['ü'],
      next: 'n',
      node: 'n1',
      stats: emptyPage.stats,
      warnings: ['w', 'behind: 7 ms'],
    }
    assert.deepEqual(await response.json(), body)
  }
  assert.deepEqual(
    served.lists.map(({ kind }) => kind),
    ['namespaces', 'pods', 'containers', 'streams'],
  )
  assert.deepEqual(served.lists[0]?.streams.restart, [1])
  assert.equal((await fetch(`${served.base}/pods?level=error`)).status, 400)
})

test('S-HTTP-29 every refusal has one shape: 400, 404, 405, 413, 414, 415, 421, 426, 431, 500', async () => {
  await using served = await serve({
    token: 'secret-token',
    answers: { logs: () => Promise.reject(new TypeError('inside')) },
  })
  const authorization = 'Bearer secret-token'
  const check = async (path: string, status: number, code: string, init: Sent = {}): Promise<ErrorBody> => {
    const response = await fetch(`${served.base}${path}`, {
      ...init,
      headers: { authorization, ...init.headers },
    })
    assert.equal(response.status, status, path)
    const body = await errorOf(response)
    assert.equal(body.code, code)
    return body
  }
  const json = { 'content-type': 'application/json' }
  await check('/logs?namespce=x', 400, 'BAD_PARAMETER')
  await check('/log', 404, 'NOT_FOUND')
  const notAllowed = await check('/logs', 405, 'METHOD_NOT_ALLOWED', { method: 'POST' })
  assert.ok(notAllowed.hint.includes('GET'))
  await check('/session', 413, 'TOO_LARGE', { method: 'POST', headers: json, body: `"${'x'.repeat(5000)}"` })
  await check('/session', 400, 'BAD_REQUEST', { method: 'POST', headers: json, body: '{' })
  await check('/session', 415, 'UNSUPPORTED_MEDIA_TYPE', {
    method: 'POST',
    body: new URLSearchParams({ a: 'b' }),
  })
  await check('/logs/tail', 426, 'UPGRADE_REQUIRED')
  const failed = await check('/logs', 500, 'INTERNAL')
  assert.ok(!JSON.stringify(failed).includes('inside'), 'the cause stays inside')
  assert.ok(served.events.some((event) => event.startsWith('request_failed')))
  const raw: readonly (readonly [line: string, status: number, code: string])[] = [
    [`GET /logs?q=${'x'.repeat(httpLimits.urlBytesMax)} HTTP/1.1`, 414, 'URI_TOO_LONG'],
    [`GET /logs?q=${'x'.repeat(20_000)} HTTP/1.1`, 431, 'HEADERS_TOO_LARGE'],
    ['GET /%zz HTTP/1.1', 400, 'BAD_REQUEST'],
    ['NONSENSE', 400, 'BAD_REQUEST'],
  ]
  for (const [line, status, code] of raw) {
    const answer = await rawRequest(served.port, [line, 'Host: localhost', 'Connection: close'])
    assert.equal(answer.status, status, line.slice(0, 40))
    assert.equal(JSON.parse(answer.body).code, code)
  }
})

test('S-HTTP-30 an address of the longest allowed length is answered', async () => {
  await using served = await serve()
  const path = `/logs?q=${'x'.repeat(httpLimits.urlBytesMax - '/logs?q='.length)}`
  assert.equal((await fetch(`${served.base}${path}`)).status, 200)
  assert.equal((await fetch(`${served.base}${path}x`)).status, 414)
})

test('S-HTTP-31 a client that leaves ends the work for it', async () => {
  let aborted = false
  await using served = await serve({
    answers: {
      logs: (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true
            reject(new Error('aborted'))
          })
        }),
    },
  })
  const leave = new AbortController()
  const gone = fetch(`${served.base}/logs`, { signal: leave.signal })
  await waitFor('the request', () => served.requests.length === 1)
  leave.abort()
  await assert.rejects(gone)
  await waitFor('the work to end', () => aborted)
  assert.deepEqual(served.events, [])
})

test('S-HTTP-32 healthz answers always, readyz as queries can be answered, with the trouble of the collector', async () => {
  let failure: Error | null = null
  await using served = await serve({
    answers: { check: () => (failure === null ? undefined : Promise.reject(failure)) },
  })
  const ready = async () => {
    const response = await fetch(`${served.base}/readyz`)
    return [response.status, await response.json()]
  }
  assert.deepEqual(await (await fetch(`${served.base}/healthz`)).json(), { status: 'ok' })
  assert.deepEqual(await ready(), [200, { status: 'ready', reasons: [], node: 'n1' }])
  served.collector.state.degraded = ['the log root is missing']
  assert.deepEqual(await ready(), [
    200,
    { status: 'degraded', reasons: ['the log root is missing'], node: 'n1' },
  ])
  failure = new LogkeepError('STORE_UNAVAILABLE', 'the database cannot be read', 'x')
  const unavailable = { status: 'unavailable', node: 'n1' }
  const reasons = ['the database cannot be read', 'the log root is missing']
  assert.deepEqual(await ready(), [503, { ...unavailable, reasons }])
  served.collector.state.degraded = []
  failure = new Error('/secret/path')
  assert.deepEqual(await ready(), [503, { ...unavailable, reasons: ['queries cannot be answered'] }])
  assert.equal((await fetch(`${served.base}/healthz`, { method: 'HEAD' })).status, 200)
})

test('S-HTTP-33 the root lists every route with its methods, as JSON or text', async () => {
  await using served = await serve()
  const { routes } = (await (await fetch(served.base)).json()) as {
    routes: { path: string; methods: string[] }[]
  }
  const paths = routes.map(({ path }) => path)
  const expected = [
    '/',
    '/assets/{name}',
    '/logs',
    '/logs/histogram',
    '/logs/context',
    '/logs/fields',
    '/logs/fields/{name}/values',
    '/logs/tail',
    '/namespaces',
    '/pods',
    '/containers',
    '/streams',
    '/files',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/docs/{part}',
    '/session',
    '/healthz',
    '/readyz',
  ]
  assert.deepEqual(paths, expected)
  assert.deepEqual(routes.find(({ path }) => path === '/session')?.methods, ['POST', 'DELETE'])
  const text = await (await fetch(served.base, { headers: { accept: 'text/html,*/*' } })).text()
  assert.match(text, /^\/logs\/tail +GET +live/m)
})

test('S-HTTP-34 curl may write + in levels and time zones as it is', async () => {
  await using served = await serve()
  const ask = (...args: string[]) => promisify(execFile)('curl', ['-sS', ...args])
  await ask(`${served.base}/logs?level=warn+&since=2026-11-22T11:00:00+01:00`)
  await ask(
    '-G',
    `${served.base}/logs`,
    '--data-urlencode',
    'level=warn+',
    '-d',
    'since=2026-11-22T11:00:00+01:00',
  )
  assert.equal(served.requests.length, 2)
  for (const { plan, range } of served.requests) {
    assert.equal(plan.levels, 0b11110000)
    assert.equal(range.since?.sec, Date.UTC(2026, 10, 22, 10) / 1000)
  }
})

test('S-HTTP-35 a client that offers another protocol is answered in this one', async () => {
  await using served = await serve()
  const upgrade = [
    'Host: localhost',
    'Connection: Upgrade, HTTP2-Settings, close',
    'Upgrade: h2c',
    'HTTP2-Settings: x',
  ]
  assert.equal((await rawRequest(served.port, ['GET /healthz HTTP/1.1', ...upgrade])).status, 200)
  const websocket = ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket']
  assert.equal((await rawRequest(served.port, ['GET /healthz HTTP/1.1', ...websocket])).status, 200)
})

test('S-HTTP-36 while it stops, open connections are told so; a request that does not end is cut off', async () => {
  const served = await serve({ answers: { logs: () => new Promise(() => undefined) } })
  const hanging = fetch(`${served.base}/logs`)
  hanging.catch(() => undefined)
  await waitFor('the request', () => served.requests.length === 1)
  const startMs = performance.now()
  await served.app.close()
  assert.ok(performance.now() - startMs < 3000)
  await assert.rejects(hanging)
})

test('S-HTTP-37 answers that clients do not take have bounded room together; who takes them is answered', async () => {
  const entries = Buffer.alloc(16 * 2 ** 20, 0x61)
  await using served = await serve({ answers: { logs: () => ({ ...emptyPage, entries }) } })
  const deaf: Socket[] = []
  let refused = false
  while (!refused && deaf.length < 10) {
    const socket = connect(served.port, '127.0.0.1')
    deaf.push(socket)
    socket.write('GET /logs?format=text HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [head] = (await once(socket, 'data')) as [Buffer]
    socket.pause()
    refused = head.toString('latin1').startsWith('HTTP/1.1 429')
  }
  assert.ok(refused)
  assert.ok((deaf.length - 2) * entries.length <= httpLimits.answersHeldBytesMax)
  for (const socket of deaf) socket.destroy()
  await waitFor('room', async () => (await fetch(`${served.base}/logs?format=text`)).ok)
  for (let round = 0; round < 5; round += 1) {
    const response = await fetch(`${served.base}/logs?format=text`)
    assert.equal((await response.arrayBuffer()).byteLength, entries.length)
  }
})

test('S-HTTP-38 connections are bounded, and so is how long a request may take to arrive', async () => {
  await using served = await serve()
  const { server } = served.app
  assert.equal(server.maxConnections, httpLimits.connectionsMax)
  assert.equal(server.headersTimeout, httpLimits.headersTimeoutMs)
  assert.equal(server.requestTimeout, httpLimits.requestTimeoutMs)
})
