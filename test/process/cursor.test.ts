/**
 * Random interleavings of writing, walking, tailing and killing on the real program: each cursor gives each
 * line once.
 */

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'

import { type Entry, getPage, openTail, type Params, type Tail } from '../support/client.ts'
import { assertSameSet } from '../support/compare.ts'
import type { WrittenLine } from '../support/container-simulator.ts'
import { parseNanos } from '../support/log-formats.ts'
import { createClock } from '../support/node-simulator.ts'
import type { Program } from '../support/program.ts'
import { chooseSeed, createRandom, type Random } from '../support/random.ts'
import { createScene, type Scene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const testMsMax = 120_000
const stepsPerRound = 250
const openWalksMax = 6
/** Late by up to this; the others have the time at which they are written. */
const lateNanosMax = 5_000_000_000
const lateChance = 0.05
/** Long enough that a few dozen seal a stream's block (256 KiB). */
const longLineChars = 12_000
const pageSizes = [1, 7, 50, 333, 5000]
const filters: readonly Params[] = [{}, { q: 'even' }, { container: 'a' }, { stream: 'stderr', pod: 'p-1' }]

type OpenWalk = {
  readonly filter: Params
  readonly direction: 'forward' | 'backward'
  readonly entries: Entry[]
  /** Of its first page: its place among the walks with the same filter. */
  readonly order: number
  next: string | null
  resume: string
  /** A forward walk left half-way: a tail takes over from `next`. */
  isLeft: boolean
}

type Round = {
  readonly scene: Scene
  readonly random: Random
  readonly walks: OpenWalk[]
  readonly liveTails: Tail[]
  program: Program
}

function matches(line: WrittenLine, filter: Params): boolean {
  return (
    (filter['q'] === undefined || line.line.includes('even')) &&
    (filter['container'] === undefined || line.container === 'a') &&
    (filter['stream'] === undefined || (line.stream === 'stderr' && line.pod === 'p-1'))
  )
}

function write({ scene, random }: Round, clock: () => bigint): void {
  const isLong = random.chance(0.05)
  const pod = random.pick(scene.node.pods())
  const container = random.pick(pod.containers)
  const count = isLong ? 30 : random.between(1, 60)
  for (let n = 0; n < count; n += 1) {
    const id = scene.node.written.length
    const time = clock() - (random.chance(lateChance) ? BigInt(random.between(1, lateNanosMax)) : 0n)
    const text = `${id % 2 === 0 ? 'even' : 'odd'} id=${id} ${isLong ? 'x'.repeat(longLineChars) : ''}`
    container.write(random.chance(0.3) ? 'stderr' : 'stdout', text, { time })
  }
}

async function readPage({ program, random }: Round, walk: OpenWalk): Promise<void> {
  const page = await getPage(program.base, {
    ...walk.filter,
    direction: walk.direction,
    limit: random.pick(pageSizes),
    ...(walk.next === null ? {} : { cursor: walk.next }),
  })
  walk.entries.push(...page.entries)
  walk.next = page.next
  walk.resume = page.resume
}

async function step(round: Round, clock: () => bigint): Promise<void> {
  const { random, walks, scene } = round
  const open = walks.filter((walk) => walk.next !== null && !walk.isLeft)
  const choice = random.between(1, 100)
  if (choice <= 40) write(round, clock)
  else if (choice <= 80 && open.length > 0) {
    const walk = random.pick(open)
    await readPage(round, walk)
    if (walk.direction === 'forward' && walk.next !== null) walk.isLeft = random.chance(0.1)
  } else if (choice <= 90 && open.length < openWalksMax) {
    const direction = random.pick(['forward', 'backward'] as const)
    const filter = random.pick(filters)
    const walk: OpenWalk = {
      filter,
      direction,
      entries: [],
      order: walks.length,
      next: null,
      resume: '',
      isLeft: false,
    }
    walks.push(walk)
    await readPage(round, walk)
  } else if (choice <= 94) {
    const container = random.pick(random.pick(scene.node.pods()).containers)
    // The kubelet goes by size: it rotates no empty file.
    if (statSync(container.livePath).size > 0) container.rotate()
  } else if (choice === 95) {
    await round.program.kill(random.pick(['SIGKILL', 'SIGTERM']))
    round.program = await scene.start()
    for (const tail of round.liveTails) tail.moveTo(round.program.base)
  }
}

/** Exactly once, in order of time, and no less than an earlier walk with the same filter saw. */
function checkWalk(
  walk: OpenWalk,
  walks: readonly OpenWalk[],
  written: readonly WrittenLine[],
  what: string,
): void {
  const gaps = walk.entries.filter(({ kind }) => kind === 'gap')
  assert.deepEqual(gaps, [], `${what}: gap records`)
  const seen = new Set(walk.entries.map(idOf))
  assert.equal(seen.size, walk.entries.length, `${what}: lines repeated`)
  const picked = [...seen].map((id) => written[id]).filter((line) => line !== undefined)
  assertSameSet(picked, walk.entries, what)
  assert.ok(
    picked.every((line) => matches(line, walk.filter)),
    `${what}: lines that the filter excludes`,
  )
  const times = walk.entries.map(({ time }) => parseNanos(time))
  if (walk.direction === 'backward') times.reverse()
  assert.ok(
    times.every((time, n) => n === 0 || time >= (times[n - 1] ?? 0n)),
    `${what}: not in order of time`,
  )
  if (walk.isLeft) return
  for (const earlier of walks) {
    if (earlier.order >= walk.order || earlier.filter !== walk.filter) continue
    const lost = earlier.entries.map(idOf).filter((id) => !seen.has(id))
    assert.deepEqual(lost, [], `${what}: ids that walk ${earlier.order} saw`)
  }
}

function idOf(entry: Entry): number {
  return Number(/id=(\d+)/.exec(entry.line)?.[1])
}

async function runRound(round: Round): Promise<void> {
  const { scene, walks } = round
  const clock = createClock()
  for (let n = 0; n < 30; n += 1) write(round, clock)
  for (const filter of filters) {
    round.liveTails.push(openTail(round.program.base, { ...filter, since: '1h' }, { reconnect: true }))
  }
  for (let n = 0; n < stepsPerRound; n += 1) await step(round, clock)
  for (const walk of walks) while (walk.next !== null && !walk.isLeft) await readPage(round, walk)
  // What the tails must still bring: they are opened before the last lines are written.
  const tails = walks.map((walk) =>
    openTail(round.program.base, { ...walk.filter, cursor: walk.isLeft ? (walk.next ?? '') : walk.resume }),
  )
  try {
    for (let n = 0; n < 10; n += 1) write(round, clock)
    const { written } = scene.node
    await waitForEntries(round.program.base, written.length)
    for (const [index, walk] of walks.entries()) {
      const what = `walk ${index} ${walk.direction} ${JSON.stringify(walk.filter)}${walk.isLeft ? ' left' : ''}`
      checkWalk(walk, walks, written, what)
      const wanted = written.filter((line) => matches(line, walk.filter))
      const rest = tails[index]?.entries ?? []
      await settle(() => walk.entries.length + rest.length, wanted.length)
      assertSameSet(wanted, [...walk.entries, ...rest], `${what} and its tail`)
    }
    for (const [index, filter] of filters.entries()) {
      const wanted = written.filter((line) => matches(line, filter))
      const entries = round.liveTails[index]?.entries ?? []
      await settle(() => entries.length, wanted.length)
      assertSameSet(wanted, entries, `tail over all kills ${JSON.stringify(filter)}`)
    }
  } finally {
    for (const tail of [...tails, ...round.liveTails]) tail.close()
  }
}

/** Until the count is reached, or nothing comes any more: the comparison then says what is missing. */
async function settle(count: () => number, wanted: number): Promise<void> {
  let last = -1
  let sinceMs = 0
  const quietMs = 3000
  await waitFor('quiet', () => {
    if (count() !== last) sinceMs = performance.now()
    last = count()
    return last >= wanted || performance.now() - sinceMs > quietMs
  })
}

for (let number = 1; number <= 2; number += 1) {
  const seed = chooseSeed()
  const name = `walks, tails, late lines, seals, rotations and kills in random order, round ${number}: each line once`
  test(`S-WALK-01 ${name}`, { timeout: testMsMax }, async (t) => {
    t.diagnostic(`repeat with TEST_SEED=${seed}`)
    const scene = createScene(t)
    for (const pod of ['p-1', 'p-2', 'p-3'])
      scene.node.startPod({ namespace: 'shop', pod, containers: ['a', 'b'] })
    const round: Round = {
      scene,
      random: createRandom(seed),
      walks: [],
      liveTails: [],
      program: await scene.start(),
    }
    await runRound(round)
  })
}
