/**
 * Answers made of several slices: slices that end at the limit, long lines, a tail that begins with a walk.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCursor } from '../../src/model/cursor.ts'
import { compilePlan } from '../../src/query/compiled-plan.ts'
import type { EndReason, LogsRequest } from '../../src/query/contract.ts'
import type { QueryBounds } from '../../src/query/ending.ts'
import { createEngine } from '../../src/query/engine.ts'
import { type Lanes, TaskTimeout } from '../../src/query/lanes.ts'
import { createPager } from '../../src/query/pager.ts'
import { readCommits } from '../../src/query/tail-read.ts'
import { openReader } from '../../src/store/reader.ts'
import { createDirectLanes, type DirectLanesOptions } from '../support/direct-lanes.ts'
import { entriesOf, everything, historyTask, linesOf, tailTask } from '../support/engine-tasks.ts'
import { createStoreModel, smallLimits } from '../support/store-model.ts'

const startSec = 1_780_000_000

test('S-QUERY-13 a slice that ends with its time right after the last wanted line has reached the limit', () => {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamId = model.streamId(0)
    for (let sec = 0; sec < 5; sec += 1) {
      const at = { streamId, sec: startSec + sec, ns: 0 }
      model.commitLines([{ ...at, text: `line ${sec}` }], startSec + sec)
    }
    for (const direction of ['backward', 'forward'] as const) {
      const found: string[] = []
      let cursor = null
      do {
        const slice = engine.history(historyTask({ direction, limit: 1, sliceMs: -1, cursor }))
        assert.ok(slice.end !== 'over' || slice.count < 1)
        found.push(...linesOf(slice.entries))
        cursor = slice.next
      } while (cursor !== null)
      const expected = [0, 1, 2, 3, 4].map((sec) => `line ${sec}`)
      assert.deepEqual(found, direction === 'forward' ? expected : expected.reverse())
    }
  } finally {
    engine.close()
    model.close()
  }
})

test('S-QUERY-17 lines of a megabyte come a few at a time, each whole and once, in pages and tails', () => {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const begun = engine.tail(tailTask(null)).cursor
    const [one, other] = [model.streamId(0), model.streamId(1)]
    const lines = Array.from({ length: 14 }, (_, index) => ({
      streamId: index % 2 === 0 ? one : other,
      sec: startSec + index,
      ns: 0,
      text: `${index} `.padEnd(index % 5 === 0 ? 10 : 1024 * 1024, 'x'),
    }))
    model.commitLines(lines, startSec)
    const expected = lines.map((line) => line.text)
    const found: string[] = []
    for (let cursor = null; ; ) {
      const page = engine.history(historyTask({ direction: 'forward', cursor, answerBytesMax: 3_000_000 }))
      found.push(...linesOf(page.entries))
      if (page.next === null) break
      cursor = page.next
    }
    assert.deepEqual(found, expected)
    const whole = engine.history(historyTask({ isReversed: true }))
    assert.deepEqual(linesOf(whole.entries), expected)
    const sent: string[] = []
    for (let cursor = begun; ; ) {
      const read = engine.tail(tailTask(parseCursor(cursor), { answerBytesMax: 3_000_000 }))
      sent.push(...linesOf(read.entries))
      if (read.caughtUp) break
      cursor = read.cursor
    }
    assert.deepEqual(sent, expected)
  } finally {
    engine.close()
    model.close()
  }
})

test('S-CURSOR-10 a line is not late because the search for older ones has looked at lines of the far future', () => {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamId = model.streamId(0)
    const needle = { kind: 'substring', text: 'needle', ignoreCase: false, negate: false } as const
    const plan = { ...everything, lines: [needle] }
    for (const sec of [startSec, 253_402_300_000]) {
      model.commitLines([{ streamId, sec, ns: 0, text: 'hay' }], startSec)
    }
    const range = { since: { sec: startSec - 10, ns: 0 }, until: null }
    let cursor = engine.begin({ kind: 'begin', plan, range, defaultUntilSec: startSec + 3600 })
    for (let isCaughtUp = false; !isCaughtUp; ) {
      const read = engine.tail(tailTask(cursor, { plan, sliceMs: -1 }))
      cursor = parseCursor(read.cursor) ?? cursor
      isCaughtUp = read.caughtUp
    }
    model.commitLines([{ streamId, sec: startSec + 1, ns: 0, text: 'needle' }], startSec + 1)
    const [entry] = entriesOf(engine.tail(tailTask(cursor, { plan })).entries)
    assert.deepEqual([entry?.line, entry?.flags], ['needle', []])
  } finally {
    engine.close()
    model.close()
  }
})

test('S-QUERY-18 a tail that is far behind searches each block once, whatever number of commits it holds', () => {
  const model = createStoreModel({ ...smallLimits, blockBytes: 16 * 1024, blockFullBytes: 8 * 1024 })
  const reader = openReader(model.dataDir)
  try {
    const begun = model.commitLines([], startSec)
    const streamId = model.streamId(0)
    for (let count = 0; count < 200; count += 1) {
      model.commitLines([{ streamId, sec: startSec + count, ns: 0, text: `line ${count}` }], startSec)
    }
    while (model.writer.maintain(startSec + 1000, 50)) continue
    const compiled = compilePlan({
      ...everything,
      lines: [{ kind: 'substring', text: 'needle', ignoreCase: false, negate: true }],
    })
    const scanned = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
    const counts = reader.snapshot((snapshot) => {
      const commits = readCommits(snapshot, compiled, { commit: begun, place: null }, scanned)
      return [...commits].map(({ hits }) => hits.takeUpTo(1000).length)
    })
    assert.equal(
      counts.reduce((sum, each) => sum + each, 0),
      200,
    )
    const bytes = model.lines.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 0)
    assert.equal(scanned.scannedBytes, bytes)
  } finally {
    reader.close()
    model.close()
  }
})

test('S-QUERY-23 a page ends at its deadline although its first or its next step still waits or works', async () => {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamId = model.streamId(0)
    const lines = [0, 1, 2].map((sec) => ({ streamId, sec: startSec + sec, ns: 0, text: `line ${sec}` }))
    for (const line of lines) model.commitLines([line], startSec)
    const direct = createDirectLanes(engine, { sliceMs: -1 })
    const lanesWith = (answered: number): Lanes => {
      let steps = 0
      const run: Lanes['run'] = (lane, task, signal) => {
        if (task.kind === 'history') steps += 1
        return task.kind === 'history' && steps > answered
          ? new Promise(() => {})
          : direct.run(lane, task, signal)
      }
      return { ...direct, run }
    }
    const bounds = { queryDeadlineMs: 20, scannedBytesMax: 1e12, now: () => (startSec + 1000) * 1000 }
    const plan: LogsRequest['plan'] = {
      ...everything,
      lines: [{ kind: 'substring', text: 'line 2', ignoreCase: false, negate: false }],
    }
    const range = { since: null, until: null }
    const request = { plan, range, direction: 'forward', limit: 100, cursor: null, format: 'json' } as const
    for (const answered of [0, 1]) {
      const pager = createPager(lanesWith(answered), bounds)
      const page = await pager.page(request, new AbortController().signal)
      assert.deepEqual([page.ended, page.count], ['deadline', 0])
      assert.match(page.warnings.join(), /deadline of 20 ms was reached; go on with `next`$/)
      const rest = createPager(createDirectLanes(engine), { ...bounds, queryDeadlineMs: 30_000 })
      const next = await rest.page({ ...request, cursor: page.next }, new AbortController().signal)
      assert.deepEqual(linesOf(next.entries), ['line 2'])
    }
  } finally {
    engine.close()
    model.close()
  }
})

test('S-QUERY-23 a page that a bound has ended names it, says so in a warning, and says where to go on', async () => {
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  const ample: QueryBounds = { queryDeadlineMs: 30_000, scannedBytesMax: 1e12 }
  const request: LogsRequest = {
    plan: everything,
    range: { since: null, until: null },
    direction: 'forward',
    limit: 100,
    cursor: null,
    format: 'json',
  }
  const filter = { kind: 'substring', text: 'x', ignoreCase: false, negate: true } as const
  const fail = (): never => {
    throw new TaskTimeout('too long')
  }
  const cases: readonly (readonly [
    ended: EndReason | null,
    bounds: Partial<QueryBounds>,
    lanes: DirectLanesOptions,
    asked: Partial<LogsRequest>,
  ])[] = [
    [null, {}, {}, { limit: 2 }],
    ['deadline', { queryDeadlineMs: 0 }, { sliceMs: -1 }, {}],
    ['scanned_bytes', { scannedBytesMax: 1 }, {}, { plan: { ...everything, lines: [filter] } }],
    ['answer_bytes', {}, {}, {}],
    ['expression', {}, { onTask: (task) => task.kind === 'history' && fail() }, {}],
  ]
  try {
    const streamId = model.streamId(0)
    const text = 'x'.repeat(1024 * 1024)
    for (let sec = 0; sec < 18; sec += 1) {
      model.commitLines([{ streamId, sec: startSec + sec, ns: 0, text }], startSec)
    }
    for (const [ended, bounds, options, asked] of cases) {
      const lanes = createDirectLanes(engine, options)
      const pager = createPager(lanes, { ...ample, ...bounds, now: () => (startSec + 1000) * 1000 })
      const page = await pager.page({ ...request, ...asked }, new AbortController().signal)
      assert.equal(page.ended, ended)
      assert.ok(page.next !== null)
      if (ended === null) assert.deepEqual(page.warnings, [])
      else assert.match(page.warnings.join(), /^ended: .* go on with `next`$/)
    }
  } finally {
    engine.close()
    model.close()
  }
})
