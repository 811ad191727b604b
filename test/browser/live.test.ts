/** The live tail in a real browser: following, pausing, and going on after the server was killed. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { delay, waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

/** Scrolls the lines as a wheel does. */
async function wheel(page: Page, pixels: number): Promise<void> {
  await page.locator('.lines').hover()
  await page.mouse.wheel(0, pixels)
}

function scrollTop(page: Page): Promise<number> {
  return page.locator('.lines').evaluate((lines) => lines.scrollTop)
}

test('S-PAGE-20 live follows the newest line; scrolling up, Space and selected text pause it, End resumes', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  for (let index = 0; index < 200; index += 1) api.write('stdout', `line ${index}. ${'wide '.repeat(60)}`)
  const program = await scene.start()
  await waitForEntries(program.base, 200)
  const page = await scene.open(program)
  await seeLine(page, 'line 199.')
  await page.getByRole('switch', { name: 'Live' }).click()
  await page.getByTestId('live-status').getByText('live').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('live'), '1')
  api.write('stdout', 'line 200.')
  await seeLine(page, 'line 200.')
  await page
    .getByTestId('live-status')
    .getByText(/live, .* behind/)
    .waitFor()

  await wheel(page, -600)
  await page.locator('.lines').evaluate((lines) => lines.scrollBy(300, 0))
  await page.getByText('live, paused').waitFor()
  const place = await scrollTop(page)
  for (let index = 201; index < 211; index += 1) api.write('stdout', `line ${index}.`)
  await page.getByRole('button', { name: '10 new' }).waitFor()
  assert.equal(await scrollTop(page), place)
  assert.equal(await page.locator('.lines').evaluate((lines) => lines.scrollLeft), 300)

  await page.keyboard.press('End')
  await seeLine(page, 'line 210.')
  await page.keyboard.press('Space')
  api.write('stdout', 'line 211.')
  await page.getByRole('button', { name: '1 new' }).waitFor()
  await page.keyboard.press('Space')
  await seeLine(page, 'line 211.')

  await page.locator('.lines .text', { hasText: 'line 209.' }).selectText()
  api.write('stdout', 'line 212.')
  await page.getByRole('button', { name: '1 new (text is selected)' }).waitFor()
  assert.match(String(await page.evaluate('String(document.getSelection())')), /line 209\./)
  await page.evaluate('document.getSelection().removeAllRanges()')
  await seeLine(page, 'line 212.')
  const lines = (await drawnLines(page)).slice(-12).map((line) => line.split('.', 1)[0])
  assert.deepEqual(
    lines,
    Array.from({ length: 12 }, (_, index) => `line ${201 + index}`),
  )
})

test('S-PAGE-21 after the server was killed the page says so, connects by itself, and goes on without a gap or a repeat', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  api.write('stdout', 'line 0.')
  const port = 20_000 + (process.pid % 20_000)
  const env = { LOGKEEP_PORT: String(port) }
  const first = await scene.start(env)
  await waitForEntries(first.base, 1)
  const page = await scene.open(first, '/?live=1')
  await seeLine(page, 'line 0.')
  await page.getByTestId('live-status').getByText('live').waitFor()
  let next = 1
  const writeFor = async (count: number): Promise<void> => {
    for (const end = next + count; next < end; next += 1) {
      api.write('stdout', `line ${next}.`)
      await delay(5)
    }
  }
  await writeFor(50)
  await first.kill('SIGKILL')
  await page.getByText('connection lost, trying again').waitFor()
  await writeFor(50)
  await scene.start(env)
  await writeFor(50)
  await seeLine(page, `line ${next - 1}.`)
  const seen = new Set<string>()
  for (let step = 0; step < 8; step += 1) {
    for (const line of await drawnLines(page)) seen.add(line)
    await wheel(page, -500)
    await delay(50)
  }
  const numbers = [...seen]
    .map((line) => Number(/^line (\d+)\.$/.exec(line)?.[1]))
    .sort((one, two) => one - two)
  assert.deepEqual(
    numbers,
    Array.from({ length: next }, (_, index) => index),
  )
  await page.keyboard.press('End')
  await waitFor('each line once', async () => {
    const status = await page.locator('.status-bar').textContent()
    return status?.startsWith(`${next} lines`)
  })
})

test('S-PAGE-22 5,000 lines a second do not freeze the page, and all are there', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  api.write('stdout', 'line 0.')
  const program = await scene.start()
  await waitForEntries(program.base, 1)
  const page = await scene.open(program, '/?live=1')
  await seeLine(page, 'line 0.')
  await page.getByTestId('live-status').getByText('live').waitFor()
  const total = 15_000
  const perTick = 250
  for (let next = 1; next <= total; next += perTick) {
    for (let index = next; index < next + perTick; index += 1)
      api.write('stdout', `{"level":"info","n":${index},"msg":"request completed","ms":${index % 97}}`)
    await delay(50)
  }
  await seeLine(page, `"n":${total},`)
  await waitFor('all lines', async () =>
    (await page.locator('.status-bar').textContent())?.startsWith('15,001 lines'),
  )
  // The page still does what it is asked to.
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys and search' }).waitFor()
})
