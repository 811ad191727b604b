/** `select`: choices among namespaces, pods and containers, each kept together. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getPage, openTail } from '../support/client.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

test('S-PAGE-05 select takes one or several of namespace, pod and container, each choice together, on every route', async (t) => {
  const scene = createScene(t)
  for (const namespace of ['shop', 'infra']) {
    for (const pod of ['db-0', 'db-gate-0']) {
      const { containers } = scene.node.startPod({ namespace, pod, containers: ['app', 'side'] })
      for (const container of containers) container.write('stdout', `${namespace}/${pod}/${container.name}`)
    }
  }
  const { base } = await scene.start()
  const all = (await waitForEntries(base, 8)).map(({ line }) => line)
  const selected = async (...select: string[]): Promise<string[]> =>
    (await getPage(base, { select })).entries.map(({ line }) => line).toSorted()
  const of = (pattern: RegExp): string[] => all.filter((line) => pattern.test(line)).toSorted()
  assert.deepEqual(await selected('shop'), of(/^shop/))
  assert.deepEqual(await selected('shop/db-?'), of(/^shop\/db-0/))
  assert.deepEqual(await selected('*/db-*/side'), of(/side$/))
  // Not the side of shop's db-0, nor anything else of infra: a product of names would have them.
  assert.deepEqual(await selected('shop/db-0/app', 'infra/db-gate-0'), of(/^shop\/db-0\/app|^infra\/db-gate/))
  const { entries } = await getPage(base, {
    select: ['shop', 'infra/db-0'],
    container: 'app',
    namespace: 'infra',
  })
  assert.deepEqual(
    entries.map(({ line }) => line),
    ['infra/db-0/app'],
  )
  const histogram = await fetch(`${base}/logs/histogram?select=shop/db-0&by=pod`)
  assert.equal(((await histogram.json()) as { count: number }).count, 2)
  const tail = openTail(base, { select: 'infra/*/side', tail: 10 })
  t.after(() => tail.close())
  await waitFor('the tail', () => tail.entries.length === 2)
  for (const wrong of ['a/b/c/d', 'a//c', '/b']) {
    const answer = await fetch(`${base}/logs?select=${encodeURIComponent(wrong)}`)
    assert.equal(answer.status, 400, wrong)
  }
})
