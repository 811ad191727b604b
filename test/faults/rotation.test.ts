/** Faults of kubelet's rotation, F01 to F12: real files, a real database, answers over HTTP. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { collectorLimits } from '../../src/limits/collector.ts'
import type { NodeFolder } from '../collector/node-folder.ts'
import { withFaultNode } from '../support/fault-node.ts'
import { gapsTold } from '../support/gap-records.ts'

/** Until a rotated file is given up to nothing more, and the next one is read. */
const drainMs = 4_000
const first = '0.log.20261122-101112'
const second = '0.log.20261122-101113'
const third = '0.log.20261122-101114'

function numbered(node: NodeFolder, name: string, from: number, to: number): string[] {
  const texts = Array.from({ length: to - from }, (_, index) => `${name}${from + index}`)
  node.append('0.log', ...texts.map((text) => node.line(text)))
  return texts
}

test('F01 what was written before a rename and after it is found once, in order', () =>
  withFaultNode(async ({ node, texts }) => {
    // One time for all: the order of the answer is that of reading.
    const time = node.time()
    const line = (text: string): string => `${time} stdout F ${text}\n`
    node.append('0.log', line('one'))
    await node.pass()
    node.append('0.log', line('two'))
    node.rename('0.log', first)
    node.append('0.log', line('three'))
    await node.pass(3_000)
    assert.deepEqual(await texts(), ['one', 'two', 'three'])
    node.kill()
    await node.pass(3_000)
    assert.deepEqual(await texts(), ['one', 'two', 'three'])
  }))

test('F02 the files in the middle of several rotations between two looks are found where they are now', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    // Files are ordered by their first lines; one time for the second ones: they show the order of reading.
    const time = node.time()
    const lines = (text: string): string => `${node.line(text)}${time} stdout F same ${text}\n`
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'))
    node.rename('0.log', first)
    for (const [last, next, text] of [
      [first, second, 'c'],
      [second, third, 'd'],
    ] as const) {
      node.append('0.log', lines(text))
      node.gzip(last)
      node.rename('0.log', next)
    }
    node.append('0.log', lines('e'))
    await node.pass(drainMs)
    await node.settle()
    const same = ['same c', 'same d', 'same e']
    assert.deepEqual(await texts(), [...same, 'a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(await gaps(), [])
  }))

test('F03 after rotations while down, a position inside what is compressed now is taken up there', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    const written = numbered(node, 'a', 0, 2_000)
    await node.pass()
    written.push(...numbered(node, 'a', 2_000, 3_000))
    node.core.close()
    node.rename('0.log', first)
    written.push(...numbered(node, 'b', 0, 10))
    node.gzip(first)
    node.rename('0.log', second)
    written.push(...numbered(node, 'c', 0, 10))
    node.gzip(second)
    node.rename('0.log', third)
    written.push(...numbered(node, 'd', 0, 5_000))
    node.kill()
    // Killed again while the compressed files are read.
    node.core.scan(node.now)
    node.core.poll(node.now, { all: true })
    node.kill()
    await node.pass(drainMs)
    await node.settle()
    assert.deepEqual(await texts({ limit: 5000 }), written)
    assert.deepEqual(await gaps(), [])
  }))

test('F03 a line that has no end in what is compressed now is over there, and takes up nothing behind it', () =>
  withFaultNode(async ({ node, entries, gaps }) => {
    // All of the file is read as the beginning of a line that goes on: the buffer has no room for more.
    const header = node.line('').slice(0, -1)
    const room = collectorLimits.identityBytes + collectorLimits.readBytes
    const text = 'x'.repeat(room - header.length)
    node.append('0.log', header, text)
    await node.pass()
    node.core.close()
    node.rename('0.log', first)
    node.gzip(first)
    node.append('0.log', node.line('behind it'))
    node.kill()
    await node.pass(drainMs)
    await node.settle()
    const found = (await entries()).map(({ line, flags }) => [line, flags])
    assert.deepEqual(found, [
      [text, ['unfinished']],
      ['behind it', []],
    ])
    assert.deepEqual(await gaps(), [])
  }))

test('F04 a node that has logs is read from the oldest file on, compressed ones too, each line once', () =>
  withFaultNode(async ({ node, entries, texts }) => {
    // One time for all: the order of the answer is that of reading.
    const time = node.time()
    const names = ['0.log.20261122-101112', '0.log.20261122-101113', '0.log.20261122-101114']
    for (const [index, name] of names.entries()) {
      node.append('0.log', node.line(`first of ${index}`), `${time} stdout F same time ${index}\n`)
      node.rename('0.log', name)
      if (index < 2) node.gzip(name)
    }
    node.append('0.log', `${time} stdout F same time 3\n`)
    await node.pass(drainMs)
    await node.settle()
    const expected = [0, 1, 2, 3].map((index) => `same time ${index}`)
    assert.deepEqual((await texts({ q: 'same time' })).toSorted(), expected)
    assert.deepEqual(await texts({ q: 'same time' }), expected)
    node.kill()
    await node.pass(drainMs)
    assert.equal((await entries()).length, 7)
  }))

test('F05 temporary files beside logs are not read, neither text nor half a gzip', () =>
  withFaultNode(async ({ node, base, texts }) => {
    node.append('0.log', node.line('a'))
    fs.writeFileSync(node.file('0.log.tmp'), node.line('reopening'))
    fs.writeFileSync(node.file(`${first}.tmp`), gzipSync(node.line('half')).subarray(0, 20))
    fs.writeFileSync(node.file(`${second}.gz.tmp`), gzipSync(node.line('whole')))
    await node.pass(drainMs)
    assert.deepEqual(await texts(), ['a'])
    const files = (await (await fetch(`${base}/files`)).text()).match(/[^/"]+\.tmp/g)
    assert.equal(files, null)
  }))

test('F06 a file and its compressed copy, both there, are stored once, whichever goes', async () => {
  for (const order of ['read before', 'unread', 'copy only after a restart'] as const) {
    await withFaultNode(async ({ node, texts, gaps }) => {
      node.append('0.log', node.line('a'))
      if (order === 'read before') await node.pass()
      node.rename('0.log', first)
      node.append('0.log', node.line('b'))
      if (order === 'copy only after a restart') await node.pass(drainMs)
      fs.writeFileSync(node.file(`${first}.gz`), gzipSync(fs.readFileSync(node.file(first))))
      if (order === 'copy only after a restart') node.kill()
      await node.pass(drainMs)
      await node.settle()
      node.remove(first)
      await node.pass(drainMs)
      await node.settle()
      node.kill()
      await node.pass(drainMs)
      await node.settle()
      assert.deepEqual(await texts(), ['a', 'b'], order)
      assert.deepEqual(await gaps(), [], order)
    })
  }
})

test('F07 a compressed file that is still growing is stored once it is whole, once', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    const lines = Array.from({ length: 500 }, (_, index) => node.line(`a${index} ${Math.sin(index)}`))
    const whole = gzipSync(lines.join(''))
    node.append('0.log', node.line('b'))
    for (const share of [0.01, 0.3, 0.6]) {
      fs.writeFileSync(node.file(`${first}.gz`), whole.subarray(0, whole.length * share))
      await node.pass(8_000)
      assert.ok(!(await texts({ limit: 1000 })).includes('b'))
    }
    fs.writeFileSync(node.file(`${first}.gz`), whole)
    await node.pass(10_000)
    await node.settle()
    const found = (await texts({ limit: 1000 })).map((text) => text.split(' ')[0])
    assert.deepEqual(found, [...lines.map((_, index) => `a${index}`), 'b'])
    assert.deepEqual(await gaps(), [])
  }))

test('F07 a compressed file that stays cut gives what it holds, a gap record, and way to the next', () =>
  withFaultNode(async ({ node, base, texts, gaps }) => {
    const lines = Array.from({ length: 500 }, (_, index) => node.line(`a${index} ${Math.sin(index)}`))
    const whole = gzipSync(lines.join(''))
    fs.writeFileSync(node.file(`${first}.gz`), whole.subarray(0, whole.length / 2))
    node.append('0.log', node.line('b'))
    await node.pass(60_000)
    node.kill()
    await node.pass(60_000)
    const found = await texts({ limit: 1000 })
    assert.equal(found.at(-1), 'b')
    assert.ok(found.length > 50)
    // The last line may be cut like the file.
    const before = found.slice(0, -2).map((text) => text.split(' ')[0])
    assert.deepEqual(
      before,
      [...before.keys()].map((index) => `a${index}`),
    )
    assert.deepEqual(gapsTold(await gaps()), [`cut_gzip ${first}.gz ? of api/0`])
    assert.match(await (await fetch(`${base}/logs?format=text&limit=5`)).text(), /gap/)
  }))

test('F08 late bytes in the renamed file are stored before the lines of the new one', () =>
  withFaultNode(async ({ node, texts }) => {
    // One time for all: the order of the answer is that of reading.
    const time = node.time()
    const write = (name: string, text: string): void => node.append(name, `${time} stdout F ${text}\n`)
    write('0.log', 'a')
    await node.pass()
    write('0.log', 'b')
    node.rename('0.log', first)
    write('0.log', 'e')
    await node.pass(500)
    write(first, 'c')
    await node.pass(500)
    write(first, 'd')
    await node.pass(drainMs)
    assert.deepEqual(await texts(), ['a', 'b', 'c', 'd', 'e'])
    // Later than any runtime writes: found all the same.
    write(first, 'f')
    await node.pass(35_000)
    assert.deepEqual(await texts(), ['a', 'b', 'c', 'd', 'e', 'f'])
  }))

test('F09 a fragment that reaches the old file after its end is in the new one is joined with it', () =>
  withFaultNode(async ({ node, entries }) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.rename('0.log', first)
    const [begin, end] = [node.line('begin ', 'P'), node.line('end', 'F')]
    node.append('0.log', end)
    await node.pass(500)
    node.append(first, begin)
    await node.pass(drainMs)
    const [, joined, ...others] = await entries()
    assert.deepEqual([joined?.line, joined?.flags, others], ['begin end', [], []])
    assert.equal(joined?.time, begin.split(' ')[0])
  }))

test('F10 without a live file for a while nothing is forgotten and nothing repeated', () =>
  withFaultNode(async ({ node, texts, gaps, base }) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'), node.line('open ', 'P'))
    node.rename('0.log', first)
    await node.pass(20_000)
    assert.deepEqual(await texts(), ['a', 'b'])
    const pods = await (await fetch(`${base}/files`)).text()
    assert.match(pods, new RegExp(first))
    node.append('0.log', node.line('closed'), node.line('c'))
    await node.pass(drainMs)
    assert.deepEqual(await texts(), ['a', 'b', 'open closed', 'c'])
    assert.deepEqual(await gaps(), [])
  }))

test('F10 a file that is in no listing for a moment, and not open, is the same when it is back', () =>
  withFaultNode(
    async ({ node, texts, gaps }) => {
      node.append('0.log', node.line('a'), node.line('open ', 'P'))
      await node.pass()
      const other = path.join(node.root, 'shop_other_uid-2', 'app', '0.log')
      fs.writeFileSync(other, node.line('closes the first'))
      await node.pass()
      const away = path.join(node.base, 'away')
      fs.renameSync(node.file('0.log'), away)
      await node.pass()
      fs.renameSync(away, node.file('0.log'))
      node.append('0.log', node.line('closed'))
      await node.pass(drainMs)
      assert.deepEqual(await texts({ pod: 'api' }), ['a', 'open closed'])
      assert.deepEqual(await gaps(), [])
    },
    { collector: { openFilesMax: 1 } },
  ))

test('F11 a file renamed away and back, again and again, is one file', () =>
  withFaultNode(async ({ node, texts, gaps, writer }) => {
    const written = ['a']
    node.append('0.log', node.line('a'))
    await node.pass()
    for (let round = 0; round < 6; round += 1) {
      node.rename('0.log', first)
      node.append(first, node.line(`away ${round}`))
      // Seen away for long, for a moment, and never.
      await node.pass([5_000, 500, 0][round % 3])
      node.rename(first, '0.log')
      node.append('0.log', node.line(`back ${round}`))
      if (round === 3) node.kill()
      await node.pass([5_000, 500, 1_000][round % 3])
      written.push(`away ${round}`, `back ${round}`)
    }
    assert.deepEqual(await texts(), written)
    assert.deepEqual(await gaps(), [])
    assert.equal(writer().recover().files.length, 1)
  }))

test('F12 rotated names are known as what they hold, not read as new files', () =>
  withFaultNode(async ({ node, texts, status }) => {
    numbered(node, 'a', 0, 50)
    await node.pass()
    const { bytesRead } = status()
    node.rename('0.log', first)
    await node.pass(drainMs)
    node.rename(first, second)
    await node.pass(drainMs)
    assert.equal((await texts()).length, 50)
    assert.equal(status().bytesRead, bytesRead)
    node.append('0.log', node.line('live'))
    await node.pass(drainMs)
    node.kill()
    await node.pass(drainMs)
    node.gzip(second)
    await node.pass(drainMs)
    node.kill()
    await node.pass(drainMs)
    assert.equal((await texts()).length, 51)
    assert.equal(status().bytesRead, 0)
  }))
