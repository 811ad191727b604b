/** Loki's API over recorded layers: errors and warnings, and what parameters become. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import type { EndReason } from '../../src/query/contract.ts'
import type {
  LogqlLinesAnswer,
  LogqlLinesRequest,
  LogqlMetricRequest,
} from '../../src/query/logql/contract.ts'
import { serve } from '../support/served.ts'

const prefix = '/loki/api/v1'
const stats = { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs: 0 }
const stream = { labels: '{"pod":"p"}', values: ['["5","x"]'] }
const textType = 'text/plain; charset=utf-8'

async function get(base: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${base}${prefix}${path}`, { headers })
  const { status } = response
  return { status, type: response.headers.get('content-type'), body: await response.text() }
}

test('S-LOKI-08 what is not there is told as text under the prefix, elsewhere as JSON', async () => {
  await using served = await serve()
  assert.deepEqual(await get(served.base, '/nosuch'), {
    status: 404,
    type: textType,
    body: 'there is nothing at this path; GET / lists the paths\n',
  })
  const wrong = await fetch(`${served.base}${prefix}/labels`, { method: 'DELETE' })
  assert.deepEqual([wrong.status, wrong.headers.get('content-type')], [405, textType])
  assert.equal(await wrong.text(), 'DELETE is not accepted here; accepted: GET, POST\n')
  const other = await fetch(`${served.base}/nosuch`)
  assert.match(other.headers.get('content-type') ?? '', /json/)
  await using guarded = await serve({ token: 'a-token-of-some-length' })
  const refused = await get(guarded.base, '/labels')
  assert.deepEqual([refused.status, refused.type], [401, textType])
})

test('S-LOKI-08 a deadline is 504, other bounds 400, both with what to do; the cause of a failure is not told', async () => {
  const failures: Record<string, Error> = {
    '1': new LogkeepError('QUERY_ENDED', 'ended: the deadline was reached', 'ask for less', {
      limit: 'deadline',
    }),
    '2': new LogkeepError('QUERY_ENDED', 'ended: 5 bytes were scanned', 'ask for less', {
      limit: 'scanned_bytes',
    }),
    '3': new LogkeepError('TOO_MANY', '64 queries are waiting already', 'try again', {
      limit: 'waiting_queries',
    }),
    '4': new TypeError('a secret'),
  }
  await using served = await serve({
    answers: {
      logql: {
        metric: async ({ query }) => {
          throw failures[query] as Error
        },
      },
    },
  })
  const answers = await Promise.all(
    ['1', '2', '3', '4'].map((query) => get(served.base, `/query?query=${query}`)),
  )
  assert.deepEqual(answers, [
    { status: 504, type: textType, body: 'ended: the deadline was reached; ask for less\n' },
    { status: 400, type: textType, body: 'ended: 5 bytes were scanned; ask for less\n' },
    { status: 429, type: textType, body: '64 queries are waiting already; try again\n' },
    { status: 500, type: textType, body: 'the request failed\n' },
  ])
  assert.deepEqual(served.limits, ['deadline', 'scanned_bytes', 'waiting_queries'])
})

const advice = 'ask for a shorter range of time, or for fewer entries'

function endedBy(ended: EndReason, count: number): LogqlLinesAnswer {
  const streams = count === 0 ? [] : [stream]
  return { streams, count, ended, stats, warnings: [`ended: by ${ended}; ${advice}`, 'another'] }
}

test('S-LOKI-13 an answer that a bound has cut short says so; to logcli, which shows no warnings, it is refused', async () => {
  let answer = endedBy('deadline', 1)
  await using served = await serve({ answers: { logql: { lines: async () => answer } } })
  const path = `/query_range?query=${encodeURIComponent('{a="b"}')}`
  const logcli = { 'user-agent': 'loki-logcli/3.7.6' }
  const partial = await get(served.base, path)
  assert.equal(partial.status, 200)
  assert.deepEqual(JSON.parse(partial.body).warnings, [`ended: by deadline; ${advice}`, 'another'])
  assert.deepEqual(await get(served.base, path, logcli), {
    status: 504,
    type: textType,
    body: `ended: by deadline; ${advice}\n`,
  })
  answer = endedBy('scanned_bytes', 1)
  assert.equal((await get(served.base, path, logcli)).status, 400)
  // It goes on from the last entry.
  answer = endedBy('answer_bytes', 1)
  assert.equal((await get(served.base, path, logcli)).status, 200)
  // Nothing at all looks as if nothing were there.
  answer = endedBy('expression', 0)
  const empty = await get(served.base, path)
  assert.deepEqual([empty.status, empty.body], [400, `ended: by expression; ${advice}\n`])
})

test('S-LOKI-04 since, the default step, seconds with fractions and long durations', async () => {
  const asked: LogqlMetricRequest[] = []
  const lines: LogqlLinesRequest[] = []
  await using served = await serve({
    answers: {
      logql: {
        metric: async (request) => {
          asked.push(request)
          return { members: Buffer.from('"resultType":"matrix","result":[]'), stats, warnings: [] }
        },
        lines: async (request) => {
          lines.push(request)
          return { streams: [], count: 0, ended: null, stats, warnings: [] }
        },
      },
    },
  })
  const nowSec = served.clock.nowMs / 1000
  const range = (rest: string) =>
    get(served.base, `/query_range?query=${encodeURIComponent('rate({a="b"}[1m])')}${rest}`)
  const answers = [
    await range(''),
    await range('&since=2h30m'),
    await range('&since=1d&step=1h30m'),
    await range('&end=1780000000&since=10m&step=0.5'),
    await range('&start=1780000000.25&end=1780000100.5'),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  )
  assert.deepEqual(
    asked.map(({ steps: { start, stepNs, count } }) => [start.sec, start.ns, stepNs / 1e9, count]),
    [
      [nowSec - 3_600, 0, 14, 258],
      [nowSec - 9_000, 0, 36, 251],
      [nowSec - 86_400, 0, 5_400, 17],
      [1_780_000_000 - 600, 0, 0.5, 1_201],
      [1_780_000_000, 250_000_000, 1, 101],
    ],
  )
  const bad = [
    ['&since=1.5h', /could not parse 'since'/],
    ['&since=10m1h', /could not parse 'since'/],
    ['&step=5x', /cannot parse "5x" to a valid duration/],
    ['&step=-1', /zero or negative/],
    ['&start=yesterday', /could not parse 'start' timestamp/],
  ] as const
  for (const [rest, message] of bad) {
    const { status, body } = await range(rest)
    assert.equal(status, 400, rest)
    assert.match(body, message)
  }
  const logs = `/query_range?query=${encodeURIComponent('{a="b"}')}`
  for (const interval of ['1.5', '1m30s']) await get(served.base, `${logs}&interval=${interval}`)
  assert.deepEqual(
    lines.map(({ intervalNs }) => intervalNs),
    [1.5e9, 90e9],
  )
  for (const rest of ['&interval=-1', '&limit=0', '&limit=-5', '&limit=x']) {
    assert.equal((await get(served.base, logs + rest)).status, 400, rest)
  }
})

test('S-LOKI-14 Logs Drilldown is given the first series of too many, others the error', async () => {
  const cut: boolean[] = []
  await using served = await serve({
    answers: {
      logql: {
        metric: async ({ cutsSeries }) => {
          cut.push(cutsSeries)
          return { members: Buffer.from('"resultType":"matrix","result":[]'), stats, warnings: [] }
        },
      },
    },
  })
  const tags = [
    'Source=grafana-lokiexplore-app',
    'source=GRAFANA-lokiexplore-app',
    'a=b, Source=grafana-lokiexplore-app ,c=d',
    'Source=logvolhist',
    'Source=grafana-lokiexplore-app-2',
  ]
  for (const tag of tags) {
    await get(served.base, '/query?query=vector(1)', { 'x-query-tags': tag })
    await get(served.base, '/query_range?query=vector(1)', { 'x-query-tags': tag })
  }
  assert.deepEqual(
    cut,
    [true, true, true, false, false].flatMap((isCut) => [isCut, isCut]),
  )
})
