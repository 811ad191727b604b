/** Who a request is for is known to what is done for it: to the gate, to pieces of exports, behind forms. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentClient } from '../../src/query/client.ts'
import { createGate } from '../../src/query/gate.ts'
import { emptyPage } from '../support/recorded-query.ts'
import { serve } from '../support/served.ts'
import { waitFor } from '../support/wait.ts'

const asUser = (user: string): RequestInit => ({ headers: { 'x-grafana-user': user } })

test('S-QUERY-32 users of Grafana, which have one address, take turns', async () => {
  const gate = createGate(1, 64)
  const turns: string[] = []
  await using served = await serve({
    answers: {
      logs: async () => {
        await gate.enter()
        turns.push(String(currentClient()))
        gate.leave()
        return emptyPage
      },
    },
  })
  await gate.enter()
  const ask = (user: string) => fetch(`${served.base}/logs`, asUser(user))
  const many = Array.from({ length: 20 }, () => ask('many'))
  await waitFor('twenty to wait', () => gate.waiting() === 20)
  const one = ask('one')
  await waitFor('one more', () => gate.waiting() === 21)
  gate.leave()
  await Promise.all([...many, one])
  assert.equal(turns[1], '127.0.0.1 one')
  assert.equal(new Set(turns).size, 2)
})

test('S-QUERY-32 whatever is made later is for the same client: pieces of an export, answers to forms', async () => {
  const seen = new Set<string | null>()
  await using served = await serve({
    answers: {
      exportLogs: async function* () {
        for (let piece = 0; piece < 200; piece += 1) {
          seen.add(currentClient())
          yield Buffer.alloc(64 * 1024, 'x')
        }
      },
      logql: {
        metric: async () => {
          seen.add(currentClient())
          const stats = { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs: 0 }
          return { members: Buffer.from('"resultType":"vector","result":[]'), stats, warnings: [] }
        },
      },
    },
  })
  const answer = await fetch(`${served.base}/logs?format=ndjson`, asUser('ann'))
  let bytes = 0
  for await (const chunk of answer.body as ReadableStream<Uint8Array>) bytes += chunk.length
  assert.equal(bytes, 200 * 64 * 1024)
  const form = { method: 'POST', body: new URLSearchParams({ query: 'vector(1)' }), ...asUser('ann') }
  assert.equal((await fetch(`${served.base}/loki/api/v1/query`, form)).status, 200)
  assert.deepEqual([...seen], ['127.0.0.1 ann'])
})
