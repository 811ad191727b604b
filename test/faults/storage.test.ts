/**
 * Faults of the database, F109 to F114 and F118: real files that are broken, locked, taken away or put back,
 * answers over HTTP.
 */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { LogkeepError } from '../../src/errors.ts'
import { openWriter } from '../../src/store/writer.ts'
import { type Entry, getPage } from '../support/client.ts'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'
import { keepForever } from '../support/store-model.ts'
import { waitFor } from '../support/wait.ts'

const pageBytes = 4096

const databaseOf = (dataDir: string): string => path.join(dataDir, 'logkeep.db')

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
      // 12 MiB of the budget are the reserve and the WAL: of 6 MiB of lines the oldest go, not what was set aside.
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
    const ready = (await (await fetch(`${fault.base}/readyz`)).json()) as {
      status: string
      reasons: string[]
    }
    assert.equal(ready.status, 'degraded')
    assert.match(ready.reasons.join(), /damaged/)
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
