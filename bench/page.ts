/**
 * Measures the web page in a real browser: what is loaded, when it can be read, how it scrolls, and what it
 * costs to watch 5,000 lines a second. `node bench/page.ts`; `--minutes 60` lives so long instead, at 100
 * lines a second, and tells the heap each ten minutes.
 */

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import zlib from 'node:zlib'
import type { Page } from 'playwright-core'
import { startChromium } from '../test/support/chromium.ts'
import { buildPage } from '../test/support/page-scene.ts'
import { startProgram } from '../test/support/program.ts'
import { delay, waitFor } from '../test/support/wait.ts'
import { percentile } from './figures.ts'

const root = path.join(import.meta.dirname, '..')
const linesBefore = 300_000
const linesPerSec = 5000
const tickMs = 50
const liveSec = 72
const scrollMs = 8000
const loadsCount = 5
/** Of the long watch. */
const slowLinesPerSec = 100
const heapEveryMin = 10
const mebibyte = 1024 * 1024
const ofBuild = path.join(root, 'dist/page')
const whenHundred = `Number(/^[\\d,]+/.exec(document.querySelector('.status-bar')?.textContent ?? '0')?.[0]
  .replaceAll(',', '')) >= 100 && document.querySelectorAll('.lines .text').length > 20
  ? performance.now() : 0`

await main(Number(parseArgs({ options: { minutes: { type: 'string', default: '0' } } }).values.minutes))

/** `minutes`: 0: all measurements; else that of a long watch alone. */
async function main(minutes: number): Promise<void> {
  buildPage()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-page-'))
  const logs = path.join(folder, 'pods/shop_api-7d9f8c6b5-x2x4z_11111111-1111-1111-1111-111111111111/api')
  fs.mkdirSync(logs, { recursive: true })
  const write = createWriter(path.join(logs, '0.log'))
  write(linesBefore)
  const program = await startProgram({
    dataDir: path.join(folder, 'data'),
    logRoot: path.join(folder, 'pods'),
  })
  const browser = await startChromium()
  try {
    await waitFor('the lines', async () => (await countOf(program.base)) === linesBefore, {
      deadlineMs: 120_000,
    })
    if (minutes > 0) {
      await watchLong(await browser.newPage({ viewport: { width: 1280, height: 800 } }), {
        base: program.base,
        write,
        minutes,
      })
      return
    }
    printSizes()
    const loads: { readonly paint: number; readonly lines: number }[] = []
    for (let load = 0; load < loadsCount; load += 1) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      loads.push(await measureLoad(page, program.base))
      await page.close()
    }
    print(
      'first contentful paint',
      loads.map(({ paint }) => paint),
      'ms',
    )
    print(
      'navigation to 100 lines and more',
      loads.map(({ lines }) => lines),
      'ms',
    )
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await measureLoad(page, program.base)
    print('frames while scrolling', await measureScroll(page), 'ms')
    await page.goto(`${program.base}/?live=1`)
    await page.getByTestId('live-status').getByText('live').waitFor()
    const before = await heapOf(page)
    const frames = await watchLive(page, write)
    print(`frames at ${linesPerSec} lines/s live`, frames, 'ms')
    console.log(
      `JavaScript heap: ${before} MiB, after ${linesPerSec * liveSec} live lines ${await heapOf(page)} MiB`,
    )
    console.log((await page.locator('.status-bar').textContent()) ?? '')
  } finally {
    await browser.close()
    await program.stop()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Appends so many lines, each of its own time. */
function createWriter(file: string): (count: number) => void {
  let written = 0
  return (count) => {
    let text = ''
    for (const end = written + count; written < end; written += 1) {
      const time = `${new Date().toISOString().slice(0, -1)}${String(written % 1_000_000).padStart(6, '0')}Z`
      const level = written % 50 === 0 ? 'error' : 'info'
      const line = { level, n: written, msg: 'request completed', path: '/api/orders' }
      text += `${time} stdout F ${JSON.stringify(line)}\n`
    }
    fs.appendFileSync(file, text)
  }
}

async function countOf(base: string): Promise<number> {
  const answer = await fetch(`${base}/streams`)
  const { streams } = (await answer.json()) as { streams: readonly { lines: number }[] }
  return streams[0]?.lines ?? 0
}

function printSizes(): void {
  const files = fs.globSync('**/*.*', { cwd: ofBuild })
  let plain = 0
  let zipped = 0
  for (const file of files) {
    const bytes = fs.readFileSync(path.join(ofBuild, file))
    plain += bytes.length
    zipped += zlib.gzipSync(bytes).length
  }
  console.log(`bundle: ${files.length} files, ${plain} bytes, ${zipped} bytes gzipped`)
}

async function measureLoad(page: Page, base: string): Promise<{ paint: number; lines: number }> {
  await page.goto(base)
  const lines = await waitFor('a hundred lines', () => page.evaluate<number>(whenHundred), {
    deadlineMs: 60_000,
    intervalMs: 10,
  })
  const paint = await page.evaluate<number>(
    `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN`,
  )
  return { paint, lines }
}

/** Times between frames while `act` goes on. */
async function framesWhile(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`globalThis.frames = []; (function next(last) {
    requestAnimationFrame((now) => { if (last) frames.push(now - last); next(now) })
  })(0)`)
  await act()
  return page.evaluate<number[]>('frames')
}

function measureScroll(page: Page): Promise<number[]> {
  return framesWhile(page, async () => {
    await page.locator('.lines').hover()
    const end = performance.now() + scrollMs
    while (performance.now() < end) {
      await page.mouse.wheel(0, -400)
      await delay(16)
    }
  })
}

function watchLive(page: Page, write: (count: number) => void): Promise<number[]> {
  return framesWhile(page, async () => {
    const start = performance.now()
    for (let tick = 1; tick <= (liveSec * 1000) / tickMs; tick += 1) {
      write((linesPerSec * tickMs) / 1000)
      await delay(Math.max(0, start + tick * tickMs - performance.now()))
    }
  })
}

type Watch = {
  readonly base: string
  readonly write: (count: number) => void
  readonly minutes: number
}

/** With all that the page asks for by itself meanwhile: tree, histogram, lag, statistics. */
async function watchLong(page: Page, { base, write, minutes }: Watch): Promise<void> {
  await page.goto(`${base}/?live=1`)
  await page.getByTestId('live-status').getByText('live').waitFor()
  await page.getByLabel('More').click()
  await page.getByRole('button', { name: 'Statistics' }).click()
  await page.getByText(/^Of the newest/).waitFor()
  const start = performance.now()
  const minuteMs = 60_000
  console.log(`minute 0: ${await heapOf(page)} MiB of JavaScript heap`)
  let written = 0
  for (let minute = 1; minute <= minutes; minute += 1) {
    while (performance.now() - start < minute * minuteMs) {
      const due = Math.floor(((performance.now() - start) * slowLinesPerSec) / 1000)
      write(due - written)
      written = due
      await delay(tickMs)
    }
    if (minute % heapEveryMin === 0 || minute === minutes)
      console.log(`minute ${minute}: ${await heapOf(page)} MiB, ${written} lines written`)
  }
  console.log((await page.locator('.status-bar').textContent()) ?? '')
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return Math.round(usedSize / mebibyte)
}

function print(what: string, values: readonly number[], unit: string): void {
  const shares = [0.5, 0.95, 0.99, 1].map((share) => Math.round(percentile(values, share) ?? Number.NaN))
  console.log(
    `${what}: ${shares[0]} / ${shares[1]} / ${shares[2]} / ${shares[3]} ${unit} (p50, p95, p99, most)`,
  )
}
