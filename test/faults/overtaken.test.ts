/** Faults of rotation that overtakes the reader, or is overtaken by it, F16 to F20. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { collectorLimits } from '../../src/limits/collector.ts'
import type { NodeFolder } from '../collector/node-folder.ts'
import { withFaultNode } from '../support/fault-node.ts'
import { gapsTold } from '../support/gap-records.ts'

/** Until a rotated file is given up to nothing more, and the next one is read. */
const drainMs = 4_000
const stamp = (second: number): string => `0.log.20261122-1011${second}`

test('F16 a file of any size is read in bounded turns, and another container has its own between them', () =>
  withFaultNode(async ({ node, texts, status }) => {
    const written = Array.from({ length: 6_000 }, (_, index) => `${index} `.padEnd(2_000, 'x'))
    node.append('0.log', ...written.map((text) => node.line(text)))
    assert.ok(fs.statSync(node.file('0.log')).size > 10 * collectorLimits.turnBytes)
    fs.writeFileSync(path.join(node.root, 'shop_other_uid-2', 'app', '0.log'), node.line('not starved'))
    node.core.scan(node.now)
    for (let polls = 0; polls < 2; polls += 1) {
      const { bytesRead } = status()
      node.core.poll(node.now, { all: true, budgetMs: 0 })
      assert.ok(status().bytesRead - bytesRead <= collectorLimits.turnBytes + collectorLimits.readBytes)
    }
    assert.deepEqual(await texts({ pod: 'other' }), ['not starved'])
    assert.ok((await texts({ pod: 'api', limit: 5000 })).length < written.length / 2)
    await node.pass()
    assert.deepEqual(await texts({ pod: 'api', limit: 5000 }), written)
  }))

test('F17 files whose names are out of order are read by the times in them', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    // Lines that go on from file to file: joined only where the files are read in their order.
    for (const [index, second] of [14, 12, 13].entries()) {
      node.append('0.log', node.line(`end ${index}`), node.line(`begin ${index + 1} `, 'P'))
      node.rename('0.log', stamp(second))
      if (second !== 13) node.gzip(stamp(second))
    }
    node.append('0.log', node.line('end 3'))
    // Copied or compressed anew since, the oldest last.
    for (const [index, name] of [stamp(13), `${stamp(12)}.gz`, `${stamp(14)}.gz`].entries()) {
      fs.utimesSync(node.file(name), index + 1, index + 1)
    }
    await node.pass(drainMs)
    await node.settle()
    assert.deepEqual(await texts(), ['end 0', ...[1, 2, 3].map((number) => `begin ${number} end ${number}`)])
    assert.deepEqual(await gaps(), [])
  }))

test('F17 two rotations in one second: the file whose name was taken is read to its end', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'))
    node.rename('0.log', stamp(12))
    node.append('0.log', node.line('c'))
    await node.pass(500)
    node.append('0.log', node.line('d'))
    node.rename('0.log', stamp(12))
    node.append('0.log', node.line('e'))
    await node.pass(drainMs)
    assert.deepEqual(await texts(), ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(await gaps(), [])
  }))

/** Has the collector's descriptor of a file lead to a copy of it, which does not grow. */
function freeze(node: NodeFolder, name: string): void {
  const folder = '/proc/self/fd'
  const copy = path.join(node.base, 'frozen')
  fs.copyFileSync(node.file(name), copy)
  const isOf = (fd: string): boolean =>
    fs.readlinkSync(path.join(folder, fd), { encoding: 'utf8' }) === node.file(name)
  const open = fs.readdirSync(folder).filter((fd) => fs.existsSync(path.join(folder, fd)) && isOf(fd))
  assert.equal(open.length, 1)
  const fd = Number(open[0])
  fs.closeSync(fd)
  const opened: number[] = []
  while (opened.at(-1) !== fd && opened.length < 1_000) opened.push(fs.openSync(copy, 'r'))
  assert.equal(opened.pop(), fd)
  for (const other of opened) fs.closeSync(other)
}

test('F18 a file that grows but is read no further is told, and opened again', () =>
  withFaultNode(async ({ node, base, texts }) => {
    const reasons = async (): Promise<string> => {
      const answer = (await (await fetch(`${base}/readyz`)).json()) as { reasons: string[] }
      return answer.reasons.join()
    }
    node.append('0.log', node.line('a'))
    await node.pass()
    freeze(node, '0.log')
    node.append('0.log', node.line('b'))
    await node.pass(collectorLimits.standstillMs)
    assert.deepEqual(await texts(), ['a'])
    assert.equal(await reasons(), '')
    await node.pass(collectorLimits.standstillMs)
    assert.deepEqual(await texts(), ['a', 'b'])
    assert.match(await reasons(), /1 log file was read no further.*0\.log/)
    assert.deepEqual(node.warnings, ['file_stood_still'])
    node.append('0.log', node.line('c'))
    await node.pass(2 * collectorLimits.standstillMs)
    assert.deepEqual(await texts(), ['a', 'b', 'c'])
    assert.equal(await reasons(), '')
  }))

test('F18 half a line that waits for its end is no standstill', () =>
  withFaultNode(async ({ node, texts }) => {
    node.append('0.log', node.line('a'), node.line('half').trimEnd())
    await node.pass(5 * collectorLimits.standstillMs)
    assert.deepEqual(await texts(), ['a'])
    assert.deepEqual(node.warnings, [])
  }))

test('F19 files that were rotated away unread leave one gap record, and the rest is read', () =>
  withFaultNode(async ({ node, texts, entries, gaps, status }) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.core.close()
    for (let second = 11; second < 18; second += 1) {
      node.append('0.log', node.line(`in ${second}`))
      node.rename('0.log', stamp(second))
      if (second > 11) node.gzip(stamp(second - 1))
    }
    for (const second of [11, 12, 13]) node.remove(`${stamp(second)}.gz`)
    node.append('0.log', node.line('live'))
    node.kill()
    await node.pass(drainMs)
    await node.settle()
    await node.pass(drainMs)
    const left = ['a', 'in 14', 'in 15', 'in 16', 'in 17', 'live']
    assert.deepEqual(await texts(), left)
    const found = await gaps()
    assert.deepEqual(gapsTold(found), ['rotated_away 0.log ? of api/0'])
    assert.equal(found[0]?.time, (await entries())[0]?.time, 'it stands behind the last line before it')
    assert.equal(status().counters.gaps.rotated_away, 1)
    node.kill()
    await node.pass(drainMs)
    assert.deepEqual(await texts(), left)
    assert.equal((await gaps()).length, 1)
  }))

/** Longer than what is known of a container that is not there is kept at a start. */
const orphanMs = 2 * collectorLimits.orphanGraceMs

test('F19 F79 what was known to be unread when logkeep was killed, and is gone at its start, leaves gap records', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    const pod = path.join(node.root, 'shop_gone_uid-3', 'app')
    fs.mkdirSync(pod, { recursive: true })
    fs.writeFileSync(path.join(pod, '0.log.20261122-101112'), node.line('never read'))
    fs.writeFileSync(path.join(pod, '0.log'), node.line('nor this'))
    node.append('0.log', node.line('read'))
    node.append('1.log', node.line('read too'))
    node.core.scan(node.now)
    node.core.commit(node.now)
    node.core.close()
    fs.rmSync(path.dirname(pod), { recursive: true })
    node.remove('1.log')
    node.kill()
    await node.pass(orphanMs)
    assert.deepEqual(await texts(), ['read'])
    const expected = [
      'deleted_unread 0.log ? of gone/0',
      `deleted_unread ${stamp(12)} ? of gone/0`,
      'deleted_unread 1.log ? of api/1',
    ]
    assert.deepEqual(gapsTold(await gaps()).toSorted(), expected.toSorted())
  }))

test('F19 a file that was known to hold more when it was stored last, and is gone at the start, leaves a gap record', () =>
  withFaultNode(async ({ node, texts, entries, gaps }) => {
    const written = Array.from({ length: 3_000 }, (_, index) => `${index} `.padEnd(1_000, 'x'))
    node.append('0.log', ...written.map((text) => node.line(text)))
    node.core.scan(node.now)
    node.core.poll(node.now, { all: true, budgetMs: 0 })
    node.core.commit(node.now)
    node.core.close()
    node.remove('0.log')
    node.kill()
    await node.pass(orphanMs)
    const read = await texts({ limit: 5000 })
    assert.ok(read.length > 100 && read.length < written.length)
    assert.deepEqual(gapsTold(await gaps()), ['deleted_unread 0.log ? of api/0'])
    assert.equal((await gaps())[0]?.time, (await entries({ limit: 5000 }))[read.length - 1]?.time)
  }))

test('F19 a gap record does not stand where a broken clock was', () =>
  withFaultNode(async ({ node, entries, gaps }) => {
    node.append('0.log', node.line('a'), `2999-01-01T00:00:00Z stdout F far ahead\n`)
    await node.pass()
    node.append('0.log', node.line('unread'))
    node.rename('0.log', stamp(11))
    node.core.close()
    node.remove(stamp(11))
    node.append('0.log', node.line('b'))
    node.kill()
    await node.pass(drainMs)
    const [gap] = await gaps()
    assert.equal(gap?.time, (await entries()).find(({ line }) => line === 'a')?.time)
  }))

test('F19 what was read when logkeep was killed, and is gone at its start, leaves no gap record', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    node.append(stamp(11), node.line('a'))
    node.append('1.log', node.line('b'))
    node.core.scan(node.now)
    while (node.core.poll(node.now, { all: true })) continue
    node.core.commit(node.now)
    // Known to be compressed, and killed before it is looked through again.
    node.gzip(stamp(11))
    node.kill()
    node.core.scan(node.now)
    node.core.commit(node.now)
    node.core.close()
    fs.rmSync(node.container, { recursive: true })
    node.kill()
    await node.pass(orphanMs)
    assert.deepEqual(await texts(), ['a', 'b'])
    assert.deepEqual(await gaps(), [])
  }))

test('F20 what a dead instance left, rotated and compressed, is read once, as its own', () =>
  withFaultNode(async ({ node, entries }) => {
    for (const second of [11, 12]) {
      node.append('0.log', node.line(`in ${second}`))
      node.rename('0.log', stamp(second))
    }
    node.gzip(stamp(11))
    node.append('0.log', node.line('last of 0'))
    node.append('1.log', node.line('first of 1'))
    await node.pass(drainMs)
    await node.settle()
    node.kill()
    await node.pass(drainMs)
    await node.settle()
    const found = (await entries()).map(({ line, restart }) => `${restart}: ${line}`)
    assert.deepEqual(found, ['0: in 11', '0: in 12', '0: last of 0', '1: first of 1'])
  }))
