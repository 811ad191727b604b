/** Faults of files that runtimes replace by themselves, F11 to F15: Docker's rotation, and conmon's. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { asOther } from '../support/as-other.ts'
import { type FaultNode, type FaultNodeOptions, withFaultNode } from '../support/fault-node.ts'
import { gapsTold } from '../support/gap-records.ts'

/** Until links are looked at again, and a rotated file is given up to nothing more. */
const passMs = 6_000
const id = 'c'.repeat(64)

type DockerFault = FaultNode & { readonly log: string; readonly write: (text: string) => void }

/** A node whose container logs to Docker's file, behind a link. */
function withDocker(work: (fault: DockerFault) => Promise<void>): Promise<void> {
  return withFaultNode(async (fault) => {
    const { node } = fault
    const folder = path.join(node.base, 'docker', id)
    const log = path.join(folder, `${id}-json.log`)
    fs.mkdirSync(folder, { recursive: true })
    fs.symlinkSync(log, node.file('0.log'))
    node.allow([node.root, path.dirname(folder)])
    const write = (text: string): void => {
      const record = { log: `${text}\n`, stream: 'stdout', time: node.time() }
      fs.appendFileSync(log, `${JSON.stringify(record)}\n`)
    }
    await work({ ...fault, log, write })
  })
}

test('F11 a link renamed away and back, again and again, leads to one file', () =>
  withDocker(async ({ node, write, texts, gaps, writer }) => {
    const written = ['a']
    write('a')
    await node.pass(passMs)
    for (let round = 0; round < 3; round += 1) {
      node.rename('0.log', '0.log.20261122-101112')
      write(`away ${round}`)
      await node.pass(10_000)
      node.rename('0.log.20261122-101112', '0.log')
      write(`back ${round}`)
      if (round === 1) node.kill()
      await node.pass(10_000)
      written.push(`away ${round}`, `back ${round}`)
    }
    assert.deepEqual(await texts(), written)
    assert.deepEqual(await gaps(), [])
    assert.equal(writer().recover().files.length, 1)
  }))

test('F13 what a deleted file held is read through the open descriptor, before the new one', () =>
  withDocker(async ({ node, log, write, texts, gaps, writer }) => {
    write('a')
    await node.pass(passMs)
    for (const [last, next] of [
      ['b', 'c'],
      ['d', 'e'],
    ] as const) {
      write(last)
      fs.rmSync(log)
      write(next)
      await node.pass(passMs)
    }
    assert.deepEqual(await texts(), ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(await gaps(), [])
    node.kill()
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['a', 'b', 'c', 'd', 'e'])
    assert.equal(writer().recover().files.length, 1)
  }))

test('F13 what was deleted and made anew while nobody looked leaves a gap record', () =>
  withDocker(async ({ node, log, write, texts, gaps }) => {
    write('a')
    await node.pass(passMs)
    node.core.close()
    write('lost')
    fs.rmSync(log)
    write('b')
    node.kill()
    await node.pass(passMs)
    node.kill()
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['a', 'b'])
    assert.deepEqual(gapsTold(await gaps()), [`rotated_away ${id}-json.log ? of api/0`])
  }))

/** As Docker does: each rotated file moves up by one number, the oldest first. */
function rotateDocker(log: string, isCompressed: boolean): void {
  const { length } = fs.readdirSync(path.dirname(log))
  for (let number = length; number > 0; number -= 1) {
    for (const suffix of ['', '.gz']) {
      const from = `${log}.${number}${suffix}`
      if (fs.existsSync(from)) fs.renameSync(from, `${log}.${number + 1}${suffix}`)
    }
  }
  fs.renameSync(log, `${log}.1`)
  if (!isCompressed) return
  // In place.
  fs.writeFileSync(`${log}.1.gz`, gzipSync(fs.readFileSync(`${log}.1`)))
  fs.rmSync(`${log}.1`)
}

test('F14 files that move from number to number are not read again, compressed or not', () =>
  withDocker(async ({ node, log, write, texts, gaps }) => {
    const written: string[] = []
    for (let round = 0; round < 5; round += 1) {
      write(`read ${round}`)
      await node.pass(passMs)
      write(`unread ${round}`)
      written.push(`read ${round}`, `unread ${round}`)
      if (round === 3) node.core.close()
      rotateDocker(log, round % 2 === 0)
      if (round === 3) node.kill()
    }
    write('last')
    await node.pass(passMs)
    await node.settle()
    assert.deepEqual(await texts(), [...written, 'last'])
    assert.deepEqual(await gaps(), [])
  }))

/** Time passes for a collector that may enter Docker's folder and read its files, but not list it. */
async function passUnlisted({ node, log }: DockerFault): Promise<void> {
  const folder = path.dirname(log)
  fs.chmodSync(node.base, 0o755)
  fs.chmodSync(folder, 0o111)
  try {
    for (let left = passMs; left > 0; left -= passMs / 10) {
      node.now += passMs / 10
      asOther(() => {
        assert.throws(() => fs.readdirSync(folder), { code: 'EACCES' })
        node.core.scan(node.now)
        while (node.core.poll(node.now, { all: true })) continue
      })
      // Decompressing goes on beside the test.
      await setTimeout(5)
    }
  } finally {
    fs.chmodSync(folder, 0o755)
  }
  node.core.commit(node.now)
}

test('F14 S-COL-24 where the folder may not be listed rotated files are found by number, and positions lead on', () =>
  withDocker(async (fault) => {
    const { node, log, write, texts, gaps } = fault
    const written: string[] = []
    const add = (text: string): void => {
      write(text)
      written.push(text)
    }
    for (let round = 0; round < 4; round += 1) {
      add(`before ${round}`)
      rotateDocker(log, round % 2 === 0)
    }
    add('live')
    await passUnlisted(fault)
    assert.deepEqual(await texts(), written)
    for (const [round, isCompressed] of [false, true, false].entries()) {
      add(`read ${round}`)
      await passUnlisted(fault)
      node.core.close()
      add(`unread ${round}`)
      rotateDocker(log, isCompressed)
      add(`next ${round}`)
      node.kill()
      await passUnlisted(fault)
      assert.deepEqual(await texts(), written)
    }
    assert.deepEqual(await gaps(), [])
  }))

test('F14 S-COL-24 any number of rotated files is found by number, also past two numbers that are not there', () =>
  withDocker(async (fault) => {
    const { log, write, texts, gaps } = fault
    const count = 25
    for (let number = count; number > 0; number -= 1) {
      write(`${number}`)
      rotateDocker(log, number % 3 === 0)
    }
    write('live')
    const missing = [7, 8]
    for (const number of missing)
      for (const suffix of ['', '.gz']) fs.rmSync(`${log}.${number}${suffix}`, { force: true })
    // One after the other is given up to nothing more, as for each nobody knows since when it is rotated.
    for (let round = 0; round < 10; round += 1) await passUnlisted(fault)
    const numbers = Array.from({ length: count }, (_, index) => count - index)
    const kept = numbers.filter((number) => !missing.includes(number)).map(String)
    assert.deepEqual(await texts(), [...kept, 'live'])
    assert.deepEqual(await gaps(), [])
  }))

/** As conmon does at its size limit: the old content has no name any more. */
function replaceLive({ node }: FaultNode, text: string): void {
  fs.writeFileSync(node.file('0.log.tmp'), node.line(text))
  node.rename('0.log.tmp', '0.log')
}

test('F15 a file that another one is renamed over is read to its end where it was open', () =>
  withFaultNode(async (fault) => {
    const { node, texts, gaps } = fault
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', node.line('b'), node.line('c'))
    replaceLive(fault, 'd')
    await node.pass(passMs)
    assert.deepEqual(await texts(), ['a', 'b', 'c', 'd'])
    assert.deepEqual(await gaps(), [])
  }))

test('F15 where it was not open, down or at the bound of descriptors, there is one gap record', async () => {
  for (const [why, options] of Object.entries<FaultNodeOptions>({
    down: {},
    closed: { collector: { openFilesMax: 1 } },
  })) {
    await withFaultNode(async (fault) => {
      const { node, texts, gaps } = fault
      node.append('0.log', node.line('a'))
      await node.pass()
      if (why === 'down') node.core.close()
      else {
        fs.writeFileSync(path.join(node.root, 'shop_other_uid-2', 'app', '0.log'), node.line('other'))
        await node.pass()
      }
      node.append('0.log', node.line('lost'))
      replaceLive(fault, 'b')
      if (why === 'down') node.kill()
      await node.pass(passMs)
      node.kill()
      await node.pass(passMs)
      assert.deepEqual(await texts({ pod: 'api' }), ['a', 'b'], why)
      assert.deepEqual(gapsTold(await gaps()), ['rotated_away 0.log ? of api/0'], why)
    }, options)
  }
})
