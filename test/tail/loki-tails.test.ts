/** Loki's live tails: what is sent when, how much of it at a time, and what is held for whom. */

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import type { LogqlEntry, LogqlTailRead } from '../../src/query/logql/contract.ts'
import { DelayedEntries } from '../../src/tail/delayed-entries.ts'
import { createLokiTails } from '../../src/tail/loki-tails.ts'
import { everything } from '../support/engine-tasks.ts'
import { createRecordedLog, createStillCollector } from '../support/recorded-query.ts'
import { rawRequest, serve } from '../support/served.ts'
import { waitFor } from '../support/wait.ts'

const signal = new AbortController().signal

function entry(ns: number, text = 'x'): LogqlEntry {
  return { labels: '{"pod":"p"}', value: JSON.stringify([String(ns), text]) }
}

function entries(count: number, text = 'x'): LogqlEntry[] {
  return Array.from({ length: count }, (_, index) => entry(index, text))
}

const nothing = { cursor: 'c0', caughtUp: true, warnings: [] }

test('S-LOKI-09 a message has a hundred entries at most', async () => {
  const first = { ...nothing, entries: entries(250) }
  await using served = await serve({ answers: { logql: { openTail: async () => first } } })
  const query = encodeURIComponent('{pod="p"}')
  const socket = new WebSocket(`${served.base.replace('http', 'ws')}/loki/api/v1/tail?query=${query}`)
  const sizes: number[] = []
  const times: string[] = []
  socket.on('message', (data: Buffer) => {
    const { streams } = JSON.parse(data.toString()) as { streams: { values: [string, string][] }[] }
    sizes.push(streams.length)
    times.push(...streams.map(({ values }) => values[0]?.[0] ?? ''))
  })
  await waitFor('all entries', () => times.length === 250)
  assert.deepEqual(sizes, [100, 100, 50])
  assert.deepEqual(
    times,
    Array.from({ length: 250 }, (_, index) => String(index)),
  )
  socket.close()
  await once(socket, 'close')
})

test('S-LOKI-09 bad parameters are refused before the upgrade', async () => {
  await using served = await serve()
  const ask = async (rest: string) => {
    const lines = [
      `GET /loki/api/v1/tail?query=${encodeURIComponent('{a="b"}')}${rest} HTTP/1.1`,
      'host: 127.0.0.1',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    ]
    const { status, body } = await rawRequest(served.port, lines)
    return [status, body.trim()]
  }
  assert.deepEqual(await ask('&delay_for=6'), [400, 'delay_for can not be greater than 5'])
  assert.deepEqual(await ask('&delay_for=-1'), [400, 'delay_for can not be greater than 5'])
  assert.deepEqual(await ask('&limit=5001'), [400, 'limit is above 5000'])
  assert.deepEqual(await ask('&limit=0'), [400, 'limit must be a positive value'])
  assert.equal((await ask('&start=x'))[0], 400)
})

/** A socket whose client takes what the test says. */
class FakeSocket extends EventEmitter {
  readonly sent: string[] = []
  bufferedAmount = 0
  #callbacks: { bytes: number; done: () => void }[] = []

  send(text: string, done: () => void): void {
    this.sent.push(text)
    this.bufferedAmount += text.length
    this.#callbacks.push({ bytes: text.length, done })
  }

  /** Takes so many messages. */
  take(count: number): void {
    for (const { bytes, done } of this.#callbacks.splice(0, count)) {
      this.bufferedAmount -= bytes
      done()
    }
  }

  get entries(): number {
    return this.sent.reduce((sum, text) => sum + text.split('"stream":').length - 1, 0)
  }

  ping(): void {}
  close(): void {
    this.emit('close')
  }
}

function openTails(first: LogqlTailRead, reads: LogqlTailRead[], unsentBytesMax: number) {
  const { collector, commit } = createStillCollector()
  const { log, events } = createRecordedLog()
  let held: (() => number) | null = null
  const asked: string[] = []
  const tails = createLokiTails({
    logql: {
      openTail: async () => first,
      readTail: async ({ cursor }) => {
        asked.push(cursor)
        return reads.shift() ?? { ...nothing, entries: [], cursor }
      },
    },
    collector,
    hub: {
      unsentBytesMax,
      refuseAboveRoom: () => undefined,
      hold: ({ unsentBytes }) => {
        held = unsentBytes
        return () => undefined
      },
    },
    log,
  })
  const open = async (delayMs: number) => {
    const range = { since: null, until: null }
    const request = { plan: everything, range, limit: 5_000, isCategorized: false, delayMs }
    const opening = await tails.open(request, signal)
    const socket = new FakeSocket()
    opening.attach(socket as unknown as WebSocket)
    return socket
  }
  return { open, commit, events, asked, heldBytes: () => held?.() ?? 0 }
}

test('S-LOKI-15 first entries are given to a socket as its client takes them, and are not read on for meanwhile', async () => {
  const text = 'x'.repeat(1_000)
  const first = { ...nothing, entries: entries(1_000, text), caughtUp: false }
  const tail = openTails(first, [{ ...nothing, cursor: 'c1', entries: [entry(7)] }], 250_000)
  const socket = await tail.open(0)
  // Some 103 kB a message: the third goes beyond.
  assert.equal(socket.entries, 300)
  assert.ok(tail.heldBytes() > 1_000_000)
  tail.commit()
  await Promise.resolve()
  assert.deepEqual(tail.asked, [])
  for (let taken = 0; socket.entries < 1_000; taken += 1) {
    assert.ok(taken < 100)
    socket.take(1)
    assert.ok(socket.bufferedAmount < 400_000)
  }
  socket.take(10)
  await waitFor('the entry that came meanwhile', () => socket.entries === 1_001)
  assert.equal(tail.asked[0], 'c0')
  socket.close()
})

test('S-LOKI-15 unsent first entries of Loki tails count for the room of all tails', async () => {
  const first = { ...nothing, entries: entries(100, 'x'.repeat(1_000)) }
  await using served = await serve({
    tailLimits: { bufferedTotalBytesMax: 250_000 },
    answers: { logql: { openTail: async () => first } },
  })
  const query = encodeURIComponent('{pod="p"}')
  const address = `${served.base.replace('http', 'ws')}/loki/api/v1/tail?query=${query}`
  assert.equal(served.tails.unsentBytesMax, 250_000)
  const sockets = [new WebSocket(address), new WebSocket(address)]
  await Promise.all(sockets.map((socket) => once(socket, 'open')))
  assert.equal(served.tails.unsentBytesMax, 125_000)
  assert.throws(() => served.tails.refuseAboveRoom(300_000), /leave no room/)
  for (const socket of sockets) socket.close()
  await Promise.all(sockets.map((socket) => once(socket, 'close')))
  first.entries = entries(400, 'x'.repeat(1_000))
  const refused = new WebSocket(address)
  const [, response] = await once(refused, 'unexpected-response')
  assert.equal(response.statusCode, 429)
  refused.on('error', () => undefined)
  refused.terminate()
})

test('S-LOKI-16 delay_for holds entries back for so long, and sends them by their times', async () => {
  const delayed = new DelayedEntries(1_000)
  delayed.add([entry(5), entry(3)], 0)
  delayed.add([entry(4), entry(9)], 600)
  const take = (nowMs: number, count = 100) =>
    delayed.take(count, nowMs).map(({ value }) => (JSON.parse(value) as [string])[0])
  assert.deepEqual(take(999), [])
  assert.equal(delayed.dueMs, 1_000)
  // With what was due, what belongs before it.
  assert.deepEqual(take(1_000, 2), ['3', '4'])
  assert.deepEqual(take(1_000), ['5'])
  assert.deepEqual([take(1_500), delayed.dueMs], [[], 1_600])
  assert.deepEqual(take(1_600), ['9'])
  assert.deepEqual([delayed.bytes, delayed.dueMs], [0, null])
  const atOnce = new DelayedEntries(0)
  atOnce.add([entry(5), entry(3)], 0)
  assert.deepEqual(
    atOnce.take(100, 0).map(({ value }) => value),
    ['["5","x"]', '["3","x"]'],
  )
  // First entries come at once, those that follow after the delay.
  const first = { ...nothing, entries: [entry(1)] }
  const tail = openTails(first, [{ ...nothing, entries: [entry(9), entry(8)] }], 1e6)
  const began = performance.now()
  const socket = await tail.open(200)
  assert.equal(socket.entries, 1)
  await waitFor('the others', () => socket.entries === 3)
  assert.ok(performance.now() - began >= 199)
  assert.match(socket.sent[1] ?? '', /"8".*"9"/)
  socket.close()
})

test('S-LOKI-09 what a tail has no place for is counted, and told in the log when it ends', async () => {
  const first = { ...nothing, entries: [], warnings: ['one'] }
  const tail = openTails(first, [{ ...nothing, entries: [], warnings: ['two', 'three'] }], 1e6)
  const socket = await tail.open(0)
  await waitFor('a read', () => tail.asked.length > 0)
  await new Promise(setImmediate)
  assert.deepEqual(tail.events, [])
  socket.close()
  assert.equal(tail.events.length, 1)
  assert.match(tail.events[0] ?? '', /^tail_warnings_untold/)
})
