/** Labels, sizes, volumes and fields of Loki's API over recorded layers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogqlIndexRequest, LogqlSampleRequest } from '../../src/query/logql/contract.ts'
import type { IndexGroup } from '../../src/query/logql/tasks.ts'
import { serve } from '../support/served.ts'

const prefix = '/loki/api/v1'
const range = { start: '1780000000', end: '1780000100' }

function group(labels: Readonly<Record<string, string>>, bytes: number, steps: number[] = []): IndexGroup {
  return { labels: Object.entries(labels), streams: 1, chunks: 2, bytes, entries: 3, steps }
}

async function serveIndex(groups: readonly IndexGroup[], isCut = false) {
  const asked: LogqlIndexRequest[] = []
  const served = await serve({
    answers: {
      logql: {
        index: async (request) => {
          asked.push(request)
          return { groups, isCut }
        },
      },
    },
  })
  // oxlint-disable-next-line typescript/no-explicit-any
  const json = async (path: string, params: Record<string, string> = {}, method = 'GET'): Promise<any> => {
    const form = new URLSearchParams({ ...range, ...params })
    const address = `${served.base}${prefix}/${path}`
    const response = await (method === 'GET'
      ? fetch(`${address}?${form.toString()}`)
      : fetch(address, { method, body: form }))
    assert.equal(response.status, 200, await response.clone().text())
    return response.json()
  }
  return { served, asked, json }
}

const query = '{namespace=~".+", pod!=""}'
const volumes = [
  group({ pod: 'b' }, 5, [0, 5]),
  group({ pod: 'c' }, 70, [70]),
  group({ pod: 'a' }, 5, [2, 0, 3]),
]

test('S-LOKI-06 volumes are sorted by bytes, then by name, and cut at the limit', async () => {
  const { served, asked, json } = await serveIndex(volumes)
  await using _closing = served
  const found = async (params: Record<string, string>) =>
    (await json('index/volume', { query, ...params })).data
  assert.deepEqual(await found({}), {
    resultType: 'vector',
    result: [
      { metric: { pod: 'c' }, value: [1_780_000_100, '70'] },
      { metric: { pod: 'a' }, value: [1_780_000_100, '5'] },
      { metric: { pod: 'b' }, value: [1_780_000_100, '5'] },
    ],
  })
  const two = await found({ limit: '2' })
  assert.deepEqual(
    two.result.map(({ metric }: { metric: object }) => metric),
    [{ pod: 'c' }, { pod: 'a' }],
  )
  // The labels that the selector names, else those that are asked for.
  await found({ targetLabels: 'container, stream' })
  assert.deepEqual(
    asked.map(({ by }) => by),
    [
      ['namespace', 'pod'],
      ['namespace', 'pod'],
      ['container', 'stream'],
    ],
  )
  const byName = await found({ aggregateBy: 'labels', targetLabels: 'pod' })
  assert.deepEqual(byName.result, [{ metric: { pod: '' }, value: [1_780_000_100, '80'] }])
  for (const bad of ['aggregateBy=other', 'limit=0', 'limit=x']) {
    const { status } = await fetch(
      `${served.base}${prefix}/index/volume?query=${encodeURIComponent(query)}&${bad}`,
    )
    assert.equal(status, 400, bad)
  }
})

test('S-LOKI-06 volumes over time have a value for each step in which there is something', async () => {
  const { served, asked, json } = await serveIndex(volumes)
  await using _closing = served
  const { data } = await json('index/volume_range', { query, step: '15000ms' })
  assert.equal(asked[0]?.stepMs, 15_000)
  assert.deepEqual(data, {
    resultType: 'matrix',
    result: [
      { metric: { pod: 'c' }, values: [[1_780_000_000, '70']] },
      {
        metric: { pod: 'a' },
        values: [
          [1_780_000_000, '2'],
          [1_780_000_030, '3'],
        ],
      },
      { metric: { pod: 'b' }, values: [[1_780_000_015, '5']] },
    ],
  })
  const whole = await json('index/volume_range', { query, aggregateBy: 'labels', step: '15' })
  assert.deepEqual(whole.data.result, [
    {
      metric: { pod: '' },
      values: [
        [1_780_000_000, '72'],
        [1_780_000_015, '5'],
        [1_780_000_030, '3'],
      ],
    },
  ])
})

const all = [
  'labels',
  'label/pod/values',
  'series',
  'index/stats',
  'index/volume',
  'index/volume_range',
  'detected_labels',
]

test('S-LOKI-06 S-LOKI-05 what is cut short, and what is not stored yet, is told of, by GET and by form', async () => {
  const { served, json } = await serveIndex(volumes, true)
  await using _closing = served
  served.collector.state.behindMs = 40
  const now = String(served.clock.nowMs * 1e6)
  for (const method of ['GET', 'POST']) {
    for (const path of all) {
      const { warnings } = await json(path, { query, end: now, step: '1h' }, method)
      assert.deepEqual(warnings, [
        'ended: there are too many blocks in this range; the older ones were not looked at',
        'behind: 40 ms',
      ])
    }
  }
})

test('S-LOKI-05 requests are read from forms as from addresses', async () => {
  const { served, asked, json } = await serveIndex(volumes)
  await using _closing = served
  for (const path of all) {
    const params = { query, step: '20s', limit: '7', 'match[]': query }
    const answers = [await json(path, params), await json(path, params, 'POST')]
    assert.deepEqual(answers[0], answers[1])
    assert.equal(answers[0].warnings, undefined)
    assert.deepEqual(asked.at(-1), asked.at(-2))
    assert.match(asked.at(-1)?.plan.logql ?? '', /namespace/)
  }
  // oxlint-disable-next-line typescript/no-explicit-any
  const form = async (path: string, fields: Record<string, string>): Promise<[number, any]> => {
    const body = new URLSearchParams(fields)
    const response = await fetch(`${served.base}${prefix}/${path}`, { method: 'POST', body })
    return [response.status, await response.json()]
  }
  assert.deepEqual(await form('format_query', { query: '{a="b"}|="c"' }), [
    200,
    { status: 'success', data: '{a="b"} |= "c"' },
  ])
  const fields = { query: '{a="b"}', ...range, limit: '3' }
  assert.deepEqual(await form('detected_fields', fields), [200, { fields: [], limit: 3 }])
  assert.deepEqual(await form('detected_field/n/values', fields), [200, { values: [], limit: 3 }])
  const [status, answer] = await form('query_range', { query: '{a="b"}', ...range })
  assert.deepEqual([status, answer.data.resultType], [200, 'streams'])
  const instant = await form('query', { query: 'vector(1)' })
  assert.deepEqual([instant[0], instant[1].data.resultType], [200, 'vector'])
})

test('S-LOKI-07 labels with numbers or identifiers alone are not detected, but for four that always are', async () => {
  const uuid = '123e4567-e89b-12d3-a456-42661417400'
  const groups = [0, 1].map((index) =>
    group(
      {
        namespace: String(index),
        pod: `${uuid}${index}`,
        restart: String(index),
        node: `${uuid}${index}`,
        container: index === 0 ? '7' : 'web',
      },
      1,
    ),
  )
  const { served, json } = await serveIndex(groups)
  await using _closing = served
  assert.deepEqual(await json('detected_labels'), {
    detectedLabels: [
      { label: 'namespace', cardinality: 2 },
      { label: 'pod', cardinality: 2 },
      { label: 'container', cardinality: 2 },
    ],
  })
})

test('S-LOKI-07 fields are looked for in 100 lines, 1000 of them are given, unless less or more is asked for', async () => {
  const asked: LogqlSampleRequest[] = []
  await using served = await serve({
    answers: {
      logql: {
        sample: async (request) => {
          asked.push(request)
          return { fields: [], values: ['a'] }
        },
      },
    },
  })
  const get = async (path: string, params: Record<string, string>) => {
    const form = new URLSearchParams({ query: '{a="b"} | json', ...range, ...params })
    const response = await fetch(`${served.base}${prefix}/${path}?${form.toString()}`)
    return response.status === 200 ? response.json() : response.status
  }
  assert.deepEqual(await get('detected_fields', {}), { fields: [], limit: 1000 })
  assert.deepEqual(await get('detected_fields', { field_limit: '9', line_limit: '500' }), {
    fields: [],
    limit: 9,
  })
  assert.deepEqual(
    await get('detected_field/n/values', { limit: '5', field_limit: '9', line_limit: '999999' }),
    {
      values: ['a'],
      limit: 5,
    },
  )
  assert.deepEqual(
    asked.map(({ lines, limit, name }) => [lines, limit, name]),
    [
      [100, 1000, null],
      [500, 9, null],
      [5000, 5, 'n'],
    ],
  )
  assert.equal(await get('detected_fields', { line_limit: '0' }), 400)
  assert.equal(await get('detected_fields', { query: 'rate({a="b"}[1m])' }), 400)
})
