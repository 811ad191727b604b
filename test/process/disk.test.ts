/**
 * A full disk, on a small file system of its own: retention first, else a pause in which queries go on, then
 * all of it.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { type TestContext, test } from 'node:test'

import { getPage, walk } from '../support/client.ts'
import { assertSameLines } from '../support/compare.ts'
import type { Program } from '../support/program.ts'
import { createScene, type Scene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const diskBytes = 40 * 1024 * 1024
const noDisk = 'a small file system cannot be mounted here (needs root)'

type SmallDisk = { readonly scene: Scene; readonly folder: string; readonly start: () => Promise<Program> }

/** A scene whose data folder is a file system of 40 MiB; null where it cannot be mounted. */
function createSmallDisk(t: TestContext): SmallDisk | null {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder])
  const scene = createScene(t)
  t.after(() => {
    spawnSync('umount', ['-l', folder])
    fs.rmSync(folder, { recursive: true })
  })
  const start = () => scene.start({ LOGKEEP_DISK_FREE_MIN: '0', LOGKEEP_DATA_DIR: folder })
  return mounted.status === 0 ? { scene, folder, start } : null
}

/** Takes all that is left of the disk; gives it back when called. */
function fillDisk(folder: string): () => void {
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

test('S-DISK-01 a full disk with nothing to delete: reading pauses, queries go on, and all lines come once there is room', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) {
    t.skip(noDisk)
    return
  }
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

test('S-DISK-02 a full disk with older lines to delete: the oldest make room, new ones are stored, nothing is repeated', async (t) => {
  const disk = createSmallDisk(t)
  if (disk === null) {
    t.skip(noDisk)
    return
  }
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
