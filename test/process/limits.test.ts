/** Every bound that a client may run into, set low: the answer says it, and its counter rises. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { getPage, type Params, toQuery } from '../support/client.ts'
import { parseExposition, valueOf } from '../support/exposition.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

type Text = { readonly lines: number; readonly length: number }

/** More than the buffers between a program and a client that takes nothing: 24 MB. */
const muchText: Text = { lines: 12_000, length: 2_000 }
/** Some 12 MB, in 46 blocks. */
const someText: Text = { lines: 60_000, length: 200 }
/** Looks at every end of a line from every beginning: some 70 ms a block. */
const slowPattern = '/[ab]{1,4}[ab]*[^ab]$/'

const lineMs = 10
const nanosPerMs = 1_000_000n

async function startWithText(
  t: TestContext,
  text: Text,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  // A search ends between seconds, so the lines are spread over some.
  let time = BigInt(Date.now() - text.lines * lineMs) * nanosPerMs
  const now = (): bigint => {
    time += BigInt(lineMs) * nanosPerMs
    return time
  }
  const scene = createScene(t, { now })
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['api'] })
    .container('api')
  const line = 'a'.repeat(text.length)
  for (let index = 0; index < text.lines; index += 1) container.write('stdout', line)
  const { base } = await scene.start(env)
  await waitForEntries(base, text.lines)
  return base
}

/** How often a bound was reached. */
async function reached(base: string, limit: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text()
  return valueOf(parseExposition(text), 'logkeep_limit_reached_total', { limit }) ?? Number.NaN
}

async function refuses(
  base: string,
  path: string,
  status: number,
  ...words: readonly string[]
): Promise<void> {
  const response = await fetch(`${base}${path}`)
  const body = (await response.json()) as { message: string; hint: string }
  assert.equal(response.status, status, body.message)
  for (const word of words)
    assert.ok(`${body.message} ${body.hint}`.includes(word), `"${body.message}" names ${word}`)
  if (status === 429) assert.match(response.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
}

function times(count: number, pair: string): string {
  return Array.from({ length: count }, () => pair).join('&')
}

test('S-API-09 tails, exports, addresses, filters and patterns above their bounds are refused and counted', async (t) => {
  const base = await startWithText(t, muchText, { LOGKEEP_TAILS_MAX: '2', LOGKEEP_EXPORTS_MAX: '1' })
  const tails = [1, 2].map(() => new WebSocket(`${base.replace('http', 'ws')}/logs/tail`))
  await Promise.all(tails.map((tail) => once(tail, 'open')))
  const third = new WebSocket(`${base.replace('http', 'ws')}/logs/tail`)
  const [, response] = (await once(third, 'unexpected-response')) as [unknown, IncomingMessage]
  assert.equal(response.statusCode, 429)
  assert.match(String(response.headers['retry-after']), /^[1-9]\d*$/)
  response.destroy()
  assert.equal(await reached(base, 'tails'), 1)
  for (const tail of tails) tail.terminate()

  // Its client takes nothing, so it stays open.
  const open = get(`${base}/logs?format=ndjson`)
  const [held] = (await once(open, 'response')) as [IncomingMessage]
  await refuses(base, '/logs?format=ndjson', 429, '1 exports are under way')
  assert.equal(await reached(base, 'exports'), 1)
  held.destroy()
  await waitFor('the place of the export', async () => (await fetch(`${base}/logs?format=ndjson&limit=1`)).ok)

  await refuses(base, `/logs?q=${'x'.repeat(8_200)}`, 414, '8192 bytes')
  await refuses(base, `/logs?${times(21, 'q=x')}`, 400, '"q"', 'at most 20 times')
  await refuses(base, `/logs/histogram?${times(101, 'pod=x')}`, 400, '"pod"', 'at most 100 times')
  await refuses(base, `/logs/fields?q=/${'x'.repeat(2_001)}/`, 400, '"q"', 'at most 2000')
  await refuses(base, '/logs/histogram?step=1s&since=1d', 400, '"step"', 'up to 2000')
  const counted = ['url_length', 'filters', 'parameter_values', 'regex', 'histogram_size']
  for (const limit of counted) assert.equal(await reached(base, limit), 1, limit)
})

test('S-API-09 a query that reaches its deadline says so and goes on from there; too many that wait are refused', async (t) => {
  const base = await startWithText(t, someText, {
    LOGKEEP_QUERY_THREADS: '1',
    LOGKEEP_QUERIES_WAITING_MAX: '1',
    LOGKEEP_QUERY_DEADLINE: '1s',
  })
  const slow: Params = { q: slowPattern }
  const before = await reached(base, 'deadline')
  const page = await getPage(base, slow)
  assert.match(page.warnings.join(), /deadline of 1000 ms was reached/)
  assert.ok(page.next)
  assert.equal(await reached(base, 'deadline'), before + 1)
  const counts = (await (await fetch(`${base}/logs/histogram?${toQuery(slow)}`)).json()) as {
    complete: boolean
    warnings: string[]
  }
  assert.equal(counts.complete, false)
  assert.match(counts.warnings.join(), /deadline/)
  assert.equal(await reached(base, 'deadline'), before + 2)

  const all = await Promise.all(Array.from({ length: 6 }, () => fetch(`${base}/logs?${toQuery(slow)}`)))
  const refused = all.filter(({ status }) => status === 429)
  assert.ok(refused.length > 0 && refused.length < 6, `${refused.length} of 6 refused`)
  for (const one of refused) {
    assert.match(((await one.json()) as { message: string }).message, /waiting already/)
    assert.match(one.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  }
  for (const one of all.filter(({ status }) => status !== 429)) assert.equal(one.status, 200)
  assert.equal(await reached(base, 'waiting_queries'), refused.length)
})

test('S-API-09 a query that has looked at as much text as it may says so and goes on from there', async (t) => {
  const base = await startWithText(t, someText, { LOGKEEP_QUERY_SCAN_MAX: '1MiB' })
  const before = await reached(base, 'scanned_bytes')
  const page = await getPage(base, { q: 'zz' })
  assert.match(page.warnings.join(), /1048576 bytes were scanned/)
  assert.ok(page.next)
  const second = await getPage(base, { q: 'zz', cursor: page.next })
  assert.ok(second.next !== page.next)
  assert.match(second.warnings.join(), /1048576 bytes were scanned/)
  assert.equal(await reached(base, 'scanned_bytes'), before + 2)
  const fields = (await (await fetch(`${base}/logs/fields?q=zz`)).json()) as { warnings: string[] }
  assert.match(fields.warnings.join(), /bytes were scanned/)
  assert.equal(await reached(base, 'scanned_bytes'), before + 3)
})
