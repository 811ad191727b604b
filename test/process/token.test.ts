/** The token of the real program: from a file, exchanged for a cookie, never printed. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../support/program.ts'
import { createScene } from '../support/scene.ts'

const token = 'a-token-from-a-file'

test('S-SEC-11 the token may come from a file; one that others may read is warned of; it is never printed', async (t) => {
  const scene = createScene(t)
  const file = path.join(scene.folder, 'token')
  fs.writeFileSync(file, `${token}\n`, { mode: 0o600 })
  const env = { LOGKEEP_TOKEN_FILE: file }
  const status = async (base: string, authorization?: string): Promise<number> => {
    const response = await fetch(
      `${base}/logs`,
      authorization === undefined ? {} : { headers: { authorization } },
    )
    await response.text()
    return response.status
  }
  const closed = await scene.start(env)
  assert.equal(await status(closed.base), 401)
  assert.equal(await status(closed.base, `Bearer ${token}`), 200)
  assert.equal(await status(closed.base, `Bearer ${token}x`), 401)
  await closed.stop()
  assert.doesNotMatch(closed.output(), /token_exposed/)
  fs.chmodSync(file, 0o644)
  const exposed = await scene.start(env)
  await exposed.stop()
  assert.match(exposed.output(), /token_exposed/)
  assert.ok(!`${closed.output()}${exposed.output()}`.includes(token))
})

test('S-SEC-12 a token file that is missing or holds no token stops the start in one line', async (t) => {
  const { folder, dataDir, node } = createScene(t)
  const file = path.join(folder, 'token')
  for (const content of [null, '', 'two words', 'short']) {
    if (content !== null) fs.writeFileSync(file, content, { mode: 0o600 })
    const env = { LOGKEEP_TOKEN_FILE: file }
    const { code, output } = await runProgram({ dataDir, logRoot: node.podsRoot, env })
    assert.equal(code, 2)
    assert.equal(output.trim().split('\n').length, 1, output)
    assert.ok(output.includes('LOGKEEP_TOKEN_FILE') && output.includes(file), output)
    if (content) assert.ok(!output.includes(content))
  }
})
