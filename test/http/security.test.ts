/**
 * Who is answered: host names, origins, tokens, sessions, loopback peers; on every route and on WebSockets.
 */

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { isLoopback } from '../../src/http/security.ts'
import { createSessions } from '../../src/http/sessions.ts'
import { httpLimits } from '../../src/limits/http.ts'
import { rawGet, rawRequest, serve } from '../support/served.ts'

const token = 'secret-token'
const host = 'Host: localhost'
const dataPaths = ['/logs', '/namespaces', '/pods', '/containers', '/streams', '/logs/tail']
const freePaths = ['/', '/healthz', '/readyz']
const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
]

/** Status of a data route as HTTP and as WebSocket upgrade; both must decide alike. */
async function bothStatuses(port: number, headers: readonly string[], address?: string): Promise<number> {
  const plain = await rawGet(port, '/logs', headers, address)
  const upgrade = await rawRequest(
    port,
    ['GET /logs/tail?limit=refused HTTP/1.1', ...handshake, ...headers],
    address,
  )
  // A bad parameter keeps an accepted upgrade from staying open.
  assert.equal(upgrade.status, plain.status === 200 ? 400 : plain.status, headers.join(' | '))
  if (plain.status !== 200) assert.equal(JSON.parse(plain.body).code, JSON.parse(upgrade.body).code)
  return plain.status
}

test('S-SEC-01 with a token every data route and WebSocket needs it; health and the page are free', async () => {
  await using served = await serve({ token })
  for (const path of dataPaths) {
    const answer = await rawGet(served.port, path, [host])
    assert.equal(answer.status, 401, path)
    assert.match(answer.headers, /www-authenticate: Bearer/i)
    assert.ok(JSON.parse(answer.body).hint.includes('LOGKEEP_TOKEN'))
  }
  for (const path of freePaths) assert.equal((await rawGet(served.port, path, [host])).status, 200, path)
  assert.equal((await rawGet(served.port, '/nothing', [host])).status, 404)
  const given: readonly (readonly [header: string, status: number])[] = [
    [`Authorization: Bearer ${token}`, 200],
    [`authorization: bearer ${token}`, 200],
    [`Authorization: Bearer ${token}x`, 401],
    [`Authorization: Bearer ${token.slice(1)}`, 401],
    ['Authorization: Bearer ', 401],
    [`Authorization: Basic ${btoa(`x:${token}`)}`, 401],
    [`Authorization: ${token}`, 401],
    ['Cookie: logkeep_session=guess', 401],
  ]
  for (const [header, status] of given)
    assert.equal(await bothStatuses(served.port, [host, header]), status, header)
})

test('S-SEC-02 a token in the address is refused with the way to send it, even where none is needed', async () => {
  await using served = await serve()
  for (const query of ['token=x', 'limit=1&access_token=x', 'TOKEN=x', 'token']) {
    const answer = await rawGet(served.port, `/logs?${query}`, [host])
    assert.equal(answer.status, 400, query)
    const { message, hint } = JSON.parse(answer.body)
    assert.ok(
      message.includes('token') && hint.includes('Authorization: Bearer') && hint.includes('/session'),
    )
  }
  assert.equal((await rawGet(served.port, '/logs?q=token=x', [host])).status, 200)
})

test('S-SEC-03 without a token only loopback peers are answered, and none that a proxy speaks for', async () => {
  await using served = await serve()
  assert.equal(await bothStatuses(served.port, [host]), 200)
  for (const header of [
    'X-Forwarded-For: 127.0.0.1',
    'Forwarded: for=127.0.0.1',
    'X-Real-IP: ::1',
    'Via: 1.1 proxy',
    'X-Forwarded-Proto: http',
    'X-Client-IP: 10.0.0.1',
    'X-Envoy-Attempt-Count: 1',
  ]) {
    assert.equal(await bothStatuses(served.port, [host, header]), 401, header)
    assert.equal((await rawGet(served.port, '/healthz', [host, header])).status, 200, header)
  }
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    assert.ok(isLoopback(address), address)
  for (const address of ['10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', '', 'localhost']) {
    assert.ok(!isLoopback(address), address)
  }
})

/** An address of this machine that is not loopback; some sandboxes have none. */
function outerAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null
}

test('S-SEC-04 other peers are refused naming the settings, unless anonymous access is on; their probes work', async (t) => {
  const address = outerAddress()
  if (address === null)
    return t.diagnostic('this machine has no address but loopback: peers are checked by isLoopback')
  {
    await using served = await serve({ host: '0.0.0.0' })
    const byAddress = `Host: ${address}:${served.port}`
    const answer = await rawGet(served.port, '/logs', [byAddress], address)
    assert.equal(answer.status, 401)
    const { hint } = JSON.parse(answer.body)
    assert.ok(hint.includes('LOGKEEP_TOKEN') && hint.includes('LOGKEEP_ANONYMOUS'))
    assert.equal(await bothStatuses(served.port, [byAddress], address), 401)
    assert.equal((await rawGet(served.port, '/readyz', [byAddress], address)).status, 200)
  }
  await using served = await serve({ host: '0.0.0.0', config: { anonymous: true } })
  assert.equal(await bothStatuses(served.port, [`Host: ${address}:${served.port}`], address), 200)
  assert.equal(await bothStatuses(served.port, [host, 'X-Forwarded-For: 10.0.0.1'], address), 200)
})

test('S-SEC-05 loopback names, addresses, the own Services and listed names are served; other hosts are not', async () => {
  await using served = await serve({
    config: {
      allowedHosts: ['logs.example.com'],
      serviceNames: ['logkeep', 'logkeep-nodes'],
      podNamespace: 'logging',
    },
  })
  const answered = [
    'localhost',
    'LOCALHOST:8080',
    'localhost.',
    '127.0.0.1:1',
    '10.1.2.3:8080',
    '[::1]:8080',
    '[fd00::1]',
    'logkeep',
    'logkeep.logging:80',
    'logkeep-nodes.logging.svc',
    'logkeep.logging.svc.cluster.local',
    'logs.example.com:443',
  ]
  for (const name of answered) assert.equal(await bothStatuses(served.port, [`Host: ${name}`]), 200, name)
  const refused = [
    'evil.example.com',
    'localhost.evil.example.com',
    'logkeep.other',
    'logkeep.other.svc',
    'logkeep.logging.svc.cluster.local.evil.com',
    'logging',
    'x.logs.example.com',
    '127.0.0.1.evil.com',
    '[evil]',
    'localhost:80:80',
    'user@localhost',
  ]
  for (const name of refused) {
    assert.equal(await bothStatuses(served.port, [`Host: ${name}`]), 421, name)
    const answer = await rawGet(served.port, '/healthz', [`Host: ${name}`])
    assert.ok(JSON.parse(answer.body).hint.includes('LOGKEEP_ALLOWED_HOSTS'))
  }
  assert.equal(
    (await rawGet(served.port, '/logs', [host, 'Host: localhost'])).status >= 400,
    true,
    'two hosts',
  )
  assert.equal((await rawRequest(served.port, ['GET /healthz HTTP/1.0'])).status, 421, 'no host')
  const addressed = async (address: string): Promise<number> =>
    (await rawGet(served.port, address, [host])).status
  assert.equal(await addressed('http://LOCALHOST/logs'), 200)
  for (const address of [
    'http://evil.example.com/logs',
    'http://user@localhost/logs',
    'http://localhost:1/logs',
  ])
    assert.equal(await addressed(address), 421, address)
})

test('S-SEC-06 an Origin must be the host itself or listed; null and what other sites send is refused', async () => {
  await using served = await serve({ config: { allowedOrigins: ['https://grafana.example.com'] } })
  const here = 'Host: localhost:8080'
  const cases: readonly (readonly [status: number, ...headers: string[]])[] = [
    [200, 'Origin: http://localhost:8080'],
    [200, 'Origin: HTTP://LOCALHOST:8080'],
    [200, 'Origin: https://grafana.example.com'],
    [200, 'Origin: https://grafana.example.com', 'Sec-Fetch-Site: cross-site'],
    [200, 'Sec-Fetch-Site: same-origin'],
    [200, 'Sec-Fetch-Site: none'],
    [403, 'Origin: null'],
    [403, 'Origin: http://localhost:3000'],
    [403, 'Origin: http://localhost'],
    [403, 'Origin: http://localhost:8080.evil.com'],
    [403, 'Origin: ftp://localhost:8080'],
    [403, 'Origin: http://grafana.example.com'],
    [403, 'Sec-Fetch-Site: cross-site'],
    [403, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'],
  ]
  for (const [status, ...headers] of cases) {
    assert.equal(await bothStatuses(served.port, [here, ...headers]), status, headers.join(' | '))
  }
  assert.equal(await bothStatuses(served.port, ['Host: localhost', 'Origin: http://localhost']), 200)
  assert.equal(await bothStatuses(served.port, ['Host: localhost', 'Origin: https://localhost:443']), 200)
  assert.equal(await bothStatuses(served.port, ['Host: [::1]:8080', 'Origin: http://[::1]:8080']), 200)
  const link = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']
  assert.equal(
    (await rawGet(served.port, '/', [here, ...link])).status,
    200,
    'a link to the page may be followed',
  )
  assert.equal((await rawGet(served.port, '/', [here, link[0] as string])).status, 403)
})

test('S-SEC-07 POST /session exchanges the token for a cookie that opens data and WebSockets, until it is ended', async () => {
  await using served = await serve({ token })
  const post = (init: RequestInit) => fetch(`${served.base}/session`, { method: 'POST', ...init })
  const json = { 'content-type': 'application/json' }
  assert.equal((await post({})).status, 401)
  assert.equal((await post({ headers: json, body: '{"token":"wrong-token"}' })).status, 401)
  assert.equal((await post({ headers: json, body: '{"token":7}' })).status, 401)
  assert.equal((await post({ headers: { authorization: `Bearer ${token}` } })).status, 204)
  const signedIn = await post({ headers: json, body: JSON.stringify({ token }) })
  assert.equal(signedIn.status, 204)
  const set = signedIn.headers.get('set-cookie') ?? ''
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
    assert.ok(set.includes(part), part)
  assert.ok(!set.includes(token))
  const cookie = `Cookie: other=1; ${set.split(';')[0]}`
  assert.equal(await bothStatuses(served.port, [host, cookie]), 200)
  assert.equal(await bothStatuses(served.port, [host, cookie, 'Origin: null']), 403)
  assert.equal(await bothStatuses(served.port, [host, cookie, 'Authorization: Bearer wrong']), 401)
  served.clock.nowMs += httpLimits.sessionAgeMs - 1
  assert.equal(await bothStatuses(served.port, [host, cookie]), 200)
  served.clock.nowMs += 1
  assert.equal(await bothStatuses(served.port, [host, cookie]), 401)
  const again =
    (await post({ headers: json, body: JSON.stringify({ token }) })).headers.get('set-cookie') ?? ''
  const headers = { cookie: again.split(';')[0] as string }
  const ended = await fetch(`${served.base}/session`, { method: 'DELETE', headers })
  assert.equal(ended.status, 204)
  assert.match(ended.headers.get('set-cookie') ?? '', /Max-Age=0/)
  assert.equal(await bothStatuses(served.port, [host, `Cookie: ${headers.cookie}`]), 401)
})

test('S-SEC-08 without a token there is nothing to sign in to', async () => {
  await using served = await serve()
  assert.equal((await fetch(`${served.base}/session`, { method: 'POST' })).status, 400)
})

test('S-SEC-09 sessions are bounded: the one that came first makes room', () => {
  const sessions = createSessions(() => 0)
  const cookies = Array.from({ length: httpLimits.sessionsMax + 1 }, () => sessions.open().split(';')[0])
  assert.ok(!sessions.has(cookies[0]))
  assert.ok(sessions.has(cookies[1]))
  assert.ok(sessions.has(cookies.at(-1)))
})

test('S-SEC-10 no answer and no message of the program holds the token', async () => {
  await using served = await serve({ token, answers: { logs: () => Promise.reject(new Error('x')) } })
  const answers = [
    await rawGet(served.port, '/logs', [host, `Authorization: Bearer ${token}`]),
    await rawGet(served.port, '/logs', [host, `Authorization: Bearer ${token}x`]),
    await rawGet(served.port, `/logs?token=${token}`, [host]),
    await rawGet(served.port, '/', [host]),
  ]
  for (const { headers, body } of answers) assert.ok(!`${headers}${body}`.includes(token))
  assert.ok(!served.events.join().includes(token))
})
