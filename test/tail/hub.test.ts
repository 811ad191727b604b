/** Live tails over real WebSockets: frames, groups, slow clients, keep-alive, refusals and the end. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { LogkeepError } from '../../src/errors.ts'
import type { TailRead } from '../../src/query/contract.ts'
import type { Plan } from '../../src/query/plan.ts'
import { serve } from '../support/served.ts'
import { waitFor } from '../support/wait.ts'

type Frame = { readonly type: string } & Readonly<Record<string, unknown>>

function connect(base: string, query = '') {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/logs/tail?${query}`)
  const frames: Frame[] = []
  const state = { frames, socket, closeCode: null as number | null }
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())))
  socket.on('close', (code) => {
    state.closeCode = code
  })
  return state
}

async function connected(base: string, query = '') {
  const client = connect(base, query)
  await once(client.socket, 'open')
  await waitFor('the first frame', () => client.frames.length > 0)
  return client
}

/** The refusal of an upgrade, as a plain answer. */
async function refusal(
  base: string,
  query: string,
): Promise<{ status: number; headers: unknown; body: Frame }> {
  const { socket } = connect(base, query)
  socket.on('error', () => undefined)
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  let body = ''
  for await (const piece of response) body += piece
  return { status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(body) }
}

const nothing = (cursor: string): TailRead => ({
  entries: Buffer.from(''),
  count: 0,
  cursor,
  caughtUp: true,
  warnings: [],
})

/** A log whose entries are numbers; a cursor is how many of them were sent. */
function createNumbers({ perRead = 10, padding = 0 } = {}) {
  const state = { written: 0, reads: 0 }
  const readTail = (_plan: Plan, cursor: string): TailRead => {
    state.reads += 1
    const from = Number(cursor)
    const to = Math.min(state.written, from + perRead)
    if (from === to) return nothing(cursor)
    const entries = Array.from({ length: to - from }, (_, index) =>
      JSON.stringify({ n: from + index, padding: 'x'.repeat(padding) }),
    )
    const caughtUp = to === state.written
    return {
      entries: Buffer.from(entries.join()),
      count: to - from,
      cursor: String(to),
      caughtUp,
      warnings: [],
    }
  }
  const openTail = (): TailRead => nothing(String(state.written))
  return { state, answers: { readTail, openTail } }
}

function numbersOf(frames: readonly Frame[]): number[] {
  const entries = frames
    .filter(({ type }) => type === 'entries')
    .flatMap((frame) => frame['entries'] as { n: number }[])
  return entries.map(({ n }) => n)
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test('S-TAIL-01 the first frame has what is there and the cursor; what is committed later follows, each once', async () => {
  const numbers = createNumbers()
  await using served = await serve({ answers: numbers.answers })
  const client = await connected(served.base, 'namespace=shop')
  assert.deepEqual(client.frames, [{ type: 'entries', entries: [], cursor: '0' }])
  for (const written of [3, 4, 50]) {
    numbers.state.written = written
    served.collector.commit()
  }
  await waitFor('all entries', () => numbersOf(client.frames).length === 50)
  assert.deepEqual(numbersOf(client.frames), upTo(50))
  assert.equal(client.frames.at(-1)?.['cursor'], '50')
  client.socket.close()
})

test('S-TAIL-02 what was committed between the opening and the upgrade is sent without waiting for a commit', async () => {
  const numbers = createNumbers()
  await using served = await serve({
    answers: {
      ...numbers.answers,
      openTail: () => {
        const first = numbers.answers.openTail()
        numbers.state.written = 2
        return first
      },
    },
  })
  const client = await connected(served.base)
  await waitFor('the entries', () => numbersOf(client.frames).length === 2)
  client.socket.close()
})

test('S-TAIL-03 clients with equal filters at the same place share one read; others have their own', async () => {
  const numbers = createNumbers()
  await using served = await serve({ answers: numbers.answers })
  const same = await Promise.all(upTo(5).map(() => connected(served.base, 'namespace=a&namespace=b')))
  const swapped = await connected(served.base, 'namespace=b&namespace=a')
  const other = await connected(served.base, 'namespace=c')
  await waitFor('the groups to meet', () => served.tails.groupCount === 2)
  const before = numbers.state.reads
  numbers.state.written = 5
  served.collector.commit()
  const clients = [...same, swapped, other]
  await waitFor('all to have them', () => clients.every(({ frames }) => numbersOf(frames).length === 5))
  assert.equal(numbers.state.reads - before, 2)
  for (const { socket } of clients) socket.close()
})

test('S-TAIL-04 the collector is told of tails while there are any, and tails begin behind a sync', async () => {
  await using served = await serve()
  const one = await connected(served.base)
  const two = await connected(served.base, 'cursor=c0')
  assert.deepEqual(served.collector.live, [true])
  assert.equal(served.collector.state.syncs, 1, 'a cursor says itself where to begin')
  one.socket.close()
  two.socket.close()
  await waitFor('the collector to be told', () => served.collector.live.length === 2)
  assert.deepEqual(served.collector.live, [true, false])
  assert.equal(served.tails.count, 0)
  assert.equal(served.tails.groupCount, 0)
})

test('S-TAIL-05 parameters, cursors and a full house are refused as plain answers before the upgrade', async () => {
  await using served = await serve({
    tailLimits: { tailsMax: 2 },
    answers: {
      openTail: (_plan, start) => {
        if (start.kind === 'cursor')
          throw new LogkeepError('BAD_CURSOR', 'parameter "cursor" is damaged', 'x')
        return nothing('c0')
      },
    },
  })
  assert.equal((await refusal(served.base, 'limit=5')).body['code'], 'BAD_PARAMETER')
  assert.equal((await refusal(served.base, 'tail=5&since=5m')).status, 400)
  assert.equal((await refusal(served.base, 'cursor=x')).body['code'], 'BAD_CURSOR')
  await connected(served.base)
  const second = await connected(served.base)
  const full = await refusal(served.base, '')
  assert.equal(full.status, 429)
  assert.ok(Number((full.headers as Record<string, string>)['retry-after']) > 0)
  second.socket.close()
  await waitFor('a place', () => served.tails.count === 1)
  await connected(served.base)
})

test('S-TAIL-06 a client that takes nothing is not read for, holds back nobody, and goes on with all when it takes again', async () => {
  const numbers = createNumbers({ perRead: 4, padding: 16_000 })
  await using served = await serve({ answers: numbers.answers, tailLimits: { bufferedBytesMax: 256 * 1024 } })
  const quick = await connected(served.base)
  const slow = await connected(served.base)
  slow.socket.pause()
  const total = 1000
  for (let written = 4; written <= total; written += 4) {
    numbers.state.written = written
    served.collector.commit()
  }
  await waitFor('the quick client to have all', () => numbersOf(quick.frames).length === total)
  const readsForSlow = numbers.state.reads
  served.collector.commit()
  await waitFor('the group to have been read', () => numbers.state.reads > readsForSlow)
  assert.ok(numbersOf(slow.frames).length < total)
  const unsent = Math.max(
    ...[...served.app.websocketServer.clients].map(({ bufferedAmount }) => bufferedAmount),
  )
  assert.ok(unsent < 256 * 1024 + 4 * 16_100 + 1024, `${unsent} bytes are held`)
  assert.equal(served.tails.groupCount, 1, 'the slow client is in no group')
  slow.socket.resume()
  await waitFor('the slow client to have all', () => numbersOf(slow.frames).length === total)
  assert.deepEqual(numbersOf(slow.frames), upTo(total))
  await waitFor('the two to share reads again', () => served.tails.groupCount === 1)
  quick.socket.terminate()
  slow.socket.terminate()
})

test('S-TAIL-07 a client that takes nothing for too long is ended with its cursor', async () => {
  const numbers = createNumbers({ perRead: 4, padding: 16_000 })
  await using served = await serve({
    answers: numbers.answers,
    tailLimits: { bufferedBytesMax: 64 * 1024, pingMs: 20, lagMaxMs: 1000 },
  })
  const slow = await connected(served.base)
  slow.socket.pause()
  numbers.state.written = 4000
  served.collector.commit()
  const isSlow = () => served.tails.groupCount === 0
  await waitFor('the client to be slow', isSlow)
  served.clock.nowMs += 999
  const ticks = served.events.length
  assert.equal(ticks, 0)
  assert.equal(served.tails.count, 1)
  served.clock.nowMs += 1
  await waitFor('the close to begin', () =>
    [...served.app.websocketServer.clients].every(({ readyState }) => readyState !== WebSocket.OPEN),
  )
  slow.socket.resume()
  await once(slow.socket, 'close')
  const end = slow.frames.at(-1)
  assert.equal(end?.type, 'end')
  assert.equal(slow.closeCode, 1001)
  assert.equal(end?.['cursor'], String(numbersOf(slow.frames).length), 'the cursor is behind what was sent')
})

test('S-TAIL-08 pings carry the cursor, also when nothing was found; a peer that never answers is cut off', async () => {
  let place = 0
  await using served = await serve({
    tailLimits: { pingMs: 20, peerSilentMaxMs: 1000 },
    answers: { readTail: () => nothing(`p${place}`) },
  })
  const client = await connected(served.base)
  place = 7
  served.collector.commit()
  await waitFor('a ping', () =>
    client.frames.some((frame) => frame.type === 'ping' && frame['cursor'] === 'p7'),
  )
  client.socket.send('{"type":"pong"}')
  served.clock.nowMs += 900
  const silent = new WebSocket(`${served.base.replace('http', 'ws')}/logs/tail`, { autoPong: false })
  const silenced = once(silent, 'close')
  await once(silent, 'open')
  await waitFor('both to be there', () => served.tails.count === 2)
  served.clock.nowMs += 999
  const pings = client.frames.length
  await waitFor('another ping', () => client.frames.length > pings + 1)
  assert.equal(served.tails.count, 2)
  served.clock.nowMs += 1
  await silenced
  assert.equal(client.socket.readyState, WebSocket.OPEN, 'who answers stays')
  client.socket.close()
})

test('S-TAIL-09 what had to be skipped is told in a gap frame with the place before it', async () => {
  let warned = false
  await using served = await serve({
    answers: {
      openTail: (_plan, start) => ({
        ...nothing('c5'),
        warnings: start.kind === 'cursor' ? ['moved'] : ['no such pod'],
      }),
      readTail: (_plan, cursor) => {
        if (warned || cursor !== 'c5') return nothing(cursor)
        warned = true
        return { ...nothing('c9'), entries: Buffer.from('{"n":9}'), count: 1, warnings: ['retention'] }
      },
    },
  })
  const client = await connected(served.base, 'cursor=c1')
  await waitFor('all frames', () => client.frames.length === 4)
  assert.deepEqual(client.frames, [
    { type: 'gap', message: 'moved', cursor: 'c1' },
    { type: 'entries', entries: [], cursor: 'c5' },
    { type: 'gap', message: 'retention', cursor: 'c5' },
    { type: 'entries', entries: [{ n: 9 }], cursor: 'c9' },
  ])
  const other = await connected(served.base, 'pod=x')
  assert.deepEqual(other.frames[0]?.['warnings'], ['no such pod'])
  client.socket.close()
  other.socket.close()
})

test('S-TAIL-10 an error is told in a frame with code, hint and cursor, then the connection is closed', async () => {
  let failure: Error | null = null
  await using served = await serve({
    answers: {
      readTail: (_plan, cursor) => {
        if (failure !== null) throw failure
        return nothing(cursor)
      },
    },
  })
  for (const [error, code] of [
    [new LogkeepError('STORE_UNAVAILABLE', 'gone', 'wait'), 'STORE_UNAVAILABLE'],
    [new Error('/inside'), 'INTERNAL'],
  ] as const) {
    failure = null
    const client = await connected(served.base)
    await waitFor('the first read', () => served.reads.length > 0)
    failure = error
    served.collector.commit()
    await once(client.socket, 'close')
    const last = client.frames.at(-1)
    assert.equal(last?.type, 'error')
    assert.equal(last?.['code'], code)
    assert.equal(last?.['cursor'], 'c0')
    assert.ok(!JSON.stringify(last).includes('inside'))
    assert.equal(client.closeCode, 1011)
  }
})

test('S-TAIL-11 a client may say pong; anything else is an error, and long messages are not read', async () => {
  await using served = await serve()
  for (const message of [
    'hello',
    '{"type":"subscribe"}',
    '[]',
    Buffer.from('{"type":"pong"}'),
    'x'.repeat(4096),
  ]) {
    const client = await connected(served.base)
    client.socket.send(message)
    await once(client.socket, 'close')
    assert.equal(client.frames.at(-1)?.['code'], 'BAD_MESSAGE', String(message).slice(0, 40))
    assert.equal(client.closeCode, 1008)
  }
  const long = await connected(served.base)
  long.socket.send('x'.repeat(4097))
  await once(long.socket, 'close')
  assert.equal(long.closeCode, 1009)
  const polite = await connected(served.base)
  polite.socket.send('{"type":"pong"}')
  polite.socket.ping()
  await once(polite.socket, 'pong')
  assert.equal(polite.socket.readyState, WebSocket.OPEN)
  polite.socket.close()
})

test('S-TAIL-12 a stop sends every tail an end frame with its cursor, and cuts off who does not take it', async () => {
  const served = await serve()
  const client = await connected(served.base)
  const stuck = await connected(served.base)
  stuck.socket.pause()
  const closed = once(client.socket, 'close')
  const startMs = performance.now()
  await served.app.close()
  assert.ok(performance.now() - startMs < 2500)
  await closed
  assert.deepEqual(client.frames.at(-1), { type: 'end', reason: 'the server is stopping', cursor: 'c0' })
  assert.equal(client.closeCode, 1001)
  assert.equal(served.collector.listenerCount(), 0)
  await waitFor('all places to be given back', () => served.tails.count === 0)
  stuck.socket.terminate()
})

test('S-TAIL-13 a client that goes away while its tail is opened gives its place back', async () => {
  let release = (): void => undefined
  await using served = await serve({
    answers: {
      openTail: (_plan, _start, signal) =>
        new Promise((resolve, reject) => {
          release = () => resolve(nothing('c0'))
          signal.addEventListener('abort', () => reject(new Error('aborted')))
        }),
    },
  })
  const { socket } = connect(served.base)
  socket.on('error', () => undefined)
  await waitFor('the opening', () => served.opened.length === 1)
  // Not `once`: it would take the error event for its own.
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.terminate()
  await closed
  release()
  await waitFor('the place to be given back', () => served.tails.count === 0)
  assert.deepEqual(served.collector.live, [true, false])
})

test('S-TAIL-14 a hundred clients of one filter cost one read per commit', async () => {
  const numbers = createNumbers()
  await using served = await serve({ answers: numbers.answers })
  const clients = await Promise.all(upTo(100).map(() => connected(served.base)))
  await waitFor('one group', () => served.tails.groupCount === 1)
  const before = numbers.state.reads
  for (const written of [1, 2, 3]) {
    numbers.state.written = written
    served.collector.commit()
    await waitFor('all to have it', () => clients.every(({ frames }) => numbersOf(frames).length === written))
  }
  assert.equal(numbers.state.reads - before, 3)
  for (const { socket } of clients) socket.terminate()
})

test('S-TAIL-15 first entries that slow clients leave no room for are refused; a tail that begins now is not', async () => {
  const first = { ...nothing('c0'), entries: Buffer.from(JSON.stringify({ n: 'x'.repeat(8 * 2 ** 20) })) }
  await using served = await serve({
    answers: { openTail: (_plan, start) => (start.kind === 'newest' ? first : nothing('c0')) },
    tailLimits: { bufferedTotalBytesMax: 2 * first.entries.length },
  })
  const deaf: ReturnType<typeof connect>[] = []
  const refusedStatus = async (): Promise<number> => {
    const client = connect(served.base, 'tail=5')
    client.socket.on('error', () => undefined)
    const outcome = await Promise.race([
      once(client.socket, 'upgrade').then(() => 101),
      once(client.socket, 'unexpected-response').then(([, response]) => Number(response.statusCode)),
    ])
    client.socket.pause()
    deaf.push(client)
    return outcome
  }
  const statuses: number[] = []
  while (statuses.at(-1) !== 429 && statuses.length < 10) statuses.push(await refusedStatus())
  assert.equal(statuses.at(-1), 429, statuses.join())
  const now = await connected(served.base)
  now.socket.close()
  for (const { socket } of deaf) socket.terminate()
  await waitFor('all places to be given back', () => served.tails.count === 0)
  const again = await connected(served.base, 'tail=5')
  again.socket.close()
})

test('S-TAIL-16 a stop does not wait for tails that are being opened', async () => {
  const served = await serve({ answers: { openTail: () => new Promise(() => undefined) } })
  const refused = refusal(served.base, 'tail=5')
  await waitFor('the opening', () => served.opened.length === 1)
  const startMs = performance.now()
  await served.app.close()
  assert.ok(performance.now() - startMs < 1000)
  const { status, body } = await refused
  assert.deepEqual([status, body['code']], [503, 'STOPPING'])
})
