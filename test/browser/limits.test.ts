/** What the page says in a real browser when an answer is not whole, late, or does not come. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

/** Some 10 MB in 50 minutes: a search ends between seconds, and the page goes on three times by itself. */
const linesCount = 6000
const lineNanos = 500_000_000n
const waitMs = { deadlineMs: 60_000 }

test('S-PAGE-39 a search that hit a limit says which, and is gone on with', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  const start = BigInt(Date.now()) * 1_000_000n - BigInt(linesCount + 1) * lineNanos
  api.write('stdout', 'the needle', { time: start })
  const filler = 'hay '.repeat(400)
  for (let index = 0; index < linesCount; index += 1)
    api.write('stdout', `${index} ${filler}`, { time: start + BigInt(index + 1) * lineNanos })
  const program = await scene.start({ LOGKEEP_QUERY_SCAN_MAX: '1MiB' })
  await waitForEntries(program.base, linesCount + 1)
  // A pattern without a literal: no filter of a block leaves it out.
  const page = await scene.open(program, `/?q=${encodeURIComponent('/n[e3][e3]d/')}`)
  await page.getByRole('heading', { name: 'Nothing found so far' }).waitFor()
  await page
    .getByText(/1048576 bytes were scanned/)
    .first()
    .waitFor()
  await waitFor(
    'the needle',
    async () => {
      const button = page.getByRole('button', { name: 'Search on' }).first()
      if (await button.isEnabled({ timeout: 200 }).catch(() => false)) await button.click({ timeout: 1000 })
      return (await drawnLines(page)).join() === 'the needle'
    },
    waitMs,
  )
  // What a later part of the search did better is not said any more.
  await waitFor(
    'the end of the search',
    async () => {
      const button = page.getByRole('button', { name: 'Search on' }).first()
      if (await button.isVisible().catch(() => false)) await button.click({ timeout: 1000 })
      return page.getByText('No older lines in this range.').isVisible()
    },
    waitMs,
  )
})

test('S-PAGE-39 pages that do not come, and a collector that is behind, are told as what they are', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  for (let index = 0; index < 1000; index += 1) api.write('stdout', `line ${index}.`)
  const program = await scene.start()
  await waitForEntries(program.base, 1000)
  const page = await scene.open(program, '/?view=collector')
  await page.getByText('All is well').waitFor()
  let isCut = true
  await page.route('**/logs?*limit=200*', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.json()) as object
    await route.fulfill({ response: answer, json: { ...body, warnings: ['behind: 4213 ms'] } })
  })
  await page.route('**/logs?*cursor=*', async (route) => (isCut ? route.abort() : route.continue()))
  await page.getByRole('button', { name: 'Back to the lines' }).click()
  await seeLine(page, 'line 999.')
  await page.getByText('The collector was 4.2 s behind when this was asked for').waitFor()
  await page.keyboard.press('k')
  for (let steps = 0; steps < 10; steps += 1) {
    await page.locator('.lines').hover()
    await page.mouse.wheel(0, -2000)
  }
  const failed = page
    .getByRole('alert')
    .getByText('The older lines could not be loaded: the server cannot be reached')
  await failed.waitFor()
  // By itself.
  isCut = false
  await failed.waitFor({ state: 'detached' })
  await waitFor(
    'the oldest line',
    async () => {
      await page.locator('.lines').hover()
      await page.mouse.wheel(0, -5000)
      return (await drawnLines(page)).includes('line 0.')
    },
    waitMs,
  )
})

test('S-PAGE-35 a download goes on while its dialog is closed, and is stopped from the bar', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  api.write('stdout', 'a line')
  const program = await scene.start()
  await waitForEntries(program.base, 1)
  const page = await scene.open(program)
  await seeLine(page, 'a line')
  const held = Promise.withResolvers<void>()
  t.after(() => held.resolve())
  await page.route('**/logs?*format=ndjson*', async (route) => {
    await held.promise
    await route.abort().catch(() => undefined)
  })
  await page.getByLabel('More').click()
  await page.getByRole('button', { name: 'Download …' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click()
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('Download: 0 lines').waitFor()
  await page.getByRole('button', { name: 'Stop the download' }).click()
  await page.getByText('Download: 0 lines').waitFor({ state: 'detached' })
  await page.getByLabel('More').click()
  await page.getByRole('button', { name: 'Download …' }).click()
  await page.getByRole('dialog').getByText('Stopped.').waitFor()
  assert.ok(await page.getByRole('dialog').getByRole('button', { name: 'Download' }).isEnabled())
})
