/** Sharing of sync runs, with a thread that answers when the test says so. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { createSyncQueue } from '../../src/collector/sync-queue.ts'

function createThread() {
  const started: number[] = []
  let isUp = true
  const queue = createSyncQueue({
    start: (id) => {
      if (isUp) started.push(id)
      return isUp
    },
    nowMs: () => performance.now(),
  })
  return {
    queue,
    started,
    setUp: (up: boolean) => {
      isUp = up
    },
  }
}

test('S-COL-42 a run answers the calls until 100 ms after it began; later ones get a run of their own', async () => {
  const { queue, started } = createThread()
  const first = queue.sync(5000, () => 0)
  const second = queue.sync(5000, () => 0)
  assert.deepEqual(started, [1])
  queue.ended(1, 7, true)
  const third = queue.sync(5000, () => 0)
  for (const call of [first, second, third]) assert.deepEqual(await call, { commit: 7, behindMs: null })
  assert.deepEqual(started, [1])
  await new Promise((resolve) => setTimeout(resolve, 110))
  const fourth = queue.sync(5000, () => 0)
  assert.deepEqual(started, [1, 2])
  await new Promise((resolve) => setTimeout(resolve, 110))
  const fifth = queue.sync(5000, () => 0)
  queue.ended(2, 9, true)
  while (started.length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
  queue.ended(3, 11, true)
  assert.deepEqual(await fourth, { commit: 9, behindMs: null })
  assert.deepEqual(await fifth, { commit: 11, behindMs: null })
})

test('S-COL-42 a run that takes too long, or is not complete, answers with how old the last complete one is', async () => {
  const { queue, started } = createThread()
  const late = await queue.sync(20, () => 5)
  assert.equal(late.commit, 5)
  assert.ok(late.behindMs !== null && late.behindMs >= 15)
  const next = queue.sync(5000, () => 5)
  queue.ended(1, 8, false)
  assert.deepEqual(started, [1])
  const { commit, behindMs } = await next
  assert.equal(commit, 8)
  assert.ok(behindMs !== null && behindMs >= 15)
})

test('S-COL-43 a thread that died takes no call with it: its run is asked of the next one', async () => {
  const { queue, started, setUp } = createThread()
  const first = queue.sync(5000, () => 0)
  setUp(false)
  await new Promise((resolve) => setTimeout(resolve, 110))
  const second = queue.sync(5000, () => 0)
  setUp(true)
  queue.restart()
  while (started.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  queue.ended(started[1] as number, 3, true)
  assert.deepEqual(await Promise.all([first, second]), [
    { commit: 3, behindMs: null },
    { commit: 3, behindMs: null },
  ])
})
