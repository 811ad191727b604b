/** Turns of clients at the threads that scan, and who is refused when too many wait. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, LogkeepError } from '../../src/errors.ts'
import { currentClient, forClient } from '../../src/query/client.ts'
import { createGate, type Gate } from '../../src/query/gate.ts'

/** Enters for a client, `turns` times one behind the other, and writes each turn down. */
async function ask(gate: Gate, turns: number, done: string[]): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await gate.enter()
    done.push(currentClient() ?? 'none')
    await Promise.resolve()
    gate.leave()
  }
}

const hasCode = (code: ErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof LogkeepError && error.code === code && message.test(error.message)

test('S-QUERY-32 a client with fifty queries gets no more turns than one with a single query', async () => {
  const gate = createGate(1, 100)
  const done: string[] = []
  await gate.enter()
  const many = Array.from({ length: 50 }, () => forClient('many', () => ask(gate, 1, done)))
  const one = forClient('one', () => ask(gate, 5, done))
  const own = ask(gate, 1, done)
  gate.leave()
  await Promise.all([...many, one, own])
  assert.equal(done.length, 56)
  const places = done.flatMap((client, place) => (client === 'one' ? [place] : []))
  // Each time it waits for one slice of everybody else at most.
  places.forEach((place, turn) => assert.ok(place <= 3 * turn + 2, `turn ${turn} came at ${place}`))
  assert.ok(done.indexOf('none') <= 2)
  assert.deepEqual([gate.waiting(), gate.running()], [0, 0])
})

test('S-QUERY-32 one client cannot take all places to wait; all together have their bound', async () => {
  const gate = createGate(1, 8)
  const done: string[] = []
  await gate.enter()
  const waiting = Array.from({ length: 6 }, () => forClient('many', () => ask(gate, 1, done)))
  await assert.rejects(
    forClient('many', () => gate.enter()),
    hasCode('TOO_MANY', /^6 queries of this client/),
  )
  waiting.push(
    forClient('one', () => ask(gate, 1, done)),
    forClient('other', () => ask(gate, 1, done)),
  )
  await assert.rejects(
    forClient('third', () => gate.enter()),
    hasCode('TOO_MANY', /^8 queries are waiting/),
  )
  gate.leave()
  await Promise.all(waiting)
  assert.deepEqual(done.slice(0, 3), ['many', 'one', 'other'])
})

test('S-QUERY-26 who stops waiting leaves its place at once, to others and in the order of turns', async () => {
  const gate = createGate(1, 2)
  const done: string[] = []
  await gate.enter()
  const left = new AbortController()
  const waiting = forClient('one', () => gate.enter(left.signal))
  const other = forClient('other', () => ask(gate, 1, done))
  await assert.rejects(gate.enter(), hasCode('TOO_MANY', /^2 queries are waiting/))
  left.abort(new Error('left'))
  await assert.rejects(waiting, /left/)
  assert.equal(gate.waiting(), 1)
  await assert.rejects(gate.enter(left.signal), /left/)
  const third = forClient('third', () => ask(gate, 1, done))
  gate.leave()
  await Promise.all([other, third])
  assert.deepEqual(done, ['other', 'third'])
  assert.deepEqual([gate.waiting(), gate.running()], [0, 0])
})
