/** What the collector counts: by namespace, by state, by reason. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { Counters } from '../../src/collector/counters.ts'
import { ReasonFinder } from '../../src/collector/malformed-reason.ts'
import { Refusals } from '../../src/collector/refusals.ts'
import { collectorLimits } from '../../src/limits/collector.ts'
import { NodeFolder } from './node-folder.ts'

async function withNode(body: (node: NodeFolder) => Promise<void>, node = new NodeFolder()): Promise<void> {
  try {
    await body(node)
  } finally {
    node.close()
  }
}

test('S-COUNT-01 lines and bytes are counted by namespace, their sums are those of the status', () =>
  withNode(async (node) => {
    const folder = path.join(node.root, 'infra_dns_uid-3', 'app')
    fs.mkdirSync(folder, { recursive: true })
    const [shop, infra] = [node.line('one') + node.line('two'), node.line('three')]
    node.append('0.log', shop)
    fs.writeFileSync(path.join(folder, '0.log'), infra)
    await node.pass()
    const { bytesRead, counters, linesRead } = node.core.status()
    const byName = counters.namespaces.toSorted((one, other) => one.namespace.localeCompare(other.namespace))
    assert.deepEqual(byName, [
      { namespace: 'infra', lines: 1, bytes: infra.length },
      { namespace: 'shop', lines: 2, bytes: shop.length },
    ])
    assert.deepEqual([linesRead, bytesRead], [3, infra.length + shop.length])
    node.kill()
    assert.deepEqual(node.core.status().counters.namespaces, [])
  }))

test('S-COUNT-02 namespaces beyond a bound are counted together', () => {
  const counters = new Counters()
  const max = collectorLimits.namespacesCountedMax
  for (let index = 0; index < max + 10; index += 1) counters.of(`team-${index}`).lines += 1
  counters.of('team-0').lines += 1
  const { namespaces } = counters.report()
  assert.equal(namespaces.length, max + 1)
  assert.deepEqual(namespaces[0], { namespace: 'team-0', lines: 2, bytes: 0 })
  assert.deepEqual(namespaces.at(-1), { namespace: '_other', lines: 10, bytes: 0 })
  assert.equal(counters.linesRead, max + 11)
})

test('S-COUNT-03 what is wrong with a malformed line: its time, its iostream, its JSON, or all of its form', () => {
  const finder = new ReasonFinder()
  const reasonOf = (line: string) => finder.find(Buffer.from(`\n${line}\n`), 1, 1 + Buffer.byteLength(line))
  const time = '2026-11-22T10:11:12.000001Z'
  assert.equal(reasonOf('2026-11-22T10:11:60Z stdout F one'), 'time')
  assert.equal(reasonOf('11:12Z stderr F torn'), 'time')
  assert.equal(reasonOf(' stdout F one'), 'time')
  assert.equal(reasonOf(`${time} stdoutF one`), 'iostream')
  assert.equal(reasonOf(`${time} stdlog F one`), 'iostream')
  assert.equal(reasonOf(`${time} std`), 'iostream')
  assert.equal(reasonOf(time), 'iostream')
  assert.equal(reasonOf('{"level":"info"}'), 'json')
  assert.equal(reasonOf('{"log":"cut'), 'json')
  assert.equal(reasonOf('plain words of no runtime'), 'format')
  assert.equal(reasonOf('x'.repeat(1000)), 'format')
  assert.equal(reasonOf(''), 'format')
})

test('S-COUNT-03 malformed entries are counted by reason, each piece of a cut one, and sum up', () =>
  withNode(
    async (node) => {
      node.append(
        '0.log',
        'nothing\n',
        '{"a":1}\n',
        '2026-13-22T10:11:12Z stdout F x\n',
        `${node.time()} std F x\n`,
        `${'y'.repeat(250)}\n`,
        node.line('good'),
      )
      await node.pass()
      const { counters, linesMalformed, linesRead } = node.core.status()
      assert.deepEqual(counters.malformed, { time: 1, iostream: 1, format: 4, json: 1 })
      assert.deepEqual([linesMalformed, linesRead], [7, 8])
    },
    new NodeFolder({ lineBytesMax: 100 }),
  ))

test('S-COUNT-04 files are counted by state, with what is unread and for how long', () =>
  withNode(async (node) => {
    const line = node.line('x'.repeat(1000))
    node.append('0.log', line.repeat(5000))
    fs.mkdirSync(node.file('0.log.1'))
    node.core.scan(node.now)
    const { counters } = node.core.status()
    assert.deepEqual(counters.files, { live: 0, rotated: 0, done: 0, waiting: 1, unreadable: 1 })
    assert.deepEqual([counters.lagBytes, counters.lagSec], [line.length * 5000, 0])
    node.now += 4000
    node.core.poll(node.now, { budgetMs: 0 })
    const later = node.core.status()
    assert.equal(later.counters.lagBytes, line.length * 5000 - later.bytesRead)
    assert.equal(later.counters.lagSec, 4)
    await node.pass()
    const { files, lagBytes, lagSec } = node.core.status().counters
    assert.deepEqual(files, { live: 1, rotated: 0, done: 0, waiting: 0, unreadable: 1 })
    assert.deepEqual([lagBytes, lagSec], [0, 0])
  }))

test('S-COUNT-05 gaps are counted by reason, rotations however they are done', () =>
  withNode(async (node) => {
    const counts = () => node.core.status().counters
    node.append('0.log', node.line('one'))
    await node.pass()
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('two'))
    await node.pass(5000)
    assert.equal(counts().rotations, 1)
    fs.truncateSync(node.file('0.log'))
    node.append('0.log', node.line('3'))
    await node.pass(5000)
    assert.equal(counts().rotations, 2)
    node.remove('0.log')
    node.append('0.log', node.line('four'))
    await node.pass(5000)
    assert.equal(counts().rotations, 3)
    assert.deepEqual(node.writer.texts(), ['one', 'two', '3', 'four'])
    const none = { rotated_away: 0, truncated: 0, deleted_unread: 0, cut_gzip: 0, database_replaced: 0 }
    assert.deepEqual(counts().gaps, none)
    const lost = node.line('x'.repeat(2000))
    node.append('0.log', lost.repeat(2000))
    node.core.poll(node.now, { all: true, budgetMs: 0 })
    fs.truncateSync(node.file('0.log'))
    node.append('0.log', node.line('five'))
    await node.pass(5000)
    assert.deepEqual(counts().gaps, { ...none, truncated: 1 })
    assert.deepEqual([node.core.status().gaps, node.writer.gaps().length], [1, 1])
    assert.deepEqual(await deleted(node), [4, 0])
  }))

/** Rotations, and how many more the deletion of a whole container makes. */
async function deleted(node: NodeFolder): Promise<[number, number]> {
  const before = node.core.status().counters.rotations
  fs.rmSync(node.container, { recursive: true })
  await node.pass(5000)
  return [before, node.core.status().counters.rotations - before]
}

test('S-COUNT-06 commits, those that failed, and the time of both are counted', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'))
    await node.pass()
    const { commits, commitFailures, commitSec } = node.core.status().counters
    assert.deepEqual([commits, commitFailures], [node.writer.commits, 0])
    assert.ok(commitSec > 0)
    node.writer.failure = new Error('full')
    node.append('0.log', node.line('two'))
    await node.pass()
    const failing = node.core.status().counters
    assert.equal(failing.commits, commits)
    assert.ok(failing.commitFailures > 0 && failing.commitSec > commitSec)
    assert.deepEqual(failing.store, node.writer.counters())
  }))

test('S-COUNT-07 errors are remembered by path up to a bound, the oldest is forgotten first', () => {
  const refusals = new Refusals()
  const refusal = { code: null, message: '', atMs: 0, place: null }
  const max = collectorLimits.refusalsMax
  for (let index = 0; index <= max; index += 1) refusals.add(`/${index}`, { ...refusal, atMs: index })
  refusals.add('/1', { ...refusal, atMs: max + 1 })
  assert.deepEqual([refusals.size, refusals.get('/0'), refusals.first], [max, null, '/2'])
  refusals.forgetOlderThan(1, max + 1)
  assert.deepEqual([refusals.size, refusals.get('/1')?.atMs], [2, max + 1])
})
