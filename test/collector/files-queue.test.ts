/** Questions for the log tree, with a thread that answers when the test says so. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { createFilesQueue } from '../../src/collector/files-queue.ts'
import { LogkeepError } from '../../src/errors.ts'
import { workerLimits } from '../../src/limits/collector.ts'
import { anyFile } from './log-tree.ts'

const answer = { bytes: Buffer.from('"files":[]'), next: null }
const isRefusal = (code: string) => (error: unknown) => error instanceof LogkeepError && error.code === code

function createQueue(waitMs = 5000) {
  const sent: number[] = []
  const queue = createFilesQueue({ send: (id) => void sent.push(id), waitMs })
  return { queue, sent }
}

test('S-FILES-16 what a thread that died did not answer is asked of the next one, and answered once', async () => {
  const { queue, sent } = createQueue()
  const [first, second] = [queue.ask(anyFile), queue.ask(anyFile)]
  queue.answered(1, answer)
  assert.equal(await first, answer)
  queue.restart()
  assert.deepEqual(sent, [1, 2, 2])
  queue.answered(2, answer)
  queue.refused(2, new LogkeepError('INTERNAL', 'late', 'none'))
  assert.equal(await second, answer)
})

test('S-FILES-16 nobody waits longer than the bound, and a late answer is dropped', async () => {
  const { queue } = createQueue(20)
  await assert.rejects(queue.ask(anyFile), isRefusal('STORE_UNAVAILABLE'))
  queue.answered(1, answer)
  queue.restart()
  queue.close()
})

test('S-FILES-17 a bounded number of questions waits; one more is refused with the name of the bound', async () => {
  const { queue, sent } = createQueue()
  const max = workerLimits.filesWaitingMax
  const waiting = Array.from({ length: max }, () => queue.ask(anyFile))
  const isTooMany = (error: unknown) => isRefusal('TOO_MANY')(error) && (error as LogkeepError).limit !== null
  await assert.rejects(queue.ask(anyFile), isTooMany)
  assert.equal(sent.length, max)
  queue.answered(1, answer)
  const next = queue.ask(anyFile)
  queue.close()
  assert.equal(await waiting[0], answer)
  for (const one of [...waiting.slice(1), next, queue.ask(anyFile)])
    await assert.rejects(one, isRefusal('STOPPING'))
})
