/** A million lines in a real browser: scrolled through piece by piece, from one end to the other and back. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { getPage } from '../support/client.ts'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

const linesCount = 1_000_000
const piece = 50_000
/** A page is waited for at most, and so many are needed at most, at 1,000 to 5,000 lines each. */
const pageMs = 60_000
const pagesMax = 1_000

function writeMany(path: string): void {
  const startMs = Date.now() - linesCount / 1000
  for (let first = 0; first < linesCount; first += piece) {
    let text = ''
    for (let index = first; index < first + piece; index += 1) {
      // A thousandth of a millisecond apart: each has a time of its own.
      const ms = startMs + Math.floor(index / 1000)
      const micros = String(index % 1000).padStart(3, '0')
      text += `${new Date(ms).toISOString().slice(0, -1)}${micros}000Z stdout F line ${index}.\n`
    }
    fs.appendFileSync(path, text)
  }
}

/** Numbers of the drawn lines, which must follow one another. */
async function drawnNumbers(page: Page): Promise<number[]> {
  const numbers = (await drawnLines(page)).map((line) => Number(/^line (\d+)\.$/.exec(line)?.[1]))
  const first = numbers[0] ?? Number.NaN
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => first + index),
    'no line is missing or repeated',
  )
  return numbers
}

/** Scrolls to an end of what is loaded again and again until the wanted line is there. */
async function scrollTo(page: Page, wanted: number, toTop: boolean): Promise<void> {
  for (let steps = 0; steps < pagesMax; steps += 1) {
    const numbers = await drawnNumbers(page)
    if (numbers.includes(wanted)) return
    const before = numbers[toTop ? 0 : numbers.length - 1]
    // Again and again, as a hand at the wheel: a page that comes at that moment keeps the place it had.
    await waitFor(
      'lines further on',
      async () => {
        await page.locator('.lines').evaluate((lines, top) => {
          lines.scrollTop = top ? 0 : lines.scrollHeight
        }, toTop)
        const next = await drawnNumbers(page)
        return next[toTop ? 0 : next.length - 1] !== before
      },
      { deadlineMs: pageMs },
    )
  }
  throw new Error(`line ${wanted} is not reached in ${pagesMax} pages`)
}

test('S-PAGE-52 a million lines are scrolled through in pages to both ends, without a gap, in bounded memory', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  writeMany(api.livePath)
  const program = await scene.start()
  await waitFor(
    'all lines',
    async () => {
      const { entries } = await getPage(program.base, { limit: 1 })
      return entries[0]?.line === `line ${linesCount - 1}.`
    },
    { deadlineMs: 120_000, intervalMs: 500 },
  )
  const page = await scene.open(program)
  await seeLine(page, `line ${linesCount - 1}.`)
  let asked = 0
  page.on('request', (request) => {
    if (new URL(request.url()).searchParams.has('cursor')) asked += 1
  })
  await scrollTo(page, 0, true)
  assert.ok(asked >= linesCount / 5000 - 1, `in pages: ${asked}`)
  await scrollTo(page, linesCount - 1, false)
  const held = Number(
    /^([\d,]+) lines/.exec((await page.locator('.status-bar').textContent()) ?? '')?.[1]?.replaceAll(',', ''),
  )
  assert.ok(held <= 50_000, `${held} lines are held`)
  await page.keyboard.press('g')
  await seeLine(page, 'line 0.')
  await page.keyboard.press('G')
  await seeLine(page, `line ${linesCount - 1}.`)
  await drawnNumbers(page)
})
