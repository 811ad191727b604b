/** The OpenAPI document of the real program, against its routes, parameters, answers and frames. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { WebSocket } from 'ws'
import { type ApiDocument, answerOf, type Operation, readApiDocument } from '../support/api-document.ts'
import type { Page } from '../support/client.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

type Sent = { method?: string; body?: string | URLSearchParams; headers?: Record<string, string> }
type Routes = { readonly routes: readonly { readonly path: string; readonly methods: readonly string[] }[] }

/** A program over a pod that has written JSON, logfmt and plain lines to both of its streams. */
async function startWithLines(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const scene = createScene(t)
  const pod = scene.node.startPod({ namespace: 'shop', pod: 'api-1', containers: ['api', 'side'] })
  for (let index = 0; index < 30; index += 1) {
    pod
      .container('api')
      .write('stdout', JSON.stringify({ level: index % 3 ? 'info' : 'error', n: index, deep: { a: null } }))
    pod.container('side').write('stderr', `level=warn msg="a b" n=${index}`)
  }
  pod.container('api').write('stdout', 'plain')
  const program = await scene.start(env)
  const authorization =
    env['LOGKEEP_TOKEN'] === undefined ? {} : { authorization: `Bearer ${env['LOGKEEP_TOKEN']}` }
  if (env['LOGKEEP_TOKEN'] === undefined) await waitForEntries(program.base, 61)
  return { pod, base: program.base, api: await readApiDocument(program.base), authorization }
}

function find(api: ApiDocument, path: string, method = 'GET'): Operation {
  const found = api.operations.find((operation) => operation.path === path && operation.method === method)
  assert.ok(found, `${method} ${path} is documented`)
  return found
}

test('S-API-07 the document is valid OpenAPI 3.1, and has every route and method that there is', async (t) => {
  const { base, api } = await startWithLines(t)
  const result = await new Validator().validate(structuredClone(api.document))
  assert.deepEqual([result.valid, result.errors], [true, undefined])
  assert.equal(api.document['openapi'], '3.1.0')
  const { routes } = (await (await fetch(base)).json()) as Routes
  const served = routes.flatMap(({ path, methods }) => methods.map((method) => `${method} ${path}`))
  const documented = api.operations.map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(documented.toSorted(), served.toSorted())
  const ids = new Set(
    Object.values(api.document['paths'] as object).flatMap((path) =>
      Object.values(path as object).map((operation) => (operation as { operationId: string }).operationId),
    ),
  )
  assert.equal(ids.size, documented.length, 'each operation has a name of its own')
})

test('S-API-07 each route accepts the parameters that are documented for it, and no other', async (t) => {
  const { base, api } = await startWithLines(t)
  for (const operation of api.operations) {
    const documented = operation.parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name }) => name)
    for (const parameter of operation.parameters) assert.ok(parameter.description, parameter.name)
    const { path, method } = operation
    // Probes are answered whatever is asked.
    if (method === 'HEAD' || path === '/' || path === '/healthz' || path === '/readyz') continue
    const address = `${base}${path.replace('{part}', 'start.js').replace('{name}', 'a')}?nothing=1`
    const answer = await answerOf(await fetch(address, { method }))
    assert.equal(answer.status, 400, address)
    const { hint } = JSON.parse(answer.body) as { hint: string }
    const listed = /accepted: (.*)$/.exec(hint)?.[1]?.split(', ') ?? []
    assert.deepEqual(listed, documented, address)
    api.check(operation, answer)
  }
})

test('S-API-07 answers are as documented: pages, exports, texts, counts, lists, files, figures and health', async (t) => {
  const { base, api, pod } = await startWithLines(t)
  const ask = async (path: string, query = '', headers: Record<string, string> = {}) => {
    const address = `${base}${path.replace('{name}', 'level').replace('{part}', 'start.js')}${query}`
    const answer = await answerOf(await fetch(address, { headers }))
    assert.equal(answer.status, 200, address)
    api.check(find(api, path), answer)
    return answer.body
  }
  const { entries } = JSON.parse(await ask('/logs', '?limit=5&namespace=shp')) as Page
  assert.equal(entries.length, 0)
  const page = JSON.parse(await ask('/logs', '?limit=5')) as Page
  const { cursor } = page.entries[2] as { cursor: string }
  for (const format of ['json', 'text', 'raw', 'ndjson']) await ask('/logs', `?limit=7&format=${format}`)
  await ask('/logs', '?format=ndjson', { 'accept-encoding': 'gzip' })
  await ask('/logs', `?cursor=${page.next}`, { accept: 'text/plain' })
  for (const by of ['level', 'namespace', 'pod', 'container', 'node', 'stream'])
    await ask('/logs/histogram', `?by=${by}`)
  await ask('/logs/histogram', '?step=1m&since=1h&q=n')
  for (const scope of ['stream', 'pod', 'namespace'])
    await ask('/logs/context', `?cursor=${cursor}&scope=${scope}`)
  await ask('/logs/context', `?cursor=${cursor}&format=text&before=1`)
  await ask('/logs/fields', '?limit=2&sample=40')
  await ask('/logs/fields/{name}/values')
  for (const list of ['/namespaces', '/pods', '/containers', '/streams']) {
    await ask(list, '?limit=1')
    await ask(list)
  }
  await ask('/files', '?limit=1')
  await ask('/files', '?format=text')
  pod.delete()
  await waitFor('the pod to be gone', async () => (await ask('/pods')).includes('"present":false'))
  for (const path of ['/', '/metrics', '/openapi.json', '/docs', '/docs/{part}', '/healthz', '/readyz'])
    await ask(path)
  await ask('/', '', { accept: 'text/plain' })
  for (const path of ['/', '/healthz', '/readyz']) {
    api.check(find(api, path, 'HEAD'), await answerOf(await fetch(`${base}${path}`, { method: 'HEAD' })))
  }
})

test('S-API-07 refusals are as documented: 400, 401, 403, 404, 405, 413, 414, 415, 421, 426 and 429', async (t) => {
  const token = 'a-token-of-this-test'
  const { base, api, authorization } = await startWithLines(t, {
    LOGKEEP_TOKEN: token,
    LOGKEEP_TAILS_MAX: '1',
  })
  const refuse = async (status: number, path: string, query = '', init: Sent = {}) => {
    const address = `${base}${path.replace('{name}', 'a').replace('{part}', 'a')}${query}`
    const answer = await answerOf(
      await fetch(address, { ...init, headers: { ...authorization, ...init.headers } }),
    )
    assert.equal(answer.status, status, `${address}: ${answer.body}`)
    api.check(find(api, path, init.method), answer)
  }
  const data = api.operations.filter(({ responses }) => '401' in responses && !('204' in responses))
  assert.equal(data.length, 12)
  for (const { path } of data) {
    await refuse(400, path, '?nothing=1')
    await refuse(401, path, '', { headers: { authorization: 'Bearer wrong-token' } })
    await refuse(403, path, '', { headers: { origin: 'https://other.example' } })
    await refuse(414, path, `?q=${'x'.repeat(9000)}`)
  }
  await refuse(400, '/logs', '?cursor=abc')
  await refuse(400, '/logs', '?q=/(/')
  await refuse(400, '/session', '', {
    method: 'POST',
    body: '{',
    headers: { 'content-type': 'application/json' },
  })
  await refuse(401, '/session', '', { method: 'POST', headers: { authorization: 'Bearer no' } })
  await refuse(413, '/session', '', { method: 'POST', body: 'x'.repeat(5000) })
  await refuse(415, '/session', '', { method: 'POST', body: new URLSearchParams('a=b') })
  await refuse(404, '/docs/{part}')
  await refuse(426, '/logs/tail')
  api.check(
    find(api, '/session', 'POST'),
    await answerOf(await fetch(`${base}/session`, { method: 'POST', headers: authorization })),
  )
  api.check(
    find(api, '/session', 'DELETE'),
    await answerOf(await fetch(`${base}/session`, { method: 'DELETE' })),
  )
  for (const { path } of data) {
    const answer = await answerOf(
      await fetch(`${base}${path.replace('{name}', 'a')}`, { method: 'PUT', headers: authorization }),
    )
    assert.equal(answer.status, 405)
    api.check(find(api, path), answer)
  }
  for (const path of ['/nowhere', '/logs/', '/logs/fields/a/b', '/%00']) {
    const answer = await answerOf(await fetch(`${base}${path}`))
    assert.equal(answer.status, 404, path)
    api.checkError(answer)
  }
  const tail = new WebSocket(`${base.replace('http', 'ws')}/logs/tail`, { headers: authorization })
  await new Promise((resolve) => tail.once('open', resolve))
  const refused = await new Promise<{ status: number; headers: Record<string, string>; body: string }>(
    (resolve) => {
      const second = new WebSocket(`${base.replace('http', 'ws')}/logs/tail`, { headers: authorization })
      second.on('error', () => undefined)
      second.on('unexpected-response', (_request, response) => {
        let body = ''
        response.on('data', (piece: Buffer) => {
          body += piece.toString()
        })
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            body,
          }),
        )
      })
    },
  )
  assert.equal(refused.status, 429)
  api.check(find(api, '/logs/tail'), refused)
  tail.terminate()
})

test('S-API-12 the frames of a tail are as documented: entries, error and end', async (t) => {
  const { base, api, pod } = await startWithLines(t)
  const types = new Set<string>()
  const follow = (query: string): WebSocket => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/logs/tail?${query}`)
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as { type: string; entries?: readonly unknown[] }
      api.checkFrame(frame)
      types.add(frame.type === 'entries' && frame.entries?.length === 0 ? 'none' : frame.type)
    })
    return socket
  }
  const first = follow('tail=20')
  await waitFor('the first entries', () => types.has('entries'))
  types.clear()
  pod.container('api').write('stdout', 'one more')
  await waitFor('the next entries', () => types.has('entries'))
  first.send('what is this')
  await waitFor('the error', () => types.has('error'))
  follow('namespace=shop&gaps=false')
  await waitFor('the empty first frame', () => types.has('none'))
})
