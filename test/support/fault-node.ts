/**
 * A node whose files tests handle by hand, with a collector on their clock, a real database, and the real
 * HTTP server over it: what faults of files and storage are checked through.
 */

import fs from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { CollectorStatus } from '../../src/collector/contract.ts'
import type { CollectorOptions } from '../../src/collector/core.ts'
import { buildServer, type ServerDeps } from '../../src/http/server.ts'
import { type StoreLimits, storeLimits } from '../../src/limits/store.ts'
import { createQueryService } from '../../src/query/service.ts'
import type { RetentionSettings } from '../../src/store/retention.ts'
import { openWriter, type Writer } from '../../src/store/writer.ts'
import { createTailHub } from '../../src/tail/hub.ts'
import { createLokiTails } from '../../src/tail/loki-tails.ts'
import { NodeFolder } from '../collector/node-folder.ts'
import { type Entry, type Params, walk } from './client.ts'
import { createRecordedLog, createRecordedMetrics } from './recorded-query.ts'
import { keepForever } from './store-model.ts'

export type FaultNodeOptions = {
  readonly collector?: Partial<CollectorOptions>
  readonly retention?: RetentionSettings
  readonly limits?: StoreLimits
  /** Whether log root and container folder exist at first. */
  readonly withRoot?: boolean
}

/** Longer than retention rests between two looks. */
const retentionRestSec = 10

export type FaultNode = Awaited<ReturnType<typeof startFaultNode>>

/** Runs `work` over a node of its own. */
export async function withFaultNode(
  work: (fault: FaultNode) => Promise<void>,
  options: FaultNodeOptions = {},
): Promise<void> {
  await using fault = await startFaultNode(options)
  await work(fault)
}

async function startFaultNode({
  collector = {},
  retention = keepForever,
  limits,
  withRoot,
}: FaultNodeOptions) {
  const state: { writer: Writer | null; whileDown: () => void } = { writer: null, whileDown: () => undefined }
  const messages = createRecordedLog()
  const dataDirOf = (base: string): string => path.join(base, 'data')
  const node = new NodeFolder(collector, withRoot ?? true, (base) => {
    state.writer?.close()
    state.whileDown()
    const dataDir = dataDirOf(base)
    const { log } = messages
    state.writer = openWriter({ dataDir, retention, limits: limits ?? storeLimits, log })
    return state.writer
  })
  const server = await serveOver(node, dataDirOf(node.base))
  /** Everything there is to read is read and stored, then asked for: oldest first, gap records included. */
  const entries = async (params: Params = {}): Promise<Entry[]> => {
    node.core.commit(node.now)
    const found = await walk(server.base, { direction: 'forward', until: '2999-12-31T00:00:00Z', ...params })
    return found.entries
  }
  return {
    node,
    base: server.base,
    /** Of the program's own messages: `event message`. */
    events: server.events,
    /** Of the store's messages: the same. */
    storeEvents: messages.events,
    dataDir: dataDirOf(node.base),
    /** As `node.kill()`, with `whileDown` done between the end of the old writer and the start of the new. */
    restart: (whileDown: (dataDir: string) => void): void => {
      state.whileDown = () => whileDown(dataDirOf(node.base))
      node.kill()
      state.whileDown = () => undefined
    },
    writer: (): Writer => state.writer as Writer,
    status: (): CollectorStatus => node.core.status(),
    entries,
    /** Texts of lines in history order, as JSON gives them. */
    texts: async (params: Params = {}): Promise<string[]> =>
      (await entries(params)).filter(({ kind }) => kind === 'line').map(({ line }) => line),
    gaps: async (params: Params = {}): Promise<Entry[]> =>
      (await entries(params)).filter(({ kind }) => kind === 'gap'),
    /** Bytes of `format=text`, or of any other path. */
    get: async (path: string): Promise<Buffer> => {
      node.core.commit(node.now)
      return Buffer.from(await (await fetch(`${server.base}${path}`)).arrayBuffer())
    },
    /** Everything is sealed and merged and retention done, as after so long: an hour. */
    seal: (afterSec = 3_600): void => {
      const later = Math.floor(node.now / 1000) + afterSec
      // Twice: what is sealed only then is looked at by retention some seconds later.
      for (const sec of [later, later + retentionRestSec]) {
        while ((state.writer as Writer).maintain(sec, 50)) continue
      }
    },
    [Symbol.asyncDispose]: async () => {
      await server.close()
      node.core.close()
      state.writer?.close()
      fs.rmSync(node.base, { recursive: true, force: true })
    },
  }
}

async function serveOver(node: NodeFolder, dataDir: string) {
  const { log, events } = createRecordedLog()
  const now = (): number => node.now
  const query = createQueryService({
    dataDir,
    nodeName: 'n1',
    queryThreads: 1,
    queryDeadlineMs: 30_000,
    now,
    log,
  })
  const listeners = new Set<(commit: number) => void>()
  const collector: ServerDeps['collector'] & Parameters<typeof createTailHub>[0]['collector'] = {
    sync: async () => {
      node.core.commit(node.now)
      return { commit: node.core.status().commit, behindMs: null }
    },
    setLive: () => undefined,
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    status: () => node.core.status(),
    files: async (request) => node.core.files(request, node.now),
  }
  const tails = createTailHub({ query, collector, log, nowMs: () => performance.now() })
  const lokiTails = createLokiTails({ logql: query.logql, collector, hub: tails, log })
  const app = buildServer({
    lokiTails,
    config: {
      nodeName: 'n1',
      anonymous: false,
      allowedHosts: [],
      allowedOrigins: [],
      serviceNames: [],
      podNamespace: null,
      exportsMax: 8,
      metricsOpen: false,
    },
    token: null,
    query,
    collector,
    tails,
    log,
    metrics: createRecordedMetrics().metrics,
    version: '0.0.0',
    pageFolder: '/nonexistent',
    nowMs: now,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return {
    base: `http://127.0.0.1:${port}`,
    events,
    close: async (): Promise<void> => {
      await app.close()
      await query.close()
    },
  }
}
