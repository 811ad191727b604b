/** The real program's figures after known traffic: lines in real files, queries, a tail and refusals. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Exposition, parseExposition, valueOf, valuesBy } from '../support/exposition.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

async function scrape(base: string): Promise<Exposition> {
  const response = await fetch(`${base}/metrics`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return parseExposition(await response.text())
}

test('S-METRIC-16 after known lines the scrape has them by namespace, and what was asked and refused', async (t) => {
  const { node, start } = createScene(t)
  const written = [
    ['shop', 'api', 30],
    ['kube-system', 'dns', 12],
  ] as const
  for (const [namespace, name, count] of written) {
    const pod = node.startPod({ namespace, pod: `${name}-1`, containers: [name] })
    for (let index = 0; index < count; index += 1) pod.container(name).write('stdout', `line ${index}`)
  }
  const { base } = await start()
  await waitForEntries(base, 42)
  await fetch(`${base}/pods`)
  for (const refused of ['q=/(/', `q=/a{1001}/`, 'cursor=nonsense']) {
    assert.equal((await fetch(`${base}/logs?${refused}`)).status, 400)
  }
  const families = await waitFor('what was read in the figures', async () => {
    const found = await scrape(base)
    const lines = valuesBy(found, 'logkeep_read_lines_total', 'log_namespace')
    // The collector reports once a second: what it has read may come before what it has committed.
    const isCommitted = (valueOf(found, 'logkeep_commits_total') ?? 0) > 0
    return lines['shop'] === 30 && lines['kube-system'] === 12 && isCommitted ? found : null
  })
  const bytes = valuesBy(families, 'logkeep_read_bytes_total', 'log_namespace')
  assert.ok((bytes['shop'] ?? 0) > 30 * 'line 0'.length && (bytes['shop'] ?? 0) < 30 * 200)
  const value = (name: string, labels?: Readonly<Record<string, string>>): number =>
    valueOf(families, name, labels) ?? Number.NaN
  assert.equal(value('logkeep_files', { state: 'live' }), 2)
  assert.equal(value('logkeep_lag_bytes'), 0)
  assert.equal(value('logkeep_lag_seconds'), 0)
  assert.equal(value('logkeep_ready'), 1)
  assert.equal(value('logkeep_degraded_reasons'), 0)
  assert.ok(value('logkeep_commit_seconds_total') > 0)
  assert.ok(value('logkeep_syncs_total') > 0)
  assert.ok(value('logkeep_queries_total', { kind: 'logs', outcome: 'ok' }) > 0)
  assert.equal(value('logkeep_queries_total', { kind: 'list', outcome: 'ok' }), 1)
  assert.equal(value('logkeep_queries_total', { kind: 'logs', outcome: 'refused' }), 1)
  assert.equal(value('logkeep_limit_reached_total', { limit: 'regex' }), 1)
  assert.equal(value('logkeep_http_requests_total', { route: '/logs', status: '4xx' }), 3)
  assert.equal(value('logkeep_http_requests_total', { route: '/pods', status: '2xx' }), 1)
  assert.ok(value('logkeep_database_bytes', { part: 'journal' }) > 0)
  assert.equal(value('logkeep_tails_open'), 0)
  const threads = Object.keys(valuesBy(families, 'logkeep_thread_heap_used_bytes', 'thread'))
  assert.deepEqual(threads.slice(0, 3), ['main', 'collector', 'light'])
  const tail = new WebSocket(`${base.replace('http', 'ws')}/logs/tail`)
  try {
    await waitFor('the open tail', async () => {
      const found = await scrape(base)
      return valueOf(found, 'logkeep_tails_open') === 1 && valueOf(found, 'logkeep_tail_groups') === 1
    })
  } finally {
    tail.close()
  }
  await waitFor('the closed tail', async () => valueOf(await scrape(base), 'logkeep_tails_open') === 0)
})
