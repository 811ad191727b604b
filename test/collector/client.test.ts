/** The collector's thread over the real store: opening, syncing, showing its files, stopping, refusing. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import Database from 'better-sqlite3'
import { type CollectorConfig, createCollector } from '../../src/collector/client.ts'
import { LogkeepError } from '../../src/errors.ts'
import { workerLimits } from '../../src/limits/collector.ts'
import type { Logger } from '../../src/log.ts'
import { waitFor } from '../support/wait.ts'
import { anyFile } from './log-tree.ts'

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function configIn(base: string): CollectorConfig {
  const logRoot = path.join(base, 'pods')
  return {
    logRoot,
    linkRoots: [logRoot],
    dataDir: path.join(base, 'data'),
    namespaces: [],
    namespacesExcluded: [],
    nodeName: 'n1',
    lineBytesMax: 1024 * 1024,
    retentionAgeMs: 3_600_000,
    retentionSizeBytes: 1024 ** 3,
    diskFreeMinPercent: 0,
  }
}

async function withFolder(body: (base: string) => Promise<void>): Promise<void> {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-client-'))
  try {
    await body(base)
  } finally {
    fs.rmSync(base, { recursive: true, force: true })
  }
}

test('S-COL-40 a sync commits what is readable, in a new pod too, and says so', () =>
  withFolder(async (base) => {
    const folder = path.join(base, 'pods', 'shop_api_uid-1', 'app')
    fs.mkdirSync(path.join(base, 'pods'), { recursive: true })
    const collector = createCollector({ config: configIn(base), log: quiet })
    await collector.ready
    const commits: number[] = []
    collector.onCommit((commit) => commits.push(commit))
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, '0.log'), '2026-11-22T10:11:12Z stdout F one\n')
    const startedMs = performance.now()
    const [one, two] = await Promise.all([collector.sync(5000), collector.sync(5000)])
    assert.deepEqual(one, { commit: commits.at(-1), behindMs: null })
    assert.deepEqual(two, one)
    const three = await collector.sync(0)
    // A slow machine may take longer than a run is shared.
    if (performance.now() - startedMs < workerLimits.syncShareMs) assert.deepEqual(three, one)
    await new Promise((resolve) => setTimeout(resolve, 110))
    const { behindMs } = await collector.sync(0)
    assert.ok(behindMs === null || behindMs >= 100)
    await collector.close()
  }))

test('S-COL-41 a second collector on the same data folder is refused with its reason', () =>
  withFolder(async (base) => {
    const first = createCollector({ config: configIn(base), log: quiet })
    await first.ready
    const second = createCollector({ config: configIn(base), log: quiet })
    await assert.rejects(
      second.ready,
      (error) => error instanceof LogkeepError && error.code === 'SECOND_INSTANCE',
    )
    await second.close()
    await first.close()
  }))

test('F90 a log root that is missing is named, and found when it comes', () =>
  withFolder(async (base) => {
    const warnings: string[] = []
    const log: Logger = { ...quiet, warn: (_event, message) => void warnings.push(message) }
    const collector = createCollector({ config: configIn(base), log })
    await collector.ready
    await collector.sync(5000)
    assert.match(warnings[0] ?? '', /pods cannot be read.*npm run demo/)
    const folder = path.join(base, 'pods', 'shop_api_uid-1', 'app')
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, '0.log'), '2026-11-22T10:11:12Z stdout F one\n')
    const { commit } = await collector.sync(5000)
    assert.ok(commit > 0)
    await collector.close()
  }))

/** A log root with one file of two lines. */
function withOneFile(base: string): string {
  const folder = path.join(base, 'pods', 'shop_api_uid-1', 'app')
  fs.mkdirSync(folder, { recursive: true })
  const file = path.join(folder, '0.log')
  fs.writeFileSync(file, '2026-11-22T10:11:12Z stdout F one\nnothing\n')
  return file
}

const isRefusal = (code: string) => (error: unknown) => error instanceof LogkeepError && error.code === code

test('S-FILES-15 the log tree comes from the thread, also to who asks while it starts; so do refusals', () =>
  withFolder(async (base) => {
    withOneFile(base)
    const collector = createCollector({ config: configIn(base), log: quiet })
    const early = await collector.files(anyFile)
    assert.match(
      Buffer.from(early.bytes).toString(),
      /^"root":".*","rootError":null,"files":\[.*,"next":null$/,
    )
    await collector.sync(5000)
    const { bytes } = await collector.files({ ...anyFile, format: 'text' })
    assert.match(Buffer.from(bytes).toString(), /0\.log {2}42 B {2}live {2}100 % read\n$/)
    await assert.rejects(collector.files({ ...anyFile, cursor: '?' }), isRefusal('BAD_CURSOR'))
    await collector.close()
    await assert.rejects(collector.files(anyFile), isRefusal('STOPPING'))
  }))

test('S-FILES-16 a thread that does not answer in time is told as such, and answers again when it can', () =>
  withFolder(async (base) => {
    const file = withOneFile(base)
    const collector = createCollector({ config: configIn(base), log: quiet, filesWaitMs: 300 })
    await collector.sync(5000)
    const other = new Database(path.join(base, 'data', 'logkeep.db'))
    other.exec('BEGIN IMMEDIATE')
    fs.appendFileSync(file, 'more\n')
    // Commits every 200 ms, and then waits for the database.
    collector.setLive(true)
    const ask = () => collector.files(anyFile).then(() => null)
    const refused = await waitFor('a refusal', () => ask().catch((error: unknown) => error))
    assert.ok(isRefusal('STORE_UNAVAILABLE')(refused), String(refused))
    other.exec('ROLLBACK')
    other.close()
    await waitFor('an answer', async () => (await ask()) === null)
    await collector.close()
  }))

test('S-COUNT-08 the thread counts, tells its heap, and is counted itself: runs of sync and deaths', () =>
  withFolder(async (base) => {
    withOneFile(base)
    const collector = createCollector({ config: configIn(base), log: quiet })
    assert.deepEqual(collector.syncs(), { runs: 0, incomplete: 0, seconds: 0 })
    await collector.sync(5000)
    const { incomplete, runs, seconds } = collector.syncs()
    assert.deepEqual([runs, incomplete], [1, 0])
    assert.ok(seconds > 0 && seconds < 5)
    const { counters } = await waitFor('the counters', () => {
      const status = collector.status()
      return status.counters.commits === 1 && status
    })
    assert.deepEqual(counters.namespaces, [{ namespace: 'shop', lines: 2, bytes: 42 }])
    assert.deepEqual([counters.malformed.format, counters.files.live], [1, 1])
    const heap = await collector.memory()
    assert.ok(heap !== null && heap.heapUsed > 1e6 && heap.heapTotal >= heap.heapUsed && heap.external > 0)
    await collector.close()
    assert.deepEqual([await collector.memory(), collector.deaths()], [null, 0])
  }))
