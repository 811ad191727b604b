/**
 * The proof of the store's promise: twenty kills at random moments lose nothing and repeat nothing, through
 * every door.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { getPage, ndjson, openTail, type Tail, walk } from '../support/client.ts'
import { assertSameLines } from '../support/compare.ts'
import type { LogFormat, WrittenLine } from '../support/container-simulator.ts'
import { killAtStart, type Program, type ProgramOptions, startProgram } from '../support/program.ts'
import { chooseSeed, createRandom } from '../support/random.ts'
import { delay, waitFor } from '../support/wait.ts'
import { readWritten, startWriter, type Writer } from '../support/writer-process.ts'

const testMsMax = 240_000
/** From readiness to the kill. */
const lifeMs: readonly [number, number] = [100, 1500]
/**
 * Long enough for a commit: files are deleted 12 s after their last line, and must have been read by then.
 */
const longLifeMs = 900
const longLifeEvery = 3
/** Some of the starts are killed as well, so long after their beginning. */
const startKillChance = 0.25
const startMs: readonly [number, number] = [50, 800]
/** A tail that has received nothing for so long has received all. */
const quietMs = 8000
const mark = 'the-last-line'

type Course = { readonly format: LogFormat; readonly kills: number; readonly linesPerSec: number }

/**
 * Rotations and deletions are slower than the kubelet's keeping is long: five files of 4 s and more outlive
 * each pause of the reader, so nothing may be missing, gap records included.
 */
async function runCourse({ format, kills, linesPerSec }: Course, seed: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'logkeep-kill-'))
  const root = join(folder, 'node')
  const recordFile = join(folder, 'written.ndjson')
  const random = createRandom(seed)
  const since = new Date().toISOString()
  const options: ProgramOptions = {
    dataDir: join(folder, 'data'),
    logRoot: join(root, 'pods'),
    env: { LOGKEEP_LINK_ROOTS: `${join(root, 'pods')},${join(root, 'docker')}` },
  }
  let writer: Writer | undefined
  let tail: Tail | undefined
  let program: Program | undefined
  try {
    writer = startWriter({
      root,
      recordFile,
      seed,
      linesPerSec,
      format,
      mark,
      containers: 20,
      rotateMs: [4000, 9000],
      restartMs: [12_000, 22_000],
      deleteAfterMs: 15_000,
    })
    for (let kill = 0; kill < kills; kill += 1) {
      program = await startProgram(options)
      if (tail === undefined) tail = openTail(program.base, { since }, { reconnect: true })
      else tail.moveTo(program.base)
      const least = kill % longLifeEvery === 0 ? longLifeMs : 0
      await delay(Math.max(least, random.between(...lifeMs)))
      await program.kill('SIGKILL')
      if (random.chance(startKillChance)) await killAtStart(options, random.between(...startMs))
    }
    program = await startProgram(options)
    tail?.moveTo(program.base)
    const summary = await writer.finish()
    const written = readWritten(recordFile)
    assert.ok(
      summary.rotations >= kills && summary.restarts > 0,
      `too little happened: ${JSON.stringify(summary)}`,
    )
    await check(program, tail as Tail, written, summary.marked)
    assert.equal((await program.stop()).code, 0)
    return `${written.length} lines, ${JSON.stringify(summary)}, ${tail?.connections()} connections of the tail`
  } finally {
    writer?.kill()
    tail?.close()
    await program?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

async function check(
  { base }: Program,
  tail: Tail,
  written: readonly WrittenLine[],
  marked: number,
): Promise<void> {
  await waitFor(
    'the newest lines',
    async () => (await getPage(base, { q: mark, limit: 5000 })).entries.length === marked,
    { deadlineMs: 20_000, intervalMs: 100 },
  )
  await untilQuiet(tail, written.length)
  assert.deepEqual(
    tail.frames.filter(({ type }) => type !== 'end'),
    [],
    'frames of the tail beside its entries',
  )
  assertSameLines(written, tail.entries, { order: 'commit', what: 'tail' })
  for (const direction of ['forward', 'backward'] as const) {
    const { entries, warnings } = await walk(base, { direction, limit: 5000 })
    assertSameLines(written, entries, { order: direction, what: `/logs ${direction}` })
    assert.deepEqual(warnings, [])
  }
  const { entries, end } = await ndjson(base, { direction: 'forward' })
  assertSameLines(written, entries, { order: 'forward', what: 'ndjson' })
  assert.equal(end.complete, true)
}

async function untilQuiet(tail: Tail, wanted: number): Promise<void> {
  let count = -1
  let since = 0
  await waitFor(
    'the tail to be quiet',
    () => {
      if (tail.entries.length !== count) since = performance.now()
      count = tail.entries.length
      return count >= wanted || performance.now() - since > quietMs
    },
    { deadlineMs: 60_000 },
  )
}

for (const [id, course] of Object.entries({
  'S-KILL-01': { format: 'containerd', kills: 20, linesPerSec: 3000 },
  'S-KILL-02': { format: 'docker', kills: 5, linesPerSec: 1000 },
} as const)) {
  const seed = chooseSeed()
  const name = `${course.kills} kills while 20 ${course.format} logs are written, rotated and restarted`
  test(`${id} ${name}: every door gives every line exactly once`, { timeout: testMsMax }, async (t) => {
    t.diagnostic(`repeat with TEST_SEED=${seed}`)
    try {
      t.diagnostic(await runCourse(course, seed))
    } catch (error) {
      throw new Error(`with TEST_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  })
}
