/** Bodies whose memory is given back as soon as the cache is full: walks find the same lines as ever. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeLimits } from '../../src/limits/store.ts'
import type { Cursor } from '../../src/model/cursor.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import type { Direction, Plan } from '../../src/query/plan.ts'
import { openReader } from '../../src/store/reader.ts'
import { everything, historyTask, linesOf } from '../support/engine-tasks.ts'
import { createStoreModel, inHistoryOrder, type NewLine } from '../support/store-model.ts'

/** A chunk of the journal and a few bodies of blocks, which are all large enough to be given back. */
const cacheBytes = 60_000
const limits = { ...storeLimits, blockBytes: 16_384, journalBytesMax: 400_000 }
const startSec = 1_780_000_000

test('S-QUERY-30 bodies that had to make room are read again, wherever they are wanted', () => {
  const model = createStoreModel(limits)
  const reader = openReader(model.dataDir, { ...storeLimits, readerBodyCacheBytes: cacheBytes })
  const engine = createEngine(reader)
  try {
    for (let commit = 0; commit < 60; commit += 1) {
      // Two quiet streams lie in one chunk of the journal; a page wants blocks of the busy ones in between.
      const lines = Array.from({ length: 300 }, (_, index): NewLine => {
        const text = `${commit} ${index} ${index % 7 === 0 ? 'needle' : 'hay'} ${'x'.repeat(index % 50)}`
        return { streamId: model.streamId(streamOf(index)), sec: startSec + commit, ns: index, text }
      })
      model.commitLines(lines, startSec + commit)
      model.writer.maintain(startSec + commit, 5)
    }
    const all = model.lines.map(({ text }) => text)
    assert.ok(all.join('').length > 10 * cacheBytes)
    const needle = { kind: 'substring', text: 'needle', ignoreCase: false, negate: false } as const
    for (const lines of [[], [needle]]) {
      const plan = { ...everything, lines }
      const wanted = model.lines.filter(({ text }) => lines.length === 0 || text.includes('needle'))
      const texts = inHistoryOrder(wanted).map(({ text }) => text)
      assert.deepEqual(walked(engine, plan, 'forward'), texts)
      assert.deepEqual(walked(engine, plan, 'backward'), texts.toReversed())
    }
  } finally {
    engine.close()
    model.close()
  }
})

function streamOf(index: number): number {
  return index % 30 === 0 ? 0 : index % 30 === 29 ? 5 : 1 + (index % 4)
}

function walked(engine: Engine, plan: Plan, direction: Direction): string[] {
  const found: string[] = []
  let cursor: Cursor | null = null
  do {
    const result = engine.history(historyTask({ plan, direction, limit: 700, cursor }))
    found.push(...linesOf(result.entries))
    cursor = result.next
  } while (cursor !== null)
  return found
}
