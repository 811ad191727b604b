/**
 * What the collector promises about log files, seen through the HTTP API of the real program on a simulated
 * node.
 */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { test } from 'node:test'

import { getPage, openTail, walk } from '../support/client.ts'
import { assertSameLines } from '../support/compare.ts'
import type { SimulatedContainer } from '../support/container-simulator.ts'
import { fragmentBytes, parseNanos } from '../support/log-formats.ts'
import type { SimulatedNode } from '../support/node-simulator.ts'
import { createScene, waitForEntries } from '../support/scene.ts'
import { delay, waitFor } from '../support/wait.ts'

const burstLines = 500
/** By then a new file is known, also when nothing is in it. */
const seenMs = 600
/** By then a file that is missing is given up. */
const missingMs = 3000

function burst(container: SimulatedContainer, count = burstLines): void {
  for (let n = 0; n < count; n += 1)
    container.write(n % 5 === 0 ? 'stderr' : 'stdout', `burst ${n} of ${count}`)
}

/** Waits until all that the node wrote is there, and checks that it is exactly that. */
async function assertAll(base: string, node: SimulatedNode): Promise<void> {
  const entries = await waitForEntries(base, node.written.length)
  assertSameLines(node.written, entries, { order: 'forward', what: '/logs' })
}

test('S-FOLLOW-01 a node that has logs is read from their beginning, gzip generations included', async (t) => {
  let time = parseNanos('2026-01-02T03:04:05.000000006Z')
  const scene = createScene(t, { now: () => (time += 1_000_003n), zoneMinutes: 330 })
  const pod = scene.node.startPod({ namespace: 'shop', pod: 'api-7d9f-x2x', containers: ['api', 'proxy'] })
  for (const container of pod.containers) {
    for (let generation = 0; generation < 4; generation += 1) {
      burst(container, 100)
      container.rotate()
      time += 60_000_000_000n
    }
    burst(container, 10)
  }
  const names = fs.readdirSync(path.dirname(pod.container('api').livePath))
  assert.equal(names.filter((name) => name.endsWith('.gz')).length, 3)
  fs.writeFileSync(path.join(path.dirname(pod.container('api').livePath), '0.log.20260102-000000.tmp'), 'x')
  const program = await scene.start()
  await assertAll(program.base, scene.node)
  const { entries } = await getPage(program.base, { limit: 1, direction: 'forward' })
  assert.equal(entries[0]?.time, '2026-01-02T03:04:05.001000009Z')
  assert.equal(entries[0]?.node, 'n1')
  assert.equal(entries[0]?.podUid, pod.uid)
})

test('S-FOLLOW-02 a rotation with an unread tail, late lines in the old file, and several rotations in a row', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  const program = await scene.start()
  burst(container, 1)
  await waitForEntries(program.base, 1)
  for (let round = 0; round < 3; round += 1) {
    burst(container)
    container.rotate({ late: [`late ${round}`] })
    burst(container, 20)
  }
  await assertAll(program.base, scene.node)
})

test('S-FOLLOW-03 rotations while the program is down: it goes on inside the gzip file where it was', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  burst(container)
  const first = await scene.start()
  await waitForEntries(first.base, burstLines)
  await first.kill('SIGKILL')
  for (let round = 0; round < 3; round += 1) {
    burst(container)
    container.rotate()
  }
  burst(container, 7)
  const second = await scene.start()
  await assertAll(second.base, scene.node)
})

test('S-FOLLOW-04 what was rotated away unread shows as a gap, once, and the rest is complete', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  burst(container, 10)
  const first = await scene.start()
  await waitForEntries(first.base, 10)
  await first.kill('SIGKILL')
  const rounds = 7
  for (let round = 0; round < rounds; round += 1) {
    container.write('stdout', `round ${round}`)
    container.rotate()
  }
  container.write('stdout', 'the newest')
  const second = await scene.start()
  // Four rotated files are kept beside the live one: rounds 3 to 6.
  const entries = await waitForEntries(second.base, 10 + 4 + 1 + 1)
  const lines = entries.filter(({ kind }) => kind === 'line').map(({ line }) => line)
  assert.deepEqual(lines.slice(10), ['round 3', 'round 4', 'round 5', 'round 6', 'the newest'])
  assert.deepEqual(
    entries.filter(({ kind }) => kind === 'gap').map(({ pod, container: name }) => [pod, name]),
    [['api', 'main']],
  )
  assert.deepEqual([entries[10]?.kind, entries[10]?.time], ['gap', entries[9]?.time], 'at its place in time')
  await second.stop()
  const third = await scene.start()
  assert.equal((await walk(third.base, {})).entries.length, entries.length)
})

test('S-FOLLOW-14 a file that was empty when it was last seen is no gap when only its compressed copy is left', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  container.write('stdout', 'one')
  const first = await scene.start()
  const tail = openTail(first.base, { since: '1h' })
  t.after(() => tail.close())
  await waitFor('the first line', () => tail.entries.length === 1)
  for (let rotation = 0; rotation < 2; rotation += 1) {
    container.rotate()
    // Nothing shows from outside that the empty file has been seen.
    await delay(seenMs)
  }
  container.write('stdout', 'two')
  container.rotate()
  await first.kill('SIGKILL')
  const second = await scene.start()
  await assertAll(second.base, scene.node)
  await delay(missingMs)
  await assertAll(second.base, scene.node)
})

test('S-FOLLOW-05 a restarted container: both logs, each under its count; an unended line stays on its side', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  const program = await scene.start()
  burst(container)
  container.openLine('stdout', 'panic: no line feed')
  container.restart()
  burst(container)
  await assertAll(program.base, scene.node)
  const { entries } = await walk(program.base, { restart: 0, q: 'panic' })
  assert.deepEqual(
    entries.map(({ restart, line, flags }) => [restart, line, flags]),
    [[0, 'panic: no line feed', ['unfinished']]],
  )
  assert.equal((await walk(program.base, { restart: 1, limit: 1000 })).entries.length, burstLines)
})

test('S-FOLLOW-06 pieces are joined per iostream, by bytes, over rotations and kills, with the time of the first', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  const first = await scene.start()
  for (const length of [fragmentBytes - 1, fragmentBytes, fragmentBytes + 1, 3 * fragmentBytes, 100_000]) {
    container.write('stdout', 'é漢ß'.repeat(length).slice(0, length))
    container.write('stderr', 'x'.repeat(length))
  }
  container.openLine('stderr', 'eins')
  container.openLine('stdout', 'one')
  container.openLine('stderr', ' zwei')
  container.closeLine('stdout', ' two')
  await assertAll(first.base, scene.node)
  container.rotate()
  container.openLine('stderr', ' drei')
  container.write('stdout', 'between the pieces')
  await assertAll(first.base, scene.node)
  await first.kill('SIGKILL')
  container.rotate()
  container.openLine('stderr', ' vier')
  const second = await scene.start()
  container.write('stdout', 'after the kill')
  await assertAll(second.base, scene.node)
  container.closeLine('stderr', ' fünf')
  await assertAll(second.base, scene.node)
  const [joined] = (await getPage(second.base, { q: 'eins zwei drei vier fünf' })).entries
  assert.deepEqual(joined?.flags, [])
})

for (const format of ['docker', 'conmon'] as const) {
  test(`S-FOLLOW-07 the ${format} layout and format, with rotation, restart and long lines`, async (t) => {
    const scene = createScene(t, { format, zoneMinutes: format === 'docker' ? 0 : -210 })
    const pod = scene.node.startPod({ namespace: 'shop', pod: 'api', containers: ['main', 'side'] })
    const program = await scene.start()
    for (const container of pod.containers) {
      container.write('stdout', 'a <b> & "c" \\ \u2028 \t é漢🚚')
      container.write('stderr', '漢'.repeat(20_000))
      container.write('stdout', '')
      burst(container)
    }
    await assertAll(program.base, scene.node)
    for (const container of pod.containers) {
      burst(container)
      container.rotate()
      container.write('stderr', 'after the rotation', { half: true })
      container.write('stdout', 'in the new file')
    }
    await assertAll(program.base, scene.node)
    pod.container('main').openLine('stderr', 'cut off by the end')
    pod.container('main').restart()
    burst(pod.container('main'))
    await assertAll(program.base, scene.node)
  })
}

test('S-FOLLOW-08 /var/log/containers as the log root gives the same labels, and the same lines only once', async (t) => {
  const scene = createScene(t)
  const pod = scene.node.startPod({
    namespace: 'kube-system',
    pod: 'dns-7.1-x',
    containers: ['dns', 'side-car'],
  })
  for (const container of pod.containers) burst(container, 50)
  const links = await scene.start({ LOGKEEP_LOG_ROOT: scene.node.containersRoot })
  await assertAll(links.base, scene.node)
  pod.container('dns').rotate()
  burst(pod.container('dns'), 50)
  pod.container('side-car').restart()
  burst(pod.container('side-car'), 50)
  await assertAll(links.base, scene.node)
  await links.stop()
  const pods = await scene.start()
  burst(pod.container('dns'), 1)
  await assertAll(pods.base, scene.node)
})

test('S-FOLLOW-09 half a line at the end of a file waits for its rest, also over a restart', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  const first = await scene.start()
  for (const end of ['SIGTERM', 'SIGKILL'] as const) {
    const program = end === 'SIGTERM' ? first : await scene.start()
    container.write('stdout', `whole before ${end}`)
    container.write('stdout', `half before ${end}`, { half: true })
    const whole = scene.node.written.length - 1
    assert.equal((await waitForEntries(program.base, whole)).length, whole)
    await program.kill(end)
    container.completeHalf()
  }
  const last = await scene.start()
  await assertAll(last.base, scene.node)
})

test('S-FOLLOW-10 lines of a pod that is deleted before they are read are read all the same', async (t) => {
  const scene = createScene(t)
  const pod = scene.node.startPod({ namespace: 'shop', pod: 'job', containers: ['main', 'side'] })
  const program = await scene.start()
  for (const container of pod.containers) burst(container, 1)
  await waitForEntries(program.base, 2)
  for (const container of pod.containers) burst(container)
  pod.container('main').openLine('stdout', 'no time to end this')
  pod.delete()
  // The same name with another uid, as a StatefulSet has it.
  const next = scene.node.startPod({ namespace: 'shop', pod: 'job', containers: ['main'] })
  burst(next.container('main'), 5)
  await assertAll(program.base, scene.node)
})

test('S-FOLLOW-11 a link that leads outside the allowed folders is refused and said so; others go on', async (t) => {
  const scene = createScene(t)
  const pod = scene.node.startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
  const secret = path.join(scene.folder, 'secret')
  fs.writeFileSync(secret, '2026-11-22T00:00:00Z stdout F secret of the host\n')
  const folders = ['file', 'folder'].map((name) => path.join(scene.node.podsRoot, `shop_${name}_uid-${name}`))
  fs.mkdirSync(path.join(folders[0] ?? '', 'main'), { recursive: true })
  fs.symlinkSync(secret, path.join(folders[0] ?? '', 'main', '0.log'))
  fs.mkdirSync(path.join(scene.folder, 'outside'))
  fs.copyFileSync(secret, path.join(scene.folder, 'outside', '0.log'))
  fs.mkdirSync(folders[1] ?? '')
  fs.symlinkSync(path.join(scene.folder, 'outside'), path.join(folders[1] ?? '', 'main'))
  const program = await scene.start()
  burst(pod.container('main'), 3)
  await assertAll(program.base, scene.node)
  await waitFor('the refusal in the log', () =>
    program.output().includes(path.join(folders[0] ?? '', 'main')),
  )
  assert.deepEqual((await getPage(program.base, { q: 'secret' })).entries, [])
})

test('S-FOLLOW-12 a new line, a new pod and a line right after a rotation are found within seconds', async (t) => {
  const deadlineMs = 5000
  const scene = createScene(t)
  const program = await scene.start()
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  const written = async (text: string): Promise<void> => {
    container.write('stdout', text)
    const found = async (): Promise<boolean> =>
      (await getPage(program.base, { q: `"${text}"` })).entries.length === 1
    await waitFor(text, found, { deadlineMs })
  }
  await written('first line of a new pod')
  await written('one more line')
  container.rotate()
  await written('first line after a rotation')
  container.restart()
  await written('first line after a restart')
})

test('S-FOLLOW-13 what is no log line is kept whole with a flag, and other files are left alone', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  const folder = path.dirname(container.livePath)
  for (const name of ['notes.txt', '1.log.swp', 'x.log'])
    fs.writeFileSync(path.join(folder, name), 'not a log\n')
  fs.mkdirSync(path.join(folder, '7.log'))
  fs.writeFileSync(path.join(scene.node.podsRoot, 'stray.log'), 'not a log\n')
  const program = await scene.start()
  container.write('stdout', 'good')
  container.writeRaw(Buffer.from('neither CRI nor JSON \u0000\n'))
  container.writeRaw(
    Buffer.from('{"log":"json in a CRI file\\n","stream":"stderr","time":"2026-11-22T01:02:03.5Z"}\n'),
  )
  container.write('stdout', 'good again')
  const entries = await waitForEntries(program.base, 4)
  const lines = entries.map(({ line, flags }) => [line, flags])
  assert.deepEqual(
    lines.toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    [
      ['good', []],
      ['good again', []],
      ['json in a CRI file', []],
      ['neither CRI nor JSON \u0000', ['malformed']],
    ],
  )
})
