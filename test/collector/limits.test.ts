/**
 * What bounds the collector: descriptors, turns, batches, memory of unfinished lines; and what happens at
 * each bound.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Joiner } from '../../src/collector/joiner.ts'
import { OpenFiles } from '../../src/collector/open-files.ts'
import { collectorLimits } from '../../src/limits/collector.ts'
import { attribute } from '../../src/model/entry.ts'
import { waitFor } from '../support/wait.ts'
import { NodeFolder, stream } from './node-folder.ts'

async function withNode(body: (node: NodeFolder) => Promise<void>, node = new NodeFolder()): Promise<void> {
  try {
    await body(node)
  } finally {
    node.close()
  }
}

test('F102 above the bound the file read longest ago is closed, unless it could not be opened again', () => {
  const closed: string[] = []
  const files = new OpenFiles(2)
  const open = (name: string, isReopenable = true) => {
    const file = {
      isReopenable,
      close: () => {
        closed.push(name)
        files.closed(file)
      },
    }
    files.touch(file)
    return file
  }
  open('deleted', false)
  const a = open('a')
  files.touch(a)
  open('b')
  assert.deepEqual(closed, ['a'])
  assert.equal(files.count, 2)
  assert.equal(files.makeRoom(5), true)
  assert.deepEqual(closed, ['a', 'b'])
  assert.equal(files.makeRoom(1), false)
})

test('F102 the file that is being opened is not the one that is closed for it', () => {
  const files = new OpenFiles(1)
  const open = (isReopenable: boolean) => ({
    isReopenable,
    isClosed: false,
    close() {
      this.isClosed = true
    },
  })
  files.touch(open(false))
  const second = open(true)
  files.touch(second)
  assert.equal(second.isClosed, false)
})

test('F102 with one descriptor compressed files are still read to their ends', () =>
  withNode(
    async (node) => {
      for (const instance of [0, 1, 2]) {
        node.append(`${instance}.log.20261122-101112`, node.line(`in ${instance}`))
        node.gzip(`${instance}.log.20261122-101112`)
        node.append(`${instance}.log`)
      }
      await node.pass(4000)
      await node.settle()
      assert.deepEqual(node.writer.texts().toSorted(), ['in 0', 'in 1', 'in 2'])
      assert.equal(node.core.isBehind(), false)
    },
    new NodeFolder({ openFilesMax: 1 }),
  ))

test('F25 F102 a copy of a file that is not open is known as one', () =>
  withNode(
    async (node) => {
      node.append('0.log.20261122-101112', node.line('a'))
      node.append('0.log', node.line('b'))
      node.core.scan(node.now)
      fs.copyFileSync(node.file('0.log'), node.file('0.log.20261122-101113'))
      node.core.scan(node.now, true)
      fs.truncateSync(node.file('0.log'))
      await node.pass(10_000)
      assert.deepEqual(node.writer.texts(), ['a', 'b'])
      assert.deepEqual(node.writer.gaps(), [])
    },
    new NodeFolder({ openFilesMax: 1 }),
  ))

test('F102 a file that was closed after it was compressed is read on in its compressed copy', () =>
  withNode(
    async (node) => {
      node.append('0.log.20261122-101112', node.line('a', 'P'))
      node.append('0.log')
      await node.pass(0)
      node.core.scan(node.now)
      node.gzip('0.log.20261122-101112')
      node.core.scan(node.now, true)
      for (const instance of [1, 2, 3]) node.append(`${instance}.log`, node.line(`in ${instance}`))
      await node.pass(15_000)
      await node.settle()
      assert.deepEqual(node.writer.texts().toSorted(), ['a', 'in 1', 'in 2', 'in 3'])
      assert.equal(node.core.isBehind(), false)
    },
    new NodeFolder({ openFilesMax: 2 }),
  ))

test('F102 with fewer descriptors than files every line is still read once', () =>
  withNode(
    async (node) => {
      const others = Array.from({ length: 12 }, (_, index) =>
        path.join(node.root, `shop_many_uid-${index}`, 'app'),
      )
      for (const folder of others) fs.mkdirSync(folder, { recursive: true })
      for (let round = 0; round < 3; round += 1) {
        for (const folder of others) fs.appendFileSync(path.join(folder, '0.log'), node.line(`${round}`))
        await node.pass(2000)
        assert.ok(node.core.status().filesOpen <= 3)
      }
      const first = path.join(others[0] as string, '0.log')
      fs.renameSync(first, `${first}.20261122-101112`)
      fs.writeFileSync(first, node.line('3'))
      await node.pass(4000)
      for (const [index] of others.entries()) {
        const texts = node.writer.texts(`shop/many/uid-${index}/app/0`)
        assert.deepEqual(texts, index === 0 ? ['0', '1', '2', '3'] : ['0', '1', '2'])
      }
    },
    new NodeFolder({ openFilesMax: 3 }),
  ))

test('F38 F102 behind the live file comes none that is gone and was closed, whatever time it begins with', () =>
  withNode(
    async (node) => {
      node.append('0.log', node.line('half').slice(0, -1))
      await node.step()
      node.remove('0.log')
      node.append('0.log', '0001-01-01T00:00:00Z stdout F begun')
      node.now += collectorLimits.drainCertainMs
      await node.step()
      node.append('0.log', ' and ended\n')
      await node.pass(10_000)
      assert.deepEqual(
        node.writer.entries(`${stream}/0`).map(({ text, attributes }) => [text, attributes]),
        [['begun and ended', attribute.clock]],
      )
    },
    new NodeFolder({ openFilesMax: 1 }),
  ))

test('F106 a noisy container does not keep the others waiting: turns are bounded by bytes', () =>
  withNode(async (node) => {
    const noise = Array.from({ length: 60_000 }, (_, index) =>
      node.line(`noise ${index} ${'x'.repeat(60)}`),
    ).join('')
    node.append('0.log', noise)
    const quiet = path.join(node.root, 'shop_zz-quiet_uid-9', 'app')
    fs.mkdirSync(quiet, { recursive: true })
    fs.writeFileSync(path.join(quiet, '0.log'), node.line('quiet'))
    node.core.scan(node.now)
    node.core.poll(node.now, { budgetMs: 0 })
    for (let index = 0; index < 3; index += 1) node.core.poll(node.now, { budgetMs: 0 })
    node.core.commit(node.now)
    const noisy = node.writer.texts(`${stream}/0`).length
    assert.deepEqual(node.writer.texts('shop/zz-quiet/uid-9/app/0'), ['quiet'])
    assert.ok(noisy > 0 && noisy < 60_000, `${noisy}`)
  }))

test('S-COL-35 new lines of a file that was read to its end do not wait for the backlog of others', () =>
  withNode(async (node) => {
    node.append('0.log', node.line('first'))
    await node.pass()
    const backlog = Array.from({ length: 30_000 }, (_, index) =>
      node.line(`${index} ${'x'.repeat(60)}`),
    ).join('')
    const others = Array.from({ length: 8 }, (_, index) => {
      const folder = path.join(node.root, `shop_aa-${index}_uid-${index}`, 'app')
      fs.mkdirSync(folder, { recursive: true })
      fs.writeFileSync(path.join(folder, '0.log'), backlog)
      return `shop/aa-${index}/uid-${index}/app/0`
    })
    // A poll without time is one turn.
    const poll = (turns: number): void => {
      for (let turn = 0; turn < turns; turn += 1) node.core.poll(node.now, { budgetMs: 0 })
      node.core.commit(node.now)
    }
    node.core.scan(node.now)
    node.append('0.log', node.line('while nothing of the others is read'))
    node.now += collectorLimits.pollIdleMs
    poll(2)
    assert.equal(node.writer.texts(`${stream}/0`).length, 2)
    poll(20)
    node.append('0.log', node.line('while they have more'))
    node.now += collectorLimits.pollIdleMs
    poll(2)
    assert.equal(node.writer.texts(`${stream}/0`).length, 3)
    poll(10)
    const read = others.map((name) => node.writer.texts(name).length)
    assert.ok(
      read.every((lines) => lines > 0 && lines <= 30_000),
      read.join(),
    )
    await node.pass(4000)
    assert.deepEqual(
      others.map((name) => node.writer.texts(name).length),
      others.map(() => 30_000),
    )
  }))

test('F107 F108 while nothing can be stored reading stops at a bound, and resumes without loss', () =>
  withNode(async (node) => {
    node.writer.failure = new Error('database or disk is full')
    const text = 'x'.repeat(1000)
    const lines = Array.from({ length: 30_000 }, (_, index) => node.line(`${index} ${text}`))
    node.append('0.log', ...lines)
    await node.pass(3000)
    const { bytesRead } = node.core.status()
    assert.ok(bytesRead < collectorLimits.batchBytesMax, `${bytesRead}`)
    assert.equal(node.writer.lines.length, 0)
    node.writer.failure = null
    node.now += 2000
    assert.equal(node.core.commitIfDue(node.now), true)
    await node.pass(3000)
    const numbers = node.writer.texts().map((one) => Number(one.split(' ')[0]))
    assert.equal(numbers.length, lines.length)
    assert.ok(numbers.every((number, index) => number === index))
  }))

test('S-COL-33 lines are committed when 10 s old, 1 s in a new file, or before a file goes away', () =>
  withNode(async (node) => {
    const tick = (ms: number): void => {
      node.now += ms
      node.core.scan(node.now)
      node.core.poll(node.now, { all: true })
      node.core.commitIfDue(node.now)
    }
    tick(1000)
    node.core.commit(node.now)
    node.append('0.log', node.line('first'))
    tick(500)
    tick(900)
    assert.deepEqual(node.writer.texts(), [])
    tick(100)
    assert.deepEqual(node.writer.texts(), ['first'])
    node.append('0.log', node.line('a'))
    tick(1000)
    tick(9000)
    assert.deepEqual(node.writer.texts(), ['first'])
    tick(1000)
    assert.deepEqual(node.writer.texts(), ['first', 'a'])
    node.append('0.log', node.line('b'))
    tick(1000)
    node.rename('0.log', '0.log.20261122-101112')
    tick(1000)
    assert.deepEqual(node.writer.texts(), ['first', 'a', 'b'])
  }))

test('S-COL-34 unfinished lines of all containers together are bounded: the one that grows is cut', () => {
  const held = { total: 0 }
  const out: [number, number][] = []
  const output = (
    _bytes: Buffer,
    start: number,
    end: number,
    _sec: number,
    _ns: number,
    attributes: number,
  ) => void out.push([end - start, attributes])
  const piece = Buffer.alloc(1024 * 1024, 'x')
  const count = collectorLimits.pendingBytesMax / piece.length
  const joiners = Array.from(
    { length: count + 1 },
    (_, index) => new Joiner(index, 2 * piece.length, output, held),
  )
  for (const joiner of joiners) joiner.add(0, 0, 0, 0, piece, 0, piece.length, false)
  assert.ok(held.total <= collectorLimits.pendingBytesMax + 1)
  assert.deepEqual(out, [[piece.length - 1, attribute.cut]])
  for (const joiner of joiners) joiner.flush()
  assert.equal(held.total, 0)
  assert.equal(
    out.reduce((sum, [length]) => sum + length, 0),
    joiners.length * piece.length,
  )
})

test('S-COL-34 what many endless lines hold beside their bytes is bounded: a cut gives the room back', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const piece = Buffer.alloc(16 * 1024, 'x')
  const held = { total: 0 }
  const lineBytesMax = 1024 * 1024
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  const joiners = Array.from({ length: 100 }, (_, index) => {
    const joiner = new Joiner(index, lineBytesMax, () => undefined, held)
    for (let bytes = 0; bytes <= lineBytesMax; bytes += piece.length) {
      joiner.add(0, 0, 0, 0, piece, 0, piece.length, false)
    }
    return joiner
  })
  assert.equal(held.total, joiners.length * piece.length)
  // V8 gives buffers back beside the program.
  await waitFor('the room to be given back', () => {
    collectGarbage()
    return process.memoryUsage().arrayBuffers - before < 4 * held.total
  })
})

test('F03 F16 a position deep in a compressed file is reached in few turns, though other files take most of the time', () =>
  withNode(async (node) => {
    const line = node.line('x'.repeat(1000))
    node.append('0.log', line.repeat(12_000))
    await node.pass(2000)
    node.core.close()
    node.append('0.log', line.repeat(3_000))
    node.rename('0.log', '0.log.20261122-101112')
    node.gzip('0.log.20261122-101112')
    node.append('0.log', node.line('live'))
    node.kill()
    let turns = 0
    for (; node.writer.entries().length < 15_001; turns += 1) {
      assert.ok(turns < 200, `${node.writer.entries().length} lines after ${turns} turns`)
      node.now += 200
      node.core.scan(node.now)
      while (node.core.poll(node.now, { all: true })) continue
      node.core.commit(node.now)
      // As long as a poll of many busy files.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
      await setImmediate()
    }
    assert.ok(turns < 80, `${turns} turns`)
  }))

test('F79 deleted files are not held for ever while nothing can be stored; what goes is recorded', () =>
  withNode(async (node) => {
    node.writer.failure = new Error('database or disk is full')
    const line = node.line('x'.repeat(1000))
    node.append('0.log', line.repeat(20_000))
    await node.pass(3000)
    const { bytesRead } = node.core.status()
    node.remove('0.log')
    await node.pass(60_000)
    assert.equal(node.core.status().filesOpen, 1)
    node.passHeld()
    assert.equal(node.core.status().filesOpen, 0)
    node.writer.failure = null
    node.core.commit(node.now)
    const bytes = line.length * 20_000 - bytesRead
    assert.deepEqual(node.writer.gaps(), [{ reason: 'deleted_unread', bytes, file: '0.log' }])
  }))

test('F79 deleted files held open are bounded by bytes: above the bound the one held longest goes, and is recorded', () =>
  withNode(async (node) => {
    node.writer.failure = new Error('database or disk is full')
    const line = node.line('x'.repeat(1000))
    const half = collectorLimits.heldBytesMax / 2
    node.append('0.log', line.repeat(20_000))
    // The rest is a hole, which takes no room on the disk.
    fs.truncateSync(node.file('0.log'), half)
    await node.pass(3000)
    const { bytesRead } = node.core.status()
    assert.ok(bytesRead > 0 && bytesRead < 20_000 * line.length, `${bytesRead}`)
    node.append('1.log', node.line('never read'))
    fs.truncateSync(node.file('1.log'), half)
    node.append('2.log', node.line('never read'))
    await node.pass(1000)
    const held: number[] = []
    for (const name of ['0.log', '1.log', '2.log']) {
      node.remove(name)
      node.now += collectorLimits.heldCheckMs
      node.core.scan(node.now)
      node.core.poll(node.now)
      held.push(node.core.status().filesOpen)
    }
    // Two take exactly as much as may be held, three more.
    assert.deepEqual(held, [3, 3, 2])
    node.now += collectorLimits.heldCheckMs
    node.core.poll(node.now)
    assert.equal(node.core.status().filesOpen, 2)
    node.writer.failure = null
    node.core.commit(node.now)
    assert.deepEqual(node.writer.gaps(), [
      { reason: 'deleted_unread', bytes: half - bytesRead, file: '0.log' },
    ])
  }))
