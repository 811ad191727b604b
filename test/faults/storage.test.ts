/**
 * Faults of the database, F108 to F114: files that are broken, locked, taken away or put back, and kills,
 * answers over HTTP.
 */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { collectorLimits } from '../../src/limits/collector.ts'
import { type Entry, getPage } from '../support/client.ts'
import { failCommits } from '../support/failing-calls.ts'
import { withFaultNode } from '../support/fault-node.ts'
import { keepForever } from '../support/store-model.ts'
import { waitFor } from '../support/wait.ts'

const pageBytes = 4096

const databaseOf = (dataDir: string): string => path.join(dataDir, 'logkeep.db')

/** Texts of a file's whole CRI lines. */
function contentOf(file: string): string {
  return fs.readFileSync(file, 'utf8').replace(/^\S+ stdout F /gm, '')
}

/** Overwrites a file from `from` on. */
function spoil(file: string, from: number): void {
  const { size } = fs.statSync(file)
  const fd = fs.openSync(file, 'r+')
  fs.writeSync(fd, Buffer.alloc(size - from, 0xa5), 0, size - from, from)
  fs.closeSync(fd)
}

/** Reasons and streams of gap records. */
function reasonsOf(gaps: readonly Entry[]): string[] {
  return gaps.map((gap) => `${gap.pod} ${(gap as Entry & { reason: string }).reason}`)
}

const broken: Readonly<Record<string, (dataDir: string) => void>> = {
  'its first page': (dataDir) => spoil(databaseOf(dataDir), 0),
  'all but its first page': (dataDir) => spoil(databaseOf(dataDir), pageBytes),
  'its second half cut off': (dataDir) => {
    const file = databaseOf(dataDir)
    fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2 / pageBytes) * pageBytes)
  },
  'no database at all': (dataDir) => fs.writeFileSync(databaseOf(dataDir), 'no database '.repeat(1000)),
}

for (const [what, breakIt] of Object.entries(broken)) {
  test(`F111 a database that is broken at the start (${what}) is set aside, said loudly, and a new one begun`, () =>
    withFaultNode(async (fault) => {
      const { node } = fault
      node.append('0.log', node.line('old'))
      await node.pass()
      assert.deepEqual(await fault.texts(), ['old'])
      fault.restart(breakIt)
      await node.pass()
      node.append('0.log', node.line('new'))
      await node.pass()
      assert.deepEqual(await fault.texts(), ['old', 'new'])
      assert.deepEqual(reasonsOf(await fault.gaps()), ['api database_replaced'])
      const [first] = await fault.entries()
      assert.equal(first?.kind, 'gap', 'before the first line that is read again')
      assert.ok(fs.existsSync(path.join(fault.dataDir, 'set-aside.db')))
      assert.match(fault.storeEvents.join('\n'), /database_set_aside[^]*database_replaced/)
      fault.restart(() => undefined)
      await node.pass(4000)
      assert.deepEqual(await fault.texts(), ['old', 'new'])
      assert.equal((await fault.gaps()).length, 1, 'told once')
      assert.match(fault.storeEvents.at(-1) ?? '', /set_aside_found/)
    }))
}

test('F111 a database that was deleted while the program was down is told as lost, not taken for a first start', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    node.append('0.log', node.line('old'))
    await node.pass()
    fault.restart((dataDir) => fs.rmSync(databaseOf(dataDir)))
    await node.pass()
    assert.deepEqual(await fault.texts(), ['old'])
    assert.deepEqual(reasonsOf(await fault.gaps()), ['api database_replaced'])
    assert.match(fault.storeEvents.join('\n'), /database_replaced/)
    fs.mkdirSync(path.join(node.root, 'shop_later_uid-3', 'app'), { recursive: true })
    const line = `${new Date(Date.now() + 60_000).toISOString()} stdout F later\n`
    fs.writeFileSync(path.join(node.root, 'shop_later_uid-3', 'app', '0.log'), line)
    await node.pass(4000)
    assert.equal((await fault.gaps()).length, 1, 'a pod that began afterwards misses nothing')
  }))

test('F111 of two broken databases the larger is kept, within the budget, and deleted last of all', () => {
  const retention = { ...keepForever, sizeBytes: 16 * 1024 * 1024 }
  return withFaultNode(
    async (fault) => {
      const { node } = fault
      const kept = path.join(fault.dataDir, 'set-aside.db')
      const size = (): number => fs.statSync(kept).size
      const write = async (kilobytes: number): Promise<void> => {
        for (let count = 0; count < kilobytes; count += 1)
          node.append('0.log', node.line(randomBytes(768).toString('base64')))
        await node.pass()
      }
      await write(600)
      fault.restart((dataDir) => spoil(databaseOf(dataDir), 0))
      const first = size()
      assert.ok(first > 300_000, `${first}`)
      node.remove('0.log')
      await node.pass(5000)
      fault.restart((dataDir) => spoil(databaseOf(dataDir), 0))
      assert.equal(size(), first)
      assert.match(fault.storeEvents.join('\n'), /set_aside_deleted Of two/)
      // 12 MiB of the budget are the reserve and the WAL: the oldest of 6 MiB of lines go first.
      for (let round = 0; round < 12; round += 1) {
        await write(500)
        fault.seal()
        assert.equal(fs.existsSync(kept), true, `round ${round}`)
      }
      const { swept } = fault.status().counters.store
      assert.ok(swept.blocks > 0)
      fs.writeFileSync(path.join(fault.dataDir, 'ballast'), Buffer.alloc(6 * 1024 * 1024))
      fault.seal(3_700)
      assert.equal(fs.existsSync(kept), false)
      assert.match(fault.storeEvents.at(-1) ?? '', /set_aside_deleted .*nothing else is left/)
    },
    { retention },
  )
})

test('F111 what was set aside is deleted first where nothing fits beside it within the budget', () =>
  withFaultNode(
    async (fault) => {
      const { node } = fault
      const kept = path.join(fault.dataDir, 'set-aside.db')
      node.append('0.log', node.line('old'))
      await node.pass()
      fault.restart((dataDir) => spoil(databaseOf(dataDir), 0))
      fs.truncateSync(kept, 20 * 1024 * 1024)
      node.append('0.log', node.line('new'))
      await node.pass()
      fault.seal(3_700)
      assert.equal(fs.existsSync(kept), false)
      assert.match(fault.storeEvents.at(-1) ?? '', /set_aside_deleted .*leaves no room/)
      assert.deepEqual(await fault.texts(), ['old', 'new'])
      assert.equal(fault.status().counters.store.swept.blocks, 0)
    },
    { retention: { ...keepForever, sizeBytes: 16 * 1024 * 1024 } },
  ))

test('F111 what was set aside is deleted when all of it is older than what is kept', () =>
  withFaultNode(
    async (fault) => {
      const { node } = fault
      node.append('0.log', node.line('old'))
      await node.pass()
      fault.restart((dataDir) => spoil(databaseOf(dataDir), 0))
      const kept = path.join(fault.dataDir, 'set-aside.db')
      fault.seal()
      assert.ok(fs.existsSync(kept))
      fault.seal(3 * 3_600)
      assert.ok(!fs.existsSync(kept))
      assert.match(fault.storeEvents.at(-1) ?? '', /set_aside_deleted .*too old/)
    },
    { retention: { ...keepForever, ageSec: 2 * 3_600 } },
  ))

/** Overwrites the pages that hold the bodies of blocks, and no others. */
function spoilBodies(dataDir: string): number {
  const database = new Database(databaseOf(dataDir))
  database.pragma('wal_checkpoint(TRUNCATE)')
  const pages = database
    .prepare("SELECT pgoffset FROM dbstat WHERE name = 'block_data' AND pagetype = 'leaf'")
    .pluck()
    .all() as number[]
  database.close()
  const fd = fs.openSync(databaseOf(dataDir), 'r+')
  for (const offset of pages) fs.writeSync(fd, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, offset)
  fs.closeSync(fd)
  return pages.length
}

test('F111 where a query meets damage it says so, /readyz too; other queries and new lines go on', () =>
  withFaultNode(async (fault) => {
    const { node } = fault
    for (let count = 0; count < 3000; count += 1) node.append('0.log', node.line(`old ${count}`))
    await node.pass()
    fault.seal()
    assert.ok(spoilBodies(fault.dataDir) > 0)
    fs.writeFileSync(path.join(node.root, 'shop_other_uid-2', 'app', '0.log'), node.line('new'))
    await node.pass()
    const answer = await fetch(`${fault.base}/logs?q=old`)
    const { code, message } = (await answer.json()) as { code: string; message: string }
    assert.deepEqual([answer.status, code], [503, 'DATABASE_DAMAGED'])
    assert.match(message, /damaged.*malformed/)
    // A query thread may have to start first.
    await waitFor('the damage to be told', async () => {
      const body = await (await fetch(`${fault.base}/readyz`)).json()
      const { status, reasons } = body as { status: string; reasons: string[] }
      return status === 'degraded' && /damaged/.test(reasons.join())
    })
    assert.match(fault.events.join('\n'), /query_damaged/)
    const { entries } = await getPage(fault.base, { pod: 'other' })
    assert.deepEqual(
      entries.map(({ line }) => line),
      ['new'],
    )
    assert.equal((await fetch(`${fault.base}/streams`)).status, 200)
    // A new database takes the trouble away.
    fault.restart((dataDir) => spoil(databaseOf(dataDir), 0))
    await node.pass()
    assert.equal((await fault.texts()).length, 3001)
    await waitFor('the trouble to be over', async () => {
      const body = (await (await fetch(`${fault.base}/readyz`)).json()) as { status: string }
      return body.status === 'ready'
    })
  }))

for (const [id, code, message] of [
  ['F108', 'SQLITE_FULL', 'database or disk is full'],
  ['F109', 'SQLITE_IOERR_FSYNC', 'disk I/O error'],
  ['F110', 'SQLITE_BUSY', 'database is locked'],
] as const) {
  test(`${id} ${message}: lines and positions are undone together, kept, told, and stored once that works`, (t) =>
    withFaultNode(async ({ node, status, texts, base }) => {
      const commits = failCommits(t)
      node.append('0.log', node.line('a'))
      await node.pass()
      commits.failure = [code, message]
      const half = node.line('half')
      node.append('0.log', node.line('b'), node.line('c', 'P', 'stderr'), half.slice(0, 40))
      await node.pass(5000)
      assert.ok(status().degraded.join().includes(message), status().degraded.join())
      assert.equal((await getPage(base, {})).entries.length, 1, 'queries go on')
      // A kill meanwhile: nothing of what failed may be left.
      node.kill()
      await node.pass(5000)
      node.append('0.log', half.slice(40), node.line('e', 'F', 'stderr'))
      await node.pass(5000)
      assert.deepEqual(await texts(), ['a'])
      commits.failure = null
      await node.pass(5000)
      assert.deepEqual(await texts(), ['a', 'half', 'b', 'ce'])
      assert.deepEqual(status().degraded, [])
    }))
}

test('F109 a write that fails deletes nothing: that helps a full disk only', (t) =>
  withFaultNode(async ({ node, texts, seal, status }) => {
    const commits = failCommits(t)
    node.append('0.log', node.line('a'))
    await node.pass()
    seal()
    commits.failure = ['SQLITE_IOERR_WRITE', 'disk I/O error']
    commits.isOnce = true
    node.append('0.log', node.line('b'))
    await node.pass(5000)
    assert.equal(status().counters.commitFailures, 1)
    assert.deepEqual(await texts(), ['a', 'b'])
  }))

test('F113 killed between any two steps of reading, storing and rotating: no line is lost, none comes twice', () =>
  withFaultNode(async ({ node, texts, gaps, seal }) => {
    const expected: string[] = []
    // Of this one nothing more comes while commits of the first go on.
    const other = path.join(node.root, 'shop_other_uid-2', 'app', '0.log')
    const write = (name: string, text: string): void => {
      expected.push(text)
      node.append(name, node.line(text))
    }
    const look = (): void => {
      node.now += collectorLimits.missingGraceMs
      node.core.scan(node.now)
    }
    const read = (): void => {
      node.now += collectorLimits.drainQuietMs
      while (node.core.poll(node.now, { all: true })) continue
    }
    const steps: readonly (() => void)[] = [
      // Longer than what identifies a file: its beginning changes no more.
      () => write('0.log', `a ${expected.length} ${'x'.repeat(2 * collectorLimits.identityBytes)}`),
      look,
      () => write('0.log', `b ${expected.length}`),
      () => fs.appendFileSync(other, node.line(`other ${expected.length}`)),
      read,
      () => void node.core.commit(node.now),
      // Nothing but the positions changes.
      () => write('0.log', `c ${expected.length}`),
      () => fs.appendFileSync(other, node.line(`other ${expected.length}`)),
      read,
      () => void node.core.commit(node.now),
      () => node.append('0.log', node.line('joined ', 'P')),
      read,
      () => void node.core.commit(node.now),
      () => {
        node.append('0.log', node.line(`${expected.length}`))
        expected.push(`joined ${expected.length}`)
      },
      () => node.rename('0.log', `0.log.20261122-${String(expected.length).padStart(6, '0')}`),
      () => write('0.log', `d ${expected.length}`),
      look,
      read,
      seal,
      () => void node.core.commit(node.now),
      () => {
        for (const name of fs.readdirSync(node.container)) if (/-\d+$/.test(name)) node.gzip(name)
      },
      look,
    ]
    for (let killAt = 0; killAt < steps.length; killAt += 1) {
      // What was compressed is decompressed in its own time.
      await node.pass(3000)
      await node.settle()
      for (const [index, step] of steps.entries()) {
        step()
        if (index === killAt) node.kill()
      }
    }
    await node.pass(5000)
    await node.settle()
    assert.deepEqual(await texts({ pod: 'api', limit: 5000 }), expected)
    assert.deepEqual(`${(await texts({ pod: 'other' })).join('\n')}\n`, contentOf(other))
    assert.equal((await gaps()).length, 0)
  }))

test('F114 a power cut takes the last commits back as a whole, wherever it hits: they are read again, numbers go on', () =>
  withFaultNode(async (fault) => {
    const { node, dataDir, restart, texts, gaps } = fault
    const files = ['logkeep.db', 'logkeep.db-wal']
    const expected: string[] = []
    const write = async (): Promise<void> => {
      for (let commit = 0; commit < 4; commit += 1) {
        expected.push(`line ${expected.length}`)
        node.append('0.log', node.line(expected.at(-1) ?? ''))
        await node.pass(500)
      }
    }
    const walBytes = (): number => fs.statSync(path.join(dataDir, 'logkeep.db-wal')).size
    let synced = walBytes()
    await write()
    for (const share of [0, 0.3, 0.6, 0.9]) {
      await write()
      // What lies on the disk now, but for the end of the write-ahead log; its beginning was synced.
      const kept = files.map((name) => fs.readFileSync(path.join(dataDir, name)))
      const commit = fault.writer().lastCommit()
      restart(() => {
        for (const [index, bytes] of kept.entries()) {
          const end = synced + Math.floor((bytes.length - synced) * share)
          const length = index === 0 ? bytes.length : end
          fs.writeFileSync(path.join(dataDir, files[index] ?? ''), bytes.subarray(0, length))
        }
      })
      synced = walBytes()
      await node.pass(4000)
      assert.ok(fault.writer().lastCommit() > commit, 'a number is never used again')
    }
    // Asked at the end only: no power cut leaves readers of the old files behind.
    assert.deepEqual(await texts(), expected)
    assert.equal((await gaps()).length, 0)
  }))
