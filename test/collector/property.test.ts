/**
 * Random programs of writing, rotating, restarting and killing, checked against what the writer knows it
 * wrote.
 */

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { type Command, Program } from './program.ts'

const text = fc
  .string({ unit: fc.constantFrom('a', 'b', 'ä', ' ', '{'), maxLength: 40 })
  .map((one) => `${one}.`)
const isStderr = fc.boolean()
const writing: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('lines'), texts: fc.array(text, { maxLength: 30 }), isStderr }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('fragment'), text, isStderr }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('half'), text }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('rotate'), isLate: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('copytruncate') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart') }) },
) as fc.Arbitrary<Command>
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: writing },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('pass'), ms: fc.constantFrom(500, 1500, 5000) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('poll') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('commit') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('removeOld') }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('kill'), down: fc.array(writing, { maxLength: 4 }) }),
  },
) as fc.Arbitrary<Command>

test('S-COL-10 F113 each line exactly once, in order, whatever writer, kubelet and kill -9 do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
      const program = new Program()
      try {
        for (const one of commands) await program.run(one)
        await program.finish()
        const sorted = (map: Map<string, string[]>) =>
          [...map].toSorted(([one], [other]) => (one < other ? -1 : 1))
        assert.deepEqual(sorted(program.actual()), sorted(program.expected))
      } finally {
        program.node.close()
      }
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 25) },
  )
})
