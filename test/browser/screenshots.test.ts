/**
 * The main states of the page over the demo's node, drawn to pictures: `SCREENSHOTS=1` keeps them in
 * `docs/images`.
 */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createSimulatedNode } from '../../src/demo/node.ts'
import { createPages, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { projectRoot } from '../support/source-tree.ts'

const pages = createPages()
after(pages.close)

const seed = 20_261_122
const pictureBytesMax = 250 * 1024
const quality = 70
const isKept = process.env['SCREENSHOTS'] === '1'

test('S-PAGE-80 the main states are drawn: search, details, live in the dark, statistics, collector, a narrow screen', async (t) => {
  const scene = pages.scene(t)
  const node = createSimulatedNode({ podsFolder: scene.node.podsRoot, seed, startMs: Date.now() })
  t.after(() => node.close())
  const program = await scene.start()
  await waitForEntries(program.base, 1000)
  const folder = isKept ? path.join(projectRoot, 'docs/images') : scene.folder
  fs.mkdirSync(folder, { recursive: true })
  const draw = async (page: Page, name: string): Promise<void> => {
    const file = path.join(folder, `${name}.jpg`)
    await page.screenshot({ path: file, type: 'jpeg', quality })
    const { size } = fs.statSync(file)
    assert.ok(size > 10_000 && size < pictureBytesMax, `${name} has ${size} bytes`)
  }
  const look = { viewport: { width: 1200, height: 720 } }

  const page = await scene.open(program, '/?q=order&level=error,warn', look)
  await seeLine(page, 'order')
  await page.getByRole('img', { name: /lines over time/ }).waitFor()
  await page
    .locator('.lines .text', { hasText: '{' })
    .last()
    .click({ position: { x: 40, y: 8 } })
  await page.locator('.fields th').first().waitFor()
  await draw(page, 'details')

  const search = await scene.open(program, '/', look)
  await seeLine(search, 'GET')
  await search.getByRole('img', { name: /lines over time/ }).waitFor()
  await search.getByLabel('More').click()
  await search.getByRole('button', { name: 'Statistics' }).click()
  await search.getByText(/^Of the newest/).waitFor()
  await search.keyboard.press('Escape')
  await draw(search, 'search')

  const live = await scene.open(program, '/?live=1&select=shop', { ...look, colorScheme: 'dark' })
  await live.getByTestId('live-status').getByText('live').waitFor()
  await live.getByRole('img', { name: /lines over time/ }).waitFor()
  node.advance(Date.now() + 1000)
  await live.getByText(/live, .* behind/).waitFor()
  await draw(live, 'live')

  const collector = await scene.open(program, '/?view=collector', look)
  await collector.locator('.files td').first().waitFor()
  await draw(collector, 'collector')

  const narrow = await scene.open(program, '/?level=error', { viewport: { width: 390, height: 720 } })
  await seeLine(narrow, /./)
  await narrow.getByRole('img', { name: /lines over time/ }).waitFor()
  await draw(narrow, 'narrow')
})
