/** Finds and starts the Chromium of this machine; the tests bring none along. */

import * as fs from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
]

/** Path of a browser; null where there is none. */
export function findChromium(): string | null {
  return places.find((place) => fs.existsSync(place)) ?? null
}

export async function startChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error(`no Chromium at ${places.join(', ')}`)
  // A sandbox needs user namespaces, which containers and root do not have.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}
