/**
 * The query service with its real threads: pages in slices, exports, an expression that runs away, a database
 * that is gone.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import { test } from 'node:test'
import { type ErrorCode, LogkeepError } from '../../src/errors.ts'
import { queryLimits } from '../../src/limits/query.ts'
import type { Logger } from '../../src/log.ts'
import type { LogsRequest, QueryService } from '../../src/query/contract.ts'
import { createQueryService } from '../../src/query/service.ts'
import { entriesOf, everything } from '../support/engine-tasks.ts'
import { createStoreModel, type StoreModel } from '../support/store-model.ts'
import { waitFor } from '../support/wait.ts'

const startSec = 1_780_000_000
const never = new AbortController().signal

const request: LogsRequest = {
  plan: everything,
  range: { since: null, until: null },
  direction: 'forward',
  limit: 100,
  cursor: null,
  format: 'json',
}

function matching(pattern: string): LogsRequest {
  const filter = { kind: 'regex', pattern, ignoreCase: false, negate: false } as const
  return { ...request, plan: { ...everything, lines: [filter] } }
}

async function withService(
  work: (service: QueryService, model: StoreModel, logged: string[]) => Promise<void>,
  {
    dataDir,
    queryDeadlineMs = 30_000,
  }: { readonly dataDir?: string; readonly queryDeadlineMs?: number } = {},
): Promise<void> {
  const model = createStoreModel()
  const quiet = () => undefined
  const logged: string[] = []
  const error: Logger['error'] = (event, message, fields) => {
    logged.push(`${event} ${message} ${String(fields?.['reason'])}`)
  }
  const service = createQueryService({
    dataDir: dataDir ?? model.dataDir,
    nodeName: 'n1',
    queryThreads: 2,
    queryDeadlineMs,
    now: () => (startSec + 1000) * 1000,
    log: { debug: quiet, info: quiet, warn: quiet, error },
  })
  try {
    await work(service, model, logged)
  } finally {
    await service.close()
    model.close()
  }
}

test('S-QUERY-21 an expression that runs away is ended; the answer says so, others are answered', () =>
  withService(async (service, model) => {
    const stream = model.streamId(0)
    const long = { streamId: stream, sec: startSec, ns: 0, text: 'a'.repeat(150_000) }
    model.commitLines([long, { ...long, sec: startSec + 1, text: 'short' }], startSec)
    const runaway = service.logs(matching('a.*b.*c.*d'), never)
    const others: number[] = []
    for (let count = 0; count < 20; count += 1) {
      const page = await service.logs({ ...request, limit: 1, direction: 'backward' }, never)
      others.push(page.stats.elapsedMs)
      assert.deepEqual(entriesOf(page.entries)[0]?.line, 'short')
    }
    const page = await runaway
    assert.equal(page.count, 0)
    assert.match(page.warnings.join(), /took too long/)
    assert.ok(page.next !== null && page.resume !== '')
    const plain = await service.logs(matching('sh..t'), never)
    assert.equal(plain.count, 1)
  }))

test('S-QUERY-21 many expressions that run away end at their deadline, whoever waits for a thread', () =>
  withService(
    async (service, model) => {
      const stream = model.streamId(0)
      model.commitLines([{ streamId: stream, sec: startSec, ns: 0, text: 'a'.repeat(150_000) }], startSec)
      const { plan, range } = matching('a.*b.*c.*d')
      const bucket = { countMax: 10 }
      const pages = Array.from({ length: 8 }, () => service.logs(matching('a.*b.*c.*d'), never))
      const answers = await Promise.all([
        ...pages,
        service.histogram({ plan, range, bucket, by: null }, never),
        service.fields({ plan, range, sample: 10, limit: 10 }, never),
      ])
      for (const { ended, stats } of answers) {
        assert.equal(ended, 'deadline')
        assert.ok(stats.elapsedMs < queryLimits.sliceHardMs, `it took ${stats.elapsedMs} ms`)
      }
      assert.equal(service.status().lanes.scan.waiting, 0)
      await waitFor('free threads', () => service.status().lanes.scan.running === 0)
      const plain = await service.logs(matching('a{3}'), never)
      assert.deepEqual([plain.ended, plain.count], [null, 1])
    },
    { queryDeadlineMs: 1_000 },
  ))

/** Of this process, on Linux; empty elsewhere. */
function nicenessOfThreads(): number[] {
  const tasks = '/proc/self/task'
  if (!fs.existsSync(tasks)) return []
  return fs.readdirSync(tasks).map((thread) => os.getPriority(Number(thread)))
}

test('S-QUERY-31 threads that scan give way to the light one and to all others', () =>
  withService(async (service, model) => {
    model.commitLines([{ streamId: model.streamId(0), sec: startSec, ns: 0, text: 'a line' }], startSec)
    const usual = os.getPriority()
    const slower = (): number => nicenessOfThreads().filter((niceness) => niceness > usual).length
    await service.logs(request, never)
    const before = slower()
    await service.logs(matching('l.ne'), never)
    const started = service.status().lanes.scan.threads
    const isLowest = usual === os.constants.priority.PRIORITY_LOW
    const expected = process.platform !== 'linux' || isLowest ? 0 : started
    assert.equal(slower() - before, expected)
    assert.ok(started > 0)
  }))

test('S-QUERY-15 an export gives every entry, then how it ended and where to go on', () =>
  withService(async (service, model) => {
    const stream = model.streamId(0)
    for (let commit = 0; commit < 30; commit += 1) {
      const lines = Array.from({ length: 50 }, (_, index) => `${commit * 50 + index}`)
      model.commitLines(
        lines.map((text) => ({ streamId: stream, sec: startSec + commit, ns: 0, text })),
        startSec,
      )
      model.writer.maintain(startSec, 10)
    }
    const read = async (limit: number | null, cursor: string | null) => {
      const parts: Uint8Array[] = []
      for await (const part of service.exportLogs({ ...request, limit, cursor, format: 'ndjson' }, never)) {
        // Its memory is used again.
        parts.push(part.slice())
      }
      const lines = Buffer.concat(parts).toString().trimEnd().split('\n')
      const values = lines.map((text) => JSON.parse(text) as Record<string, unknown>)
      return { entries: values.slice(0, -1).map(({ line }) => line), end: values.at(-1) }
    }
    const all = await read(null, null)
    assert.deepEqual(
      all.entries,
      Array.from({ length: 1500 }, (_, index) => String(index)),
    )
    const end = { kind: 'end', complete: true, reason: null, next: null, count: 1500, warnings: [] }
    assert.deepEqual(all.end, end)
    const first = await read(700, null)
    const rest = await read(null, first.end?.['next'] as string)
    assert.equal(first.end?.['complete'], false)
    assert.deepEqual([...first.entries, ...rest.entries], all.entries)
  }))

const isRefusal = (code: ErrorCode, message: string) => (error: unknown) =>
  error instanceof LogkeepError && error.code === code && error.message === message

test('S-QUERY-16 a database that cannot be read is an error of its own, for queries and for the check', () =>
  withService(
    async (service, _model, logged) => {
      const isUnavailable = isRefusal('STORE_UNAVAILABLE', 'the database cannot be read')
      await assert.rejects(service.logs(request, never), isUnavailable)
      await assert.rejects(service.check(), isUnavailable)
      assert.match(logged.join(), /query_failed the database cannot be read .*directory does not exist/)
    },
    { dataDir: '/nonexistent' },
  ))

test('S-QUERY-25 a mistake of the program is told as such; its cause is in the log alone', () =>
  withService(async (service, _model, logged) => {
    const broken = { ...everything, streams: null as never }
    const isMistake = isRefusal('INTERNAL', 'the query failed')
    await assert.rejects(service.logs({ ...request, plan: broken }, never), isMistake)
    await assert.rejects(service.openTail(broken, { kind: 'now' }, never), isMistake)
    assert.match(logged.join(), /query_failed the query failed TypeError: .*\n +at /)
    await service.logs(request, never)
  }))

test('S-QUERY-26 a question that waits for a thread is not worked on when its client has left', () =>
  withService(async (service) => {
    const list = { kind: 'streams', streams: everything.streams, limit: 1, cursor: null } as const
    const client = new AbortController()
    const first = service.list(list, never)
    const waiting = service.list(list, client.signal)
    client.abort(new Error('left'))
    await assert.rejects(waiting, /left/)
    const { stats } = await first
    assert.equal(stats.elapsedMs, Math.round(stats.elapsedMs * 100) / 100)
  }))

test('S-CURSOR-09 a tail begins now, at a time, with the newest entries or at a cursor', () =>
  withService(async (service, model) => {
    const stream = model.streamId(0)
    const line = (sec: number) => ({ streamId: stream, sec: startSec + sec, ns: 0, text: `line ${sec}` })
    model.commitLines([1, 2, 3, 4].map(line), startSec)
    const now = await service.openTail(everything, { kind: 'now' }, never)
    const newest = await service.openTail(everything, { kind: 'newest', count: 2 }, never)
    const since = await service.openTail(
      everything,
      { kind: 'since', since: { sec: startSec + 2, ns: 0 } },
      never,
    )
    model.commitLines([line(5)], startSec)
    const rest = async (cursor: string) =>
      entriesOf((await service.readTail(everything, cursor, 1e6, never)).entries)
    const texts = (bytes: Uint8Array) => entriesOf(bytes).map((entry) => entry.line)
    assert.deepEqual(texts(now.entries), [])
    assert.deepEqual(texts(newest.entries), ['line 3', 'line 4'])
    assert.deepEqual(texts(since.entries), ['line 2', 'line 3', 'line 4'])
    for (const opened of [now, newest, since]) {
      assert.deepEqual(
        (await rest(opened.cursor)).map((entry) => entry.line),
        ['line 5'],
      )
    }
    await assert.rejects(
      service.openTail(everything, { kind: 'cursor', cursor: 'nonsense' }, never),
      /damaged/,
    )
  }))
