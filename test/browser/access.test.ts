/** The page for everybody: axe-core over its states, in both themes and on a narrow screen. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { createPages, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'

const pages = createPages()
after(pages.close)

/** What axe-core finds that is serious or worse, with the elements. */
async function seriousFindings(page: Page, within: string): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(async (selector): Promise<axe.AxeResults> => {
    type Run = (selector: string) => Promise<axe.AxeResults>
    return (globalThis as unknown as { axe: { run: Run } }).axe.run(selector)
  }, within)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)[0]}`,
    )
}

const looks = [
  { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { colorScheme: 'light', viewport: { width: 390, height: 800 } },
] as const

for (const look of looks) {
  test(`S-PAGE-40 axe-core finds nothing serious: ${look.colorScheme}, ${look.viewport.width} px wide`, async (t) => {
    const scene = pages.scene(t)
    const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
    for (const level of levels)
      api.write('stdout', JSON.stringify({ level, msg: 'order at https://example.com/1' }))
    api.write('stdout', '\u001b[31mred\u001b[0m \u202e hidden')
    const old = scene.node.startPod({ namespace: 'jobs', pod: 'import-1', containers: ['import'] })
    old.container('import').write('stdout', 'gone soon')
    const program = await scene.start()
    await waitForEntries(program.base, 8)
    old.delete()
    const page = await scene.open(program, '/?q=order', look)
    await seeLine(page, 'order')
    const check = async (state: string, within = 'html'): Promise<void> =>
      assert.deepEqual(await seriousFindings(page, within), [], state)
    await page.locator('.lines .text').last().click()
    await page.getByRole('button', { name: 'Context' }).click()
    await page.locator('.context-lines li').first().waitFor()
    await page.getByLabel('More').click()
    await page.getByRole('button', { name: 'Statistics' }).click()
    await page.locator('.statistics .counts-name').first().waitFor()
    await page.getByLabel('More').click()
    await check('lines, details, menu and statistics')
    for (const key of ['?', 'r', 'Control+k']) {
      await page.keyboard.press('Escape')
      await page.locator('dialog').waitFor({ state: 'detached' })
      await page.locator('body').press(key)
      await page.getByRole('dialog').waitFor()
      await check(`dialog by ${key}`, 'dialog')
    }
    await page.goto(`${program.base}/?view=collector`)
    await page.getByText('All is well').waitFor()
    await check('collector', 'main')
  })
}
