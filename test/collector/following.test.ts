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

test('F01 F08 a renamed file is read to its end, late bytes too, then the new one', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('d'))
    await node.pass(500)
    node.append('0.log.20261122-101112', node.line('c'))
    await node.pass(3000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', 'd'])
    node.append('0.log.20261122-101112', node.line('very late'))
    await node.pass(35_000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', 'd', 'very late'])
  }))

test('F02 a file that was rotated twice between two looks is read from where it is now', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('c'))
    node.gzip('0.log.20261122-101112')
    node.rename('0.log', '0.log.20261122-101113')
    node.append('0.log', node.line('d'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', 'd'])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F03 F27 after rotations while down, a position inside what is gz now is taken up there', () =>
  withNode(async (node) => {
    for (let index = 0; index < 200; index += 1) node.append('0.log', node.line(`a${index}`))
    await node.pass()
    for (let index = 200; index < 300; index += 1) node.append('0.log', node.line(`a${index}`))
    node.core.close()
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('b'))
    node.gzip('0.log.20261122-101112')
    node.rename('0.log', '0.log.20261122-101113')
    node.append('0.log', ...Array.from({ length: 400 }, (_, index) => node.line(`c${index}`)))
    node.kill()
    await node.pass(4000)
    const numbers = Array.from({ length: 300 }, (_, index) => `a${index}`)
    const last = Array.from({ length: 400 }, (_, index) => `c${index}`)
    assert.deepEqual(node.writer.texts(), [...numbers, 'b', ...last])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F04 F17 F20 a node with logs is read from the beginning, gz too, by content and not by name', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    node.rename('0.log', '0.log.20261122-101114')
    node.gzip('0.log.20261122-101114')
    node.append('0.log', node.line('b'))
    node.rename('0.log', '0.log.20261122-101112')
    node.gzip('0.log.20261122-101112')
    node.append('0.log', node.line('c'))
    node.rename('0.log', '0.log.20261122-101113')
    node.append('0.log', node.line('d'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', 'd'])
    node.kill()
    await node.pass(4000)
    assert.equal(node.writer.lines.length, 4)
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

test('F07 a cut gz file gives what it holds, after waiting for more, and a gap', () =>
  withNode(async (node) => {
    const lines = Array.from({ length: 500 }, (_, index) => node.line(`a${index} ${Math.sin(index)}`))
    const whole = gzipSync(lines.join(''))
    fs.writeFileSync(node.file('0.log.20261122-101112.gz'), whole.subarray(0, whole.length / 2))
    node.append('0.log', node.line('b'))
    await node.pass(4000)
    const early = node.writer.texts()
    assert.ok(early.length > 50 && !early.includes('b'))
    await node.pass(40_000)
    const texts = node.writer.texts()
    assert.equal(texts.at(-1), 'b')
    assert.deepEqual(
      texts.slice(0, -2).map((text) => text.split(' ')[0]),
      Array.from({ length: texts.length - 2 }, (_, index) => `a${index}`),
    )
    assert.deepEqual(node.writer.gaps(), [
      { reason: 'cut_gzip', bytes: null, file: '0.log.20261122-101112.gz' },
    ])
  }))

test('F07 a gz file that is still growing is read when it is whole, once', () =>
  withNode(async (node) => {
    const whole = gzipSync([node.line('a'), node.line('b')].join(''))
    fs.writeFileSync(node.file('0.log.20261122-101112.gz'), whole.subarray(0, 30))
    node.append('0.log', node.line('c'))
    await node.pass(2000)
    fs.writeFileSync(node.file('0.log.20261122-101112.gz'), whole)
    await node.pass(10_000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c'])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F10 F11 no live file for a while, and a rename back, lose and repeat nothing', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    for (let round = 0; round < 3; round += 1) {
      node.rename('0.log', '0.log.20261122-101112')
      node.append('0.log.20261122-101112', node.line(`away ${round}`))
      await node.pass(5000)
      node.rename('0.log.20261122-101112', '0.log')
      node.append('0.log', node.line(`back ${round}`))
      await node.pass(5000)
    }
    const rounds = [0, 1, 2].flatMap((round) => [`away ${round}`, `back ${round}`])
    assert.deepEqual(node.writer.texts(), ['a', ...rounds])
    assert.equal(node.writer.files.size, 1)
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

test('F21 F22 F23 truncated and rewritten files are read from the beginning, whatever their size', async () => {
  for (const size of ['smaller', 'equal', 'larger'] as const) {
    await withNode(async (node) => {
      const lines = [node.line('a'), node.line('b'), node.line('c')]
      node.append('0.log', ...lines)
      await node.pass()
      const more = { smaller: ['d'], equal: ['d', 'e', 'f'], larger: ['d', 'e', 'f', 'g'] }[size]
      fs.truncateSync(node.file('0.log'))
      node.append('0.log', ...more.map((text) => node.line(text)))
      await node.pass(4000)
      assert.deepEqual(node.writer.texts(), ['a', 'b', 'c', ...more])
      assert.deepEqual(node.writer.gaps(), [])
    })
  }
})

test('F21 bytes that a truncation took before they were read are recorded', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    const unread = node.line('b').trimEnd()
    node.append('0.log', unread)
    await node.pass()
    fs.truncateSync(node.file('0.log'))
    node.append('0.log', node.line('c'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'c'])
    assert.deepEqual(node.writer.gaps(), [{ reason: 'truncated', bytes: unread.length, file: '0.log' }])
  }))

test('F24 F25 a copy of a truncated file is the same generation: its unread end is read, nothing twice', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'))
    fs.copyFileSync(node.file('0.log'), node.file('0.log.1'))
    fs.truncateSync(node.file('0.log'))
    node.append('0.log', node.line('c'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c'])
    await node.pass(40_000)
    node.kill()
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c'])
    assert.deepEqual(node.writer.gaps(), [])
  }))

test('F25 a copy that is there before the truncation is not read', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'), node.line('b'))
    await node.pass()
    fs.copyFileSync(node.file('0.log'), node.file('0.log.1'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
    fs.truncateSync(node.file('0.log'))
    node.append('0.log', node.line('c'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a', 'b', 'c'])
  }))

test('F26 the hole of NULs after a truncation under a writer that does not append is passed over', () =>
  withNode(async (node) => {
    node.append('0.log', ...Array.from({ length: 20_000 }, (_, index) => node.line(`a${index}`)))
    await node.pass()
    const size = fs.statSync(node.file('0.log')).size
    fs.truncateSync(node.file('0.log'))
    const fd = fs.openSync(node.file('0.log'), 'r+')
    fs.writeSync(fd, node.line('after'), size)
    fs.closeSync(fd)
    await node.pass(4000)
    assert.deepEqual(node.writer.texts().slice(19_999), ['a19999', 'after'])
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

test('F33 a file that a crash of the node has cut back goes on from its present end', () =>
  withNode(async (node) => {
    const lines = Array.from({ length: 100 }, (_, index) => node.line(`a${index}`))
    node.append('0.log', ...lines)
    await node.pass()
    node.core.close()
    fs.truncateSync(node.file('0.log'), lines.slice(0, 90).join('').length)
    node.kill()
    await node.pass()
    node.append('0.log', node.line('b'))
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), [...lines.keys()].map((index) => `a${index}`).concat('b'))
  }))

test('F34 F89 one file under two names is read once', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    const other = path.join(node.root, 'shop_other_uid-2', 'app', '0.log')
    fs.linkSync(node.file('0.log'), other)
    await node.pass(4000)
    assert.deepEqual(node.writer.texts(), ['a'])
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

test('F19 a generation that was deleted unread while nobody looked leaves a gap', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    node.core.close()
    node.remove('0.log')
    fs.writeFileSync(node.file('unrelated'), '')
    node.append('0.log', node.line('b'))
    node.kill()
    await node.pass(8000)
    assert.deepEqual(node.writer.texts(), ['a', 'b'])
    assert.deepEqual(node.writer.gaps(), [{ reason: 'rotated_away', bytes: null, file: '0.log' }])
  }))

test('F31 rows live as long as their files, and no longer', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    await node.pass(60_000)
    assert.equal(node.writer.files.size, 1)
    node.core.close()
    fs.rmSync(path.dirname(node.container), { recursive: true })
    node.kill()
    await node.pass(10_000)
    assert.equal(node.writer.files.size, 0)
    assert.deepEqual(node.writer.texts(), ['a'])
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
