/** What `start.mjs warm` prepares is all that the program needs. Facts: Node reports on its compile cache. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { test } from 'node:test'
import { getPage } from '../support/client.ts'
import { startProgram } from '../support/program.ts'
import { createScene } from '../support/scene.ts'

const startFile = path.join(import.meta.dirname, '../../start.mjs')

test('S-LIFE-08 after `start.mjs warm` no thread has to strip types', async (t) => {
  const scene = createScene(t)
  assert.equal(spawnSync(process.execPath, [startFile, 'warm']).status, 0)
  const report = path.join(scene.folder, 'report')
  const program = await startProgram({
    file: startFile,
    dataDir: scene.dataDir,
    logRoot: scene.node.podsRoot,
    env: { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' },
    through: ['sh', '-c', `exec "$0" "$@" 2>${report}`],
  })
  try {
    // The light thread, and one that scans.
    await getPage(program.base, {})
    await getPage(program.base, { q: '/x.z/' })
  } finally {
    await program.stop()
  }
  const lines = fs.readFileSync(report, 'utf8').split('\n')
  const stripped = lines.filter((line) => line.includes('StrippedTypeScript'))
  for (const thread of ['main', 'collector/worker', 'query/worker'])
    assert.ok(
      stripped.some((line) => line.includes(`src/${thread}.ts`)),
      thread,
    )
  assert.deepEqual(
    stripped.filter((line) => line.includes('no such file')),
    [],
  )
})
