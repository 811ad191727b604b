/** Faults of truncation and of which file a file is, F21 to F33. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { NodeFolder } from '../collector/node-folder.ts'
import { withFaultNode } from '../support/fault-node.ts'
import { gapsTold } from '../support/gap-records.ts'
import { keepForever } from '../support/store-model.ts'

/** Until another file, or other content, is found and read. */
const passMs = 4_000
const other = path.join('..', '..', 'shop_other_uid-2', 'app', '0.log')

function rewrite(node: NodeFolder, ...texts: string[]): void {
  fs.truncateSync(node.file('0.log'))
  node.append('0.log', ...texts.map((text) => node.line(text)))
}

test('F21 a truncated file is read from its beginning, at once and after a restart', async () => {
  for (const when of ['running', 'down'] as const) {
    await withFaultNode(async ({ node, texts, gaps }) => {
      node.append('0.log', node.line('a'), node.line('b'), node.line('c'))
      await node.pass()
      if (when === 'down') node.core.close()
      rewrite(node, 'd')
      if (when === 'down') node.kill()
      await node.pass(passMs)
      node.append('0.log', node.line('e'))
      await node.pass()
      assert.deepEqual(await texts(), ['a', 'b', 'c', 'd', 'e'])
      if (when === 'running') assert.deepEqual(await gaps(), [])
    })
  }
})

test('F21 bytes that were seen and never read before the truncation are a gap record', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    const half = node.line('half').trimEnd()
    node.append('0.log', node.line('a'), half)
    await node.pass()
    rewrite(node, 'b')
    await node.pass(passMs)
    node.kill()
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['a', 'b'])
    assert.deepEqual(gapsTold(await gaps()), [`truncated 0.log ${half.length} of api/0`])
  }))

test('F22 a truncated file that has grown past the position is read from its beginning', async () => {
  for (const when of ['running', 'down', 'long lines'] as const) {
    await withFaultNode(async ({ node, texts }) => {
      const pad = when === 'long lines' ? 'x'.repeat(5_000) : ''
      const [before, after] = [[`a${pad}`], [`b${pad}`, `c${pad}`, `d${pad}`]]
      node.append('0.log', ...before.map((text) => node.line(text)))
      await node.pass()
      if (when === 'down') node.core.close()
      rewrite(node, ...after)
      if (when === 'down') node.kill()
      await node.pass(passMs)
      assert.deepEqual(await texts(), [...before, ...after], when)
    })
  }
})

/** More than is kept of a file's beginning: only what lies before the position tells such files apart. */
function sameBeginning(): string[] {
  return Array.from({ length: 60 }, () => `${fixedTime} stdout F the same preamble\n`)
}

const fixedTime = '2026-11-22T10:11:00Z'

test('F22 F23 a truncated file that begins as before, as long or longer, is read from its beginning', async () => {
  for (const when of ['running', 'down'] as const) {
    for (const after of [
      ['c', 'd'],
      ['c', 'd', 'e'],
    ]) {
      await withFaultNode(async ({ node, texts }) => {
        const time = new Date('2026-11-22T10:11:12Z')
        node.append('0.log', ...sameBeginning(), node.line('a'), node.line('b'))
        fs.utimesSync(node.file('0.log'), time, time)
        await node.pass()
        if (when === 'down') node.core.close()
        fs.truncateSync(node.file('0.log'))
        node.append('0.log', ...sameBeginning(), ...after.map((text) => node.line(text)))
        fs.utimesSync(node.file('0.log'), time, time)
        if (when === 'down') node.kill()
        await node.pass(passMs)
        const found = (await texts({ limit: 1000 })).slice(120)
        assert.deepEqual(found, ['a', 'b', ...after], when)
      })
    }
  }
})

test('F23 a truncated file of the same size and time of modification is read from its beginning', async () => {
  for (const when of ['running', 'down'] as const) {
    await withFaultNode(async ({ node, texts }) => {
      const time = new Date('2026-11-22T10:11:12Z')
      node.append('0.log', node.line('a'), node.line('b'))
      fs.utimesSync(node.file('0.log'), time, time)
      await node.pass()
      const { size } = fs.statSync(node.file('0.log'))
      if (when === 'down') node.core.close()
      rewrite(node, 'c', 'd')
      fs.utimesSync(node.file('0.log'), time, time)
      assert.equal(fs.statSync(node.file('0.log')).size, size)
      if (when === 'down') node.kill()
      await node.pass(passMs)
      assert.deepEqual(await texts(), ['a', 'b', 'c', 'd'], when)
    })
  }
})

test('F24 a file truncated and written again, again and again, has one reader', () =>
  withFaultNode(async ({ node, base, texts }) => {
    const written = ['start']
    node.append('0.log', node.line('start'))
    await node.pass()
    for (let round = 0; round < 6; round += 1) {
      const lines = Array.from({ length: 1 + (round % 3) }, (_, index) => `${round}: ${index}`)
      rewrite(node, ...lines)
      await node.pass(500)
      if (round === 2) node.kill()
      node.append('0.log', node.line(`${round}: end`))
      await node.pass(500)
      written.push(...lines, `${round}: end`)
    }
    await node.pass(passMs)
    node.append('0.log', node.line('last'))
    await node.pass(40_000)
    assert.deepEqual(await texts(), [...written, 'last'])
    const { files } = (await (await fetch(`${base}/files`)).json()) as { files: { state: string }[] }
    assert.deepEqual(
      files.map(({ state }) => state),
      ['live'],
    )
  }))

test('F25 of a copy made before the truncation only what was not read is stored', async () => {
  for (const when of ['all read', 'end unread', 'compressed', 'copy seen first'] as const) {
    await withFaultNode(async ({ node, texts, gaps }) => {
      node.append('0.log', node.line('a'))
      await node.pass()
      node.append('0.log', node.line('b'))
      if (when === 'all read' || when === 'copy seen first') await node.pass()
      fs.copyFileSync(node.file('0.log'), node.file('0.log.1'))
      if (when === 'copy seen first') await node.pass(passMs)
      rewrite(node, 'c')
      if (when === 'compressed') node.gzip('0.log.1')
      await node.pass(passMs)
      await node.settle()
      assert.deepEqual(await texts(), ['a', 'b', 'c'], when)
      await node.pass(40_000)
      node.kill()
      await node.pass(passMs)
      assert.deepEqual(await texts(), ['a', 'b', 'c'], when)
      assert.deepEqual(await gaps(), [], when)
    })
  }
})

test('F26 a hole of NULs is passed over, and the line behind it stored as it is', () =>
  withFaultNode(async ({ node, entries, texts }) => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `a${index}`)
    node.append('0.log', ...lines.map((text) => node.line(text)))
    await node.pass()
    const fd = fs.openSync(node.file('0.log'), 'r+')
    let written = 64 * 1024 * 1024
    fs.ftruncateSync(fd)
    // As a writer without O_APPEND does, from where it had been; no byte before that takes room on disk.
    for (const text of ['b', 'c']) {
      written += fs.writeSync(fd, node.line(text), written)
      await node.pass(passMs)
    }
    fs.closeSync(fd)
    assert.deepEqual(await texts({ limit: 5000 }), [...lines, 'b', 'c'])
    const last = (await entries({ limit: 5000 })).slice(-2)
    assert.deepEqual(
      last.map(({ flags }) => flags),
      [[], []],
    )
  }))

/** Has a file end and another begin with the same inode: as kubelet's rotations do mostly. */
function reuseInode(node: NodeFolder, name: string, ...lines: string[]): void {
  const file = node.file(name)
  const { ino } = fs.statSync(file, { bigint: true })
  const aside = path.join(node.base, 'aside')
  fs.renameSync(file, aside)
  const others: string[] = []
  const isAgain = (): boolean => {
    fs.writeFileSync(file, lines.join(''))
    return fs.statSync(file, { bigint: true }).ino === ino
  }
  if (givesInodesAgain(node.base)) {
    fs.rmSync(aside)
    while (!isAgain() && others.length < inodeTriesMax) {
      // Kept, so that the next one gets another inode.
      others.push(path.join(node.base, `other-${others.length}`))
      fs.renameSync(file, others.at(-1) as string)
    }
    for (const each of others) fs.rmSync(each)
  } else {
    // As on tmpfs: whoever does not have it open sees the same.
    fs.renameSync(aside, file)
    fs.writeFileSync(file, lines.join(''))
  }
  assert.equal(fs.statSync(file, { bigint: true }).ino, ino)
}

function givesInodesAgain(folder: string): boolean {
  const probe = path.join(folder, 'probe')
  const inodes = new Set<bigint>()
  for (let tries = 0; tries < 20; tries += 1) {
    fs.writeFileSync(probe, '')
    inodes.add(fs.statSync(probe, { bigint: true }).ino)
    fs.rmSync(probe)
  }
  return inodes.size < 20
}

const inodeTriesMax = 500

test('F27 another file with the inode of the one that was read is read whole after a restart', async () => {
  for (const size of ['shorter', 'longer'] as const) {
    await withFaultNode(async ({ node, texts }) => {
      node.append('0.log', node.line('a'), node.line('b'))
      await node.pass()
      node.core.close()
      const after = size === 'shorter' ? ['c'] : ['c', 'd', 'e', 'f']
      reuseInode(node, '0.log', ...after.map((text) => node.line(text)))
      node.kill()
      await node.pass(passMs)
      node.append('0.log', node.line('last'))
      await node.pass()
      assert.deepEqual(await texts(), ['a', 'b', ...after, 'last'], size)
    })
  }
})

test('F27 after rotations while down the live file has the inode of what is compressed now', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    const lines = Array.from({ length: 300 }, (_, index) => `a${index}`)
    node.append('0.log', ...lines.slice(0, 200).map((text) => node.line(text)))
    await node.pass()
    node.append('0.log', ...lines.slice(200).map((text) => node.line(text)))
    node.core.close()
    const compressed = gzipSync(fs.readFileSync(node.file('0.log')))
    const live = Array.from({ length: 400 }, (_, index) => `b${index}`)
    reuseInode(node, '0.log', ...live.map((text) => node.line(text)))
    fs.writeFileSync(node.file('0.log.20261122-101112.gz'), compressed)
    node.kill()
    await node.pass(passMs)
    await node.settle()
    assert.deepEqual(await texts({ limit: 1000 }), [...lines, ...live])
    assert.deepEqual(await gaps(), [])
  }))

test('F28 a file removed and made anew between two looks: its inode stays taken, both are read', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    node.append('0.log', node.line('a'))
    await node.pass()
    const { ino } = fs.statSync(node.file('0.log'))
    node.append('0.log', node.line('b'))
    node.remove('0.log')
    node.append('0.log', node.line('c'), node.line('d'), node.line('e'))
    assert.notEqual(fs.statSync(node.file('0.log')).ino, ino)
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(await gaps(), [])
  }))

test('F28 the same inode again, where the descriptor had been closed: the new file is read whole', () =>
  withFaultNode(
    async ({ node, texts, gaps }) => {
      node.append('0.log', node.line('a'))
      await node.pass()
      node.append(other, node.line('closes the first'))
      await node.pass()
      reuseInode(node, '0.log', node.line('b'), node.line('c'))
      await node.pass(passMs)
      node.append('0.log', node.line('d'))
      await node.pass()
      assert.deepEqual(await texts({ pod: 'api' }), ['a', 'b', 'c', 'd'])
      assert.deepEqual(gapsTold(await gaps()), ['rotated_away 0.log ? of api/0'])
    },
    { collector: { openFilesMax: 1 } },
  ))

test('F30 two files that begin with the same bytes are both stored whole', async () => {
  for (const where of [
    'two containers',
    'rotated',
    'rotated and compressed',
    'rotated while down',
    'rotated twice between two looks',
  ] as const) {
    await withFaultNode(async ({ node, texts, gaps }) => {
      const preamble = sameBeginning()
      node.append('0.log', ...preamble, node.line('a'), node.line('b'))
      await node.pass()
      if (where === 'two containers') node.append(other, ...preamble, node.line('c'))
      else {
        if (where === 'rotated while down') node.core.close()
        node.rename('0.log', '0.log.20261122-101112')
        node.append('0.log', ...preamble)
        if (where === 'rotated and compressed') node.gzip('0.log.20261122-101112')
        if (where === 'rotated while down') node.kill()
        if (where !== 'rotated twice between two looks') await node.pass(passMs)
        node.append('0.log', node.line('c'))
        if (where === 'rotated twice between two looks') node.rename('0.log', '0.log.20261122-101113')
      }
      await node.pass(passMs)
      await node.settle()
      const same = Array.from({ length: 120 }, () => 'the same preamble')
      assert.deepEqual(await texts({ limit: 1000 }), [...same, 'a', 'b', 'c'], where)
      assert.deepEqual(await gaps(), [], where)
    })
  }
})

test('F31 a position lives as long as its file, also when its lines are deleted, and no longer', () =>
  withFaultNode(
    async ({ node, texts, seal, writer }) => {
      node.append('0.log', node.line('a'))
      node.append(other, node.line('of another'))
      await node.pass()
      await node.pass(3 * 3_600_000)
      seal()
      assert.deepEqual(await texts(), [])
      node.kill()
      await node.pass(60_000)
      assert.deepEqual(await texts(), [])
      node.append('0.log', node.line('b'))
      await node.pass()
      assert.deepEqual(await texts(), ['b'])
      assert.equal(writer().recover().files.length, 2)
      node.core.close()
      fs.rmSync(path.dirname(node.container), { recursive: true })
      node.kill()
      await node.pass(10_000)
      assert.equal(writer().recover().files.length, 1)
    },
    { retention: { ...keepForever, ageSec: 3_600 } },
  ))

test('F32 a position past the end of other content heals at once', async () => {
  for (const when of ['running', 'down'] as const) {
    await withFaultNode(async ({ node, texts }) => {
      const lines = Array.from({ length: 100 }, (_, index) => `a${index}`)
      node.append('0.log', ...lines.map((text) => node.line(text)))
      await node.pass()
      if (when === 'down') node.core.close()
      rewrite(node, 'b')
      if (when === 'down') node.kill()
      for (const text of ['c', 'd']) {
        await node.pass(passMs)
        node.append('0.log', node.line(text))
      }
      await node.pass()
      assert.deepEqual((await texts({ limit: 1000 })).slice(100), ['b', 'c', 'd'], when)
    })
  }
})

test('F33 a file that a crash of the node has cut back goes on from its present end, and is named', async () => {
  for (const cut of ['between lines', 'inside a line'] as const) {
    await withFaultNode(async ({ node, texts, gaps }) => {
      const lines = Array.from({ length: 100 }, (_, index) => node.line(`a${index}`))
      node.append('0.log', ...lines)
      await node.pass()
      node.core.close()
      const left = lines.slice(0, 90).join('').length + (cut === 'between lines' ? 0 : 20)
      fs.truncateSync(node.file('0.log'), left)
      node.kill()
      await node.pass()
      node.append('0.log', node.line('b'))
      await node.pass(passMs)
      node.kill()
      await node.pass(passMs)
      const written = [...lines.keys()].map((index) => `a${index}`)
      assert.deepEqual(await texts({ limit: 1000 }), [...written, 'b'], cut)
      assert.deepEqual(await gaps(), [], cut)
      assert.deepEqual(node.warnings, ['file_cut_back'], cut)
    })
  }
})
