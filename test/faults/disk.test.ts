/**
 * Disks that fail, F108 and F109: full, on a small file system of its own; refusing writes; gone and back.
 * Retention first, else a pause in which queries go on, then all of it.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { type TestContext, test } from 'node:test'

import { type Entry, getPage, walk } from '../support/client.ts'
import { assertSameLines } from '../support/compare.ts'
import { type Program, runProgram } from '../support/program.ts'
import { createScene, type Scene, waitForEntries } from '../support/scene.ts'
import { fillDisk, mountSmallDisk } from '../support/small-disk.ts'
import { waitFor } from '../support/wait.ts'

const diskBytes = 40 * 1024 * 1024

type SmallDisk = { readonly scene: Scene; readonly folder: string; readonly start: () => Promise<Program> }

/** A scene whose data folder is a file system of 40 MiB; null where it cannot be mounted. */
function createSmallDisk(t: TestContext): SmallDisk | null {
  const folder = mountSmallDisk(t, diskBytes)
  if (folder === null) return null
  const scene = createScene(t)
  const start = () => scene.start({ LOGKEEP_DISK_FREE_MIN: '0', LOGKEEP_DATA_DIR: folder })
  return { scene, folder, start }
}

function writeNoise(scene: Scene, pods: number, bytesPerPod: number): void {
  for (let index = 0; index < pods; index += 1) {
    const name = `noise-${index}`
    const pod =
      scene.node.pods().find((each) => each.name === name) ??
      scene.node.startPod({ namespace: 'load', pod: name, containers: ['main'] })
    for (let bytes = 0; bytes < bytesPerPod; bytes += 1200) {
      pod
        .container('main')
        .write('stdout', `${scene.node.written.length} ${randomBytes(900).toString('base64')}`)
    }
  }
}

async function readiness(base: string): Promise<{ status: string; reasons: string[] }> {
  const response = await fetch(`${base}/readyz`)
  return { status: 'unavailable', ...((await response.json()) as object) } as {
    status: string
    reasons: string[]
  }
}

test('F108 S-DISK-01 a full disk with nothing to delete: reading pauses, queries go on, and all lines come once there is room', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) return
  const { scene } = disk
  writeNoise(scene, 4, 20_000)
  const { base } = await disk.start()
  await waitForEntries(base, scene.node.written.length)
  const empty = fillDisk(disk.folder)
  writeNoise(scene, 105, 200_000)
  await waitFor('the pause to be told', async () => {
    const { status, reasons } = await readiness(base)
    return status === 'degraded' && reasons.some((reason) => /stored/.test(reason))
  })
  assert.ok((await getPage(base, { limit: 10 })).entries.length === 10)
  empty()
  const entries = await waitForEntries(base, scene.node.written.length)
  assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
  await waitFor('the trouble to be over', async () => (await readiness(base)).status === 'ready')
})

test('F108 S-DISK-02 a full disk with older lines to delete: the oldest make room, new ones are stored, nothing is repeated', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) return
  const { scene } = disk
  const program = await disk.start()
  const { base } = program
  let found: readonly string[] = []
  for (let round = 0; round < 8; round += 1) {
    writeNoise(scene, 3, 2_500_000)
    const newest = scene.node.written.at(-1)?.line.split(' ')[0]
    await waitFor(`line ${newest}`, async () => {
      const { entries } = await getPage(base, { limit: 1, pod: 'noise-2' })
      return entries[0]?.line.split(' ')[0] === newest
    })
  }
  const { entries } = await walk(base, { direction: 'forward', limit: 500 })
  found = entries.filter(({ kind }) => kind === 'line').map(({ line }) => line)
  assert.equal(new Set(found).size, found.length, 'no line twice')
  const written = new Set(scene.node.written.map(({ line }) => line))
  assert.ok(found.every((line) => written.has(line)))
  assert.ok(found.length < written.size, 'the oldest were deleted')
  assert.equal((await program.stop()).code, 0)
  assert.match(program.output(), /lines_swept.*linesSinceStart":[1-9]/)
})

test('F108 S-DISK-04 a start on a disk that others have filled: what is stored is served, and all goes on once there is room', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) return
  const { scene } = disk
  let program = await disk.start()
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    writeNoise(scene, 3, 500_000)
    const stored = scene.node.written.length
    await waitForEntries(program.base, stored)
    await waitFor('the reserve', async () => fs.existsSync(path.join(disk.folder, 'reserve')))
    const empty = fillDisk(disk.folder)
    await program.kill(signal)
    program = await disk.start()
    assert.equal((await walk(program.base, { limit: 500 })).entries.length, stored)
    empty()
    writeNoise(scene, 3, 100_000)
    const entries = await waitForEntries(program.base, scene.node.written.length)
    assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
  }
})

test('F108 S-DISK-06 a start without any room is refused in one line that names the folder', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) return
  await (await disk.start()).stop()
  fs.rmSync(path.join(disk.folder, 'reserve'))
  fillDisk(disk.folder)
  const { code, output } = await runProgram({ dataDir: disk.folder, logRoot: disk.scene.node.podsRoot })
  assert.equal(code, 2, output)
  assert.match(output, /^logkeep: cannot use the data folder .*LOGKEEP_DATA_DIR.*\n$/)
  assert.ok(output.includes(disk.folder), output)
})

const noAttributes = 'files cannot be made unchangeable here (needs root, and a file system that knows it)'

/** Makes the database's files refuse every write, until called. Null where that is not known. */
function forbidWrites(dataDir: string): (() => void) | null {
  const files = ['logkeep.db', 'logkeep.db-wal'].map((name) => path.join(dataDir, name))
  const set = (how: string): boolean => spawnSync('chattr', [how, ...files]).status === 0
  const allow = (): void => void set('-i')
  if (set('+i')) return allow
  allow()
  return null
}

test('F109 a disk that refuses writes: reading pauses, queries go on, all is stored once it takes them again', async (t) => {
  const scene = createScene(t)
  writeNoise(scene, 2, 20_000)
  const { base } = await scene.start()
  const stored = scene.node.written.length
  await waitForEntries(base, stored)
  const allow = forbidWrites(scene.dataDir)
  if (allow === null) {
    t.skip(noAttributes)
    return
  }
  t.after(allow)
  writeNoise(scene, 2, 20_000)
  await waitFor('the pause to be told', async () => {
    await getPage(base, { limit: 1 })
    const { status, reasons } = await readiness(base)
    return status === 'degraded' && reasons.some((reason) => /Nothing can be stored \(/.test(reason))
  })
  assert.equal((await walk(base, { limit: 500 })).entries.length, stored)
  allow()
  const entries = await waitForEntries(base, scene.node.written.length)
  assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
  await waitFor('the trouble to be over', async () => (await readiness(base)).status === 'ready')
})

test('F109 a disk that is read-only at the start is refused in one line that names the folder', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) return
  spawnSync('mount', ['-o', 'remount,ro', disk.folder])
  const { code, output } = await runProgram({ dataDir: disk.folder, logRoot: disk.scene.node.podsRoot })
  assert.equal(code, 2, output)
  assert.match(output, /^logkeep: cannot use the data folder .*LOGKEEP_DATA_DIR.*\n$/)
  assert.ok(output.includes(disk.folder), output)
})

test('F109 a disk that is taken away is followed by an empty database, and by its own when it is back', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) return
  const { scene, folder } = disk
  const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-disk-'))
  writeNoise(scene, 2, 20_000)
  const { base } = await disk.start()
  const stored = scene.node.written.length
  await waitForEntries(base, stored)
  assert.equal(spawnSync('mount', ['--bind', folder, elsewhere]).status, 0)
  t.after(() => {
    spawnSync('umount', ['-l', elsewhere])
    fs.rmdirSync(elsewhere)
  })
  assert.equal(spawnSync('umount', ['-l', folder]).status, 0)
  writeNoise(scene, 2, 20_000)
  const isGap = ({ kind }: Entry): boolean => kind === 'gap'
  await waitFor('the lines in a new database', async () => {
    const { entries } = await walk(base, { limit: 500 })
    return entries.length === scene.node.written.length + 2 && entries.filter(isGap).length === 2
  })
  assert.equal(spawnSync('mount', ['--bind', elsewhere, folder]).status, 0)
  await waitFor('the first database', async () => {
    const { entries } = await walk(base, { limit: 500 })
    return entries.length === scene.node.written.length && !entries.some(isGap)
  })
  const { entries } = await walk(base, { direction: 'forward', limit: 500 })
  assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
})
