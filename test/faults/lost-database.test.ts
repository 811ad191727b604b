/**
 * The real program whose database is broken, locked, taken away or wanted by another while it runs: F109 to
 * F112.
 */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { type Entry, getPage, openTail, walk } from '../support/client.ts'
import { assertSameLines } from '../support/compare.ts'
import { runProgram } from '../support/program.ts'
import { createScene, type Scene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const pageBytes = 4096

type Readiness = { readonly status: string; readonly reasons: readonly string[] }

async function readiness(base: string): Promise<Readiness> {
  return (await (await fetch(`${base}/readyz`)).json()) as Readiness
}

/** Waits until `/readyz` gives such a reason. */
function waitForReason(base: string, reason: RegExp): Promise<unknown> {
  const isTold = async (): Promise<boolean> => {
    const { status, reasons } = await readiness(base)
    return status !== 'ready' && reasons.some((one) => reason.test(one))
  }
  return waitFor(`the reason ${reason}`, isTold, { deadlineMs: 30_000 })
}

const waitUntilReady = (base: string): Promise<unknown> =>
  waitFor('the trouble to be over', async () => (await readiness(base)).status === 'ready')

function write(scene: Scene, count: number): void {
  const pod =
    scene.node.pods()[0] ?? scene.node.startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
  for (let n = 0; n < count; n += 1)
    pod.container('main').write('stdout', `line ${scene.node.written.length}`)
}

/** All that was written is there once, and one gap record before it. */
async function assertReplaced(base: string, scene: Scene): Promise<void> {
  const isGap = ({ kind }: Entry): boolean => kind === 'gap'
  let found: Entry[] = []
  await waitFor('the new database', async () => {
    found = (await walk(base, { direction: 'forward', limit: 5000 })).entries
    return found.length === scene.node.written.length + 1
  })
  const [first, ...lines] = found
  assert.ok(first !== undefined && isGap(first))
  assert.equal((first as Entry & { reason: string }).reason, 'database_replaced')
  assertSameLines(scene.node.written, lines, { order: 'forward', what: '/logs' })
}

/** Breaks all but the first page of a database in use, and has its connections look at it again. */
function spoil(dataDir: string): void {
  const file = path.join(dataDir, 'logkeep.db')
  const other = new Database(file)
  try {
    other.exec("UPDATE meta SET value = value WHERE key = 'structure'")
    other.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    other.close()
  }
  const fd = fs.openSync(file, 'r+')
  const { size } = fs.fstatSync(fd)
  fs.writeSync(fd, Buffer.alloc(size - pageBytes, 0xa5), 0, size - pageBytes, pageBytes)
  fs.closeSync(fd)
}

test('F111 a database that breaks while it is written to is set aside, and reading begins again by itself', async (t) => {
  const scene = createScene(t)
  write(scene, 50)
  const program = await scene.start()
  const { base } = program
  await waitForEntries(base, 50)
  const { resume } = await getPage(base, { limit: 1 })
  const isTold = async (): Promise<boolean> => /database is lost/.test((await readiness(base)).reasons.join())
  await waitFor('the damage to be met', async () => {
    if (await isTold()) return true
    // What the writer has stored since it was last looked at lies in the log, and is whole.
    spoil(scene.dataDir)
    write(scene, 1)
    await getPage(base, {}).catch(() => undefined)
    return waitFor('it to be told', isTold, { deadlineMs: 1500 })
  })
  write(scene, 50)
  await assertReplaced(base, scene)
  await waitUntilReady(base)
  assert.match(program.output(), /database_lost[^]*database_set_aside[^]*database_replaced/)
  assert.ok(fs.existsSync(path.join(scene.dataDir, 'set-aside.db')))
  // Tails of the new database hear of its commits, although their numbers are lower than before.
  const tail = openTail(base, {})
  t.after(() => tail.close())
  await tail.opened
  write(scene, 1)
  await waitFor('the tail to go on', () => tail.entries.at(-1)?.line === scene.node.written.at(-1)?.line)
  const foreign = await fetch(`${base}/logs?cursor=${resume}`)
  assert.equal(foreign.status, 400, 'a cursor of the lost database')
  await program.kill('SIGKILL')
  await assertReplaced((await scene.start()).base, scene)
})

test('F109 a data folder that is removed under the running program is made anew, and told as lost', async (t) => {
  const scene = createScene(t)
  write(scene, 50)
  const program = await scene.start()
  await waitForEntries(program.base, 50)
  fs.rmSync(scene.dataDir, { recursive: true })
  // Where the folder cannot be made there is no database; what is open is still answered.
  fs.writeFileSync(scene.dataDir, 'in the way')
  write(scene, 50)
  await waitForReason(program.base, /cannot use the data folder/)
  assert.equal((await getPage(program.base, { limit: 50 })).entries.length, 50)
  fs.rmSync(scene.dataDir)
  await assertReplaced(program.base, scene)
  await waitUntilReady(program.base)
  assert.deepEqual(await program.stop(), { code: 0, signal: null })
})

test('F109 while there is no database the program stops as usual', async (t) => {
  const scene = createScene(t)
  const program = await scene.start()
  fs.rmSync(scene.dataDir, { recursive: true })
  fs.writeFileSync(scene.dataDir, 'in the way')
  await waitForReason(program.base, /database is lost/)
  assert.deepEqual(await program.stop(), { code: 0, signal: null })
})

test('F110 a database that another process holds locked: reading waits, queries go on, then all is stored', async (t) => {
  const scene = createScene(t)
  write(scene, 50)
  const { base } = await scene.start()
  await waitForEntries(base, 50)
  const other = new Database(path.join(scene.dataDir, 'logkeep.db'))
  other.exec('BEGIN IMMEDIATE')
  write(scene, 50)
  // Whoever asks has what is there stored at once, or is told that it is not.
  await waitFor('a page that is behind', async () => {
    return (await getPage(base, {})).warnings.some((warning) => warning.startsWith('behind'))
  })
  await waitForReason(base, /Nothing can be stored \(database is locked\)/)
  assert.equal((await getPage(base, { limit: 100 })).entries.length, 50)
  other.exec('ROLLBACK')
  other.close()
  const entries = await waitForEntries(base, 100)
  assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
  await waitUntilReady(base)
})

test('F112 a second program on the same data folder ends in one line; the first goes on, and its end frees it', async (t) => {
  const scene = createScene(t)
  write(scene, 5)
  const first = await scene.start()
  const second = await runProgram({ dataDir: scene.dataDir, logRoot: scene.node.podsRoot })
  assert.equal(second.code, 2)
  assert.match(second.output, /^logkeep: another logkeep uses the data folder .*LOGKEEP_DATA_DIR.*\n$/)
  write(scene, 5)
  await waitForEntries(first.base, 10)
  await first.kill('SIGKILL')
  write(scene, 5)
  const entries = await waitForEntries((await scene.start()).base, 15)
  assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
})
