/**
 * Random programs of writing, rotating, truncating, deleting, restarting and killing, checked against what
 * was written.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { chooseSeed } from '../support/random.ts'
import type { TortureChunk } from '../torture/outcome.ts'
import { runOnThreads } from '../torture/threads.ts'

/** Together 2,000, in tests that each stay far below the time that one may take on a busy machine. */
const parts = 5
const chunksPerPart = 10
const programsPerChunk = 40
/** The same programs each time, unless `TEST_SEED` names others: `test:torture` looks for new ones. */
const seedOfAll = process.env['TEST_SEED'] === undefined ? 1_054_508_260 : chooseSeed()

/** Whether the file system of temporary files gives a freed inode to the next file, as ext4 does. */
function reusesInodes(): boolean {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-inode-'))
  const inodes = [0, 1, 2, 3].map((index) => {
    const file = path.join(folder, String(index))
    fs.writeFileSync(file, '')
    const { ino } = fs.statSync(file)
    fs.rmSync(file)
    return ino
  })
  fs.rmSync(folder, { recursive: true })
  return new Set(inodes).size < inodes.length
}

for (let part = 1; part <= parts; part += 1) {
  test(`S-COL-10 F113 each line exactly once, in order, whatever writer, kubelet and kill -9 do (${part}/${parts})`, async (t) => {
    const seed = seedOfAll + part * chunksPerPart
    let index = 0
    const next = (): TortureChunk | null => {
      if (index === chunksPerPart) return null
      index += 1
      return { seed: seed + index, programs: programsPerChunk, store: 'memory' }
    }
    const { counts, failure } = await runOnThreads({ threads: 2, next })
    assert.equal(failure, null)
    assert.deepEqual(
      [counts.programs, counts.lost, counts.repeated],
      [chunksPerPart * programsPerChunk, 0, 0],
    )
    assert.ok(counts.gaps > 0 && counts.kills > 0)
    if (reusesInodes()) assert.ok(counts.inodesReused > 0)
    t.diagnostic(`${counts.written} records, ${counts.gaps} gaps, ${counts.kills} kills`)
  })
}
