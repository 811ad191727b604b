/** Choosing in a real browser: the tree, the range of time, streams and case, and the link to all of it. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

const hourNanos = 3_600_000_000_000n
const waitMs = { deadlineMs: 60_000 }

async function waitForLines(page: Page, expected: readonly string[]): Promise<void> {
  await waitFor(
    `the lines ${expected.join(', ')}`,
    async () => {
      assert.deepEqual(await drawnLines(page), expected)
      return true
    },
    waitMs,
  )
}

const addressOf = (page: Page): URLSearchParams => new URL(page.url()).searchParams

test('S-PAGE-02 the tree tells counts, last activity, restarts and what is gone; several are chosen in it', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  for (let index = 0; index < 3; index += 1) api.write('stdout', `api ${index}`)
  api.restart()
  api.write('stdout', 'api anew')
  scene.container('shop', 'web-0', 'web').write('stdout', 'web 0')
  scene.container('infra', 'db-0', 'postgres').write('stdout', 'db 0')
  const job = scene.node.startPod({ namespace: 'jobs', pod: 'import-1', containers: ['import'] })
  job.container('import').write('stdout', 'import 0')
  const program = await scene.start()
  await waitForEntries(program.base, 7)
  job.delete()
  const page = await scene.open(program)
  await seeLine(page, 'import 0')
  const nodeOf = (name: string) => page.locator('.tree .node', { hasText: name })
  await nodeOf('import').filter({ hasText: 'gone' }).first().waitFor()
  await page.locator('.tree .node.gone', { hasText: 'import' }).first().waitFor()
  const workload = page.locator('.tree .node.kind-workload', { hasText: /^.*api/ })
  assert.match((await workload.textContent()) ?? '', /api↻14\d+ (s|min)$/)
  await page.getByRole('button', { name: 'Open api' }).click()
  await page.getByRole('button', { name: 'Open api-7d9f8c6b5-x2x4z' }).click()
  await page.locator('.tree .node.kind-container', { hasText: /^api/ }).waitFor()

  const nameOf = (name: string) => page.locator('.tree .name', { hasText: name })
  await nameOf('web').click()
  await waitForLines(page, ['web 0'])
  await nameOf('infra').click({ modifiers: ['Control'] })
  await waitForLines(page, ['web 0', 'db 0'])
  await page.getByLabel('Select import too').first().check()
  await waitForLines(page, ['web 0', 'db 0', 'import 0'])
  assert.deepEqual(await page.locator('.selected .chip').allTextContents(), [
    'shop/web-* ✕',
    'infra ✕',
    'jobs/import-* ✕',
  ])
  assert.ok(await page.getByLabel('Select db too').first().isDisabled())
  await page.getByRole('button', { name: 'Do not select infra' }).click()
  await waitForLines(page, ['web 0', 'import 0'])
  await page.getByLabel('Narrow the tree').fill('post')
  await page.locator('.tree .name', { hasText: 'postgres' }).click()
  await waitForLines(page, ['db 0'])
  await page.getByRole('button', { name: 'all', exact: true }).click()
  await seeLine(page, 'api anew')
})

test('S-PAGE-72 ranges are presets, typed, or of the calendar, in the zone that is switched to', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  const now = BigInt(Date.now()) * 1_000_000n
  api.write('stdout', 'of two days ago', { time: now - 50n * hourNanos })
  api.write('stdout', 'of three hours ago', { time: now - 3n * hourNanos })
  api.write('stdout', 'of now')
  const program = await scene.start()
  await waitForEntries(program.base, 3)
  const page = await scene.open(program)
  await waitForLines(page, ['of now'])
  await page.getByRole('button', { name: 'Last hour' }).click()
  await page.getByRole('button', { name: 'Last 6 hours' }).click()
  await waitForLines(page, ['of three hours ago', 'of now'])
  assert.equal(addressOf(page).get('since'), '6h')

  const dialog = page.getByRole('dialog')
  await page.locator('.lines').press('r')
  await dialog.getByLabel('From', { exact: true }).fill('3d')
  await dialog.getByLabel('To', { exact: true }).fill('yesterday')
  await dialog.getByRole('alert').getByText('A time is 2026-11-30').waitFor()
  assert.ok(await dialog.getByRole('button', { name: 'Show' }).isDisabled())
  await dialog.getByLabel('To', { exact: true }).fill('1d')
  await dialog.getByRole('button', { name: 'Show' }).click()
  await waitForLines(page, ['of two days ago'])
  assert.ok(addressOf(page).has('until'))

  // In Berlin, an hour or two before UTC.
  const clock = page.locator('.lines .time').first()
  const local = (await clock.textContent()) ?? ''
  await page.getByRole('button', { name: 'Time zone: local' }).click()
  await page.getByRole('button', { name: 'Time zone: UTC' }).waitFor()
  const utc = (await clock.textContent()) ?? ''
  const utcTime = new Date(Date.now() - 50 * 3_600_000).toISOString().slice(0, 'YYYY-MM-DD'.length)
  assert.ok(utc.startsWith(utcTime), utc)
  assert.notEqual(utc, local)
  assert.equal(addressOf(page).get('zone'), 'utc')

  await page.locator('.lines').press('r')
  const day = new Date(Date.now() - 4 * 3_600_000).toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length)
  await dialog.getByLabel('To', { exact: true }).fill('now')
  await dialog.getByLabel('From, by calendar').fill(`${day}:00`)
  await dialog.getByRole('button', { name: 'Show' }).click()
  await waitForLines(page, ['of three hours ago', 'of now'])
  assert.equal(addressOf(page).get('since'), `${day}:00.000Z`)
  await page.getByRole('button', { name: `Since ${day.replace('T', ' ')}` }).waitFor()

  // Wider and wider from a preset: in the words of people.
  await page.locator('.lines').press('r')
  await dialog.getByRole('button', { name: 'Last 6 hours' }).click()
  await page.getByRole('button', { name: 'Widen the range' }).click()
  await page.getByRole('button', { name: 'Last 12h' }).waitFor()
})

test('S-PAGE-71 stdout or stderr, case, wrapping, zone and range are chosen, and a link to them shows the same', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  api.write('stdout', 'Order on stdout')
  api.write('stderr', 'Order on stderr')
  api.write('stderr', 'order in small letters')
  const program = await scene.start()
  await waitForEntries(program.base, 3)
  const page = await scene.open(program, '/?q=Order')
  await waitForLines(page, ['Order on stdout', 'Order on stderr', 'order in small letters'])
  await page.getByLabel('stdout or stderr').selectOption('stderr')
  await waitForLines(page, ['Order on stderr', 'order in small letters'])
  await page.getByRole('button', { name: 'Match case' }).click()
  await waitForLines(page, ['Order on stderr'])
  await page.getByLabel('Wrapping').selectOption('on')
  await page.getByRole('button', { name: 'Time zone: local' }).click()
  await page.locator('.lines').press('r')
  await page.getByRole('button', { name: 'Last 2 days' }).click()
  await page.getByRole('button', { name: 'Last 2 days' }).waitFor()
  const { pathname, search } = new URL(page.url())
  assert.equal(search, '?q=Order&case=1&stream=stderr&since=2d&wrap=on&zone=utc')
  const other = await scene.open(program, pathname + search)
  await waitForLines(other, ['Order on stderr'])
  assert.equal(await other.getByLabel('stdout or stderr').inputValue(), 'stderr')
  assert.equal(await other.getByRole('button', { name: 'Match case' }).getAttribute('aria-pressed'), 'true')
  assert.equal(await other.getByLabel('Wrapping').inputValue(), 'on')
  await other.locator('.lines.wrap-on').waitFor()
  await other.getByRole('button', { name: 'Time zone: UTC' }).waitFor()
  await other.getByRole('button', { name: 'Last 2 days' }).waitFor()
})
