/** Lines that are escaped together, a run of a block at a time, whatever their bytes are. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { storeLimits } from '../../src/limits/store.ts'
import { attribute } from '../../src/model/entry.ts'
import { entriesOf, everything, historyTask } from '../support/engine-tasks.ts'
import { withStoreEngine } from '../support/store-engine.ts'

const startSec = 1_780_000_000

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .string({
      unit: fc.constantFrom('"', '\\', '\n', '\r', '\u0001', '\x7f', 'a', 'é', 'ÿ', '🚚'),
      maxLength: 30,
    })
    .map((text) => new TextEncoder().encode(text)),
  fc.constantFrom('plain', 'plain\r', '\r', '', 'r\\', '\\r').map((text) => new TextEncoder().encode(text)),
)

test('S-QUERY-20 S-HTTP-20 lines of a block that are escaped together are what each is by itself', () => {
  const drawn = fc.array(fc.tuple(bytes, fc.constantFrom(0, 0, attribute.cut, attribute.stderr)), {
    minLength: 1,
    maxLength: 40,
  })
  withStoreEngine((model, engine) => {
    let stream = 0
    fc.assert(
      fc.property(drawn, fc.constantFrom('forward' as const, 'backward' as const), (lines, direction) => {
        stream += 1
        const streamId = model.streamId(stream)
        const added = lines.map(([line, attributes], index) => ({
          streamId,
          sec: startSec + index,
          ns: 0,
          text: Buffer.from(line) as unknown as string,
          attributes,
        }))
        model.commitLines(added, startSec)
        const plan = { ...everything, streams: { ...everything.streams, pod: [`pod-${stream}`] } }
        const one = (limit: number) => engine.history(historyTask({ plan, direction, limit })).entries
        const expected = lines.map(([line, attributes]) => {
          const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(line)
          return text.endsWith('\r') && attributes !== attribute.cut ? text.slice(0, -1) : text
        })
        const found = entriesOf(one(1_000)).map(({ line }) => line)
        assert.deepEqual(found, direction === 'forward' ? expected : expected.toReversed())
      }),
      { numRuns: 60 },
    )
  }, storeLimits)
})
