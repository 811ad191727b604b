/**
 * What tests of the web page need: a simulated node, the real program over it, and a real browser at its
 * page. Errors of the page and refused content fail the test.
 */

import { spawnSync } from 'node:child_process'
import * as path from 'node:path'
import type { TestContext } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startChromium } from './chromium.ts'
import type { SimulatedContainer } from './container-simulator.ts'
import type { Program } from './program.ts'
import { createScene, type Scene } from './scene.ts'
import { projectRoot } from './source-tree.ts'

export type PageScene = Scene & {
  /** A container `app` of a new pod. */
  readonly container: (namespace: string, pod: string, name?: string) => SimulatedContainer
  /** Opens the page of the program, and fails the test for errors in it. */
  readonly open: (program: Program, address?: string, options?: OpenOptions) => Promise<Page>
}

export type OpenOptions = BrowserContextOptions & {
  /** Texts of errors that are part of the test. */
  readonly expected?: readonly RegExp[]
}

const buildMsMax = 120_000
const size = { width: 1280, height: 800 }
/** What is waited for in the page at most; the machine may be busy. */
const pageMsMax = 60_000

/** Builds the page where that is missing or older than its sources. Throws where it cannot be built. */
export function buildPage(): void {
  const start = path.join(projectRoot, 'start.mjs')
  const { status, stderr } = spawnSync(process.execPath, [start, 'page'], {
    encoding: 'utf8',
    timeout: buildMsMax,
  })
  if (status !== 0 || stderr !== '') throw new Error(`the page was not built: ${stderr}`)
}

/** One browser for the tests of a file, each in a profile of its own. */
export type Pages = {
  readonly scene: (t: TestContext) => PageScene
  /** Once all tests of the file have ended. */
  readonly close: () => Promise<void>
}

export function createPages(): Pages {
  let browser: Promise<Browser> | null = null
  // Before a program starts: it serves the files that are there then.
  buildPage()
  const shared = (): Promise<Browser> => {
    browser ??= startChromium()
    return browser
  }
  return {
    scene: (t) => createPageScene(t, shared),
    close: async () => {
      await (await browser)?.close()
    },
  }
}

function createPageScene(t: TestContext, browser: () => Promise<Browser>): PageScene {
  const problems: string[] = []
  const pages: Page[] = []
  t.after(async () => {
    const folder = process.env['TEST_SHOTS']
    for (const [index, page] of pages.entries()) {
      if (folder !== undefined && !t.passed)
        await page.screenshot({ path: `${folder}/${t.name.split(' ', 1)[0]}-${index}.png` })
      await page.context().close()
    }
    if (problems.length > 0) throw new Error(`the page had errors:\n${problems.join('\n')}`)
  })
  // Behind the hook above: pages are closed before their program is.
  const scene = createScene(t)
  return {
    ...scene,
    container: (namespace, pod, name = 'app') =>
      scene.node.startPod({ namespace, pod, containers: [name] }).container(name),
    open: async ({ base }, address = '/', { expected = [], ...options } = {}) => {
      const context = await (await browser()).newContext({
        viewport: size,
        timezoneId: 'Europe/Berlin',
        ...options,
      })
      const page = await context.newPage()
      pages.push(page)
      page.setDefaultTimeout(pageMsMax)
      const report = (text: string): void => {
        if (!expected.some((pattern) => pattern.test(text))) problems.push(text)
      }
      page.on('pageerror', (error) => report(`error: ${error.stack ?? error.message}`))
      page.on('console', (message) => {
        // Answers that are refusals are part of a busy machine, and of some tests; the page tells of them.
        const isOfNetwork = /^(Failed to load resource|WebSocket connection to)/.test(message.text())
        if (message.type() === 'error' && !isOfNetwork) report(`console: ${message.text()}`)
      })
      await page.goto(base + address)
      return page
    },
  }
}

/** The lines that are drawn, from top to bottom. */
export function drawnLines(page: Page): Promise<string[]> {
  return page.locator('.lines .text').allTextContents()
}

/** Waits for a line with this text to be drawn. */
export async function seeLine(page: Page, text: string | RegExp): Promise<void> {
  await page.locator('.lines .text', { hasText: text }).last().waitFor()
}
