/**
 * Faults of load and of the system's limits, F101 to F107 and F115 to F118: watches, descriptors, many files,
 * noise, answers over HTTP.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { collectorLimits } from '../../src/limits/collector.ts'
import { type Entry, getPage, openTail, type Tail } from '../support/client.ts'
import { assertSameLines } from '../support/compare.ts'
import { failCommits } from '../support/failing-calls.ts'
import { withFaultNode } from '../support/fault-node.ts'
import { createScene, type Scene, waitForEntries } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

const noNamespace = 'a user namespace with limits of its own cannot be made here'

/** Begins a command line that runs the rest of it with so many inotify watches, or instances, allowed. */
function limited(what: 'watches' | 'instances', count: number): readonly string[] | null {
  const script = `echo ${count} > /proc/sys/user/max_inotify_${what} && exec "$0" "$@"`
  const command = ['unshare', '--user', '--map-root-user', 'sh', '-c', script]
  return spawnSync(command[0] as string, [...command.slice(1), 'true']).status === 0 ? command : null
}

function writeRound(scene: Scene, pods: number, round: number): void {
  for (let index = 0; index < pods; index += 1) {
    const name = `pod-${index}`
    const pod =
      scene.node.pods().find((each) => each.name === name) ??
      scene.node.startPod({ namespace: 'shop', pod: name, containers: ['main'] })
    pod.container('main').write('stdout', `round ${round} of ${name}`)
  }
}

/** Waits until all that the node wrote is there, and checks that it is exactly that. */
async function assertAll(base: string, scene: Scene): Promise<void> {
  const entries = await waitForEntries(base, scene.node.written.length)
  assertSameLines(scene.node.written, entries, { order: 'forward', what: '/logs' })
}

/**
 * A query has the collector look at all folders and files first, an open tail does not: what comes over it
 * was found by looking again and again.
 */
async function follow(t: TestContext, base: string): Promise<Tail> {
  const tail = openTail(base, { since: '1h' })
  t.after(tail.close)
  await tail.opened
  return tail
}

/** Waits until the tail has brought all that the node wrote, and checks that it is exactly that. */
async function assertReceived(tail: Tail, { node: { written } }: Scene): Promise<void> {
  const isAll = (): boolean => {
    if (tail.entries.length < written.length) throw new Error(`${tail.entries.length} entries`)
    return true
  }
  await waitFor(`${written.length} entries of the tail`, isAll)
  assertSameLines(written, tail.entries, { order: 'commit', what: '/logs/tail' })
}

for (const [id, what, count] of [
  ['F101', 'watches', 3],
  ['F102', 'instances', 0],
] as const) {
  test(`${id} with ${count} inotify ${what} for the program one warning is given, and looking finds everything`, async (t) => {
    const through = limited(what, count)
    if (through === null) {
      t.skip(noNamespace)
      return
    }
    const scene = createScene(t)
    const program = await scene.start({}, through)
    const tail = await follow(t, program.base)
    for (let round = 0; round < 3; round += 1) {
      writeRound(scene, 5 * (round + 1), round)
      await assertReceived(tail, scene)
    }
    scene.node.pods()[0]?.container('main').rotate()
    writeRound(scene, 15, 3)
    await assertReceived(tail, scene)
    // The watches that there are tell of folders that come, not of a file in one.
    for (const pod of scene.node.pods()) pod.container('main').restart()
    writeRound(scene, 15, 4)
    await assertReceived(tail, scene)
    assert.equal(program.output().match(/watch_refused/g)?.length, 1, program.output())
  })
}

test('F102 with fewer descriptors than files idle ones are closed and looked at, and every line is read once', async (t) => {
  const scene = createScene(t)
  const program = await scene.start()
  await getPage(program.base, {})
  const tail = await follow(t, program.base)
  const present = fs.readdirSync(`/proc/${program.pid}/fd`).length
  const limit = present + 20
  assert.equal(spawnSync('prlimit', ['--pid', `${program.pid}`, `--nofile=${limit}:${limit}`]).status, 0)
  for (let round = 0; round < 4; round += 1) {
    writeRound(scene, 150, round)
    await assertReceived(tail, scene)
    await assertAll(program.base, scene)
  }
  assert.doesNotMatch(program.output(), /file_refused|failed/)
})

test('F102 a bound of our own for open files holds, also while what was rotated is read', () =>
  withFaultNode(
    async ({ node, status, texts }) => {
      const files = Array.from({ length: 12 }, (_, index) =>
        path.join(node.root, `shop_many-${index}_uid-${index}`, 'app', '0.log'),
      )
      for (const file of files) fs.mkdirSync(path.dirname(file), { recursive: true })
      for (let round = 0; round < 3; round += 1) {
        for (const file of files) fs.appendFileSync(file, node.line(`${round}`))
        await node.pass(2000)
        assert.ok(status().filesOpen <= 3, `${status().filesOpen}`)
      }
      for (const file of files) {
        fs.renameSync(file, `${file}.20261122-101112`)
        fs.writeFileSync(file, node.line('3'))
      }
      await node.pass(6000)
      for (const index of files.keys())
        assert.deepEqual(await texts({ pod: `many-${index}` }), ['0', '1', '2', '3'])
    },
    { collector: { openFilesMax: 3 } },
  ))

test('F103 more events than the kernel keeps, while nobody takes them: nothing is lost', async (t) => {
  const scene = createScene(t)
  const program = await scene.start()
  const tail = await follow(t, program.base)
  writeRound(scene, 3, 0)
  await assertReceived(tail, scene)
  const queued = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'))
  process.kill(program.pid, 'SIGSTOP')
  // In the folder of a pod, which has nothing new when it is listed: no event leads to the pods that come.
  // Two in turn, for the kernel joins equal ones that follow each other; each is two events and more.
  const [first] = scene.node.pods()
  const pod = path.dirname(path.dirname(first?.container('main').livePath ?? ''))
  const folders = ['a', 'b'].map((name) => path.join(pod, name))
  for (let count = 0; count < queued / 2 + 1000; count += 1) {
    fs.mkdirSync(folders[count % 2] as string)
    fs.rmdirSync(folders[count % 2] as string)
  }
  writeRound(scene, 6, 1)
  first?.container('main').rotate()
  writeRound(scene, 6, 2)
  process.kill(program.pid, 'SIGCONT')
  await assertReceived(tail, scene)
})

test('F104 the last line of a burst is found by the next look, although nothing follows it', () =>
  withFaultNode(async ({ node, texts }) => {
    node.append('0.log', node.line('first'))
    await node.pass()
    for (let round = 0; round < 5; round += 1) {
      node.append('0.log', node.line(`${round} a`))
      if (round % 2 === 0) node.core.poll(node.now)
      node.append('0.log', node.line(`${round} b`))
      node.now += collectorLimits.pollIdleMs
      node.core.poll(node.now)
      assert.equal((await texts()).at(-1), `${round} b`)
      for (let idle = 0; idle < 20; idle += 1) {
        node.now += collectorLimits.pollIdleMs
        node.core.poll(node.now)
      }
    }
  }))

test('F104 the last line of a burst reaches a tail, although nothing follows it and nobody asks', async (t) => {
  const scene = createScene(t)
  const program = await scene.start()
  const tail = await follow(t, program.base)
  for (let round = 0; round < 5; round += 1) {
    for (let again = 0; again < 20; again += 1) writeRound(scene, 3, round)
    await assertReceived(tail, scene)
  }
})

test('F105 thousands of files: each is read, descriptors stay bounded, an idle one is not opened again', () =>
  withFaultNode(
    async ({ node, status, entries }) => {
      const count = 2000
      const files = Array.from({ length: count }, (_, index) =>
        path.join(node.root, `load_pod-${index}_uid-${index}`, 'app', '0.log'),
      )
      for (const file of files) {
        fs.mkdirSync(path.dirname(file), { recursive: true })
        fs.writeFileSync(file, node.line(file))
      }
      await node.pass(4000)
      for (const file of files.slice(0, 10)) fs.appendFileSync(file, node.line(`${file} more`))
      await node.pass(2000)
      const lines = (await entries({ limit: 5000 })).map(({ line }) => line)
      assert.equal(lines.length, count + 10)
      assert.equal(new Set(lines).size, count + 10)
      assert.ok(status().filesOpen <= 64)
    },
    { collector: { openFilesMax: 64 } },
  ))

test('F106 one container that writes without end has its turns by bytes, and the others have theirs', () =>
  withFaultNode(async ({ node, texts }) => {
    const noise = Array.from({ length: 60_000 }, (_, index) => node.line(`noise ${index} ${'x'.repeat(60)}`))
    node.append('0.log', ...noise)
    const quiet = ['first', 'second', 'third'].map((name) => {
      const folder = path.join(node.root, `shop_quiet-${name}_uid-9`, 'app')
      fs.mkdirSync(folder, { recursive: true })
      fs.writeFileSync(path.join(folder, '0.log'), node.line(name))
      return name
    })
    node.core.scan(node.now)
    // A poll without time reads one turn; each container has had its own after as many as there are.
    for (let turn = 0; turn < 5; turn += 1) node.core.poll(node.now, { budgetMs: 0 })
    assert.deepEqual((await texts({ pod: 'quiet-*' })).toSorted(), quiet.toSorted())
    const read = (await texts({ pod: 'api', limit: 5000 })).length
    assert.ok(read > 0 && read < noise.length, `${read}`)
    await node.pass(4000)
    assert.equal((await texts({ pod: 'api', limit: 5000 })).length, noise.length)
  }))

test('F107 more than can be stored: reading stops at a bound, files wait; what rotation takes meanwhile is a gap', (t) =>
  withFaultNode(async ({ node, status, texts, gaps }) => {
    const commits = failCommits(t)
    node.append('0.log', node.line('before'))
    await node.pass()
    commits.failure = ['SQLITE_BUSY', 'database is locked']
    const text = 'x'.repeat(1000)
    node.append('0.log', ...Array.from({ length: 20_000 }, (_, index) => node.line(`${index} ${text}`)))
    await node.pass(3000)
    assert.ok(status().bytesRead < collectorLimits.batchBytesMax, `${status().bytesRead}`)
    assert.match(status().degraded.join(), /Nothing can be stored/)
    commits.failure = null
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('between'))
    for (let round = 0; round < 4; round += 1) await node.pass(2000)
    commits.failure = ['SQLITE_BUSY', 'database is locked']
    node.append('0.log', ...Array.from({ length: 20_000 }, () => node.line(`lost ${text}`)))
    await node.pass(3000)
    // Rotated twice and deleted before any of it was stored: the position leads nowhere.
    node.core.close()
    node.remove('0.log')
    node.append('0.log', node.line('after'))
    commits.failure = null
    node.kill()
    await node.pass(10_000)
    const numbers = (await texts({ limit: 5000 })).map((line) => line.split(' ')[0])
    assert.deepEqual([numbers[0], ...numbers.slice(-2)], ['before', 'between', 'after'])
    assert.deepEqual(
      numbers.slice(1, -2).map(Number),
      Array.from({ length: 20_000 }, (_, index) => index),
    )
    assert.deepEqual(reasonsOf(await gaps()), ['rotated_away'])
  }))

function reasonsOf(gaps: readonly Entry[]): string[] {
  return gaps.map((gap) => (gap as Entry & { reason: string }).reason)
}

test('F115 when its own messages are collected it does not feed itself: few lines, however much is stored', async (t) => {
  const scene = createScene(t)
  const own = scene.node
    .startPod({ namespace: 'logkeep', pod: 'logkeep-x', containers: ['logkeep'] })
    .container('logkeep')
  const noise = scene.node.startPod({ namespace: 'shop', pod: 'api', containers: ['main'] }).container('main')
  const program = await scene.start({ LOGKEEP_LOG_LEVEL: 'debug' })
  let told = 0
  const echo = (): void => {
    const lines = program.output().split('\n').slice(0, -1)
    for (const line of lines.slice(told)) own.write('stdout', line)
    told = lines.length
  }
  for (let round = 0; round < 20; round += 1) {
    for (let line = 0; line < 200; line += 1) noise.write('stdout', `round ${round} line ${line}`)
    noise.writeRaw(Buffer.from(`no log line ${round}\n`))
    echo()
    await waitFor('the round', async () => {
      const page = (await (await fetch(`${program.base}/logs?q=%22round+${round}+line+199%22`)).json()) as {
        entries: unknown[]
      }
      return page.entries.length === 1
    })
  }
  echo()
  // Less than one in a round.
  assert.ok(told < 20, `${told} lines of its own:\n${program.output()}`)
})

test('F116 what was read in one go is stored in bounded batches, and what comes meanwhile needs no event to be found', () =>
  withFaultNode(async ({ node, status, texts }) => {
    const text = 'x'.repeat(1000)
    const count = 40_000
    node.append('0.log', ...Array.from({ length: count }, (_, index) => node.line(`${index} ${text}`)))
    node.core.scan(node.now)
    // However long a poll may take.
    assert.equal(node.core.poll(node.now, { budgetMs: 600_000 }), false)
    const folder = path.join(node.root, 'shop_late_uid-9', 'app')
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, '0.log'), node.line('late'))
    const least = Math.floor((count * text.length) / collectorLimits.batchBytes) - 1
    assert.ok(status().counters.commits >= least, `${status().counters.commits} commits, at least ${least}`)
    node.now += collectorLimits.rescanMs
    await node.step()
    assert.deepEqual(await texts({ pod: 'late' }), ['late'])
    assert.equal((await texts({ pod: 'api', limit: 5000 })).length, count)
  }))

test('F117 a client that asks for everything and reads nothing delays neither what is stored nor other answers', async () =>
  withFaultNode(async ({ base, node, texts, status }) => {
    const text = 'x'.repeat(1000)
    node.append('0.log', ...Array.from({ length: 20_000 }, (_, index) => node.line(`${index} ${text}`)))
    await node.pass()
    const sockets = Array.from({ length: 4 }, () => net.connect(Number(new URL(base).port), '127.0.0.1'))
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.pause()
      socket.write('GET /logs?format=ndjson HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    }
    for (let round = 0; round < 5; round += 1) {
      node.append('0.log', node.line(`during ${round}`))
      await node.pass()
      assert.deepEqual((await texts({ q: 'during' })).length, round + 1)
    }
    assert.deepEqual(status().degraded, [])
    for (const socket of sockets) socket.destroy()
  }))

test('F118 a stop in the middle of much to read stores what is read with its positions, and the rest is read later', async (t) => {
  const scene = createScene(t)
  const container = scene.node
    .startPod({ namespace: 'shop', pod: 'api', containers: ['main'] })
    .container('main')
  for (let round = 0; round < 4; round += 1) {
    for (let line = 0; line < 20_000; line += 1) container.write('stdout', `round ${round} line ${line}`)
    const program = await scene.start()
    // Queries are answered before everything is read.
    const { code } = await program.stop()
    assert.equal(code, 0, program.output())
  }
  await assertAll((await scene.start()).base, scene)
})
