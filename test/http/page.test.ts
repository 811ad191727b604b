/** How the web page's files are served, over a folder as the build makes it. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { type TestContext, test } from 'node:test'
import { serve } from '../support/served.ts'

function createBuild(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-page-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  fs.mkdirSync(path.join(folder, 'assets'))
  fs.writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>page</title>')
  fs.writeFileSync(path.join(folder, 'assets/index-a1.js'), `export const text = "${'x'.repeat(2000)}"`)
  fs.writeFileSync(path.join(folder, 'assets/notes.txt'), 'not of the page')
  return folder
}

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('S-PAGE-04 browsers are given the page, with any state in its address; programs are given the routes', async (t) => {
  await using served = await serve({ pageFolder: createBuild(t), token: 'a-token-is-set' })
  for (const address of ['/', '/?q=anything&level=error']) {
    const page = await fetch(served.base + address, { headers: html })
    assert.equal(page.status, 200)
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.match(page.headers.get('content-security-policy') ?? '', /require-trusted-types-for 'script'/)
    assert.match(await page.text(), /<title>page/)
  }
  const json = await fetch(served.base)
  assert.equal(json.headers.get('content-security-policy'), "default-src 'none'; frame-ancestors 'none'")
  assert.equal(((await json.json()) as { name: string }).name, 'logkeep')
  assert.equal((await fetch(`${served.base}/?q=a`)).status, 400)
  assert.equal((await fetch(`${served.base}/?token=a`, { headers: html })).status, 400)
})

test('S-PAGE-04 assets are compressed and may be kept; nothing else of the folder is served', async (t) => {
  await using served = await serve({ pageFolder: createBuild(t) })
  const asset = await fetch(`${served.base}/assets/index-a1.js`)
  assert.equal(asset.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  assert.equal(asset.headers.get('content-encoding'), 'gzip')
  assert.match(await asset.text(), /^export const text/)
  for (const name of [
    'notes.txt',
    'other.js',
    '..%2Findex.html',
    '%2e%2e%2f%2e%2e%2fpackage.json',
    'constructor',
  ])
    assert.equal((await fetch(`${served.base}/assets/${name}`)).status, 404, name)
})

test('S-PAGE-04 where the page is not built, browsers are told how to build it', async () => {
  await using served = await serve()
  const answer = await fetch(served.base, { headers: html })
  assert.match(await answer.text(), /npm run build:page/)
})
