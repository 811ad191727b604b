/** What the first start of a checkout prepares, the page and code for later starts, is not to be measured. */

import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { startMeasured } from './program.ts'

export async function startFirst(): Promise<void> {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-bench-first-'))
  try {
    const logRoot = path.join(base, 'pods')
    fs.mkdirSync(logRoot)
    const program = await startMeasured({ logRoot, dataDir: path.join(base, 'data') })
    await program.stop()
  } finally {
    fs.rmSync(base, { recursive: true, force: true })
  }
}
