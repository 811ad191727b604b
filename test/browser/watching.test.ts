/** What live says of itself in a real browser: its lag, the collector's, and the histogram meanwhile. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Route } from 'playwright-core'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { delay, waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

/** A server on a busy machine may end the counting early: it is asked until it does not. */
async function answerWhole(route: Route): Promise<void> {
  try {
    let answer = await route.fetch()
    while (!((await answer.json()) as { complete: boolean }).complete) answer = await route.fetch()
    await route.fulfill({ response: answer })
  } catch {
    // The page has taken its question back, or is closed.
    await route.abort().catch(() => undefined)
  }
}

test('S-PAGE-23 live tells its lag and that of the collector; a click on a line pauses it', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  for (let index = 0; index < 100; index += 1) api.write('stdout', `line ${index}.`)
  const program = await scene.start()
  await waitForEntries(program.base, 100)
  const page = await scene.open(program, '/?live=1')
  const status = page.getByTestId('live-status')
  await status.getByText('live').waitFor()
  api.write('stdout', 'line 100.')
  await status.getByText(/^live, .* s behind$/).waitFor()
  // Nothing comes: what the newest line had says nothing of now.
  await status.getByText('live, up to date').waitFor()

  await page.route('**/logs?*gaps=false*', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.json()) as object
    await route.fulfill({ response: answer, json: { ...body, warnings: ['behind: 4213 ms'] } })
  })
  await status.getByText('live, the collector is 4.2 s behind').waitFor()
  await page.unroute('**/logs?*gaps=false*')
  await status.getByText('live, up to date').waitFor()

  await page.locator('.lines .text', { hasText: 'line 95.' }).click()
  await status.getByText('live, paused').waitFor()
  const details = page.locator('.details')
  await details.waitFor()
  const place = (await details.boundingBox())?.y
  for (let index = 101; index < 141; index += 1) api.write('stdout', `line ${index}.`)
  await page.getByRole('button', { name: '40 new' }).waitFor()
  assert.equal((await details.boundingBox())?.y, place)
  await page.keyboard.press('End')
  await seeLine(page, 'line 140.')
})

test('S-PAGE-23 in live a histogram that takes longer than its refresh is counted to the end, and does not flicker', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  for (let index = 0; index < 10; index += 1) api.write('stdout', `level=info line ${index}.`)
  const program = await scene.start()
  await waitForEntries(program.base, 10)
  const page = await scene.open(program, '/?live=1&q=line')
  const chart = page.getByTestId('chart')
  await page.getByRole('img', { name: '10 lines over time: 10 info' }).waitFor()
  const partsMs = 1500
  await page.route('**/logs/histogram?*', async (route) => {
    await delay(partsMs)
    await answerWhole(route)
  })
  for (let index = 10; index < 15; index += 1) api.write('stdout', `level=error line ${index}.`)
  const labels = new Set<string>()
  await waitFor(
    'all counted',
    async () => {
      labels.add((await chart.getAttribute('aria-label')) ?? '')
      return labels.has('15 lines over time: 10 info, 5 error')
    },
    { deadlineMs: 120_000 },
  )
  assert.deepEqual([...labels], ['10 lines over time: 10 info', '15 lines over time: 10 info, 5 error'])
  assert.equal((await drawnLines(page)).length, 15)
})

test('S-PAGE-03 a histogram shows what is counted so far, with a spinner, and the page goes on meanwhile', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  const now = BigInt(Date.now()) * 1_000_000n
  const minuteNanos = 60_000_000_000n
  for (let minute = 55; minute > 0; minute -= 1)
    api.write('stdout', `level=info line ${minute}.`, { time: now - BigInt(minute) * minuteNanos })
  const program = await scene.start()
  await waitForEntries(program.base, 55)
  const page = await scene.open(program)
  await page.getByRole('img', { name: '55 lines over time: 55 info' }).waitFor()
  const held = Promise.withResolvers<void>()
  t.after(() => held.resolve())
  let asked = 0
  await page.route('**/logs/histogram?*', async (route) => {
    asked += 1
    if (asked > 1) await held.promise
    await answerWhole(route)
  })
  await page.getByRole('combobox', { name: 'Search the lines' }).fill('line')
  await page.keyboard.press('Enter')
  await page.getByRole('img', { name: /^1\d lines over time: 1\d info$/ }).waitFor()
  const spinner = page.getByRole('progressbar', { name: 'Lines are being counted' })
  await spinner.waitFor()
  // A drag that has begun outlives the counts that come under it.
  const box = await page.getByTestId('chart').boundingBox()
  assert.ok(box)
  await page.locator('.lines .text', { hasText: 'line 1.' }).click()
  await page.locator('.details').waitFor()
  await page.mouse.move(box.x + box.width * 0.6, box.y + 30)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.8, box.y + 30, { steps: 5 })
  held.resolve()
  await page.getByRole('img', { name: '55 lines over time: 55 info' }).waitFor()
  await spinner.waitFor({ state: 'detached' })
  await page.mouse.move(box.x + box.width * 0.9, box.y + 30, { steps: 5 })
  await page.mouse.up()
  await waitFor('a range in the address', () => new URL(page.url()).searchParams.has('until'))
  await waitFor('the lines of the range', async () => {
    const count = (await drawnLines(page)).length
    return count > 10 && count < 25
  })
  await page.getByLabel('More').click()
  await page.getByRole('button', { name: 'Histogram' }).click()
  await page.getByRole('combobox', { name: 'Search the lines' }).fill('nothing at all')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'No lines found in this range' }).waitFor()
  // Nothing was counted, so nothing is said.
  assert.equal(await page.getByRole('button', { name: /^info/ }).textContent(), 'info')
})
