/**
 * Following one container's files through rotation, truncation, restarts of the container and of the
 * collector.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { attribute } from '../../src/model/entry.ts'
import { NodeFolder, stream } from './node-folder.ts'

async function withNode(body: (node: NodeFolder) => Promise<void>, node = new NodeFolder()): Promise<void> {
  try {
    await body(node)
  } finally {
    node.close()
  }
}

test('S-COL-01 lines of a plain CRI file arrive once, in order, with time and iostream', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'), node.line('two', 'F', 'stderr'))
    await node.pass()
    node.append('0.log', node.line('three'))
    await node.pass()
    await node.pass()
    assert.deepEqual(node.writer.texts(`${stream}/0`), ['one', 'two', 'three'])
    const [one, two] = node.writer.entries()
    assert.deepEqual([one?.ns, one?.attributes, two?.attributes], [1000, 0, attribute.stderr])
  }))

test('S-COL-02 what was committed is not read again after a kill, what was not is', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('one'))
    await node.pass()
    node.append('0.log', node.line('two'))
    await node.step()
    node.kill()
    await node.pass()
    node.append('0.log', node.line('three'))
    await node.pass()
    assert.deepEqual(node.writer.texts(), ['one', 'two', 'three'])
  }))

test('S-COL-03 a half line waits for its end and survives a kill', () =>
  withNode(async (node) => {
    const line = node.line('two halves')
    node.append('0.log', node.line('one'), line.slice(0, 40))
    await node.pass()
    assert.deepEqual(node.writer.texts(), ['one'])
    node.kill()
    await node.pass()
    node.append('0.log', line.slice(40))
    await node.pass()
    assert.deepEqual(node.writer.texts(), ['one', 'two halves'])
  }))

test('F05 F06 F12 temporary files, a compressed twin and rotated names are not read again', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('b'))
    fs.writeFileSync(node.file('0.log.20261122-101112.tmp'), 'half')
    fs.writeFileSync(
      node.file('0.log.20261122-101112.gz'),
      gzipSync(fs.readFileSync(node.file('0.log.20261122-101112'))),
    )
    await node.pass(4000)
    node.remove('0.log.20261122-101112')
    await node.pass(4000)
    node.kill()
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
    const states = [...node.writer.files.values()].map(({ name, state }) => `${name} ${state}`)
    assert.deepEqual(
      states.toSorted((one, other) => one.localeCompare(other)),
      ['0.log live', '0.log.20261122-101112.gz done'],
    )
  }))

test('F13 F38 F78 a file deleted with unread data is read through its descriptor, its half line too', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'), node.line('half').trimEnd())
    node.remove('0.log')
    await node.pass(5000)
    assert.deepEqual(
      node.writer.entries().map(({ text, attributes }) => [text, attributes]),
      [
        ['a', 0],
        ['b', 0],
        ['half', attribute.unfinished],
      ],
    )
    assert.equal(node.writer.files.size, 0)
    node.append('0.log', node.line('c'))
    await node.pass(5000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'half', 'c'])
  }))

test('F28 F82 a file and a folder removed and made anew at once are read from the beginning', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.remove('0.log')
    node.append('0.log', node.line('b'), node.line('c'))
    await node.pass(4000)
    node.kill()
    fs.rmSync(node.container, { recursive: true })
    fs.mkdirSync(node.container)
    node.append('0.log', node.line('d'), node.line('e'), node.line('f'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', 'd', 'e', 'f'])
  }))

test('F41 F42 F96 a restart of the container ends the old instance and what it left unfinished', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'), node.line('dangling', 'P'), node.line('half').trimEnd())
    await node.pass()
    node.append('1.log', node.line('b'))
    await node.pass(4000)
    const rows = node.writer.entries().map((line) => [line.stream.at(-1), line.text, line.attributes])
    assert.deepEqual(
      rows.filter(([restart]) => restart === '0'),
      [
        ['0', 'a', 0],
        ['0', 'danglinghalf', attribute.unfinished],
      ],
    )
    assert.deepEqual(
      rows.filter(([restart]) => restart === '1'),
      [['1', 'b', 0]],
    )
    assert.deepEqual(node.writer.fragments, [])
  }))

test('F108 a commit that fails keeps the batch; nothing is lost or repeated when it succeeds', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    node.writer.failure = new Error('database or disk is full')
    await node.pass()
    node.append('0.log', node.line('b'))
    await node.pass()
    assert.match(node.core.status().degraded.join(), /disk is full/)
    node.writer.failure = null
    await node.pass(2000)
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
    assert.deepEqual(node.core.status().degraded, [])
  }))

test('F06 a file that was empty when it was found, then filled and compressed unseen, is read once', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log')
    node.core.scan(node.now)
    node.core.poll(node.now)
    node.append('0.log', node.line('b'))
    node.rename('0.log', '0.log.20261122-101113')
    node.append('0.log')
    node.gzip('0.log.20261122-101113')
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
  }))

test('F25 an unread file that is copied, truncated and compressed at once is read from its copy', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('b'))
    await node.pass(500)
    fs.copyFileSync(node.file('0.log'), node.file('0.log.20261122-101113'))
    fs.truncateSync(node.file('0.log'))
    node.gzip('0.log.20261122-101112')
    node.gzip('0.log.20261122-101113')
    node.rename('0.log', '0.log.20261122-101114')
    node.append('0.log')
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F25 two copies and truncations between two looks are read in their order', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('b'))
    await node.pass(500)
    for (const [index, text] of ['c', 'd'].entries()) {
      fs.copyFileSync(node.file('0.log'), node.file(`0.log.20261122-10111${index + 3}`))
      fs.truncateSync(node.file('0.log'))
      node.append('0.log', node.line(text))
    }
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', 'd'])
  }))

test('F21 F33 half a line that begins as the file did before its truncation is one line when it ends', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'), node.line('b'))
    await node.pass()
    const next = node.line('c')
    fs.truncateSync(node.file('0.log'))
    node.append('0.log', next.slice(0, 20))
    await node.pass()
    node.append('0.log', next.slice(20), node.line('d'))
    await node.pass()
    assert.deepEqual(
      node.writer.entries().map(({ text, attributes }) => [text, attributes]),
      ['a', 'b', 'c', 'd'].map((text) => [text, 0]),
    )
    assert.deepEqual(node.warnings, [])
  }))

test('F17 a compressed file whose first line is longer than what files are known by has its place in the order', () =>
  withNode(async (node) => {
    const record = (log: string): string => `${JSON.stringify({ log: `${log}\n`, time: node.time() })}\n`
    node.append('0.log.20261122-101112', record('a'.repeat(5_000)))
    node.append('0.log.20261122-101113', record('b'))
    node.append('0.log', record('c'))
    node.gzip('0.log.20261122-101112')
    const late = new Date('2100-01-01')
    fs.utimesSync(node.file('0.log.20261122-101112.gz'), late, late)
    await node.pass(4000)
    await node.settle()
    assert.deepEqual(
      node.writer.texts().map((text) => text[0]),
      ['a', 'b', 'c'],
    )
  }))

test('F25 F27 a copy in the inode of a file that was empty is known by its content', () =>
  withNode(async (node) => {
    node.append('0.log.20261122-101112')
    node.append('0.log', node.line('a'))
    await node.pass()
    node.kill()
    node.append('0.log.20261122-101112', fs.readFileSync(node.file('0.log'), 'latin1'))
    fs.truncateSync(node.file('0.log'))
    await node.pass(10_000)
    node.append('0.log', node.line('b'))
    await node.pass()
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F78 what was written into an empty file while nobody looked is read although it is deleted at once', () =>
  withNode(async (node) => {
    node.append('0.log.20261122-101112', node.line('a'))
    node.append('0.log')
    await node.pass()
    node.kill()
    node.append('0.log', node.line('b', 'P'))
    node.append('1.log', node.line('c'))
    node.core.scan(node.now)
    node.remove('0.log.20261122-101112')
    node.remove('0.log')
    await node.pass(10_000)
    assert.deepEqual(node.writer.texts().toSorted(), ['a', 'b', 'c'])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F28 F80 a file in the inode of one that has just gone from another container is read at once', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    node.append('1.log', node.line('b'))
    await node.pass(15_000)
    const side = path.join(node.root, 'shop_api_uid-1', 'side')
    fs.mkdirSync(side)
    fs.renameSync(node.file('0.log'), path.join(side, '0.log'))
    fs.writeFileSync(path.join(side, '0.log'), node.line('c'))
    node.core.scan(node.now, true)
    fs.rmSync(path.join(side, '0.log'))
    await node.pass()
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c'])
  }))

test('F25 F26 two files that begin with holes of one length are two, though one is compressed', () =>
  withNode(async (node) => {
    const hole = '\0'.repeat(37)
    node.append('0.log.20261122-101112', hole)
    node.gzip('0.log.20261122-101112')
    node.append('0.log.20261122-101113', hole, node.line('behind a hole'))
    node.append('0.log')
    await node.pass(10_000)
    await node.settle()
    assert.deepEqual(node.writer.texts(), ['behind a hole'])
  }))

test('F21 F28 what the live file loses in the inode of a compressed copy that is gone is told', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.step()
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log')
    await node.step()
    node.gzip('0.log.20261122-101112')
    await node.step()
    const copy = node.file('0.log.20261122-101112.gz')
    const { ino } = fs.statSync(copy)
    node.remove('0.log')
    // The same inode, as a file system gives it to the next file.
    fs.renameSync(copy, node.file('0.log'))
    fs.writeFileSync(node.file('0.log'), node.line('b'))
    assert.equal(fs.statSync(node.file('0.log')).ino, ino)
    // Known, and not read while more may come to the one before it.
    node.core.scan(node.now, true)
    fs.truncateSync(node.file('0.log'))
    await node.pass(10_000)
    assert.deepEqual(node.writer.texts(), ['a'])
    const lost = { reason: 'truncated', bytes: node.line('b').length, file: '0.log' }
    assert.deepEqual(node.writer.gaps(), [lost])
  }))
