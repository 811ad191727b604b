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

test('S-COL-42 calls before a run starts share it; calls during it wait for the next', async () => {
  const { queue, started } = createThread()
  const first = queue.sync(5000, () => 0)
  const second = queue.sync(5000, () => 0)
  const third = queue.sync(5000, () => 0)
  assert.deepEqual(started, [1])
  queue.ended(1, 7, true)
  assert.deepEqual(await first, { commit: 7, behindMs: null })
  assert.deepEqual(started, [1], 'runs begin 100 ms apart')
  while (started.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  queue.ended(2, 9, true)
  assert.deepEqual(await Promise.all([second, third]), [
    { commit: 9, behindMs: null },
    { commit: 9, behindMs: null },
  ])
})

test('S-COL-42 a run that takes too long, or is not complete, answers with how old the last complete one is', async () => {
  const { queue, started } = createThread()
  const late = await queue.sync(20, () => 5)
  assert.equal(late.commit, 5)
  assert.ok(late.behindMs !== null && late.behindMs >= 15)
  const next = queue.sync(5000, () => 5)
  queue.ended(1, 6, false)
  while (started.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  queue.ended(2, 8, false)
  const { commit, behindMs } = await next
  assert.equal(commit, 8)
  assert.ok(behindMs !== null && behindMs >= 20)
})

test('S-COL-43 a thread that died takes no call with it: its run is asked of the next one', async () => {
  const { queue, started, setUp } = createThread()
  const first = queue.sync(5000, () => 0)
  setUp(false)
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
