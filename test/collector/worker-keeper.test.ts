/** A thread that dies: it is started again three times, then given up. */

import assert from 'node:assert/strict'
import test from 'node:test'
import { createWorkerKeeper } from '../../src/collector/worker-keeper.ts'
import { workerLimits } from '../../src/limits/collector.ts'
import type { Logger } from '../../src/log.ts'

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const script = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`)

test('S-COL-43 a thread that dies is started again three times, then that is final', async () => {
  const deaths: [string, boolean][] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const keeper = createWorkerKeeper<never, never>({
    script: script('throw new Error("broken")'),
    workerData: null,
    log: quiet,
    onMessage: () => {},
    onDeath: (reason, isFinal) => {
      deaths.push([reason.message, isFinal])
      if (isFinal) resolve()
    },
  })
  await promise
  assert.equal(deaths.length, workerLimits.restartsMax + 1)
  assert.deepEqual(deaths.at(0), ['broken', false])
  keeper.expectEnd()
  await keeper.end()
})

test('S-COL-43 an end that is expected is no death', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const keeper = createWorkerKeeper<string, string>({
    script: script(
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => parentPort.close()); parentPort.postMessage("up")',
    ),
    workerData: null,
    log: quiet,
    onMessage: () => resolve(),
    onDeath: () => assert.fail('no death'),
  })
  await promise
  keeper.expectEnd()
  keeper.post('stop')
  await keeper.end()
})
