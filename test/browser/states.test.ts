/** What the page says when there is nothing, when something is wrong, and what else it can do. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

const dayNanos = 86_400_000_000_000n

async function menu(page: Page, item: string): Promise<void> {
  await page.getByLabel('More').click()
  await page.getByRole('button', { name: item }).click()
}

test('S-PAGE-30 where nothing is found the page says when the newest line was, and goes there', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  const now = BigInt(Date.now()) * 1_000_000n
  api.write('stdout', 'needle of three days ago', { time: now - 3n * dayNanos })
  api.write('stdout', 'hay of today')
  const program = await scene.start()
  await waitForEntries(program.base, 2)
  const page = await scene.open(program, '/?q=needle')
  await page.getByRole('heading', { name: 'No lines found in this range' }).waitFor()
  await page.getByText('The newest line that matches is of').waitFor()
  await page.getByRole('button', { name: 'Show the lines around it' }).click()
  await seeLine(page, 'needle of three days ago')
  await page.goto(`${program.base}/?q=nowhere`)
  await page.getByText('There is no such line at any time with these filters.').waitFor()
  await page.getByRole('button', { name: 'Clear search and levels' }).click()
  await seeLine(page, 'hay of today')
})

test('S-PAGE-31 a search that is refused says why, and marks the place in the text', async (t) => {
  const scene = pages.scene(t)
  scene.container('shop', 'api-1', 'api').write('stdout', 'a line')
  const program = await scene.start()
  await waitForEntries(program.base, 1)
  const page = await scene.open(program)
  await seeLine(page, 'a line')
  await page.keyboard.press('/')
  await page.keyboard.type('line /a(b/')
  await page.keyboard.press('Enter')
  const error = page.locator('.search-error')
  await error.getByText('missing closing )').waitFor()
  assert.equal(await error.locator('mark').textContent(), '(')
  await page.getByRole('combobox', { name: 'Search the lines' }).fill('line')
  await page.keyboard.press('Enter')
  await error.waitFor({ state: 'detached' })
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.getByRole('option', { name: 'line earlier search', exact: true }).waitFor()
  await page.keyboard.type('{name')
  await page
    .getByRole('option', { name: /namespace/ })
    .first()
    .waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.type('sh')
  await page.getByRole('option', { name: /shop/ }).first().waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.type('} |= ')
  assert.equal(await page.locator('#search').inputValue(), '{namespace="shop"} |= ')
})

test('S-PAGE-38 a query in LogQL selects lines, histogram and live lines; its errors are shown at their place', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  for (const status of [200, 500, 503])
    api.write('stdout', JSON.stringify({ level: 'info', status, path: '/a' }))
  scene.container('infra', 'db-0').write('stdout', '{"status":500}')
  const program = await scene.start()
  await waitForEntries(program.base, 4)
  const query = '{namespace="shop"} | json | status >= 500'
  const page = await scene.open(program, `/?live=1&q=${encodeURIComponent(query)}`)
  await seeLine(page, '"status":503')
  await page.getByRole('img', { name: '2 lines over time: 2 info' }).waitFor()
  await page.getByTestId('live-status').getByText('live').waitFor()
  api.write('stdout', '{"status":201}')
  api.write('stdout', '{"status":504}')
  await seeLine(page, '"status":504')
  assert.equal((await drawnLines(page)).length, 3)
  await page.getByRole('combobox', { name: 'Search the lines' }).fill('{namespace="shop" | json')
  await page.keyboard.press('Enter')
  await page.locator('.search-error').getByText('parse error at line 1, col').waitFor()
  assert.equal(await page.locator('.search-error mark').textContent(), '|')
})

test('S-PAGE-32 the token is asked for once, is kept by a cookie, and stands nowhere in the page', async (t) => {
  const scene = pages.scene(t)
  scene.container('shop', 'api-1', 'api').write('stdout', 'a guarded line')
  const token = 'a-token-for-the-page'
  const program = await scene.start({ LOGKEEP_TOKEN: token })
  const page = await scene.open(program)
  await page.getByLabel('Token').fill('not-the-token')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('this is not the token').waitFor()
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await seeLine(page, 'a guarded line')
  await page.getByRole('switch', { name: 'Live' }).click()
  await page.getByTestId('live-status').getByText('live').waitFor()
  await page.reload()
  await seeLine(page, 'a guarded line')
  const kept = await page.evaluate(
    'JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])',
  )
  assert.ok(!String(kept).includes(token))
})

test('S-PAGE-33 the page works behind a path prefix of a reverse proxy, live included', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  api.write('stdout', 'a line')
  const program = await scene.start({ LOGKEEP_ANONYMOUS: 'true' })
  await waitForEntries(program.base, 1)
  const proxy = createPrefixProxy('/ops/logs', program.base)
  proxy.listen(0, '127.0.0.1')
  await waitFor('the proxy', () => proxy.listening)
  t.after(() => proxy.close())
  const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const page = await scene.open({ ...program, base }, '/ops/logs/?live=1')
  await seeLine(page, 'a line')
  await page.getByTestId('live-status').getByText('live').waitFor()
  api.write('stdout', 'a live line')
  await seeLine(page, 'a live line')
  await page.getByRole('button', { name: /^error/ }).click()
  assert.equal(new URL(page.url()).pathname, '/ops/logs/')
})

/** Passes on what is below the prefix, without it, WebSockets too. */
function createPrefixProxy(prefix: string, base: string): http.Server {
  const { port } = new URL(base)
  const optionsOf = (request: http.IncomingMessage): http.RequestOptions => ({
    port,
    method: request.method,
    path: (request.url ?? '').slice(prefix.length),
    headers: request.headers,
  })
  const server = http.createServer((request, response) => {
    const passed = http.request(optionsOf(request), (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    request.pipe(passed)
  })
  server.on('upgrade', (request, socket) => {
    const passed = http.request(optionsOf(request))
    passed.on('upgrade', (answer, upstream) => {
      const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`)
      upstream.pipe(socket).pipe(upstream)
      upstream.on('error', () => socket.destroy())
      socket.on('error', () => upstream.destroy())
    })
    passed.on('error', () => socket.destroy())
    passed.end()
  })
  return server
}

test('S-PAGE-34 statistics tell levels, pods and values; a click on one searches for it', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  for (let index = 0; index < 9; index += 1)
    api.write('stdout', JSON.stringify({ level: 'info', user: index < 6 ? 'ann' : 'bob' }))
  scene.container('shop', 'web-1').write('stdout', 'plain')
  const program = await scene.start()
  await waitForEntries(program.base, 10)
  const page = await scene.open(program)
  await seeLine(page, 'plain')
  await menu(page, 'Statistics')
  const panel = page.getByRole('complementary', { name: 'Statistics' })
  await panel.getByRole('button', { name: 'api-7d9f8c6b5-x2x4z' }).waitFor()
  await panel.getByLabel('Field').selectOption('user')
  const values = panel.locator('.counts').last().locator('li')
  await waitFor('values', async () => {
    assert.deepEqual(await values.allTextContents(), ['ann6', 'bob3'])
    return true
  })
  await panel.getByRole('button', { name: 'bob' }).click()
  await waitFor("bob's lines", async () => (await drawnLines(page)).length === 3)
  await page.goBack()
  await panel.getByRole('button', { name: 'web-1' }).click()
  await waitFor('lines of a pod', async () => (await drawnLines(page)).join() === 'plain')
})

test('S-PAGE-35 a download honours filter, range and zone, as text, NDJSON and CSV', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  const time = BigInt(Date.UTC(2026, 0, 15, 10, 11, 12)) * 1_000_000n + 123_456_789n
  api.write('stdout', 'kept, "quoted"', { time })
  api.write('stdout', '=1+1 kept', { time: time + 1n })
  api.write('stdout', 'left out', { time: time + 2n })
  api.write('stdout', 'kept of another day', { time: time + dayNanos })
  const program = await scene.start()
  await waitForEntries(program.base, 4, { since: '2026-01-01T00:00:00Z' })
  const range = 'since=2026-01-15T00:00:00Z&until=2026-01-16T00:00:00Z'
  const page = await scene.open(program, `/?q=kept&${range}`)
  await seeLine(page, 'kept')
  await menu(page, 'Download …')
  const download = async (form: RegExp): Promise<string> => {
    await page.getByRole('radio', { name: form }).check()
    const saved = page.waitForEvent('download')
    await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click()
    const content = fs.readFileSync(await (await saved).path(), 'utf8')
    await page.getByText('Complete: 2 lines').waitFor()
    return content
  }
  const when = '2026-01-15T11:11:12.123456789+01:00'
  const pod = 'api-7d9f8c6b5-x2x4z'
  assert.equal((await download(/^Text/)).split('\n')[0], `[pod/${pod}/api] ${when} kept, "quoted"`)
  const [first] = (await download(/^NDJSON/)).split('\n')
  const { time: shown, line } = JSON.parse(first ?? '') as { time: string; line: string }
  assert.deepEqual([shown, line], [when, 'kept, "quoted"'])
  const [head, row, formula = ''] = (await download(/^CSV/)).split('\r\n')
  assert.equal(head, 'time,namespace,pod,container,restart,stream,level,line')
  assert.equal(row, `${when},shop,${pod},api,0,stdout,unknown,"kept, ""quoted"""`)
  assert.ok(formula.endsWith(",'=1+1 kept"), formula)
})

test('S-PAGE-36 the page on the collector tells its state, disk, retention and every file', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  api.write('stdout', 'a line')
  const program = await scene.start({ LOGKEEP_RETENTION_SIZE: '100MiB', LOGKEEP_RETENTION_AGE: '3d' })
  await waitForEntries(program.base, 1)
  const page = await scene.open(program)
  await menu(page, 'Collector and disk')
  await page.getByText('All is well').waitFor()
  await page.getByText('of 100 MiB').waitFor()
  await page.locator('.fact', { hasText: 'kept for' }).getByText('3 d').waitFor()
  await page.getByRole('cell', { name: /shop_api-7d9f8c6b5-x2x4z_.*\/api\/0\.log/ }).waitFor()
  await page.getByRole('button', { name: 'Back to the lines' }).click()
  await seeLine(page, 'a line')
})

test('S-PAGE-37 a server that is gone is told plainly, what is shown stays, and it is asked again by itself', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  api.write('stdout', 'a line')
  const port = 20_000 + ((process.pid + 7) % 20_000)
  const program = await scene.start({ LOGKEEP_PORT: String(port) })
  await waitForEntries(program.base, 1)
  const page = await scene.open(program)
  await seeLine(page, 'a line')
  await program.kill('SIGKILL')
  await page.getByRole('button', { name: 'Ask again, up to now' }).click()
  await page.getByRole('alert').getByText('the server cannot be reached').waitFor()
  await seeLine(page, 'a line')
  await page.getByRole('button', { name: /^error/ }).click()
  await page.getByRole('heading', { name: 'The server cannot be reached' }).waitFor()
  await scene.start({ LOGKEEP_PORT: String(port) })
  await page.getByRole('heading', { name: 'No lines found in this range' }).waitFor()
  await page.getByRole('button', { name: /^error/ }).click()
  await seeLine(page, 'a line')
})
