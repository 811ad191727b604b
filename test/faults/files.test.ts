/** Faults of files, directories and links, F77 to F92: real ones, a real database, answers over HTTP. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { collectorLimits } from '../../src/limits/collector.ts'
import { asOther } from '../support/as-other.ts'
import type { Entry } from '../support/client.ts'
import { failCommits, replaceFsCall } from '../support/failing-calls.ts'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'

/** Writes a log of another container, its folders with it, and returns its path. */
function writeLog({ node }: FaultNode, folder: string, name: string, ...texts: readonly string[]): string {
  const directory = path.join(node.root, folder)
  fs.mkdirSync(directory, { recursive: true })
  const file = path.join(directory, name)
  fs.appendFileSync(file, texts.map((text) => node.line(text)).join(''))
  return file
}

function reasonsOf(gaps: readonly Entry[]): string[] {
  return gaps.map((gap) => (gap as Entry & { reason: string }).reason)
}

test('F77 a file that vanishes between its listing and its opening is passed over quietly; the others are read', (t) =>
  withFaultNode(async (fault) => {
    const { node } = fault
    node.append('0.log', node.line('a'))
    const gone = writeLog(fault, 'shop_gone_uid-3/app', '0.log', 'never read')
    let opened = 0
    const end = replaceFsCall(t, 'openSync', (real, given) => {
      if (given[0] === gone) {
        opened += 1
        fs.rmSync(gone, { force: true })
      }
      return real(...given)
    })
    await node.pass(4000)
    end()
    await node.pass(40_000)
    assert.deepEqual(await fault.texts(), ['a'])
    assert.ok(opened > 0 && opened <= 2, `${opened} tries`)
    assert.deepEqual(fault.status().degraded, [])
    assert.equal((await fault.gaps()).length, 0)
  }))

test('F78 a file deleted with unread bytes is read to its end through its descriptor, which is closed then', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    node.append('0.log', node.line('a'))
    await node.pass()
    node.append('0.log', ...Array.from({ length: 20_000 }, (_, index) => node.line(`b ${index}`)))
    node.append('0.log', node.line('no end').trimEnd())
    node.remove('0.log')
    await node.pass(5000)
    const texts = await fault.texts()
    assert.equal(texts.length, 20_002)
    assert.deepEqual([texts[0], texts[20_000], texts[20_001]], ['a', 'b 19999', 'no end'])
    assert.equal((await fault.gaps()).length, 0)
    assert.equal(fault.status().filesOpen, 0)
  }))

test('F79 deleted files are held at most ten minutes while nothing can be stored; what goes with them is recorded', (t) =>
  withFaultNode(async (fault) => {
    const { node } = fault
    const commits = failCommits(t)
    node.append('0.log', node.line('a'))
    await node.pass()
    commits.failure = ['SQLITE_IOERR', 'disk I/O error']
    const line = node.line('x'.repeat(1000))
    node.append('0.log', line.repeat(20_000))
    await node.pass(3000)
    node.remove('0.log')
    await node.pass(60_000)
    assert.equal(fault.status().filesOpen, 1)
    const { bytesRead } = fault.status()
    assert.ok(bytesRead < collectorLimits.batchBytesMax)
    node.passHeld()
    assert.equal(fault.status().filesOpen, 0)
    commits.failure = null
    await node.pass(5000)
    const [gap, ...more] = (await fault.gaps()) as (Entry & { bytes: number })[]
    assert.deepEqual([reasonsOf(gap ? [gap] : []), more.length], [['deleted_unread'], 0])
    const read = (await fault.texts()).length - 1
    assert.equal(gap?.bytes, (20_000 - read) * line.length, 'lines and gap together are all that was written')
  }))

test('F79 a deleted file that has a compressed copy is let go, and the copy is read on', (t) =>
  withFaultNode(async (fault) => {
    const { node } = fault
    const commits = failCommits(t)
    node.append('0.log', node.line('a'))
    await node.pass()
    commits.failure = ['SQLITE_IOERR', 'disk I/O error']
    const written = Array.from({ length: 20_000 }, (_, index) => `${index} `.padEnd(1000, 'x'))
    node.append('0.log', ...written.map((text) => node.line(text)))
    await node.pass(3000)
    node.rename('0.log', '0.log.20261122-101112')
    node.gzip('0.log.20261122-101112')
    await node.pass(3000)
    node.passHeld()
    assert.equal(fault.status().filesOpen, 0)
    commits.failure = null
    await node.pass(5000)
    await node.settle()
    await node.pass(5000)
    assert.deepEqual(await fault.texts(), ['a', ...written])
    assert.deepEqual(await fault.gaps(), [])
  }))

test('F80 the log of a pod that lived for a moment is read where a look has seen it', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    node.append('0.log', node.line('a'))
    await node.pass()
    const brief = writeLog(fault, 'shop_brief_uid-3/app', '0.log', 'one', 'two')
    node.core.scan(node.now)
    fs.rmSync(path.dirname(path.dirname(brief)), { recursive: true })
    await node.pass(10_000)
    assert.deepEqual(await fault.texts({ pod: 'brief' }), ['one', 'two'])
    assert.equal(fault.status().filesOpen, 1)
  }))

test('F81 a folder that comes with files in it is read from their beginning, rotated ones first', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    await node.pass()
    // One time for both: the order of the answer is that of reading.
    const time = node.time()
    for (const [name, text] of [
      ['0.log.20261122-101112', 'a'],
      ['0.log', 'b'],
    ] as const) {
      fs.writeFileSync(writeLog(fault, 'shop_full_uid-3/app', name), `${time} stdout F ${text}\n`)
    }
    writeLog(fault, 'shop_full_uid-3/side', '3.log', 'c')
    await node.pass(4000)
    assert.deepEqual(await fault.texts({ pod: 'full', container: 'app' }), ['a', 'b'])
    assert.deepEqual(await fault.texts({ pod: 'full', container: 'side' }), ['c'])
  }))

test('F82 a folder removed and made anew under the same name is read from its beginning, nothing twice', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    node.append('0.log', node.line('a'), node.line('b'))
    await node.pass()
    for (const text of ['c', 'd', 'e']) {
      fs.rmSync(node.container, { recursive: true })
      if (text === 'e') await node.pass(5000)
      fs.mkdirSync(node.container)
      node.append('0.log', node.line(text))
      if (text === 'd') node.kill()
      await node.pass(5000)
    }
    assert.deepEqual(await fault.texts(), ['a', 'b', 'c', 'd', 'e'])
  }))

test('F83 what may not be read is told with its reason and tried again; the others are not held up by it', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    const file = writeLog(fault, 'shop_file_uid-3/app', '0.log', 'file')
    const folder = path.dirname(writeLog(fault, 'shop_folder_uid-4/app', '0.log', 'folder'))
    const pod = path.dirname(path.dirname(writeLog(fault, 'shop_pod_uid-5/app', '0.log', 'pod')))
    const denied = [folder, pod]
    fs.chmodSync(node.base, 0o755)
    fs.chmodSync(file, 0o200)
    for (const each of denied) fs.chmodSync(each, 0o300)
    const read = (): void =>
      asOther(() => {
        node.core.scan(node.now, true)
        while (node.core.poll(node.now, { all: true })) continue
      })
    node.append('0.log', node.line('a'))
    read()
    node.append('0.log', node.line('b'))
    node.now += 40_000
    read()
    assert.deepEqual(await fault.texts(), ['a', 'b'])
    const files = JSON.parse(String(await fault.get('/files?state=unreadable'))) as {
      files: { path: string; error: { message: string; hint: string } }[]
    }
    assert.deepEqual(
      files.files.map(({ path: where, error }) => `${where} ${error.message}`),
      [
        'shop_file_uid-3/app/0.log EACCES: permission denied',
        'shop_folder_uid-4/app/ EACCES: permission denied',
        'shop_pod_uid-5/ EACCES: permission denied',
      ],
    )
    fs.chmodSync(file, 0o600)
    for (const each of denied) fs.chmodSync(each, 0o700)
    await node.pass(60_000)
    assert.deepEqual((await fault.texts()).toSorted(), ['a', 'b', 'file', 'folder', 'pod'])
    assert.deepEqual(fault.status().degraded, [])
  }))

test('F83 a known file that cannot be read on is told, and left alone for some seconds', () =>
  withFaultNode(
    async (fault) => {
      const { node } = fault
      fs.chmodSync(node.base, 0o755)
      const kept = writeLog(fault, 'shop_kept_uid-3/app', '0.log', 'a')
      const read = (passMs: number): void =>
        asOther(() => {
          node.now += passMs
          while (node.core.poll(node.now, { all: true })) continue
        })
      asOther(() => node.core.scan(node.now, true))
      read(0)
      writeLog(fault, 'shop_other_uid-2/app', '0.log', 'another')
      asOther(() => node.core.scan(node.now, true))
      read(0)
      fs.chmodSync(kept, 0o200)
      fs.appendFileSync(kept, node.line('b'))
      read(1000)
      fs.chmodSync(kept, 0o644)
      read(1000)
      assert.deepEqual((await fault.texts()).toSorted(), ['a', 'another'])
      read(collectorLimits.readRetryMs)
      assert.deepEqual((await fault.texts()).toSorted(), ['a', 'another', 'b'])
      assert.deepEqual(await fault.gaps(), [])
    },
    // What is closed has to be opened again to be read on.
    { collector: { openFilesMax: 1 } },
  ))

test('F83 a refused file is left alone for half a minute; a folder that cannot be listed for a while loses nothing', () =>
  withFaultNode(
    async (fault) => {
      const { node } = fault
      fs.chmodSync(node.base, 0o755)
      const kept = writeLog(fault, 'shop_kept_uid-3/app', '0.log', 'a')
      const pod = path.dirname(path.dirname(kept))
      const read = (passMs: number): void =>
        asOther(() => {
          node.now += passMs
          node.core.scan(node.now, true)
          while (node.core.poll(node.now, { all: true })) continue
        })
      read(0)
      const refused = writeLog(fault, 'shop_refused_uid-4/app', '0.log', 'late')
      fs.chmodSync(refused, 0o200)
      fs.chmodSync(pod, 0o300)
      read(1000)
      fs.chmodSync(refused, 0o644)
      read(5000)
      assert.deepEqual(await fault.texts(), ['a'])
      read(40_000)
      assert.deepEqual((await fault.texts()).toSorted(), ['a', 'late'])
      for (let look = 0; look < 3; look += 1) read(40_000)
      fs.chmodSync(pod, 0o755)
      fs.appendFileSync(kept, node.line('b'))
      read(40_000)
      assert.deepEqual((await fault.texts()).toSorted(), ['a', 'b', 'late'])
      assert.equal((await fault.gaps()).length, 0)
    },
    // What is closed is known by its name alone.
    { collector: { openFilesMax: 1 } },
  ))

/** A node whose `0.log` is a link into a Docker folder beside the log root, which links may lead to. */
function withLinks(body: (fault: FaultNode, target: string, docker: string) => Promise<void>): Promise<void> {
  return withFaultNode(async (fault) => {
    const { node } = fault
    const docker = path.join(node.base, 'docker', 'c1')
    fs.mkdirSync(docker, { recursive: true })
    node.allow([node.root, path.join(node.base, 'docker')])
    const target = path.join(docker, 'c1-json.log')
    fs.symlinkSync(target, node.file('0.log'))
    await body(fault, target, docker)
  })
}

test('F84 a link that leads nowhere yet is followed once its target is there', () =>
  withLinks(async (fault, target) => {
    // The link's folder does not change with its target, and changed long ago.
    fs.utimesSync(fault.node.container, 0, 0)
    await fault.node.pass(4000)
    fs.writeFileSync(target, fault.node.line('a'))
    await fault.node.pass(4000)
    assert.deepEqual(await fault.texts(), ['a'])
  }))

test('F85 a link whose target was replaced leads to the new file, after the old one is read', () =>
  withLinks(async (fault, target) => {
    const { node } = fault
    fs.writeFileSync(target, node.line('a'))
    await node.pass(4000)
    fs.appendFileSync(target, node.line('b'))
    fs.renameSync(target, `${target}.1`)
    fs.writeFileSync(target, node.line('c'))
    await node.pass(6000)
    assert.deepEqual(await fault.texts(), ['a', 'b', 'c'])
    // Another container id: the link itself leads elsewhere.
    const other = path.join(path.dirname(target), 'other-json.log')
    fs.writeFileSync(other, node.line('d'))
    fs.rmSync(node.file('0.log'))
    fs.symlinkSync(other, node.file('0.log'))
    await node.pass(6000)
    assert.deepEqual(await fault.texts(), ['a', 'b', 'c', 'd'])
  }))

test('F86 links to files and folders outside the allowed ones are refused and said, also when they change later', () =>
  withLinks(async (fault, target) => {
    const { node } = fault
    const outside = path.join(node.base, 'outside')
    fs.mkdirSync(outside)
    const secret = path.join(outside, '1.log')
    fs.writeFileSync(secret, node.line('secret'))
    fs.writeFileSync(target, node.line('a'))
    fs.symlinkSync(secret, node.file('1.log'))
    fs.mkdirSync(path.join(node.root, 'shop_folder_uid-3'))
    fs.symlinkSync(outside, path.join(node.root, 'shop_folder_uid-3', 'app'))
    fs.symlinkSync(outside, path.join(node.root, 'shop_pod_uid-4'))
    const beside = `${node.root}-beside`
    fs.mkdirSync(beside)
    fs.renameSync(secret, path.join(beside, '2.log'))
    fs.symlinkSync(path.join(beside, '2.log'), node.file('2.log'))
    fs.writeFileSync(secret, node.line('secret'))
    await node.pass(4000)
    assert.deepEqual(await fault.texts(), ['a'])
    fs.rmSync(target)
    fs.symlinkSync(secret, target)
    await node.pass(40_000)
    assert.deepEqual(await fault.texts(), ['a'])
    assert.ok(node.warnings.length > 0 && new Set(node.warnings).has('link_refused'))
    assert.match(String(await fault.get('/files?format=text')), /LOGKEEP_LINK_ROOTS/)
  }))

test('F86 a folder that becomes a link between its listing and the opening of its file is refused', (t) =>
  withFaultNode(async (fault) => {
    const { node } = fault
    const outside = path.join(node.base, 'outside')
    fs.mkdirSync(outside)
    fs.writeFileSync(path.join(outside, '0.log'), node.line('secret'))
    const log = writeLog(fault, 'shop_changed_uid-3/app', '0.log', 'listed')
    const folder = path.dirname(log)
    const end = replaceFsCall(t, 'openSync', (real, given) => {
      if (given[0] === log && !fs.lstatSync(folder).isSymbolicLink()) {
        // The file has the same inode: by it alone it is the one that was listed.
        fs.rmSync(path.join(outside, '0.log'))
        fs.linkSync(log, path.join(outside, '0.log'))
        fs.rmSync(folder, { recursive: true })
        fs.symlinkSync(outside, folder)
      }
      return real(...given)
    })
    await node.pass(4000)
    end()
    await node.pass(4000)
    assert.deepEqual(await fault.texts(), [])
    assert.ok(node.warnings.includes('link_refused'))
  }))

test('F87 links to themselves and to folders above them end nowhere: no recursion, no flood of warnings', () =>
  withLinks(async (fault, target) => {
    const { node } = fault
    fs.writeFileSync(target, node.line('a'))
    fs.symlinkSync(node.file('1.log'), node.file('1.log'))
    fs.symlinkSync(node.file('3.log'), node.file('2.log'))
    fs.symlinkSync(node.file('2.log'), node.file('3.log'))
    fs.symlinkSync(node.root, path.join(node.container, 'up'))
    fs.symlinkSync(node.root, path.join(node.root, 'shop_loop_uid-3'))
    fs.symlinkSync('.', path.join(node.root, 'shop_other_uid-2', 'self'))
    await node.pass(4000)
    await node.pass(60_000)
    assert.deepEqual(await fault.texts(), ['a'])
    assert.ok(node.warnings.length <= 5, node.warnings.join())
  }))

test('F88 a log that becomes a FIFO between its listing and its opening holds nobody up', (t) =>
  withFaultNode(async ({ node, texts }) => {
    node.append('0.log', node.line('a'))
    node.append('1.log', node.line('b'))
    const end = replaceFsCall(t, 'openSync', (real, given) => {
      if (given[0] === node.file('0.log') && fs.statSync(node.file('0.log')).isFile()) {
        node.remove('0.log')
        assert.equal(spawnSync('mkfifo', [node.file('0.log')]).status, 0)
      }
      return real(...given)
    })
    await node.pass(4000)
    end()
    assert.deepEqual(await texts(), ['b'])
  }))

test('F88 a FIFO, a socket and a folder that are named like logs are passed over, and no open waits for them', async () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    assert.equal(spawnSync('mkfifo', [node.file('1.log')]).status, 0)
    const server = net.createServer()
    await new Promise<void>((resolve) => {
      // A socket's path has to be short.
      const from = process.cwd()
      process.chdir(node.container)
      server.listen('2.log', resolve)
      process.chdir(from)
    })
    fs.mkdirSync(node.file('3.log'))
    fs.symlinkSync('/dev/null', node.file('4.log'))
    node.append('5.log', node.line('a'))
    await node.pass(4000)
    server.close()
    assert.deepEqual(await fault.texts(), ['a'])
    assert.deepEqual(fault.status().degraded, [])
  }))

test('F89 one log that is reached by pod folders, by the flat folder of links and by hard links is stored once', () =>
  withLinks(async (fault, target) => {
    const { node } = fault
    const flat = path.join(node.base, 'containers')
    fs.mkdirSync(flat)
    fs.writeFileSync(target, node.line('a'))
    fs.symlinkSync(node.file('0.log'), path.join(flat, `api_shop_app-${'c'.repeat(64)}.log`))
    fs.linkSync(target, path.join(node.root, 'shop_other_uid-2', 'app', '0.log'))
    await node.pass(4000)
    assert.deepEqual(await fault.texts(), ['a'])
    node.allow([node.root, flat, path.join(node.base, 'docker')], flat)
    fs.appendFileSync(target, node.line('b'))
    await node.pass(6000)
    node.allow([node.root, flat, path.join(node.base, 'docker')], node.root)
    fs.appendFileSync(target, node.line('c'))
    await node.pass(6000)
    assert.deepEqual(await fault.texts(), ['a', 'b', 'c'])
  }))

test('F90 a log root that is missing, comes, and is an empty mount point for a while', () =>
  withFaultNode(
    async (fault) => {
      const { node } = fault
      await node.pass(3000)
      assert.match(fault.status().degraded.join(), /log root .* cannot be read/)
      writeLog(fault, 'shop_api_uid-1/app', '0.log', 'a')
      await node.pass(4000)
      assert.deepEqual(await fault.texts(), ['a'])
      assert.deepEqual(fault.status().degraded, [])
      node.core.close()
      fs.renameSync(node.root, `${node.root}-away`)
      fs.mkdirSync(node.root)
      node.kill()
      await node.pass(60_000)
      fs.rmdirSync(node.root)
      fs.renameSync(`${node.root}-away`, node.root)
      writeLog(fault, 'shop_api_uid-1/app', '0.log', 'b')
      await node.pass(4000)
      assert.deepEqual(await fault.texts(), ['a', 'b'])
      assert.equal((await fault.gaps()).length, 0)
    },
    { withRoot: false },
  ))

test('F91 without a single event every pod, file, line and rotation is found by looking', () =>
  withFaultNode(async (fault) => {
    // This collector has no watcher at all.
    const { node } = fault
    await node.pass()
    node.append('0.log', node.line('a'))
    node.now += collectorLimits.rescanMs
    await node.step()
    assert.deepEqual(await fault.texts(), ['a'])
    node.append('0.log', node.line('b'))
    node.now += collectorLimits.pollIdleMs
    node.core.poll(node.now)
    assert.deepEqual(await fault.texts(), ['a', 'b'])
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', node.line('c'))
    writeLog(fault, 'shop_new_uid-3/app', '0.log', 'new')
    await node.pass(2000)
    assert.deepEqual((await fault.texts()).toSorted(), ['a', 'b', 'c', 'new'])
  }))

test('F92 a size that is older than what was read, as of a network file system, is no truncation', (t) =>
  withFaultNode(async (fault) => {
    const { node } = fault
    node.append('0.log', node.line('a'), node.line('b'))
    await node.pass()
    node.append('0.log', node.line('c'))
    const stale = 60n
    const shrink = (real: (...given: never[]) => unknown, given: never[]): unknown => {
      const stats = real(...given) as fs.BigIntStats | undefined
      if (stats !== undefined && typeof stats.size === 'bigint' && stats.isFile() && stats.size > stale)
        stats.size = stale
      return stats
    }
    const ends = (['fstatSync', 'lstatSync'] as const).map((name) => replaceFsCall(t, name, shrink))
    await node.pass(5000)
    node.append('0.log', node.line('d'))
    await node.pass(5000)
    for (const end of ends) end()
    await node.pass(5000)
    assert.deepEqual(await fault.texts(), ['a', 'b', 'c', 'd'])
    assert.equal((await fault.gaps()).length, 0)
  }))
