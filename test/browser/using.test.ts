/** Small things in a real browser: copying, completing, folding by keyboard, themes, signing out. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

const clipboardOf = (page: Page): Promise<string> => page.evaluate('navigator.clipboard.readText()')

test('S-PAGE-10 a line, a value and a link are copied, and hold no command for a terminal; context says whose lines', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  const web = scene.container('shop', 'web-1', 'web')
  for (let index = 0; index < 5; index += 1) {
    api.write('stdout', `{"level":"info","price":${index}.50,"text":"\u001b[31mred\u001b[0m"}`)
    web.write('stdout', `web ${index}`)
  }
  const program = await scene.start()
  await waitForEntries(program.base, 10)
  const page = await scene.open(program, '/', { permissions: ['clipboard-read', 'clipboard-write'] })
  await page.locator('.lines .text', { hasText: '"price":3.50' }).click()
  await page.getByRole('button', { name: 'Copy line' }).click()
  await page.getByText('The line was copied').first().waitFor()
  assert.equal(await clipboardOf(page), '{"level":"info","price":3.50,"text":"red"}')
  await page.getByRole('button', { name: 'Copy price' }).click()
  await page.getByText('The price was copied').first().waitFor()
  assert.equal(await clipboardOf(page), '3.50')
  await page.getByRole('button', { name: 'Copy link' }).click()
  await page.getByText('The link was copied').first().waitFor()
  const link = new URL(await clipboardOf(page))
  assert.ok(link.searchParams.has('until') && link.searchParams.has('line'))
  const other = await scene.open(program, link.pathname + link.search)
  await other.locator('.line.marked', { hasText: '"price":3.50' }).waitFor()

  await page.getByRole('button', { name: 'Context' }).click()
  await page.getByLabel('Whose lines').selectOption('namespace')
  const around = page.locator('.context-lines li')
  await around.filter({ hasText: 'web-1/webweb 2' }).waitFor()
  await around.filter({ hasText: 'api-1/api' }).first().waitFor()
  await page.getByRole('button', { name: 'Only lines with this price' }).click()
  await waitFor('one line', async () => (await drawnLines(page)).length === 1)
  assert.match(new URL(page.url()).searchParams.get('q') ?? '', /^\/"price":3\\\.50/)
})

test('S-PAGE-41 hits, traces and the search box by keyboard: n, folds, stages, Tab; a metric query is told', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  api.write('stderr', 'java.lang.IllegalStateException: closed')
  for (let index = 0; index < 4; index += 1)
    api.write('stderr', `\tat com.example.Shop.step${index}(Shop.java)`)
  for (let index = 0; index < 60; index += 1)
    api.write('stdout', index % 20 === 0 ? `needle ${index}.` : `hay ${index}.`)
  const program = await scene.start()
  await waitForEntries(program.base, 65)
  const page = await scene.open(program)
  const { keyboard } = page
  await seeLine(page, 'hay 59.')
  await keyboard.press('g')
  const fold = page.getByRole('button', { name: '+ 4 lines of the trace' })
  await fold.focus()
  await keyboard.press('Enter')
  await seeLine(page, 'step3')
  await keyboard.press('Space')
  await fold.waitFor()
  // Lines of the trace are passed over while it is folded.
  await page.locator('.lines').focus()
  await keyboard.press('j')
  await page.locator('.line.active', { hasText: 'closed' }).waitFor()
  await keyboard.press('j')
  await page.locator('.line.active', { hasText: 'needle 0.' }).waitFor()

  const box = page.getByRole('combobox', { name: 'Search the lines' })
  await keyboard.press('/')
  await keyboard.type('needle')
  await keyboard.press('Enter')
  await keyboard.press('Escape')
  await page.locator('.text mark').first().waitFor()
  await waitFor('needles', async () => (await drawnLines(page)).length === 3)
  await page.locator('.lines').focus()
  for (const hit of ['needle 20.', 'needle 40.']) {
    await keyboard.press('n')
    await page.locator('.line.active', { hasText: hit }).waitFor()
  }
  await keyboard.press('n')
  await page.getByText('There is no further one').first().waitFor()

  // A search for a frame shows each, in no fold.
  await box.fill('com.example')
  await keyboard.press('Enter')
  await waitFor('frames', async () => (await drawnLines(page)).length === 4)

  await page.getByRole('button', { name: 'Clear the search' }).click()
  await seeLine(page, 'hay 59.')
  await page.locator('.lines').press('/')
  await page.getByRole('option', { name: /needle/ }).waitFor()
  await keyboard.press('Tab')
  assert.equal(await box.inputValue(), '')
  await page.getByRole('listbox', { name: 'Completions' }).waitFor({ state: 'detached' })

  await box.fill('{namespace="shop"} |')
  await page.getByRole('option', { name: /^\| json/ }).waitFor()
  await box.press('|')
  await box.fill('{namespace="shop"} |=')
  await page.getByRole('option', { name: /line contains/ }).waitFor()
  await keyboard.press('Tab')
  await keyboard.type('needle 40')
  assert.equal(await box.inputValue(), '{namespace="shop"} |= "needle 40"')
  await keyboard.press('Enter')
  await waitFor('one needle', async () => (await drawnLines(page)).join() === 'needle 40.')

  await box.fill('sum(count_over_time({namespace="shop"}[5m]))')
  await page.getByText('This is searched for as words').waitFor()
})

test('S-PAGE-40 the theme is chosen in the menu and kept; a narrow visit leaves the panels of others', async (t) => {
  const scene = pages.scene(t)
  scene.container('shop', 'api-1', 'api').write('stdout', 'a line')
  const program = await scene.start()
  await waitForEntries(program.base, 1)
  const page = await scene.open(program, '/', { colorScheme: 'light' })
  await seeLine(page, 'a line')
  const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor')
  const light = await ground()
  await page.getByLabel('More').click()
  await page.getByLabel('Theme').selectOption('dark')
  await waitFor('another ground', async () => (await ground()) !== light)
  await page.setViewportSize({ width: 390, height: 780 })
  await page.reload()
  await seeLine(page, 'a line')
  assert.notEqual(await ground(), light)
  await page.getByRole('navigation', { name: 'Namespaces and pods' }).waitFor({ state: 'detached' })
  // Told by more than a colour.
  await page.locator('.line .pod', { hasText: 'api' }).waitFor()
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.reload()
  await page.getByRole('navigation', { name: 'Namespaces and pods' }).waitFor()
})

test('S-PAGE-32 who signs out is asked for the token again', async (t) => {
  const scene = pages.scene(t)
  scene.container('shop', 'api-1', 'api').write('stdout', 'a guarded line')
  const token = 'a-token-for-the-page'
  const program = await scene.start({ LOGKEEP_TOKEN: token })
  const page = await scene.open(program)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await seeLine(page, 'a guarded line')
  await page.getByLabel('More').click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Token').waitFor()
  await page.reload()
  await page.getByLabel('Token').waitFor()
})
