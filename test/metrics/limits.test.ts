/** Refusals of the layers below the doors name the bound that was reached, by which the doors count them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LimitName, LogkeepError } from '../../src/errors.ts'
import { regexLimits } from '../../src/limits/query.ts'
import { createGate } from '../../src/query/gate.ts'
import { parseRegex } from '../../src/regex/parse.ts'
import { createTailHub } from '../../src/tail/hub.ts'
import { everything } from '../support/engine-tasks.ts'
import { measure } from '../support/figures.ts'

const never = new AbortController().signal

function named(limit: LimitName | null): (error: unknown) => boolean {
  return (error) => error instanceof LogkeepError && error.limit === limit
}

test('S-METRIC-17 a pattern above a bound names it; one with a mistake does not', () => {
  const bounds = [
    'a'.repeat(regexLimits.patternLengthMax + 1),
    `${'('.repeat(regexLimits.depthMax + 1)}${')'.repeat(regexLimits.depthMax + 1)}`,
    `a{${regexLimits.repeatMax + 1}}`,
    '(a{100}){100}',
    '\\p{L}\\p{N}\\p{P}\\p{S}\\p{Z}',
  ]
  for (const pattern of bounds) assert.throws(() => parseRegex(pattern, false), named('regex'), pattern)
  for (const pattern of ['(', 'a{3,2}', '\\p{Nothing}', 'a**'])
    assert.throws(() => parseRegex(pattern, false), named(null), pattern)
})

test('S-METRIC-17 a bound that is reached in a query thread is named on this side of the border', () =>
  measure(async ({ model, query }) => {
    const line = { streamId: model.streamId(0), sec: 1_780_000_000, ns: 0, text: 'é'.repeat(50) }
    model.commitLines([line], line.sec)
    const pattern = '(?:\\pL|x){1000}(?:\\PL|x){1000}'
    const lines = [{ kind: 'regex', pattern, ignoreCase: false, negate: false } as const]
    const range = { since: null, until: null }
    const plan = { ...everything, lines }
    await assert.rejects(
      query.logs({ plan, range, direction: 'forward', limit: 1, cursor: null, format: 'json' }, never),
      named('regex'),
    )
  }))

test('S-METRIC-17 too many waiting queries are named', async () => {
  const gate = createGate(1, 1)
  await gate.enter()
  const second = gate.enter()
  assert.deepEqual([gate.running(), gate.waiting()], [1, 1])
  await assert.rejects(gate.enter(), named('waiting_queries'))
  gate.leave()
  await second
  assert.deepEqual([gate.running(), gate.waiting()], [1, 0])
  gate.leave()
  assert.deepEqual([gate.running(), gate.waiting()], [0, 0])
})

test('S-METRIC-17 too many tails are named, and first entries for which there is no room', async () => {
  const entries = Buffer.from('{}')
  const read = { entries, count: 1, cursor: 'c', caughtUp: true, warnings: [] }
  const tails = createTailHub({
    query: { openTail: async () => read, readTail: async () => read },
    collector: {
      sync: async () => ({ commit: 1, behindMs: null }),
      setLive: () => undefined,
      onCommit: () => () => undefined,
    },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    nowMs: () => 0,
    limits: { tailsMax: 2, bufferedTotalBytesMax: entries.length },
  })
  const first = await tails.open(everything, { kind: 'now' }, never)
  await assert.rejects(tails.open(everything, { kind: 'now' }, never), named('tail_room'))
  const second = tails.open(everything, { kind: 'now' }, never)
  await assert.rejects(tails.open(everything, { kind: 'now' }, never), named('tails'))
  await assert.rejects(second, named('tail_room'))
  first.release()
  await tails.close()
})
