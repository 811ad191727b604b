/** Loki's HTTP API on the real program: what Grafana, Logs Drilldown and logcli send, and what they read. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { type Nanos, parseNanos } from '../support/log-formats.ts'
import { missingData, readLogqlData } from '../support/logql-data.ts'
import { createNode, type SimulatedNode, type SimulatedPod } from '../support/node-simulator.ts'
import { type Program, startProgram } from '../support/program.ts'
import { waitForEntries } from '../support/scene.ts'

const prefix = '/loki/api/v1'
const startTime = parseNanos('2026-11-22T10:00:00.000000001Z')
const secondNs = 1_000_000_000n
const lines: readonly (readonly [container: string, stream: 'stdout' | 'stderr', line: string])[] = [
  ['api', 'stdout', '{"level":"info","n":1,"user":{"name":"ann"}}'],
  ['api', 'stdout', '{"level":"error","n":2,"msg":"payment failed"}'],
  ['web', 'stderr', 'level=warn took=20ms msg="slow page"'],
  ['web', 'stdout', 'plain text of 10.1.2.3'],
  ['api', 'stdout', '{"level":"info","n":3,"user":{"name":"bob"}}'],
]

const state: { node?: SimulatedNode; pod?: SimulatedPod; program?: Program; time: Nanos } = {
  time: startTime,
}

before(async () => {
  const node = createNode({ now: () => state.time })
  state.node = node
  const pod = node.startPod({ namespace: 'shop', pod: 'shop-1', containers: ['api', 'web'] })
  state.pod = pod
  for (const [container, stream, line] of lines) {
    pod.container(container).write(stream, line)
    state.time += secondNs
  }
  state.program = await startProgram({ dataDir: `${node.root}/data`, logRoot: node.podsRoot })
  await waitForEntries(base(), lines.length)
})

after(async () => {
  await state.program?.kill('SIGKILL')
  state.node?.remove()
})

function base(): string {
  return state.program?.base ?? ''
}

type Params = Readonly<Record<string, string>>

function queryString(params: Params): string {
  return new URLSearchParams(params).toString()
}

async function send(path: string, params: Params = {}, headers: Params = {}, method = 'GET') {
  const text = new URLSearchParams(params).toString()
  const isForm = method === 'POST'
  const address = `${base()}${path}${isForm ? '' : `?${text}`}`
  const response = await fetch(address, {
    method,
    headers,
    ...(isForm && { body: new URLSearchParams(params) }),
  })
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
}

// oxlint-disable-next-line typescript/no-explicit-any
async function json(path: string, params: Params = {}, headers: Params = {}): Promise<any> {
  const { status, body } = await send(path, params, headers)
  assert.equal(status, 200, `${path} ${JSON.stringify(params)}: ${body}`)
  return JSON.parse(body)
}

const timeOf = (index: number): string => String(startTime + BigInt(index) * secondNs)
const range = { start: timeOf(0), end: timeOf(5) }
const labelsOf = (container: string, stream: string, level: string) => ({
  container,
  detected_level: level,
  namespace: 'shop',
  node: 'n1',
  pod: 'shop-1',
  restart: '0',
  service_name: container,
  stream,
})

test('S-LOKI-01 the data source is saved and tested, also with a time in the year 2096', async () => {
  const params = { query: 'vector(1)+vector(1)', time: '4000000000' }
  const { body } = await send(`${prefix}/query`, params, { 'X-Scope-OrgID': 'x', 'X-Grafana-Cache': 'y' })
  assert.match(
    body,
    /^{"status":"success","data":{"resultType":"vector","result":\[(.*)\],"stats":{"summary":{.*}}}}$/,
  )
  assert.ok(body.includes('"result":[{"metric":{},"value":[4000000000,"2"]}]'), body)
  assert.equal((await send('/ready')).body, 'ready\n')
  assert.match((await json(`${prefix}/status/buildinfo`)).version, /^\d+\.\d+\.\d+/)
})

test('S-LOKI-02 Explore: a range of logs, categorized, what announces the form standing before it', async () => {
  const headers = {
    'X-Loki-Response-Encoding-Flags': 'categorize-labels',
    'X-Query-Tags': 'Source=datasample',
  }
  const params = {
    query: '{container="api"} | json | n > 1',
    ...range,
    direction: 'backward',
    limit: '1000',
    step: '1000ms',
  }
  const { body } = await send(`${prefix}/query_range`, params, headers)
  assert.ok(
    body.startsWith(
      '{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[',
    ),
    body,
  )
  const { data } = JSON.parse(body)
  const { detected_level: _, ...stream } = labelsOf('api', 'stdout', '')
  assert.deepEqual(data.result, [
    {
      stream,
      values: [
        [
          timeOf(4),
          lines[4]?.[2],
          {
            structuredMetadata: { detected_level: 'info' },
            parsed: { level: 'info', n: '3', user_name: 'bob' },
          },
        ],
        [
          timeOf(1),
          lines[1]?.[2],
          {
            structuredMetadata: { detected_level: 'error' },
            parsed: { level: 'error', n: '2', msg: 'payment failed' },
          },
        ],
      ],
    },
  ])
  const plain = await json(`${prefix}/query_range`, { query: '{container="web"}', ...range })
  assert.deepEqual(plain.data.result, [
    { stream: labelsOf('web', 'stdout', 'unknown'), values: [[timeOf(3), lines[3]?.[2]]] },
    { stream: labelsOf('web', 'stderr', 'warn'), values: [[timeOf(2), lines[2]?.[2]]] },
  ])
  assert.equal(plain.data.stats.summary.totalEntriesReturned, 2)
})

test('S-LOKI-03 ranges of logs hold their start and not their end; logcli pages over them without loss and repetition', async () => {
  for (const direction of ['BACKWARD', 'FORWARD'] as const) {
    const seen: string[] = []
    let { start, end } = range
    for (let pages = 0; pages < 10; pages += 1) {
      const params = { query: '{namespace="shop"}', start, end, limit: '2', direction }
      const { data } = await json(`${prefix}/query_range`, params, { 'User-Agent': 'loki-logcli/3.7' })
      const page = (data.result as { values: [string, string][] }[]).flatMap(({ values }) => values)
      page.sort(([one], [other]) => (one < other ? -1 : 1) * (direction === 'FORWARD' ? 1 : -1))
      const fresh = page.filter(([, line]) => !seen.includes(line))
      if (fresh.length === 0) break
      seen.push(...fresh.map(([, line]) => line))
      const last = fresh.at(-1)?.[0] as string
      if (direction === 'FORWARD') start = last
      else end = String(BigInt(last) + 1n)
    }
    const wanted = lines.map(([, , line]) => line)
    assert.deepEqual(seen, direction === 'FORWARD' ? wanted : wanted.toReversed())
  }
})

test('S-LOKI-04 log volume, metrics over steps of any form, and series that nothing is stored for', async () => {
  const volume = 'sum by (level, detected_level) (count_over_time({namespace="shop"} | drop __error__[5s]))'
  const { data } = await json(`${prefix}/query_range`, {
    query: volume,
    start: timeOf(5),
    end: timeOf(6),
    step: '5s',
  })
  assert.deepEqual(
    data.result.map(({ metric, values }: { metric: Params; values: [number, string][] }) => [
      metric,
      values[0]?.[1],
    ]),
    [
      [{ detected_level: 'error' }, '1'],
      [{ detected_level: 'info' }, '1'],
      [{ detected_level: 'unknown' }, '1'],
      [{ detected_level: 'warn' }, '1'],
    ],
  )
  for (const step of ['1', '1.0', '1s', '1000ms']) {
    const answer = await json(`${prefix}/query_range`, {
      query: 'sum(rate({namespace="shop"}[1s]))',
      ...range,
      step,
    })
    assert.deepEqual(
      answer.data.result[0].values.map(([, value]: [number, string]) => value),
      ['1', '1', '1', '1', '1'],
      step,
    )
  }
  const none = await json(`${prefix}/query`, {
    query: 'sum(count_over_time({namespace="none"}[1h]))',
    time: timeOf(5),
  })
  assert.deepEqual(none.data.result, [])
  const scalar = await json(`${prefix}/query`, { query: '1+1', time: '2026-11-22T10:00:00Z' })
  assert.deepEqual(scalar.data.result, [1_795_341_600, '2'])
})

test('S-LOKI-05 labels, their values and series, by GET and by form', async () => {
  const iso = { start: '2026-11-22T10:00:00.000Z', end: '2026-11-22T10:01:00.000Z' }
  const names = ['container', 'namespace', 'node', 'pod', 'restart', 'service_name', 'stream']
  assert.deepEqual((await json(`${prefix}/labels`, iso)).data, names)
  assert.deepEqual((await json(`${prefix}/label/container/values`, iso)).data, ['api', 'web'])
  const narrowed = { ...iso, query: '{container="api"}' }
  assert.deepEqual((await json(`${prefix}/label/stream/values`, narrowed)).data, ['stdout'])
  assert.equal((await send(`${prefix}/label/__stream_shard__/values`, iso)).body, '{"status":"success"}')
  const { body } = await send(`${prefix}/series`, { 'match[]': '{container="api"}', ...iso }, {}, 'POST')
  const { detected_level: _, ...labels } = labelsOf('api', 'stdout', '')
  assert.deepEqual(JSON.parse(body), { status: 'success', data: [labels] })
  const all = await json(`${prefix}/series`, { match: '{}', ...iso })
  assert.equal(all.data.length, 3)
  assert.equal((await send(`${prefix}/series`, { match: '{a="b"} |= "c"', ...iso })).status, 400)
  const doubled = await json(`${prefix}${prefix}/labels`, iso)
  assert.deepEqual(doubled.data, names)
})

test('S-LOKI-06 sizes and volumes of what is stored', async () => {
  const query = '{service_name=~".+"}'
  const bytes = lines.reduce((sum, [, , line]) => sum + line.length + 1, 0)
  assert.deepEqual(await json(`${prefix}/index/stats`, { query, ...range }), {
    streams: 2,
    chunks: 2,
    bytes,
    entries: 5,
  })
  const { data } = await json(`${prefix}/index/volume`, { query, ...range, limit: '5000' })
  assert.equal(data.resultType, 'vector')
  assert.deepEqual(
    data.result.map(({ metric }: { metric: Params }) => metric),
    [{ service_name: 'api' }, { service_name: 'web' }],
  )
  const bytesOf = (container: string): string =>
    String(lines.reduce((sum, [own, , line]) => sum + (own === container ? line.length + 1 : 0), 0))
  assert.deepEqual(
    data.result.map(({ value }: { value: [number, string] }) => value),
    [
      [Number(range.end) / 1e9, bytesOf('api')],
      [Number(range.end) / 1e9, bytesOf('web')],
    ].map(([time, value]) => [Math.floor(Number(time) * 1000) / 1000, value]),
  )
  const byLabels = await json(`${prefix}/index/volume`, { query, ...range, aggregateBy: 'labels' })
  assert.deepEqual(byLabels.data.result[0].metric, { service_name: '' })
  const both = await json(`${prefix}/index/volume`, { query, ...range, targetLabels: 'container,stream' })
  assert.deepEqual(
    both.data.result
      .map(({ metric }: { metric: Params }) => `${metric['container']} ${metric['stream']}`)
      .toSorted(),
    ['api stdout', 'web stderr', 'web stdout'],
  )
  const steps = await json(`${prefix}/index/volume_range`, {
    query,
    ...range,
    step: '5s',
    targetLabels: 'namespace',
  })
  assert.equal(steps.data.resultType, 'matrix')
  const sum = (steps.data.result[0].values as [number, string][]).reduce(
    (all, [, own]) => all + Number(own),
    0,
  )
  assert.ok(Math.abs(sum - bytes) <= 2, `${sum} of ${bytes}`)
  assert.deepEqual(steps.data.result[0].metric, { namespace: 'shop' })
})

test('S-LOKI-07 Logs Drilldown: detected labels and fields, their values, and limits', async () => {
  const params = { query: '{service_name=`api`}', ...range }
  const { detectedLabels } = await json(`${prefix}/detected_labels`, { query: '', ...range })
  assert.ok(detectedLabels.some(({ label }: { label: string }) => label === 'service_name'))
  const { fields, limit } = await json(`${prefix}/detected_fields`, params)
  assert.equal(limit, 1000)
  assert.deepEqual(
    fields.find(({ label }: { label: string }) => label === 'user_name'),
    {
      label: 'user_name',
      type: 'string',
      cardinality: 2,
      parsers: ['json'],
      jsonPath: ['user', 'name'],
    },
  )
  assert.equal(fields.find(({ label }: { label: string }) => label === 'detected_level').parsers, null)
  assert.deepEqual(await json(`${prefix}/detected_field/user_name/values`, params), {
    values: ['ann', 'bob'],
    limit: 1000,
  })
  assert.equal((await send(`${prefix}/patterns`, params)).status, 404)
  const limits = await json(`${prefix}/drilldown-limits`)
  assert.deepEqual([limits.limits.volume_enabled, limits.pattern_ingester_enabled], [true, false])
  for (const query of [
    'sum by (detected_level) (count_over_time({service_name=`api`} | detected_level=`error` or detected_level=`warn` [5s]))',
    'sum(count_over_time({service_name=`api`} | json | drop __error__, __error_details__ | n!="" [5s])) by (n)',
    'avg_over_time({service_name=`api`} | json n="[\\"n\\"]" | unwrap n | __error__="" [5s]) by ()',
  ]) {
    const answer = await json(`${prefix}/query_range`, { query, ...range, step: '5s' })
    assert.ok(answer.data.result.length > 0, query)
  }
})

test('S-LOKI-08 what is wrong is told as plain text, by the status that Grafana shows', async () => {
  const refused: readonly (readonly [path: string, params: Params, text: RegExp])[] = [
    [
      'query_range',
      { query: '{', ...range },
      /^parse error at line 1, col 2: syntax error: unexpected \$end/,
    ],
    ['query_range', { query: '{a=~".*"}', ...range }, /^parse error : queries require at least one/],
    ['query_range', { query: '{container="api"} |~ "["', ...range }, /error parsing regexp/],
    [
      'query_range',
      { query: '{container="api"}', start: range.end, end: range.start },
      /end timestamp must not be before/,
    ],
    ['query_range', { query: '{container="api"}', ...range, limit: '5001' }, /max entries limit/],
    ['query_range', { query: '{container="api"}', ...range, direction: 'sideways' }, /direction/],
    ['query_range', { query: 'rate({container="api"}[1m])', ...range, step: '0' }, /zero or negative/],
    [
      'query_range',
      { query: 'rate({container="api"}[1m])', start: '0', end: '1790000000', step: '1' },
      /11,000 points/,
    ],
    ['query', { query: '{container="api"}' }, /^log queries are not supported as an instant query type/],
    [
      'query',
      { query: 'count_over_time({container="web"} | json [1h])', time: timeOf(5) },
      /^pipeline error: 'JSONParserErr'/,
    ],
    ['query_range', { query: 'approx_topk(1, rate({container="api"}[1m]))', ...range }, /not supported/],
  ]
  for (const [path, params, text] of refused) {
    const { status, type, body } = await send(`${prefix}/${path}`, params)
    assert.deepEqual([status, type], [400, 'text/plain; charset=utf-8'], body)
    assert.match(body, text)
  }
  assert.equal((await send(`${prefix}/nosuch`)).status, 404)
  const bad = await send(`${prefix}/format_query`, { query: 'sum(' })
  assert.deepEqual([bad.status, JSON.parse(bad.body).status], [400, 'invalid-query'])
  const good = await json(`${prefix}/format_query`, { query: 'sum(rate({a="b"}[5m])) by(x)' })
  assert.deepEqual(good, { status: 'success', data: 'sum by (x) (rate({a="b"} [5m]))' })
})

type TailMessage = {
  encodingFlags?: string[]
  streams: { stream: Params; values: [string, string, object?][] }[]
}

/** Reads messages until there are so many entries. */
async function readTail(socket: WebSocket, count: number): Promise<TailMessage['streams']> {
  const streams: TailMessage['streams'] = []
  while (streams.length < count) {
    const [data] = await once(socket, 'message')
    streams.push(...(JSON.parse(String(data)) as TailMessage).streams)
  }
  return streams
}

test('S-LOKI-09 live tail: the newest entries since the start, oldest first, then what is written', {
  timeout: 60_000,
}, async () => {
  const address = (query: string, rest = ''): string =>
    `${base().replace('http', 'ws')}${prefix}/tail?query=${encodeURIComponent(query)}&start=${timeOf(0)}${rest}`
  const socket = new WebSocket(
    address('{container="api"} | json | line_format "{{.n}}"', '&limit=2&delay_for=0'),
  )
  const first = await readTail(socket, 2)
  assert.deepEqual(
    first.map(({ values }) => values),
    [[[timeOf(1), '2']], [[timeOf(4), '3']]],
  )
  state.time += secondNs
  state.pod?.container('api').write('stdout', '{"n":"live"}')
  const [live] = await readTail(socket, 1)
  assert.deepEqual([live?.values[0]?.[1], live?.stream['n']], ['live', 'live'])
  socket.close()
  const headers = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' }
  const categorized = new WebSocket(address('{container="web"}'), { headers })
  const [data] = await once(categorized, 'message')
  const message = JSON.parse(String(data)) as TailMessage
  assert.deepEqual(message.encodingFlags, ['categorize-labels'])
  assert.deepEqual(message.streams[0]?.values[0]?.[2], { structuredMetadata: { detected_level: 'warn' } })
  categorized.close()
  for (const bad of ['{', 'rate({a="b"}[1m])']) {
    const refused = new WebSocket(address(bad))
    const [, response] = await once(refused, 'unexpected-response')
    assert.equal(response.statusCode, 400)
    refused.on('error', () => undefined)
    refused.terminate()
  }
})

test('S-LOKI-10 a log query narrows what the other doors show', async () => {
  const query = '{namespace="shop"} | json | n >= 2 | __error__=""'
  const page = (await (
    await fetch(`${base()}/logs?${queryString({ query, direction: 'forward', until: timeOf(5) })}`)
  ).json()) as {
    entries: { line: string }[]
  }
  assert.deepEqual(
    page.entries.map(({ line }) => line),
    [lines[1]?.[2], lines[4]?.[2]],
  )
  const both = queryString({ query, level: 'error', until: timeOf(5), since: timeOf(0) })
  const histogram = (await (await fetch(`${base()}/logs/histogram?${both}`)).json()) as { count: number }
  assert.equal(histogram.count, 1)
  const refusal = await fetch(`${base()}/logs?${queryString({ query: '{' })}`)
  const { code, message } = (await refusal.json()) as { code: string; message: string }
  assert.deepEqual([refusal.status, code], [400, 'BAD_QUERY'])
  assert.match(message, /^parameter "query": parse error at line 1/)
})

test('S-LOGQL-72 S-LOKI-10 live tails, contexts and fields of the other doors take a log query too', async () => {
  const query = '{namespace="shop"} | json | n >= 2 | __error__=""'
  const found = [lines[1]?.[2], lines[4]?.[2]]
  type Page = { entries: { line: string; cursor: string }[] }
  const ask = async (path: string, params: Params) =>
    (await fetch(`${base()}${path}?${queryString(params)}`)).json()
  const all = (await ask('/logs', { namespace: 'shop', until: timeOf(5), direction: 'forward' })) as Page
  const cursor = all.entries[2]?.cursor ?? ''
  const around = (await ask('/logs/context', { cursor, scope: 'namespace', query })) as Page
  assert.deepEqual(
    around.entries.map(({ line }) => line),
    [found[0], lines[2]?.[2], found[1]],
  )
  const params = { query, until: timeOf(5) }
  const { fields } = (await ask('/logs/fields', params)) as { fields: { name: string; lines: number }[] }
  assert.deepEqual(fields.map(({ name }) => name).toSorted(), ['level', 'msg', 'n', 'user.name'])
  const { values } = (await ask('/logs/fields/n/values', params)) as { values: { value: string }[] }
  assert.deepEqual(values.map(({ value }) => value).toSorted(), ['2', '3'])
  const tail = new WebSocket(
    `${base().replace('http', 'ws')}/logs/tail?${queryString({ query, since: timeOf(0) })}`,
  )
  const seen: string[] = []
  while (seen.length < 2) {
    const [data] = await once(tail, 'message')
    seen.push(...((JSON.parse(String(data)) as Partial<Page>).entries ?? []).map(({ line }) => line))
  }
  assert.deepEqual(seen.slice(0, 2), found)
  tail.terminate()
  for (const path of ['/logs/context', '/logs/fields', '/logs/fields/n/values', '/logs/histogram']) {
    const refused = await fetch(`${base()}${path}?${queryString({ query: '{', cursor })}`)
    assert.equal(refused.status, 400, path)
  }
})

test('S-LOKI-02 log context: what came before a line and what came after it, as two ranges around it', async () => {
  const ns = BigInt(timeOf(2))
  const hours = 7_200n * secondNs
  const asked = { query: '{namespace="shop", pod="shop-1"}', limit: '2' }
  const headers = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' }
  const side = async (rest: Params) => {
    const { data } = await json(`${prefix}/query_range`, { ...asked, ...rest }, headers)
    const found = (data.result as { values: [string, string, object][] }[]).flatMap(({ values }) => values)
    assert.ok(found.every(({ length }) => length === 3))
    return found.map(([time]) => String((BigInt(time) - startTime) / secondNs)).toSorted()
  }
  const before = { start: String(ns - hours), end: String(ns), direction: 'BACKWARD' }
  // The line itself is in what follows it: Grafana takes it out.
  const after = { start: String(ns), end: String(ns + hours), direction: 'FORWARD' }
  assert.deepEqual(
    [await side(before), await side(after)],
    [
      ['0', '1'],
      ['2', '3'],
    ],
  )
  const { status, body } = await send(`${prefix}/query_range`, { ...asked, ...after, limit: '0' })
  assert.deepEqual([status, body], [400, 'limit must be a positive value\n'])
})

test('S-LOGQL-75 an interval thins out entries over all streams, in either direction', async () => {
  const times = async (params: Params) => {
    const { data } = await json(`${prefix}/query_range`, { query: '{namespace="shop"}', ...range, ...params })
    const found = (data.result as { values: [string, string][] }[]).flatMap(({ values }) => values)
    return found.map(([time]) => String((BigInt(time) - startTime) / secondNs)).toSorted()
  }
  assert.deepEqual(await times({ interval: '2', direction: 'forward' }), ['0', '2', '4'])
  assert.deepEqual(await times({ interval: '3s' }), ['1', '4'])
  assert.deepEqual(await times({ interval: '1', limit: '2' }), ['3', '4'])
  assert.deepEqual(await times({ interval: '0' }), ['0', '1', '2', '3', '4'])
})

test('S-LOKI-12 patterns that backtrack for ever end, or are ended alone, wherever they stand', {
  timeout: 110_000,
}, async () => {
  state.time += secondNs
  const pod = state.node?.startPod({ namespace: 'evil', pod: 'evil-1', containers: ['x'] })
  for (let line = 0; line < 20; line += 1) pod?.container('x').write('stdout', `${'a'.repeat(3_000)}!`)
  await waitForEntries(base(), 20, { namespace: 'evil' })
  const asked = { start: timeOf(0), end: String(state.time + 60n * secondNs) }
  for (const stages of [
    '|~ "(a+)+$"',
    '!~ "(a|a)*b"',
    '| regexp "(?P<x>(a+)+)$"',
    '| line_format "{{ regexReplaceAll `(a+)+$` __line__ `x` }}"',
    '| logfmt | pod =~ "(e+v*)+i+l+(.*)*z"',
    '|~ "(x{1,50}){1,50}y"',
  ]) {
    const { status } = await send(`${prefix}/query_range`, {
      query: `{namespace="evil"} ${stages}`,
      ...asked,
    })
    assert.ok([200, 400, 504].includes(status), `${stages} ${status}`)
    // Whoever else asks is answered.
    assert.equal((await send(`${prefix}/labels`, asked)).status, 200)
  }
})

const data = readLogqlData()

test('S-LOKI-11 requests of the check data are answered with the status of the reference', {
  skip: data === null ? missingData : false,
}, async (t) => {
  const { httpCases } = data as NonNullable<typeof data>
  for (const { method, path, params, headers = {}, status, body_contains: text = '' } of httpCases) {
    const answer = await send(path, params, headers, method)
    assert.equal(answer.status, status, `${path} ${JSON.stringify(params)}: ${answer.body}`)
    assert.ok(answer.body.includes(text), answer.body)
  }
  t.diagnostic(`${httpCases.length} of ${httpCases.length} requests hold`)
})
