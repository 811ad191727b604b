/** Lines that attack the page are shown, and do nothing. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createPages, seeLine } from '../support/page-scene.ts'
import { waitForEntries } from '../support/scene.ts'

const pages = createPages()
after(pages.close)

const attacks = [
  '<script>globalThis.attacked = 1</script>',
  '<img src=x onerror="globalThis.attacked = 2">',
  '"><svg onload=globalThis.attacked=3>',
  '{{constructor.constructor("globalThis.attacked = 4")()}} ${globalThis.attacked = 5} <%= attacked %>',
  'javascript:globalThis.attacked=6 data:text/html,<script>attacked=7</script> http://evil.example/"onclick="attacked=8',
  '\u001b]8;;javascript:globalThis.attacked=9\u0007click\u001b]8;;\u0007 \u001b[2J\u001b[H\u001b]0;title\u0007 cleared',
  'user \u202egnp.exe\u202c \u2066hidden\u2069 zero\u200bwidth\u0000nul\u0008back',
  `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"html":"<b>bold</b>"}`,
]

test('S-PAGE-50 hostile lines are inert: no script, no HTML, no terminal command, no hidden direction, no other link', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  for (const attack of attacks) api.write('stdout', attack)
  const program = await scene.start()
  await waitForEntries(program.base, attacks.length)
  const page = await scene.open(program, '/?wrap=on')
  await seeLine(page, '<b>bold</b>')
  const shown = await page.locator('.lines .text').allTextContents()
  for (const attack of attacks.slice(0, 5)) assert.ok(shown.includes(attack), attack)
  assert.ok(
    shown.some((line) => line.startsWith('click') && line.endsWith(' cleared')),
    'commands are left out',
  )
  const marks = await page.locator('.hidden-character').allTextContents()
  assert.deepEqual(marks, ['U+202E', 'U+202C', 'U+2066', 'U+2069', 'U+200B', '\u2400', '\u2408'])
  for (const line of await page.locator('.lines .text').all()) {
    await line.click()
    await page.locator('.details').first().waitFor()
    await page.keyboard.press('Escape')
  }
  assert.equal(await page.locator('.lines script, .lines img, .lines svg, .lines b').count(), 0)
  const links = await page
    .locator('.lines a')
    .evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.getAttribute('rel')]))
  assert.deepEqual(links, [['http://evil.example/', 'noopener noreferrer']])
  assert.equal(await page.evaluate('globalThis.attacked ?? {}.polluted ?? null'), null)
  assert.equal(await page.title(), 'logkeep')
})

test('S-PAGE-51 a line of a megabyte is shown in part, opened, and does not hold the page up', async (t) => {
  const scene = pages.scene(t)
  const api = scene.container('shop', 'api-1', 'api')
  const chars = 1024 * 1024 - 100
  for (let index = 0; index < 4; index += 1) api.write('stdout', `${index} ${'[{"a":1},'.repeat(chars / 9)}`)
  api.write('stdout', 'the end')
  const program = await scene.start()
  await waitForEntries(program.base, 5)
  const page = await scene.open(program, '/?q=/(a|b)*c|the/')
  await page.goto(`${program.base}/?wrap=on`)
  await seeLine(page, 'the end')
  assert.equal(await page.locator('.clamped').count(), 4)
  await page.locator('.clamped').last().click()
  await page.getByRole('button', { name: /show more of/ }).click()
  await page.locator('.whole-text').waitFor()
  await page.keyboard.press('Escape')
  await seeLine(page, 'the end')
})
