/** The lines in a real browser: shown, searched, chosen, paged through, linked to. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

test('S-PAGE-01 the page shows the newest lines of everything, oldest first, and the tree of what there is', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  const db = scene.container('infra', 'db-0', 'postgres')
  for (let index = 0; index < 30; index += 1) api.write('stdout', `api line ${index}`)
  db.write('stderr', 'ERROR: the newest')
  const program = await scene.start()
  await waitForEntries(program.base, 31)
  const page = await scene.open(program)
  await seeLine(page, 'the newest')
  const lines = await drawnLines(page)
  assert.deepEqual(lines.slice(-3), ['api line 28', 'api line 29', 'ERROR: the newest'])
  assert.deepEqual(await page.locator('.tree .name-text').allTextContents(), ['infra', 'db', 'shop', 'api'])
  await page.getByRole('button', { name: 'Open api' }).click()
  await page.getByText('api-7d9f8c6b5-x2x4z', { exact: true }).waitFor()
  const policy = (await fetch(program.base, { headers: { accept: 'text/html' } })).headers.get(
    'content-security-policy',
  )
  assert.match(policy ?? '', /default-src 'none'; script-src 'self'; style-src 'self'/)
  assert.doesNotMatch(policy ?? '', /unsafe|https?:/)
})

test('S-PAGE-02 words, levels and the tree select lines; the address holds it all, and a link shows the same', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  const gateway = scene.container('shop', 'api-gateway-6c8d9f7b4-q9w8e', 'gateway')
  for (let index = 0; index < 10; index += 1) {
    api.write('stdout', `level=${index % 2 === 0 ? 'error' : 'info'} order ${index} failed`)
    gateway.write('stdout', `level=error order ${index} refused`)
  }
  const program = await scene.start()
  await waitForEntries(program.base, 20)
  const page = await scene.open(program)
  await seeLine(page, 'order 9 refused')
  await page.getByRole('combobox', { name: 'Search the lines' }).fill('order !"order 4"')
  await page.keyboard.press('Enter')
  await page.locator('mark').first().waitFor()
  await page.getByRole('button', { name: /^error/ }).click()
  await page
    .getByRole('button', { name: /^api .*workload|^api\b/ })
    .first()
    .click()
  const expected = [0, 2, 6, 8].map((index) => `level=error order ${index} failed`)
  await waitFor('the selected lines', async () => {
    assert.deepEqual(await drawnLines(page), expected)
    return true
  })
  const address = new URL(page.url())
  assert.equal(address.searchParams.get('q'), 'order !"order 4"')
  assert.equal(address.searchParams.get('level'), 'error')
  assert.equal(address.searchParams.get('select'), 'shop/api-?????????-?????')
  const other = await scene.open(program, address.pathname + address.search)
  await seeLine(other, 'order 8 failed')
  assert.deepEqual(await drawnLines(other), expected)
  await page.goBack()
  await seeLine(page, 'order 9 refused')
})
