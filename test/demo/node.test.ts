/**
 * The simulated node of the demo: the same for the same seed, and laid out as a kubelet lays out its node.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { createLineSource, lineKinds } from '../../src/demo/lines.ts'
import { createSimulatedNode, type SimulatedNode } from '../../src/demo/node.ts'

const startMs = Date.UTC(2026, 10, 22, 10, 0, 0)
const criLine = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z (stdout|stderr) [FP] /

type Node = { readonly node: SimulatedNode; readonly folder: string }

async function withNode(seed: number, use: (made: Node) => Promise<void> | void): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-demo-test-'))
  const node = createSimulatedNode({ podsFolder: folder, seed, startMs })
  try {
    await use({ node, folder })
  } finally {
    node.close()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Every file below the folder with its content, unzipped. */
function readAll(folder: string): Map<string, string> {
  const names = fs.globSync('**/*.log*', { cwd: folder }).toSorted((a, b) => (a < b ? -1 : 1))
  return new Map(
    names.map((name) => {
      const bytes = fs.readFileSync(path.join(folder, name))
      return [name, (name.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes).toString()]
    }),
  )
}

test('S-DEMO-01 a line source prints the same for the same seed and times', () => {
  for (const kind of lineKinds) {
    const print = (seed: number) => {
      const source = createLineSource(kind, seed)
      return Array.from({ length: 200 }, (_, index) => source.next(startMs + index * 100))
    }
    assert.deepEqual(print(1), print(1), kind)
    assert.notDeepEqual(print(1), print(2), kind)
    assert.ok(
      print(1).every((event) => event.length > 0 && event.every((line) => !line.text.includes('\n'))),
      kind,
    )
  }
})

test('S-DEMO-02 it starts with an hour of history, gzip generations included, in three namespaces', async () => {
  await withNode(5, ({ node, folder }) => {
    const files = readAll(folder)
    const namespaces = new Set([...files.keys()].map((name) => name.split('_')[0]))
    assert.deepEqual(namespaces, new Set(['shop', 'infra', 'jobs']))
    const lines = [...files.values()].flatMap((text) => text.split('\n').slice(0, -1))
    assert.ok(lines.length >= 3000 && lines.length <= 9000, `${lines.length} lines`)
    assert.ok(node.linesWritten() <= lines.length)
    assert.deepEqual(
      lines.filter((line) => !criLine.test(line)),
      [],
    )
    const api = [...files.keys()]
      .filter((name) => name.startsWith('shop_api-'))
      .map((name) => path.basename(name))
    assert.equal(api.length, 3)
    assert.equal(api[0], '0.log')
    assert.match(api.join(), /^0\.log,0\.log\.\d{8}-\d{6}(\.gz)?,0\.log\.\d{8}-\d{6}(\.gz)?$/)
    assert.equal(api.filter((name) => name.endsWith('.gz')).length, 1)
    const pods = fs.readdirSync(folder)
    assert.ok(
      pods.every((name) => /^[a-z]+_[a-z0-9-]+_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)),
    )
    assert.deepEqual(
      fs.readdirSync(path.join(folder, pods.find((name) => name.startsWith('infra_db-0_')) ?? '')),
      ['exporter', 'postgres'],
    )
  })
})

test('S-DEMO-03 while it runs it writes 20 to 60 lines a second, rotates, restarts containers and ends jobs', async () => {
  await withNode(5, ({ node, folder }) => {
    const before = node.linesWritten()
    const minutes = 10
    const seen = new Set<string>()
    for (let second = 1; second <= minutes * 60; second += 1) {
      node.advance(startMs + second * 1000)
      for (const name of fs.globSync('**/*.log*', { cwd: folder })) seen.add(name)
    }
    const rate = (node.linesWritten() - before) / (minutes * 60)
    assert.ok(rate > 20 && rate < 60, `${rate} lines a second`)
    const names = [...seen]
    assert.ok(
      names.some((name) => /shop_api-.*\/[1-9]\.log$/.test(name)),
      'a restarted container',
    )
    assert.ok(
      names.filter((name) => /jobs_report-.*\/0\.log$/.test(name)).length >= 3,
      'jobs that follow each other',
    )
    const jobsLeft = fs.readdirSync(folder).filter((name) => name.startsWith('jobs_report-'))
    assert.ok(jobsLeft.length <= 4, 'ended jobs are deleted')
    const generations = new Set(names.filter((name) => /infra_ingress-.*\.log\.\d/.test(name)))
    assert.ok(generations.size > 3, 'a rotation of a running container')
    assert.ok(
      [...readAll(folder).values()].some((text) => / P /.test(text)),
      'a line cut into pieces',
    )
  })
})
