/** The further routes over recorded layers: shapes, access, counters, and the page of the API. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { httpLimits } from '../../src/limits/http.ts'
import { emptyContext, emptyPage, membersAnswer } from '../support/recorded-query.ts'
import { serve } from '../support/served.ts'

const closing = { node: 'n1', stats: emptyPage.stats }

test('S-API-02 a histogram is what the query layer counts, with node, stats and warnings', async () => {
  await using served = await serve({ answers: { histogram: () => membersAnswer('"count":7', ['w']) } })
  served.collector.state.behindMs = 5
  const response = await fetch(`${served.base}/logs/histogram?by=level`)
  assert.deepEqual(await response.json(), { count: 7, ...closing, warnings: ['w', 'behind: 5 ms'] })
  const { syncs } = served.collector.state
  await fetch(`${served.base}/logs/histogram?until=5m`)
  assert.equal(served.collector.state.syncs, syncs, 'what ended before now need not be read first')
})

test('S-API-03 a context is an object around its entries, or text with the middle in a header', async () => {
  const entries = (format: string) => Buffer.from(format === 'json' ? '{"line":"a"},{"line":"b"}' : 'a\nb\n')
  await using served = await serve({
    answers: {
      context: ({ format }) => ({ ...emptyContext, entries: entries(format), target: 1, moreAfter: true }),
    },
  })
  const json = await fetch(`${served.base}/logs/context?cursor=x`)
  assert.deepEqual(await json.json(), {
    entries: [{ line: 'a' }, { line: 'b' }],
    target: 1,
    moreBefore: false,
    moreAfter: true,
    ...closing,
    warnings: [],
  })
  const text = await fetch(`${served.base}/logs/context?cursor=x&format=text`)
  assert.equal(await text.text(), 'a\nb\n')
  assert.equal(text.headers.get('x-logkeep-target'), '1')
  const { syncs } = served.collector.state
  await fetch(`${served.base}/logs/context?cursor=x&after=0`)
  assert.equal(served.collector.state.syncs, syncs, 'what lies before an entry is there already')
})

test('S-API-04 the name of a field stands in the path, encoded, however odd it is', async () => {
  await using served = await serve()
  const names = ['level', 'log.level', 'a/b', 'ü %', 'x'.repeat(300), '{name}', '..']
  for (const name of names) {
    const response = await fetch(`${served.base}/logs/fields/${encodeURIComponent(name)}/values`)
    // A client takes two dots out of an address before it asks, encoded or not.
    assert.equal(response.status, name === '..' ? 404 : 200, name)
  }
  const asked = served.asked.map((request) => ('name' in request ? request.name : null))
  assert.deepEqual(asked, names.slice(0, -1))
  const wrong = await fetch(`${served.base}/logs/fields/level/values`, { method: 'POST' })
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET'])
  assert.equal((await fetch(`${served.base}/logs/fields//values`)).status, 200, 'JSON has empty names')
})

test('S-API-05 files are what the collector sees, or its tree with the next cursor in a header', async () => {
  await using served = await serve()
  const json = await fetch(`${served.base}/files?state=live`)
  assert.deepEqual(await json.json(), { root: '/r', files: [], next: null, node: 'n1', warnings: [] })
  served.collector.state.files = { bytes: Buffer.from('/r/\n  a/\n'), next: 'n' }
  const text = await fetch(`${served.base}/files?format=text`)
  assert.equal(await text.text(), '/r/\n  a/\n')
  assert.equal(text.headers.get('x-logkeep-next'), 'n')
  assert.equal(served.collector.filesAsked[0]?.state[0], 'live')
})

test('S-API-06 /metrics is guarded as all data, or open to everybody by its setting', async () => {
  const ask = async (metricsOpen: boolean, headers: Record<string, string> = {}, path = '/metrics') => {
    await using served = await serve({ token: 'secret-token', config: { metricsOpen } })
    const response = await fetch(`${served.base}${path}`, { headers })
    return [response.status, response.headers.get('content-type')]
  }
  const format = 'text/plain; version=0.0.4; charset=utf-8'
  assert.equal((await ask(false))[0], 401)
  assert.deepEqual(await ask(false, { authorization: 'Bearer secret-token' }), [200, format])
  assert.deepEqual(await ask(true), [200, format])
  assert.equal((await ask(true, {}, '/metrics?token=secret-token'))[0], 400)
  assert.equal((await ask(true, {}, '/metrics?a=b'))[0], 400)
  assert.equal((await ask(true, {}, '/logs'))[0], 401)
})

test('S-API-09 a refusal that is due to a bound is counted under its name', async () => {
  await using served = await serve({
    config: { exportsMax: 1 },
    answers: {
      logs: () => Promise.reject(new LogkeepError('TOO_MANY', 'm', 'h', { limit: 'waiting_queries' })),
      exportLogs: async function* () {
        yield Buffer.from('{}\n')
        await new Promise(() => undefined)
      },
    },
  })
  const status = async (path: string) => (await fetch(`${served.base}${path}`)).status
  const times = (count: number, pair: string) => Array.from({ length: count }, () => pair).join('&')
  assert.equal(await status('/logs'), 429)
  assert.equal(await status(`/logs?${times(httpLimits.lineFiltersMax + 1, 'q=x')}`), 400)
  assert.equal(await status(`/logs?${times(httpLimits.parameterValuesMax + 1, 'pod=x')}`), 400)
  assert.equal(await status(`/logs?q=${'x'.repeat(httpLimits.urlBytesMax)}`), 414)
  assert.equal(await status(`/logs?q=/${'x'.repeat(2001)}/`), 400)
  assert.equal(await status('/logs?q=/(/'), 400)
  const open = await fetch(`${served.base}/logs?format=ndjson`)
  assert.equal(await status('/logs?format=ndjson'), 429)
  await open.body?.cancel()
  const expected = ['waiting_queries', 'filters', 'parameter_values', 'url_length', 'regex', 'exports']
  assert.deepEqual(served.limits, expected)
})

test('S-API-11 every answer is counted by its route as it is listed, never by its address', async () => {
  await using served = await serve()
  for (const path of ['/logs', '/logs?x=1', '/nowhere', '/logs/fields/a/values', '/logs/tail']) {
    await fetch(`${served.base}${path}`)
  }
  assert.deepEqual(served.answered, [
    '/logs 200',
    '/logs 400',
    '(none) 404',
    '/logs/fields/{name}/values 200',
    '/logs/tail 426',
  ])
})

test('S-API-08 the page of the API is made of this server alone, also where a token is set', async () => {
  await using served = await serve({ token: 'secret-token' })
  const response = await fetch(`${served.base}/docs`)
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /)
  const page = await response.text()
  assert.doesNotMatch(page, /https?:|<script>|style=/)
  const parts = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string)
  assert.equal(parts.length, 4)
  for (const part of parts) {
    const answer = await fetch(new URL(part, response.url))
    assert.equal(answer.status, 200, part)
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.ok((await answer.text()).length > 100, part)
  }
  const start = await (await fetch(`${served.base}/docs/start.js`)).text()
  assert.match(start, /validatorUrl: null/)
  assert.equal((await fetch(`${served.base}/openapi.json`)).status, 200)
  for (const part of ['index.html', 'package.json', '..%2Fpackage.json', 'constructor']) {
    assert.equal((await fetch(`${served.base}/docs/${part}`)).status, 404, part)
  }
})

test('S-API-14 what needs no token costs memory once, however many ask for it and take nothing', async () => {
  await using served = await serve({ token: 'secret-token' })
  const bundle = '/docs/swagger-ui-bundle.js'
  const whole = await (await fetch(`${served.base}${bundle}`)).arrayBuffer()
  const before = process.memoryUsage().arrayBuffers
  const deaf = connect(served.port, '127.0.0.1')
  deaf.write(`GET ${bundle} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(200))
  await once(deaf, 'readable')
  let most = 0
  for (let round = 0; round < 10; round += 1) {
    const again = await (await fetch(`${served.base}${bundle}`)).arrayBuffer()
    assert.equal(again.byteLength, whole.byteLength)
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  deaf.destroy()
  assert.ok(most < 40 * whole.byteLength, `${most} bytes more`)
  assert.deepEqual(served.limits, [], 'nobody is refused for it')
})

test('S-HTTP-02 no route ignores a parameter that it does not know', async () => {
  await using served = await serve()
  const { routes } = (await (await fetch(served.base)).json()) as { routes: { path: string }[] }
  for (const { path } of routes) {
    const address = path.replace('{part}', 'start.js')
    const method = path === '/session' ? 'DELETE' : 'GET'
    const response = await fetch(`${served.base}${address}?nowhere=1`, { method })
    assert.equal(response.status, 400, path)
    const { message } = (await response.json()) as { message: string }
    assert.equal(message, 'parameter "nowhere" is unknown', path)
  }
})
