/** Values and moments that spoil a batch, F119 to F122: real files, a real database, answers over HTTP. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameLines } from '../support/compare.ts'
import { withFaultNode } from '../support/fault-node.ts'
import { createRandom } from '../support/random.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { smallLimits } from '../support/store-model.ts'

test('F119 times outside of 64 bits of nanoseconds are kept to the nanosecond and flagged; the batch goes on', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    const times = [
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00.000000001Z',
      '1677-09-21T00:12:43.145224191Z',
      '1969-12-31T23:59:59.999999999Z',
      '2262-04-11T23:47:16.854775808Z',
      '9999-12-31T23:59:59.999999999Z',
    ]
    node.append('0.log', ...times.map((time, index) => `${time} stdout F odd ${index}\n`), node.line('after'))
    fs.appendFileSync(
      node.file('0.log'),
      '{"log":"docker\\n","stream":"stdout","time":"0001-01-01T00:00:00Z"}\n',
    )
    await node.pass()
    for (const state of ['journal', 'blocks']) {
      const found = (await fault.entries({ until: '9999-12-31T23:59:59.999999999Z' })).filter(
        ({ line }) => line !== 'after' && line !== 'docker',
      )
      const shown = found.map(({ time, line, flags }) => [
        BigInt(time.replace(/\D/g, '').padEnd(23, '0')),
        line,
        flags,
      ])
      const wanted = times.map((time, index) => [
        BigInt(time.replace(/\D/g, '').padEnd(23, '0')),
        `odd ${index}`,
        ['clock'],
      ])
      // The end of a range is not in it.
      assert.deepEqual(shown, wanted.slice(0, -1), state)
      assert.deepEqual(await fault.texts({ q: 'after' }), ['after'])
      assert.equal((await fault.texts({ q: 'docker' })).length, 1)
      fault.seal()
    }
    node.append('0.log', node.line('next'))
    await node.pass()
    assert.deepEqual(await fault.texts({ q: 'next' }), ['next'])
    assert.deepEqual(fault.status().degraded, [])
  }))

/** Bytes between two LF that somebody could mean badly. */
function poison(random: ReturnType<typeof createRandom>): Buffer {
  const times = [
    '',
    '2026-11-22T10:11:12Z',
    '+292277026596-12-04T15:30:07Z',
    'NaN',
    '2026-11-22T10:11:12.5Z',
    '-1',
  ]
  const streams = ['stdout', 'stderr', 'constructor', '']
  const tags = ['F', 'P', 'P:F', '__proto__', '']
  const noise = Buffer.from(Array.from({ length: random.between(0, 300) }, () => random.between(0, 255)))
  const docker = [
    '{"log":null,"stream":1,"time":{}}',
    '{"log":"\\ud800\\u0000\\uffff\\n","stream":"stdout","time":"2026-11-22T10:11:12Z"}',
    `{"log":"x\\n","attrs":${'['.repeat(500)}${']'.repeat(500)},"stream":"stdout","time":"1e999"}`,
    '{"__proto__":{"log":"y\\n"},"stream":"stdout","time":"2026-11-22T10:11:12Z"}',
  ]
  const cri = `${random.pick(times)} ${random.pick(streams)} ${random.pick(tags)} `
  const bytes = random.chance(0.3)
    ? Buffer.from(random.pick(docker))
    : Buffer.concat([Buffer.from(cri), noise])
  return Buffer.from(bytes.filter((byte) => byte !== 0x0a))
}

test('F120 no record keeps the others from being stored: of thousands made to hurt each is there, or in one that is joined', () =>
  withFaultNode(
    async (fault) => {
      const { node } = fault
      const random = createRandom(120)
      const good: string[] = []
      for (let round = 0; round < 40; round += 1) {
        const bytes: Buffer[] = []
        for (let count = 0; count < 50; count += 1) bytes.push(poison(random), Buffer.from('\n'))
        // Ends what fragments have begun.
        bytes.push(Buffer.from(node.line('end') + node.line('end', 'F', 'stderr')))
        good.push(`good ${round}`)
        bytes.push(Buffer.from(node.line(`good ${round}`)))
        fs.appendFileSync(node.file('0.log'), Buffer.concat(bytes))
        await node.pass()
        if (round % 10 === 9) fault.seal()
      }
      assert.deepEqual(await fault.texts({ q: 'good' }), good)
      const { counters, degraded } = fault.status()
      assert.deepEqual([counters.commitFailures, degraded], [0, []])
      assert.equal(fault.status().bytesRead, fs.statSync(node.file('0.log')).size)
      const stored = (await fault.entries()).length
      node.kill()
      await node.pass(4000)
      assert.equal((await fault.entries()).length, stored, 'nothing is read again')
    },
    { limits: smallLimits },
  ))

test('F121 bytes cut off the end of a file, but none that were read: the rest goes on from there, nothing twice', () =>
  withFaultNode(async ({ node, texts, gaps }) => {
    node.append('0.log', node.line('a'), node.line('b'))
    await node.pass()
    const read = fs.statSync(node.file('0.log')).size
    for (const isDown of [false, true]) {
      if (isDown) node.core.close()
      node.append('0.log', node.line('cut off unread').slice(0, 50))
      if (!isDown) await node.pass()
      fs.truncateSync(node.file('0.log'), isDown ? fs.statSync(node.file('0.log')).size - 50 : read)
      if (isDown) node.kill()
      await node.pass(4000)
      node.append('0.log', node.line(`after ${isDown}`))
      await node.pass(4000)
    }
    assert.deepEqual(await texts(), ['a', 'b', 'after false', 'after true'])
    assert.equal((await gaps()).length, 0)
  }))

test('F122 a program that is frozen over rotations, restarts and new pods reads all that is still there when it goes on', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  const program = await scene.start()
  container.write('stdout', 'before')
  await waitForEntries(program.base, 1)
  process.kill(program.pid, 'SIGSTOP')
  for (let round = 0; round < 3; round += 1) {
    for (let line = 0; line < 100; line += 1) container.write('stdout', `round ${round} line ${line}`)
    container.rotate()
  }
  container.write('stdout', 'after the rotations')
  container.restart()
  container.write('stdout', 'after the restart')
  const late = scene.node.startPod({ namespace: 'shop', pod: 'late', containers: ['main'] })
  late.container('main').write('stderr', 'new')
  process.kill(program.pid, 'SIGCONT')
  const entries = await waitForEntries(program.base, scene.node.written.length)
  assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
  assert.ok(fs.readdirSync(path.dirname(container.livePath)).some((name) => name.endsWith('.gz')))
})
