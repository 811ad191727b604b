/** The histogram in a real browser: counts by level, zoom by drag, and back by double-click. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createPages, drawnLines, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pages = createPages()
after(pages.close)

const minuteNanos = 60_000_000_000n

test('S-PAGE-03 the histogram counts by level; a drag zooms, a double-click zooms out, a level filters', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-7d9f8c6b5-x2x4z', 'api')
  const now = BigInt(Date.now()) * 1_000_000n
  for (let minute = 50; minute > 0; minute -= 1) {
    const level = minute > 25 ? 'info' : 'error'
    api.write('stdout', `level=${level} minute=${minute}`, { time: now - BigInt(minute) * minuteNanos })
  }
  const program = await scene.start()
  await waitForEntries(program.base, 50)
  const page = await scene.open(program)
  const chart = page.getByTestId('chart')
  await page.getByRole('img', { name: '50 lines over time: 25 info, 25 error' }).waitFor()
  assert.match((await page.getByRole('button', { name: /^error/ }).textContent()) ?? '', /error25/)
  const box = await chart.boundingBox()
  assert.ok(box)
  // The right half of an hour: the errors of its 25 minutes, or nearly all.
  await page.mouse.move(box.x + box.width * 0.62, box.y + 30)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.9, box.y + 30, { steps: 5 })
  await page.mouse.up()
  await waitFor('a range in the address', () => new URL(page.url()).searchParams.has('until'))
  await seeLine(page, 'level=error')
  await waitFor('errors alone', async () => {
    const lines = await drawnLines(page)
    return lines.length > 5 && lines.length < 25 && lines.every((line) => line.includes('level=error'))
  })
  await chart.dblclick()
  await seeLine(page, 'level=info')
  assert.equal(new URL(page.url()).searchParams.has('until'), false)
  await page.getByRole('button', { name: /^info/ }).click()
  await page.getByRole('img', { name: '25 lines over time: 25 info' }).waitFor()
  await waitFor('lines of the level', async () =>
    (await drawnLines(page)).every((line) => line.includes('info')),
  )
})
