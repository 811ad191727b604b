/** Pages made of several slices: where one slice ends exactly at the limit. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngine } from '../../src/query/engine.ts'
import { openReader } from '../../src/store/reader.ts'
import { historyTask, linesOf } from '../support/engine-tasks.ts'
import { createStoreModel } from '../support/store-model.ts'

const startSec = 1_780_000_000

test('S-QUERY-13 a slice that ends with its time right after the last wanted line has reached the limit', () => {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamId = model.streamId(0)
    for (let sec = 0; sec < 5; sec += 1) {
      const at = { streamId, sec: startSec + sec, ns: 0 }
      model.commitLines([{ ...at, text: `line ${sec}` }], startSec + sec)
    }
    for (const direction of ['backward', 'forward'] as const) {
      const found: string[] = []
      let cursor = null
      do {
        const slice = engine.history(historyTask({ direction, limit: 1, sliceMs: -1, cursor }))
        assert.ok(slice.end !== 'over' || slice.count < 1)
        found.push(...linesOf(slice.entries))
        cursor = slice.next
      } while (cursor !== null)
      const expected = [0, 1, 2, 3, 4].map((sec) => `line ${sec}`)
      assert.deepEqual(found, direction === 'forward' ? expected : expected.reverse())
    }
  } finally {
    engine.close()
    model.close()
  }
})
