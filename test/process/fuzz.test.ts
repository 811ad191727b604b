/** Thousands of requests made up from the document of the API, against the real program while it collects. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { type Answer, type ApiDocument, readApiDocument } from '../support/api-document.ts'
import { type MadeRequest, makeRequest } from '../support/api-requests.ts'
import { getPage } from '../support/client.ts'
import { chooseSeed, createRandom } from '../support/random.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { waitFor, within } from '../support/wait.ts'

const requestsCount = 8_000
const clientsCount = 8
/** No request takes longer: the deadline is 2 s, and a queue of eight lies before it. */
const answerMsMax = 20_000
/** What its container has. */
const memoryBytesMax = 384 * 2 ** 20

/** Parameters of which a schema cannot say everything. */
const beyondSchema = ['since', 'until', 'step', 'buckets', 'q', 'query', 'level', 'cursor', 'tail']

test('S-API-01 no made-up request breaks the program; what the document forbids is refused, what it allows is not', async (t) => {
  const seed = chooseSeed()
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const scene = createScene(t)
  const pod = scene.node.startPod({ namespace: 'shop', pod: 'api-1', containers: ['api', 'side'] })
  const write = (index: number): void => {
    pod
      .container('api')
      .write('stdout', JSON.stringify({ level: 'info', n: index, deep: { a: [index] }, msg: 'ü 😀' }))
    pod
      .container('side')
      .write('stderr', index % 9 === 0 ? '\u001b[31mplain aaaaaaaaaaaaaaaa' : `level=warn n=${index}`)
  }
  for (let index = 0; index < 3000; index += 1) write(index)
  const program = await scene.start({ LOGKEEP_QUERY_DEADLINE: '2s' })
  const { base } = program
  await waitForEntries(base, 6000)
  const writing = setInterval(() => write(Date.now() % 100_000), 10)
  t.after(() => clearInterval(writing))
  const api = await readApiDocument(base)
  const { entries, next, resume } = await getPage(base, { limit: 5 })
  const cursors = [...entries.map((entry) => entry.cursor), next as string, resume]
  const sources = { random, operations: api.operations, cursors }
  const agent = new Agent({ keepAlive: true, maxSockets: clientsCount })
  t.after(() => agent.destroy())

  const seen = new Map<number, number>()
  let left = requestsCount
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const made = makeRequest(sources)
      const shown = `seed ${seed}: ${made.method} ${made.target.slice(0, 1000)} ${JSON.stringify(made.headers)}`
      const answer = await within(shown, answerMsMax, ask(base, agent, made))
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
      try {
        judge(api, made, answer)
      } catch (error) {
        throw new Error(`${shown} → ${answer.status} ${answer.body.slice(0, 500)}`, { cause: error })
      }
    }
  }
  await Promise.all(Array.from({ length: clientsCount }, client))
  t.diagnostic(`answers by status: ${JSON.stringify(Object.fromEntries(seen))}`)
  assert.ok((seen.get(200) ?? 0) > requestsCount / 10 && (seen.get(400) ?? 0) > requestsCount / 10)

  assert.equal((await fetch(`${base}/readyz`)).status, 200)
  assert.ok(memoryOf(program.pid) < memoryBytesMax, `${memoryOf(program.pid)} bytes`)
  assert.equal((await program.stop()).code, 0)
  assert.doesNotMatch(program.output(), /program_failed|request_failed|thread_failed/)
})

/** What must hold of every answer, and of whether it is a refusal. */
function judge(api: ApiDocument, made: MadeRequest, answer: Answer): void {
  const { operation, pairs, method } = made
  assert.ok(answer.status < 500, 'it is not the program that failed')
  if (method === operation.method) api.check(operation, answer)
  else if (answer.status >= 400 && method !== 'HEAD') api.checkError(answer)
  if (pairs === null || method !== operation.method || ![200, 204, 400, 426].includes(answer.status)) return
  // These answer whatever is asked of them.
  if (['/', '/healthz', '/readyz'].includes(operation.path)) return
  if (!api.allows(operation, pairs)) {
    // The cursor of a tail is looked at when all else is well.
    return assert.ok(answer.status === 400 || answer.status === 426, 'what the document forbids is refused')
  }
  if (answer.status !== 400) return
  const { message } = JSON.parse(answer.body) as { message: string }
  const isBeyond = beyondSchema.some((name) => message.includes(name))
  const isOfPath = operation.path.includes('{') || /token/.test(message)
  assert.ok(isBeyond || isOfPath, 'what the document allows is not refused')
}

function ask(base: string, agent: Agent, { target, method, headers }: MadeRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${base}/`, {
      agent,
      path: target,
      method,
      headers: { connection: 'keep-alive', ...headers },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const raw = Buffer.concat(pieces)
        const body = response.headers['content-encoding'] === 'gzip' && raw.length > 0 ? gunzipSync(raw) : raw
        const flat = Object.entries(response.headers).map(([name, value]) => [
          name,
          [value].flat().join(', '),
        ])
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(flat),
          body: body.toString(),
        })
      })
    })
    sent.end()
  })
}

test('S-API-13 what is no request, or half of one, is refused or cut off, and others are answered meanwhile', async (t) => {
  const seed = chooseSeed()
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const scene = createScene(t)
  scene.node
    .startPod({ namespace: 'shop', pod: 'api-1', containers: ['api'] })
    .container('api')
    .write('stdout', 'x')
  const program = await scene.start()
  const { base, pid } = program
  const port = Number(new URL(base).port)
  const lines = [
    'GET /logs HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /logs?limit=1 HTTP/1.0\r\n\r\n',
    'GET http://localhost/logs HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{"a"',
    'POST /session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'GET /logs/tail HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ]
  for (let index = 0; index < 400; index += 1) {
    const line = random.pick(lines)
    const bytes = Buffer.from(line, 'latin1')
    for (let change = random.between(0, 4); change > 0; change -= 1) {
      bytes[random.between(0, bytes.length - 1)] = random.between(0, 255)
    }
    const sent = random.chance(0.5) ? bytes : bytes.subarray(0, random.between(0, bytes.length))
    const answer = await within(
      `seed ${seed}: ${JSON.stringify(sent.toString('latin1').slice(0, 300))}`,
      10_000,
      poke(port, sent),
    )
    assert.doesNotMatch(answer, /^HTTP\/1\.1 5/, `seed ${seed}: ${answer.slice(0, 300)}`)
  }
  const sockets = Array.from({ length: 40 }, () => {
    const query = random.pick([
      'tail=1',
      'q=/(/',
      'namespace=shop',
      'cursor=abc',
      'tail=5001',
      'since=1h&q=x',
    ])
    const socket = new WebSocket(`${base.replace('http', 'ws')}/logs/tail?${query}`)
    socket.on('error', () => undefined)
    socket.on('open', () => {
      if (random.chance(0.5)) socket.send(random.pick(['{', '{"type":"pong"}', '\u0000', 'x'.repeat(5000)]))
      if (random.chance(0.5)) socket.terminate()
    })
    return socket
  })
  await waitFor('every tail to be open or over', () =>
    sockets.every(({ readyState }) => readyState !== WebSocket.CONNECTING),
  )
  for (const socket of sockets) socket.terminate()
  assert.equal((await getPage(base, {})).entries.length, 1)
  await waitFor('the tails to be gone', async () => {
    const text = await (await fetch(`${base}/metrics`)).text()
    return /^logkeep_tails_open 0$/m.test(text)
  })
  assert.ok(memoryOf(pid) < memoryBytesMax, `${memoryOf(pid)} bytes`)
  assert.equal((await program.stop()).code, 0)
  assert.doesNotMatch(program.output(), /program_failed|request_failed|thread_failed/)
})

/** Sends bytes and the end, and reads until the server closes. */
function poke(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
    socket.setEncoding('latin1').on('data', (text) => {
      received += text
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(received))
  })
}

/** Resident bytes of a process, where the system tells them. */
function memoryOf(pid: number): number {
  const file = `/proc/${pid}/status`
  if (!fs.existsSync(file)) return 0
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(file, 'utf8'))?.[1]) * 1024
}
