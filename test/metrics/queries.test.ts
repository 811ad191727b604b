/** Questions to the real query service, counted by kind and outcome. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import type { LogsRequest, QueryService } from '../../src/query/contract.ts'
import { createQueryService } from '../../src/query/service.ts'
import { everything } from '../support/engine-tasks.ts'
import { type Exposition, parseExposition, valueOf } from '../support/exposition.ts'
import { createFigures, type Measured, measure } from '../support/figures.ts'

const startSec = 1_780_000_000
const never = new AbortController().signal
const range = { since: null, until: null }
const request: LogsRequest = {
  plan: everything,
  range,
  direction: 'forward',
  limit: 10,
  cursor: null,
  format: 'json',
}
const textRequest: LogsRequest = {
  ...request,
  plan: { ...everything, lines: [{ kind: 'substring', text: 'x', ignoreCase: false, negate: false }] },
}

/** What was counted, without the zeros: `logs ok` → 2. */
function counted(families: Exposition): Record<string, number> {
  const samples = families.get('logkeep_queries_total')?.samples ?? []
  return Object.fromEntries(
    samples
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [`${labels['kind']} ${labels['outcome']}`, value]),
  )
}

function limitOf(families: Exposition, limit: string): number | undefined {
  return valueOf(families, 'logkeep_limit_reached_total', { limit })
}

function fill({ model }: Measured, lines: number): void {
  const streamId = model.streamId(0)
  const entries = Array.from({ length: lines }, (_, index) => ({
    streamId,
    sec: startSec,
    ns: index,
    text: `{"level":"info","x":${index}}`,
  }))
  model.commitLines(entries, startSec)
}

async function readAll(pieces: AsyncGenerator<Uint8Array, void, void>): Promise<number> {
  let count = 0
  for await (const _piece of pieces) count += 1
  return count
}

test('S-METRIC-11 each question is counted by its kind, with its time and what it looked at', () =>
  measure(async (measured) => {
    fill(measured, 50)
    const { query, scrape } = measured
    const { entries, next } = await query.logs(request, never)
    await query.logs(textRequest, never)
    const { cursor } = JSON.parse(Buffer.from(entries).toString().split('},{')[0]?.concat('}') ?? '')
    await query.list({ kind: 'pods', streams: everything.streams, limit: 10, cursor: null }, never)
    await query.histogram({ plan: everything, range, bucket: { countMax: 10 }, by: null }, never)
    await query.context(
      { plan: everything, cursor, scope: 'stream', before: 1, after: 1, format: 'json' },
      never,
    )
    await query.fields({ plan: everything, range, sample: 10, limit: 5 }, never)
    await query.fieldValues({ plan: everything, range, sample: 10, limit: 5, name: 'x' }, never)
    const opened = await query.openTail(everything, { kind: 'now' }, never)
    await query.readTail(everything, opened.cursor, 1e6, never)
    const steps = { start: { sec: 0, ns: 0 }, stepNs: 1, count: 1 }
    const count = 'count_over_time({pod=~".+"}[1m])'
    await query.logql.metric({ query: count, steps, isInstant: true, cutsSeries: false }, never)
    await query.logql.index({ plan: everything, range, by: null, stepMs: null }, never)
    await query.logql.sample({ plan: everything, range, lines: 10, name: null, limit: 5 }, never)
    const lines = { plan: everything, range, limit: 10, isCategorized: false }
    await query.logql.lines({ ...lines, direction: 'backward', intervalNs: 0 }, never)
    await readAll(query.exportLogs({ ...request, limit: null, format: 'ndjson' }, never))
    await readAll(query.exportLogs({ ...request, cursor: next, format: 'ndjson' }, never))
    const families = await scrape()
    assert.deepEqual(counted(families), {
      'logs ok': 2,
      'list ok': 1,
      'histogram ok': 1,
      'context ok': 1,
      'fields ok': 1,
      'field_values ok': 1,
      'tail_open ok': 1,
      'tail_read ok': 1,
      'logql_lines ok': 1,
      'logql_metric ok': 1,
      'logql_index ok': 1,
      'logql_sample ok': 1,
      'export ok': 2,
    })
    for (const kind of ['logs', 'list', 'histogram', 'context', 'fields', 'field_values', 'export']) {
      const count = valueOf(families, 'logkeep_query_duration_seconds_count', { kind })
      assert.equal(count, kind === 'logs' || kind === 'export' ? 2 : 1, kind)
    }
    assert.ok((valueOf(families, 'logkeep_query_scanned_bytes_total', { kind: 'logs' }) ?? 0) > 0)
  }))

test('S-METRIC-12 refused and aborted questions are told apart, and have no time', () =>
  measure(async ({ query, scrape }) => {
    await assert.rejects(query.logs({ ...request, cursor: 'nonsense' }, never))
    await assert.rejects(query.logs(request, AbortSignal.abort()))
    await assert.rejects(query.readTail(everything, 'nonsense', 1e6, never))
    await assert.rejects(readAll(query.exportLogs({ ...request, cursor: 'nonsense' }, never)))
    const families = await scrape()
    assert.deepEqual(counted(families), {
      'logs refused': 1,
      'logs aborted': 1,
      'tail_read refused': 1,
      'export refused': 1,
    })
    assert.equal(valueOf(families, 'logkeep_query_duration_seconds_count', { kind: 'logs' }), undefined)
  }))

test('S-METRIC-12 a database that cannot be read fails questions, and the scrape says that it is not ready', async () => {
  const quiet = (): void => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  const dataDir = '/nonexistent'
  const service = createQueryService({
    dataDir,
    nodeName: 'n1',
    queryThreads: 1,
    queryDeadlineMs: 1000,
    now: Date.now,
    log,
  })
  const metrics = createMetrics({
    collector: createFigures(),
    query: service,
    tails: () => ({ count: 0, groupCount: 0 }),
    version: '1.2.3',
    dataDir,
    retentionAgeSec: 1,
    retentionSizeBytes: 1,
    diskFreeMinShare: 0,
  })
  try {
    const query = metrics.observe(service)
    await assert.rejects(query.logs(request, never))
    const families = parseExposition((await metrics.render()).text)
    assert.deepEqual(counted(families), { 'logs failed': 1 })
    assert.equal(valueOf(families, 'logkeep_ready'), 0)
    assert.equal(valueOf(families, 'logkeep_database_bytes', { part: 'bodies' }), undefined)
    assert.equal(valueOf(families, 'logkeep_disk_size_bytes'), undefined)
  } finally {
    metrics.close()
    await service.close()
  }
})

test('S-METRIC-13 an export is counted when it ends, also when its client leaves', () =>
  measure(async (measured) => {
    fill(measured, 30)
    const { query, scrape } = measured
    const pieces = query.exportLogs({ ...request, limit: null, format: 'ndjson' }, never)
    await pieces.next()
    assert.deepEqual(counted(await scrape()), {})
    await pieces.return()
    assert.deepEqual(counted(await scrape()), { 'export aborted': 1 })
  }))

test('S-METRIC-14 an answer that a bound has ended is partial, and the bound is counted', () =>
  measure(async ({ metrics, service, scrape }) => {
    const page = await service.logs(request, never)
    const reasons = ['deadline', 'scanned_bytes', 'answer_bytes', 'expression'] as const
    const end = (complete: boolean, count: number, reason: string | null): Uint8Array =>
      Buffer.from(`${JSON.stringify({ kind: 'end', complete, reason, next: null, count, warnings: [] })}\n`)
    const endings = [
      end(true, 5, null),
      end(false, 10, 'the limit of 10 was reached'),
      end(false, 5, 'an expression took too long on one block'),
      end(false, 5, 'the database cannot be read'),
    ]
    const answers = reasons.map((ended) => ({ ...page, ended }))
    const stand: QueryService = {
      ...service,
      logs: async () => answers.shift() ?? page,
      readTail: async () => {
        throw new LogkeepError('TOO_MANY', 'full', 'later', { limit: 'waiting_queries' })
      },
      exportLogs: async function* () {
        yield endings.shift() ?? end(true, 0, null)
      },
    }
    const query = metrics.observe(stand)
    for (const _ of [...reasons, 'none']) await query.logs(request, never)
    await assert.rejects(query.readTail(everything, 'c', 1, never))
    for (let count = 0; count < 4; count += 1) await readAll(query.exportLogs(request, never))
    const families = await scrape()
    assert.deepEqual(counted(families), {
      'logs ok': 1,
      'logs partial': 4,
      'tail_read refused': 1,
      'export ok': 2,
      'export partial': 1,
      'export failed': 1,
    })
    const limits = [...reasons, 'waiting_queries', 'tails'].map((limit) => limitOf(families, limit))
    assert.deepEqual(limits, [1, 1, 1, 2, 1, 0])
  }))
