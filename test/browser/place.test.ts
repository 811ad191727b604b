/** The reader keeps the place: across filters, ranges, wrapping, steps back, and a server that was gone. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

const secondNanos = 1_000_000_000n
const waitMs = { deadlineMs: 30_000 }

/** Number of the line at the top of what is seen. */
function topNumber(page: Page): Promise<number> {
  return page.locator('.lines').evaluate((lines) => {
    const { top } = lines.getBoundingClientRect()
    const texts = [...lines.querySelectorAll('.text')]
    const seen = texts.filter((text) => text.getBoundingClientRect().bottom > top + 2)
    const tops = seen.map((text) => ({ text, y: text.getBoundingClientRect().top }))
    tops.sort((one, other) => one.y - other.y)
    return Number(/n=(\d+)/.exec(tops[0]?.text.textContent ?? '')?.[1] ?? Number.NaN)
  })
}

async function waitForTop(page: Page, from: number, to: number): Promise<void> {
  await waitFor(
    `line ${from} to ${to} at the top`,
    async () => {
      const number = await topNumber(page)
      if (number >= from && number <= to) return true
      throw new Error(`${number} is at the top`)
    },
    waitMs,
  )
}

test('S-PAGE-14 filters, ranges, wrapping, the back button and the collector page keep the place; a mark stays', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  const now = BigInt(Date.now()) * 1_000_000n
  const count = 900
  for (let index = 0; index < count; index += 1) {
    const text = `level=${index % 3 === 0 ? 'error' : 'info'} n=${index} ${index % 10 === 0 ? 'needle' : 'hay'}`
    api.write('stdout', `${text} ${'wide '.repeat(60)}`, { time: now - BigInt(count - index) * secondNanos })
  }
  const program = await scene.start()
  await waitForEntries(program.base, count)
  const page = await scene.open(program)
  await seeLine(page, `n=${count - 1} `)
  await page.locator('.lines').hover()
  await waitFor(
    'a place far up',
    async () => {
      await page.mouse.wheel(0, -1500)
      return (await topNumber(page)) < 500
    },
    waitMs,
  )
  const place = await topNumber(page)

  await page.getByLabel('Wrapping').selectOption('on')
  await waitForTop(page, place, place)
  await page.getByLabel('Wrapping').selectOption('off')
  await waitForTop(page, place, place)

  await page.getByRole('button', { name: /^error/ }).click()
  await waitFor(
    'errors alone',
    async () => (await drawnLines(page)).every((line) => line.includes('error')),
    waitMs,
  )
  await waitForTop(page, place, place + 2)
  await page.goBack()
  await seeLine(page, 'level=info')
  await waitForTop(page, place, place)

  await page.keyboard.press('r')
  await page.getByRole('button', { name: 'Last 6 hours' }).click()
  await waitFor('the range', () => new URL(page.url()).searchParams.get('since') === '6h')
  await waitForTop(page, place, place)

  await page.getByLabel('More').click()
  await page.getByRole('button', { name: 'Collector and disk' }).click()
  await page.getByText('All is well').waitFor()
  await page.getByRole('button', { name: 'Back to the lines' }).click()
  await waitForTop(page, place, place)

  await page.getByRole('combobox', { name: 'Search the lines' }).fill('needle')
  await page.keyboard.press('Enter')
  await waitForTop(page, place, place + 9)
  const needle = Math.ceil(place / 10) * 10
  await page.locator('.lines .text', { hasText: `n=${needle} ` }).click({ position: { x: 40, y: 8 } })
  await page.getByRole('button', { name: 'Mark and go here' }).click()
  const marked = page.locator('.line.marked', { hasText: `n=${needle} ` })
  await marked.waitFor()
  const link = new URL(page.url())
  assert.ok(link.searchParams.has('until') && /^\d{4}-/.test(link.searchParams.get('since') ?? ''))
  await page.getByRole('button', { name: 'Clear the search' }).click()
  await seeLine(page, `n=${needle + 1} hay`)
  await marked.waitFor()
  const cursor = new URL(page.url()).searchParams.get('line')
  assert.ok(cursor !== null && cursor !== link.searchParams.get('line'))
  const other = await scene.open(program, new URL(page.url()).pathname + new URL(page.url()).search)
  await other.locator('.line.marked', { hasText: `n=${needle} ` }).waitFor()
  await seeLine(other, `n=${needle - 1} hay`)

  await page.locator('.lines').focus()
  await page.keyboard.press('r')
  await page.getByRole('group', { name: 'Around the line' }).getByRole('button', { name: '± 1 min' }).click()
  await page.getByRole('img', { name: /^1[12]\d lines over time/ }).waitFor()
  await marked.waitFor()
})

test('S-PAGE-37 live goes on by itself after a reload that found no server', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  api.write('stdout', 'a line')
  const port = 20_000 + ((process.pid + 13) % 20_000)
  const program = await scene.start({ LOGKEEP_PORT: String(port) })
  await waitForEntries(program.base, 1)
  const page = await scene.open(program, '/?live=1')
  await seeLine(page, 'a line')
  await page.getByTestId('live-status').getByText('live').waitFor()
  await program.kill('SIGKILL')
  await page.getByText('connection lost, trying again').waitFor()
  await page.getByRole('button', { name: 'Ask again, up to now' }).click()
  await page.getByRole('alert').getByText('it is tried again by itself').waitFor()
  await page.getByText('connection lost, trying again').waitFor()
  await seeLine(page, 'a line')
  api.write('stdout', 'written meanwhile')
  await scene.start({ LOGKEEP_PORT: String(port) })
  await seeLine(page, 'written meanwhile')
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await page.getByTestId('live-status').getByText('live').waitFor()
  api.write('stdout', 'a live line')
  await seeLine(page, 'a live line')
  assert.deepEqual(await drawnLines(page), ['a line', 'written meanwhile', 'a live line'])
})
