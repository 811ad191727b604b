/** The collector's thread over the real store: opening, syncing, stopping, refusing. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { type CollectorConfig, createCollector } from '../../src/collector/client.ts'
import { LogkeepError } from '../../src/errors.ts'
import type { Logger } from '../../src/log.ts'

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
    const [one, two] = await Promise.all([collector.sync(5000), collector.sync(5000)])
    assert.deepEqual(one, { commit: commits.at(-1), behindMs: null })
    assert.deepEqual(two, one)
    assert.deepEqual(await collector.sync(0), one)
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
