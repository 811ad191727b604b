/**
 * Faults of the database, F109 to F114 and F118: real files that are broken, locked, taken away or put back,
 * answers over HTTP.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { LogkeepError } from '../../src/errors.ts'
import { openWriter } from '../../src/store/writer.ts'
import { type Entry, getPage } from '../support/client.ts'
import { type FaultNode, withFaultNode } from '../support/fault-node.ts'
import { keepForever } from '../support/store-model.ts'

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
