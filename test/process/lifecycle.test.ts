/** Starts and stops of the real program: what it says, how it ends, what is there when it comes back. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as net from 'node:net'
import * as path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'

import { getPage, openTail, walk } from '../support/client.ts'
import { assertSameLines } from '../support/compare.ts'
import { type ProgramOptions, runProgram } from '../support/program.ts'
import { createScene, type Scene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const stopMsMax = 5000
const refusedExitCode = 2

/** A refused start: exit code 2 and one line, which is given back. */
async function refusal(options: ProgramOptions): Promise<string> {
  const { code, signal, output } = await runProgram(options)
  assert.equal(code, refusedExitCode, `exit ${code ?? signal}:\n${output}`)
  assert.equal(output.trim().split('\n').length, 1, `one line, not:\n${output}`)
  assert.doesNotMatch(output, /^\s*at /m)
  return output
}

function writeLines(scene: Scene, count: number): void {
  const pod =
    scene.node.pods()[0] ?? scene.node.startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
  for (let n = 0; n < count; n += 1)
    pod.container('main').write('stdout', `line ${scene.node.written.length}`)
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`S-LIFE-01 ${signal} commits what was read, ends the tails and exits 0 within 5 s`, async (t) => {
    const scene = createScene(t)
    writeLines(scene, 200)
    const first = await scene.start()
    const tail = openTail(first.base, { tail: 5 })
    t.after(() => tail.close())
    await waitFor('the backfill', () => tail.entries.length === 5)
    // A tail whose client has stopped reading must not hold up the end.
    const deaf = net.connect(Number(new URL(first.base).port), '127.0.0.1')
    t.after(() => deaf.destroy())
    deaf.write(
      'GET /logs/tail HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    deaf.pause()
    const startMs = performance.now()
    assert.deepEqual(await first.kill(signal), { code: 0, signal: null }, first.output())
    assert.ok(performance.now() - startMs < stopMsMax)
    await waitFor('the end frame', () => tail.frames.some(({ type }) => type === 'end'))
    // Without the log files, only what was stored can be answered.
    fs.rmSync(scene.node.podsRoot, { recursive: true })
    fs.mkdirSync(scene.node.podsRoot)
    const second = await scene.start()
    const { entries } = await walk(second.base, { direction: 'forward' })
    assertSameLines(scene.node.written, entries, { order: 'forward', what: 'after the restart' })
  })
}

test('S-LIFE-02 a port in use, an unusable data folder and a second instance are refused in one line', async (t) => {
  const scene = createScene(t)
  const { dataDir, node, folder } = scene
  const logRoot = node.podsRoot
  const running = await scene.start()
  const port = new URL(running.base).port
  const other = path.join(folder, 'other')
  assert.match(
    await refusal({ dataDir: other, logRoot, env: { LOGKEEP_PORT: port } }),
    new RegExp(`\\b${port}\\b`),
  )
  const file = path.join(folder, 'file')
  fs.writeFileSync(file, '')
  const below = path.join(file, 'data')
  assert.ok((await refusal({ dataDir: below, logRoot })).includes(below))
  assert.ok((await refusal({ dataDir, logRoot })).includes(dataDir))
  assert.equal((await fetch(`${running.base}/readyz`)).status, 200)
})

const badSettings: readonly (readonly [name: string, given: string, accepted: RegExp])[] = [
  ['LOGKEEP_PORT', '65536', /0 to 65535/],
  ['LOGKEEP_PORT', 'http', /0 to 65535/],
  ['LOGKEEP_RETENTION_AGE', '7 parsecs', /\b1h\b/],
  ['LOGKEEP_RETENTION_SIZE', '-1', /64MiB/],
  ['LOGKEEP_DISK_FREE_MIN', '100%', /90/],
  ['LOGKEEP_QUERY_THREADS', '0', /1 to/],
  ['LOGKEEP_ANONYMOUS', 'perhaps', /true or false/],
]

test('S-LIFE-03 a bad setting stops the start; the line names it, what was given and what is accepted', async (t) => {
  const { dataDir, node } = createScene(t)
  for (const [name, given, accepted] of badSettings) {
    const line = await refusal({ dataDir, logRoot: node.podsRoot, env: { [name]: given } })
    assert.ok(line.includes(name) && line.includes(given), line)
    assert.match(line, accepted)
  }
  const unknown = await refusal({ dataDir, logRoot: node.podsRoot, env: { LOGKEEP_RETENTON_AGE: '7d' } })
  assert.match(unknown, /LOGKEEP_RETENTON_AGE.*LOGKEEP_RETENTION_AGE/)
  const secret = await refusal({ dataDir, logRoot: node.podsRoot, env: { LOGKEEP_TOKEN: 'two words of it' } })
  assert.ok(secret.includes('LOGKEEP_TOKEN') && !secret.includes('two words of it'), secret)
  assert.ok(!fs.existsSync(dataDir), 'a refused start leaves no data folder')
})

test('S-LIFE-04 a missing log root: one warning that names the demo, queries answered, logs found when it appears', async (t) => {
  const scene = createScene(t)
  const logRoot = path.join(scene.folder, 'later')
  const program = await scene.start({ LOGKEEP_LOG_ROOT: logRoot })
  await waitFor('the warning', () => program.output().includes('npm run demo'))
  assert.ok(program.output().includes(logRoot))
  assert.deepEqual((await getPage(program.base, {})).entries, [])
  writeLines(scene, 3)
  fs.renameSync(scene.node.podsRoot, logRoot)
  assert.equal((await waitForEntries(program.base, 3)).length, 3)
  assert.equal(program.output().match(/npm run demo/g)?.length, 1, program.output())
})

test('S-LIFE-05 cursors of walks and tails hold over a stop and over a kill', async (t) => {
  const scene = createScene(t)
  writeLines(scene, 100)
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const written = scene.node.written.length
    const before = await scene.start()
    await waitForEntries(before.base, written)
    const forward = await getPage(before.base, { direction: 'forward', limit: 30 })
    const backward = await getPage(before.base, { direction: 'backward', limit: 30 })
    await before.kill(signal)
    writeLines(scene, 50)
    const after = await scene.start()
    const tail = openTail(after.base, { cursor: backward.resume })
    t.after(() => tail.close())
    await waitFor('the tail to get what came later', () => tail.entries.length >= 50)
    for (const [direction, first] of Object.entries({ forward, backward })) {
      const rest = await walk(after.base, { direction, limit: 30, cursor: first.next ?? '' })
      const entries = [...first.entries, ...rest.entries]
      const order = direction === 'forward' ? 'forward' : 'backward'
      assertSameLines(scene.node.written.slice(0, written), entries, {
        order,
        what: `${direction} over ${signal}`,
      })
    }
    assertSameLines(scene.node.written.slice(written), tail.entries, { order: 'commit', what: 'tail' })
    await after.stop()
  }
})

test('S-LIFE-06 a database of a newer version is refused and left as it is', async (t) => {
  const scene = createScene(t)
  await (await scene.start()).stop()
  const file = path.join(scene.dataDir, 'logkeep.db')
  const newer = 9999
  const database = new Database(file)
  database.pragma(`user_version = ${newer}`)
  database.close()
  const line = await refusal({ dataDir: scene.dataDir, logRoot: scene.node.podsRoot })
  assert.match(line, /\b9999\b/)
  const again = new Database(file, { readonly: true })
  assert.equal(again.pragma('user_version', { simple: true }), newer)
  again.close()
})

test('S-LIFE-07 the files in the data folder belong to their owner alone, and a clean stop leaves no WAL', async (t) => {
  const scene = createScene(t)
  writeLines(scene, 10)
  const program = await scene.start()
  await waitForEntries(program.base, 10)
  const modes = (): Record<string, string> =>
    Object.fromEntries(
      fs.readdirSync(scene.dataDir).map((name) => {
        return [name, (fs.statSync(path.join(scene.dataDir, name)).mode & 0o777).toString(8)]
      }),
    )
  assert.deepEqual(new Set(Object.values(modes())), new Set(['600']), JSON.stringify(modes()))
  await program.stop()
  assert.deepEqual(
    Object.keys(modes()).filter((name) => name.endsWith('-wal')),
    [],
  )
})
