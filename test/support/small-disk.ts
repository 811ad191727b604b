/** A file system of a few MiB, to be filled. */

import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import type { TestContext } from 'node:test'

const noDisk = 'a small file system cannot be mounted here (needs root)'

/** Its folder, gone with the test; null where it cannot be mounted: the test is skipped then. */
export function mountSmallDisk(t: TestContext, bytes: number): string | null {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
  t.after(() => {
    spawnSync('umount', ['-l', folder])
    fs.rmSync(folder, { recursive: true })
  })
  if (mounted.status === 0) return folder
  t.skip(noDisk)
  return null
}

/** Takes all that is left of the disk; gives it back when called. */
export function fillDisk(folder: string): () => void {
  const ballast = path.join(folder, 'ballast')
  const descriptor = fs.openSync(ballast, 'w')
  for (const size of [1024 * 1024, 4096]) {
    const bytes = Buffer.alloc(size, 1)
    try {
      while (fs.writeSync(descriptor, bytes) === size) continue
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  fs.closeSync(descriptor)
  return () => fs.rmSync(ballast)
}
