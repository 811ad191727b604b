/**
 * The query parameters of `/logs` on the real program, as people type them, with curl where the machine has
 * it.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as http from 'node:http'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'

import { type Entry, getPage, ndjson, type Params, toQuery } from '../support/client.ts'
import { type Nanos, parseNanos } from '../support/log-formats.ts'
import { createNode, type SimulatedNode } from '../support/node-simulator.ts'
import { type Program, startProgram } from '../support/program.ts'
import { waitForEntries } from '../support/scene.ts'

const run = promisify(execFile)
const curl = '/usr/bin/curl'

/** Written one second apart; the first at `startTime`. */
const startTime = parseNanos('2026-11-22T10:00:00.000000001Z')
const lines: readonly (readonly [
  pod: string,
  container: string,
  stream: 'stdout' | 'stderr',
  line: string,
])[] = [
  ['api-7d9f-x2x', 'api', 'stdout', 'level=info msg="order 17 placed"'],
  ['api-7d9f-x2x', 'api', 'stderr', 'level=error msg="Payment failed" order=17'],
  ['api-7d9f-x2x', 'proxy', 'stdout', '{"level":"warn","msg":"slow upstream /pay"}'],
  ['api-7d9f-y3y', 'api', 'stdout', 'E1122 10:00:03.000000 1 main.go:1] payment refused !17'],
  ['dns-5', 'dns', 'stdout', 'plain text a+b /path/ "quoted"'],
  ['dns-5', 'dns', 'stdout', 'DEBUG zone näher 支払い'],
]

const state: { node?: SimulatedNode; program?: Program } = {}

function base(): string {
  return state.program?.base ?? ''
}

before(async () => {
  let time: Nanos = startTime
  const node = createNode({ now: () => time })
  state.node = node
  const pods = ['api-7d9f-x2x', 'api-7d9f-y3y', 'dns-5'].map((pod) => {
    const containers = pod === 'dns-5' ? ['dns'] : ['api', 'proxy']
    return node.startPod({ namespace: pod === 'dns-5' ? 'kube-system' : 'shop', pod, containers })
  })
  for (const [pod, container, stream, line] of lines) {
    pods
      .find(({ name }) => name === pod)
      ?.container(container)
      .write(stream, line)
    time += 1_000_000_000n
  }
  state.program = await startProgram({ dataDir: `${node.root}/data`, logRoot: node.podsRoot })
  await waitForEntries(base(), lines.length)
})

after(async () => {
  await state.program?.kill('SIGKILL')
  state.node?.remove()
})

/** Indices into `lines` of what a query answers, oldest first. */
async function found(params: Params): Promise<number[]> {
  const { entries } = await getPage(base(), { direction: 'forward', ...params })
  return entries.map(({ line }) => lines.findIndex(([, , , text]) => text === line))
}

/** The query string exactly as given, in its own process where curl exists. */
async function getRaw(query: string): Promise<{ readonly status: number; readonly body: string }> {
  const url = `${base()}/logs?${query}`
  if (existsSync(curl)) {
    const { stdout } = await run(curl, ['-s', '-g', '-w', '\n%{http_code}', url])
    const cut = stdout.lastIndexOf('\n')
    return { status: Number(stdout.slice(cut + 1)), body: stdout.slice(0, cut) }
  }
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base())
    http
      .get({ hostname, port, path: `/logs?${query}` }, (response) => {
        let body = ''
        response.on('data', (chunk) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
      .once('error', reject)
  })
}

const selections: readonly (readonly [Params, readonly number[]])[] = [
  [{}, [0, 1, 2, 3, 4, 5]],
  [{ namespace: 'shop' }, [0, 1, 2, 3]],
  [{ namespace: ['shop', 'kube-*'] }, [0, 1, 2, 3, 4, 5]],
  [{ pod: 'api-7d9f-?2?' }, [0, 1, 2]],
  [{ pod: 'api-*', container: 'api' }, [0, 1, 3]],
  [{ node: 'n1', restart: 0 }, [0, 1, 2, 3, 4, 5]],
  [{ stream: 'stderr' }, [1]],
  [{ level: 'error' }, [1, 3]],
  [{ level: 'warn+' }, [1, 2, 3]],
  [{ level: 'debug,warn' }, [2, 5]],
  [{ level: 'unknown' }, [4]],
  [{ q: 'payment' }, [3]],
  [{ q: 'payment', ignoreCase: 'true' }, [1, 3]],
  [{ q: ['17', '!order'] }, [3]],
  [{ q: '"!17"' }, [3]],
  [{ q: '""quoted""' }, [4]],
  [{ q: '/[Pp]ayment (failed|refused)/' }, [1, 3]],
  [{ q: '!/level/' }, [3, 4, 5]],
  [{ q: '/pay' }, [2]],
  [{ q: 'a+b' }, [4]],
  [{ q: '支払' }, [5]],
  [{ query: '{namespace="shop", container="api"} | logfmt | order = 17' }, [1]],
  [{ query: '{pod=~"api.*"} |= "order"', level: 'info' }, [0]],
  [{ since: '2026-11-22T10:00:01.000000001Z', until: '2026-11-22T10:00:03.000000001Z' }, [1, 2]],
  [{ since: '2026-11-22T10:00:01.000000002Z', until: '2026-11-22T10:00:03.000000002Z' }, [2, 3]],
  [{ since: (startTime + 4_000_000_000n).toString() }, [4, 5]],
  [{ since: '1795341604' }, [4, 5]],
  [{ since: '2026-11-22T15:30:04+05:30' }, [4, 5]],
]

test('S-QUERY-01 each parameter selects what it says', async () => {
  for (const [params, wanted] of selections) {
    assert.deepEqual(await found(params), wanted, JSON.stringify(params))
  }
})

test('S-QUERY-02 a plus sign that was typed as it is means a plus in level, since and until', async () => {
  const asTyped = [
    ['level=warn+&direction=forward', [1, 2, 3]],
    ['since=2026-11-22T15:30:04+05:30&until=2026-11-22T11:00:05+01:00&direction=forward', [4]],
  ] as const
  for (const [query, wanted] of asTyped) {
    const { status, body } = await getRaw(query)
    assert.equal(status, 200, body)
    const { entries }: { entries: Entry[] } = JSON.parse(body)
    assert.deepEqual(
      entries.map(({ line }) => lines.findIndex(([, , , text]) => text === line)),
      wanted,
      query,
    )
  }
})

const refusals: readonly (readonly [query: string, code: string, names: string])[] = [
  ['namespaces=shop', 'BAD_PARAMETER', 'namespaces'],
  ['namespace=', 'BAD_PARAMETER', 'namespace'],
  ['limit=0', 'BAD_PARAMETER', 'limit'],
  ['limit=5001', 'BAD_PARAMETER', 'limit'],
  ['limit=ten', 'BAD_PARAMETER', 'limit'],
  ['limit=1&limit=2', 'BAD_PARAMETER', 'limit'],
  ['direction=up', 'BAD_PARAMETER', 'direction'],
  ['stream=both', 'BAD_PARAMETER', 'stream'],
  ['level=loud', 'BAD_PARAMETER', 'level'],
  ['restart=-1', 'BAD_PARAMETER', 'restart'],
  ['since=yesterday', 'BAD_PARAMETER', 'since'],
  ['since=2026-11-31T00:00:00Z', 'BAD_PARAMETER', 'since'],
  ['since=5m&until=10m', 'BAD_PARAMETER', 'since'],
  ['format=xml', 'BAD_PARAMETER', 'format'],
  ['ignoreCase=maybe', 'BAD_PARAMETER', 'ignoreCase'],
  ['q=%2F(%2F', 'BAD_REGEX', 'q'],
  ['q=%2F(%3F%3Da)%2F', 'BAD_REGEX', 'q'],
  ['q=%2F(a)%5C1%2F', 'BAD_REGEX', 'q'],
  ['query=%7B', 'BAD_QUERY', 'query'],
  ['query=rate(%7Ba%3D%22b%22%7D%5B1m%5D)', 'BAD_QUERY', 'query'],
  ['cursor=nonsense', 'BAD_CURSOR', 'cursor'],
]

test('S-QUERY-03 what cannot be meant is refused with code, message and hint, naming the parameter', async () => {
  for (const [query, code, name] of refusals) {
    const { status, body } = await getRaw(query)
    assert.equal(status, 400, `${query}: ${body}`)
    const error = JSON.parse(body)
    assert.deepEqual(Object.keys(error).toSorted(), ['code', 'hint', 'message'], query)
    assert.equal(error.code, code, query)
    assert.ok(error.message.includes(name), `${query}: ${error.message}`)
    assert.ok(error.hint.length > 0, query)
  }
})

test('S-QUERY-04 a cursor goes with its filters and its database only', async () => {
  const page = await getPage(base(), { limit: 2, namespace: 'shop' })
  const cursor = page.next ?? ''
  const rest = await getPage(base(), { limit: 10, namespace: 'shop', cursor })
  assert.equal(rest.entries.length, 2)
  assert.equal(rest.next, null)
  const damaged = cursor.slice(0, -3) + (cursor.endsWith('AAA') ? 'BBB' : 'AAA')
  for (const query of [
    toQuery({ namespace: 'kube-system', cursor }),
    toQuery({ namespace: 'shop', cursor: damaged }),
  ]) {
    const { status, body } = await getRaw(query)
    assert.equal(status, 400, `${query}: ${body}`)
    assert.equal(JSON.parse(body).code, 'BAD_CURSOR')
  }
})

test('S-QUERY-05 a name that matches nothing is said with the nearest ones; an empty answer says when the last line came', async () => {
  const unknown = await getPage(base(), { namespace: 'shpo' })
  assert.deepEqual(unknown.entries, [])
  assert.match(unknown.warnings.join('\n'), /shpo[^]*shop/)
  const empty = await getPage(base(), { namespace: 'shop', since: '15m' })
  assert.deepEqual(empty.entries, [])
  assert.match(empty.warnings.join('\n'), /2026-11-22T10:00:03/)
})

test('S-QUERY-06 text prints the chosen page oldest first as kubectl does; ndjson ends with its end line', async () => {
  const { body } = await getRaw('format=text&limit=2&direction=backward')
  assert.deepEqual(
    body.trimEnd().split('\n'),
    lines
      .slice(-2)
      .map(
        ([pod, container, , line], n) =>
          `[pod/${pod}/${container}] 2026-11-22T10:00:0${4 + n}.000000001Z ${line}`,
      ),
  )
  const all = await ndjson(base(), { direction: 'forward' })
  assert.equal(all.entries.length, lines.length)
  assert.equal(all.end.complete, true)
  const two = await ndjson(base(), { limit: 2 })
  assert.deepEqual(
    two.entries.map(({ line }) => line),
    [lines[5]?.[3], lines[4]?.[3]],
  )
})

test('S-QUERY-07 gzip and the format by Accept, on request', async () => {
  const { hostname, port } = new URL(base())
  const headers = { accept: 'application/x-ndjson', 'accept-encoding': 'gzip' }
  const [encoding, type, body] = await new Promise<[string, string, Buffer]>((resolve, reject) => {
    http
      .get({ hostname, port, path: '/logs', headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => {
          const { 'content-encoding': coding = '', 'content-type': kind = '' } = response.headers
          resolve([coding, kind, Buffer.concat(chunks)])
        })
      })
      .once('error', reject)
  })
  assert.equal(encoding, 'gzip')
  assert.match(type, /^application\/x-ndjson/)
  assert.equal(gunzipSync(body).toString().trimEnd().split('\n').length, lines.length + 1)
})

test('S-QUERY-08 the listings name what is there', async () => {
  const list = async (path: string): Promise<Record<string, unknown>> => {
    const response = await fetch(`${base()}/${path}`)
    assert.equal(response.status, 200, path)
    return (await response.json()) as Record<string, unknown>
  }
  assert.match(JSON.stringify(await list('namespaces')), /"shop"/)
  assert.match(JSON.stringify(await list('pods?namespace=shop')), /"api-7d9f-y3y"/)
  assert.doesNotMatch(JSON.stringify(await list('pods?namespace=shop')), /"dns-5"/)
  assert.match(JSON.stringify(await list('containers?pod=dns-5')), /"dns"/)
  const streams = (await list('streams?pod=dns-5'))['streams'] as Record<string, unknown>[]
  const { podUid, ...stream } = streams[0] ?? {}
  assert.match(String(podUid), /^[0-9a-f-]{36}$/)
  assert.deepEqual(stream, {
    namespace: 'kube-system',
    pod: 'dns-5',
    container: 'dns',
    node: 'n1',
    restart: 0,
    lines: 2,
    bytes: Buffer.byteLength((lines[4]?.[3] ?? '') + (lines[5]?.[3] ?? '')),
    firstTime: '2026-11-22T10:00:04.000000001Z',
    lastTime: '2026-11-22T10:00:05.000000001Z',
    present: true,
  })
})
