/** Faults of inode numbers and names over several file systems, F29, F34, F35: mounting them needs root. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'

const passMs = 4_000
const noMount = 'no file system can be mounted here (needs root)'

/** Mounts on a folder, which is made. False: it may not. */
type Mount = (folder: string, ...args: string[]) => boolean

/** A node with mounts that end with it; skipped where `work` says that it could not mount. */
async function withMounts(
  t: TestContext,
  work: (fault: FaultNode, mount: Mount) => Promise<boolean>,
): Promise<void> {
  await withFaultNode(async (fault) => {
    const mounted: string[] = []
    const mount: Mount = (folder, ...args) => {
      fs.mkdirSync(folder, { recursive: true })
      const { status } = spawnSync('mount', [...args, folder])
      if (status === 0) mounted.push(folder)
      return status === 0
    }
    try {
      if (!(await work(fault, mount))) t.skip(noMount)
    } finally {
      for (const folder of mounted.toReversed()) spawnSync('umount', ['-l', folder])
    }
  })
}

function inodeOf(file: string): bigint {
  return fs.statSync(file, { bigint: true }).ino
}

test('F29 equal inode numbers on two devices are two files', (t) =>
  withMounts(t, async ({ node, texts }, mount) => {
    // The first file of a new tmpfs has the same number on each.
    const other = path.join(node.root, 'shop_other_uid-2', 'app')
    const isMounted = [node.container, other].every((folder) => mount(folder, '-t', 'tmpfs', 'tmpfs'))
    if (!isMounted) return false
    node.append('0.log', node.line('a'))
    fs.writeFileSync(path.join(other, '0.log'), node.line('b'))
    assert.equal(inodeOf(node.file('0.log')), inodeOf(path.join(other, '0.log')))
    await node.pass(passMs)
    node.kill()
    node.append('0.log', node.line('c'))
    fs.appendFileSync(path.join(other, '0.log'), node.line('d'))
    await node.pass(passMs)
    assert.deepEqual(await texts({ pod: 'api' }), ['a', 'c'])
    assert.deepEqual(await texts({ pod: 'other' }), ['b', 'd'])
    return true
  }))

test('F29 a link that is moved to a file of the same number on another device leads to another file', (t) =>
  withMounts(t, async ({ node, texts, gaps }, mount) => {
    const disks = ['a', 'b'].map((name) => path.join(node.root, `disk-${name}`))
    if (!disks.every((disk) => mount(disk, '-t', 'tmpfs', 'tmpfs'))) return false
    const [from, to] = disks.map((disk) => path.join(disk, 'c1-json.log')) as [string, string]
    fs.writeFileSync(from, node.line('a'))
    fs.symlinkSync(from, node.file('0.log'))
    await node.pass(passMs)
    fs.appendFileSync(from, node.line('b'))
    fs.writeFileSync(to, node.line('c'))
    assert.equal(inodeOf(from), inodeOf(to))
    fs.rmSync(node.file('0.log'))
    fs.symlinkSync(to, node.file('0.log'))
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['a', 'b', 'c'])
    assert.deepEqual(await gaps(), [])
    return true
  }))

test('F34 a file with two names is stored once, whichever name stays', async () => {
  for (const goes of ['first', 'second'] as const) {
    await withFaultNode(async ({ node, base, texts, gaps }) => {
      const names = [node.file('0.log'), path.join(node.root, 'shop_other_uid-2', 'app', '0.log')]
      node.append('0.log', node.line('a'))
      fs.linkSync(names[0] as string, names[1] as string)
      await node.pass(passMs)
      node.kill()
      node.append('0.log', node.line('b'))
      await node.pass(passMs)
      assert.deepEqual(await texts(), ['a', 'b'])
      assert.match(await (await fetch(`${base}/files?format=text`)).text(), /read under another name/)
      fs.rmSync(names[goes === 'first' ? 0 : 1] as string)
      fs.appendFileSync(names[goes === 'first' ? 1 : 0] as string, node.line('c'))
      await node.pass(40_000)
      assert.deepEqual(await texts(), ['a', 'b', 'c'])
      assert.deepEqual(await gaps(), [])
    })
  }
})

test('F34 a file that a second mount shows as well is stored once', (t) =>
  withMounts(t, async ({ node, texts }, mount) => {
    const other = path.join(node.root, 'shop_other_uid-2', 'app')
    if (!mount(other, '--bind', node.container)) return false
    node.append('0.log', node.line('a'))
    await node.pass(passMs)
    node.kill()
    node.append('0.log', node.line('b'))
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['a', 'b'])
    return true
  }))

test('F35 inode numbers above 2^53 that differ by one are two files', (t) =>
  withMounts(t, async ({ node, texts, writer }, mount) => {
    // An overlay marks the numbers of its lower file system in their highest bits.
    const upper = path.join(node.base, 'upper')
    const lower = path.join(node.base, 'lower')
    if (!mount(upper, '-t', 'tmpfs', 'tmpfs') || !mount(lower, '-t', 'tmpfs', 'tmpfs')) return false
    const names = ['shop_api_uid-1/app/0.log', 'shop_other_uid-2/app/0.log']
    for (const name of names) fs.mkdirSync(path.join(lower, path.dirname(name)), { recursive: true })
    for (const [index, name] of names.entries())
      fs.writeFileSync(path.join(lower, name), node.line(`in ${index}`))
    for (const folder of ['top', 'work']) fs.mkdirSync(path.join(upper, folder))
    const folders = `lowerdir=${lower},upperdir=${upper}/top,workdir=${upper}/work`
    if (!mount(node.root, '-t', 'overlay', '-o', `${folders},xino=on`, 'overlay')) return false
    const inodes = names.map((name) => inodeOf(path.join(node.root, name)))
    // Node shows them as signed numbers.
    assert.ok(inodes.every((inode) => BigInt.asUintN(64, inode) > Number.MAX_SAFE_INTEGER))
    assert.equal(new Set(inodes).size, 2)
    assert.equal(new Set(inodes.map(Number)).size, 1)
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['in 0', 'in 1'])
    const stored = writer()
      .recover()
      .files.map(({ inode }) => inode)
    assert.deepEqual(stored.toSorted(), inodes.map(String).toSorted())
    node.kill()
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['in 0', 'in 1'])
    return true
  }))
