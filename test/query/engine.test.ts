/**
 * The engine over a real database: what is flagged, cut short, explained, listed, and what retention does to
 * walks.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { type Cursor, hashPlan, parseCursor } from '../../src/model/cursor.ts'
import { attribute, gapLevel } from '../../src/model/entry.ts'
import type { Engine } from '../../src/query/engine.ts'
import {
  entriesOf,
  everything,
  historyTask,
  linesOf,
  listTask,
  membersOf,
  tailTask,
  testUntilSec,
} from '../support/engine-tasks.ts'
import { createRandom } from '../support/random.ts'
import { withStoreEngine } from '../support/store-engine.ts'
import { inHistoryOrder, keepForever, type StoreModel, smallLimits } from '../support/store-model.ts'

const startSec = 1_780_000_000

function withModel(work: (model: StoreModel, engine: Engine) => void, retention = keepForever): void {
  withStoreEngine(work, smallLimits, retention)
}

const line = (streamId: number, sec: number, text: string) => ({ streamId, sec: startSec + sec, ns: 0, text })

function settle(model: StoreModel, nowSec: number): void {
  while (model.writer.maintain(nowSec, 50)) continue
}

test('S-CURSOR-08 S-CURSOR-02 a tail sends commits in order, by time within each, and flags what is older than what it sent', () => {
  withModel((model, engine) => {
    const stream = model.streamId(0)
    model.commitLines([], startSec)
    const begun = engine.tail(tailTask(null))
    model.commitLines([line(stream, 10, 'b'), line(stream, 8, 'a')], startSec)
    model.commitLines([line(stream, 9, 'late'), line(stream, 11, 'c')], startSec)
    const read = engine.tail(tailTask(parseCursor(begun.cursor)))
    const found = entriesOf(read.entries).map((entry) => [entry.line, ...entry.flags])
    assert.deepEqual(found, [['a'], ['b'], ['late', 'late'], ['c']])
    assert.equal(read.caughtUp, true)
    model.commitLines([line(stream, 10, 'late too')], startSec)
    const next = engine.tail(tailTask(parseCursor(read.cursor)))
    assert.deepEqual(entriesOf(next.entries)[0]?.flags, ['late'])
  })
})

test('S-CURSOR-04 a tail cursor given to a walk means its place in time, as of its commit', () => {
  withModel((model, engine) => {
    const stream = model.streamId(0)
    model.commitLines([], startSec)
    const begun = engine.tail(tailTask(null))
    model.commitLines(
      [1, 2, 3].map((sec) => line(stream, sec, `line ${sec}`)),
      startSec,
    )
    const [, second] = entriesOf(engine.tail(tailTask(parseCursor(begun.cursor))).entries)
    model.commitLines([line(stream, 0, 'committed later')], startSec)
    const cursor = parseCursor(second?.cursor ?? '')
    assert.deepEqual(linesOf(engine.history(historyTask({ cursor })).entries), ['line 1'])
    assert.deepEqual(linesOf(engine.history(historyTask({ cursor, direction: 'forward' })).entries), [
      'line 3',
    ])
    const [first, , last] = entriesOf(engine.tail(tailTask(parseCursor(begun.cursor))).entries)
    const third = { sec: startSec + 3, ns: 0 }
    for (const [entry, direction, range, found] of [
      [first, 'forward', { since: third, until: null }, ['line 3']],
      [last, 'backward', { since: null, until: { sec: startSec + 2, ns: 0 } }, ['line 1']],
    ] as const) {
      const task = historyTask({ cursor: parseCursor(entry?.cursor ?? ''), direction, range })
      assert.deepEqual(linesOf(engine.history(task).entries), found)
    }
  })
})

test('S-CURSOR-11 a cursor that was given before there was `gaps` goes on with gap records', () => {
  withModel((model, engine) => {
    model.commitLines([line(model.streamId(0), 1, 'a'), line(model.streamId(0), 2, 'b')], startSec)
    const first = engine.history(historyTask({ limit: 1 }))
    const { streams, iostream, levels, lines } = everything
    const planHash = hashPlan(JSON.stringify({ streams, iostream, levels, lines }))
    const cursor = { ...(first.next as Cursor), planHash }
    assert.deepEqual(linesOf(engine.history(historyTask({ cursor })).entries), ['a'])
    const withoutGaps = historyTask({ cursor, plan: { ...everything, gaps: false } })
    assert.throws(() => engine.history(withoutGaps), /other filters/)
  })
})

test('S-CURSOR-05 cursors of other databases and of other filters are refused', () => {
  withModel((model, engine) => {
    model.commitLines([line(model.streamId(0), 1, 'a'), line(model.streamId(0), 2, 'b')], startSec)
    const { next } = engine.history(historyTask({ limit: 1 }))
    const cursor = next as Cursor
    const other = { ...everything, iostream: 1 as const }
    const isRefused = (error: unknown) => error instanceof LogkeepError && error.code === 'BAD_CURSOR'
    assert.throws(() => engine.history(historyTask({ cursor, plan: other })), isRefused)
    assert.throws(() => engine.tail(tailTask(cursor, { plan: other })), isRefused)
    const databaseId = cursor.databaseId === '000000' ? '000001' : '000000'
    assert.throws(() => engine.history(historyTask({ cursor: { ...cursor, databaseId } })), isRefused)
  })
})

test('S-CURSOR-07 a cursor ahead of the last commit is moved back, with a warning', () => {
  withModel((model, engine) => {
    model.commitLines([line(model.streamId(0), 1, 'a')], startSec)
    const resume = parseCursor(engine.history(historyTask()).resumeText) as Cursor
    const ahead = engine.tail(tailTask({ ...resume, commit: resume.commit + 1000 }))
    assert.match(ahead.warnings[0] ?? '', /ahead of what is stored/)
    model.commitLines([line(model.streamId(0), 2, 'b')], startSec)
    assert.deepEqual(linesOf(engine.tail(tailTask(parseCursor(ahead.cursor))).entries), ['b'])
  })
})

test('S-QUERY-10 a page cut by its size, its time or its scanned bytes goes on exactly where it stopped', () => {
  withModel((model, engine) => {
    const random = createRandom(11)
    for (let step = 0; step < 60; step += 1) {
      model.commitRandom(random, startSec + step)
      model.writer.maintain(startSec + step, 5)
    }
    const expected = inHistoryOrder(model.lines)
      .reverse()
      .map((each) => each.text)
    const bounds = [{ answerBytesMax: 900 }, { sliceMs: 0 }, { scannedBytesMax: 0, plan: needle }]
    for (const bound of bounds) {
      const found: string[] = []
      const ends = new Set<string>()
      let cursor: Cursor | null = null
      do {
        const result = engine.history(historyTask({ limit: 1000, cursor, ...bound }))
        found.push(...linesOf(result.entries))
        ends.add(result.end)
        cursor = result.next
      } while (cursor !== null)
      assert.deepEqual(found, 'plan' in bound ? expected.filter((text) => text.includes('needle')) : expected)
      assert.equal(ends.size, 2, [...ends].join())
    }
  })
})

const needle = {
  ...everything,
  lines: [{ kind: 'substring', text: 'needle', ignoreCase: false, negate: false }] as const,
}

test('S-QUERY-11 gap records are found whenever stream and range match, in blocks as in the journal', () => {
  withModel((model, engine) => {
    const stream = model.streamId(0)
    const gap = JSON.stringify({ reason: 'rotated_away', bytes: 4096, file: '0.log' })
    const attributes = attribute.gap
    model.commitLines(
      [line(stream, 1, 'before'), { ...line(stream, 2, gap), attributes, level: gapLevel }],
      startSec,
    )
    const check = (): void => {
      const plan = { ...needle, levels: 1 << 5, iostream: 1 as const }
      const [entry, ...rest] = entriesOf(engine.history(historyTask({ plan })).entries)
      assert.deepEqual([entry?.kind, entry?.reason, entry?.bytes], ['gap', 'rotated_away', 4096])
      assert.deepEqual(rest, [])
      const other = { ...plan, streams: { ...plan.streams, pod: ['pod-1'] } }
      assert.equal(engine.history(historyTask({ plan: other })).count, 0)
      const range = { since: { sec: startSec + 3, ns: 0 }, until: null }
      assert.equal(engine.history(historyTask({ plan, range })).count, 0)
      const text = Buffer.from(engine.history(historyTask({ plan, format: 'text' })).entries).toString()
      assert.match(text, /^\[pod\/pod-0\/app\] \S+ -- gap: rotated_away, 4096 bytes missing of 0\.log --\n$/)
    }
    check()
    model.commitLines([line(stream, 4, 'x'.repeat(700))], startSec)
    settle(model, startSec)
    check()
  })
})

test('S-CURSOR-06 retention in the middle of a walk or a tail: what remains is shown once each, with a warning', () => {
  const retention = { ageSec: 3600, sizeBytes: 1e12, diskFreeMin: 0 }
  withModel((model, engine) => {
    const random = createRandom(5)
    const fill = (from: number): void => {
      for (let step = 0; step < 60; step += 1) {
        model.commitRandom(random, startSec + from + step)
        model.writer.maintain(startSec + from + step, 20)
      }
    }
    fill(0)
    const begun = engine.tail(tailTask(null, {}))
    fill(60)
    const first = engine.history(historyTask({ limit: 20 }))
    fill(3000)
    settle(model, startSec + 3000 + 700)
    const kept = new Set(linesOf(engine.history(historyTask({ limit: 1e6 })).entries))
    assert.ok(model.writer.swept.lines > 0 && kept.size > 0)
    const found = linesOf(first.entries)
    const warnings = new Set<string>()
    for (let cursor = first.next; cursor !== null; ) {
      const page = engine.history(historyTask({ limit: 20, cursor }))
      found.push(...linesOf(page.entries))
      for (const warning of page.warnings) warnings.add(warning)
      cursor = page.next
    }
    assert.match([...warnings].join(), /retention has deleted lines/)
    const commit = (first.next as Cursor).commit
    const expected = inHistoryOrder(model.lines.filter((each) => each.commit <= commit))
      .reverse()
      .map((each) => each.text)
    assert.ok(isSubsequence(found, expected))
    const tail = engine.tail(tailTask(parseCursor(begun.cursor)))
    assert.match(tail.warnings.join(), /retention has deleted lines/)
    const sent = linesOf(tail.entries)
    assert.deepEqual(new Set(sent), kept)
    assert.equal(sent.length, engine.history(historyTask({ limit: 1e6 })).count)
  }, retention)
})

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let next = 0
  for (const item of whole) if (item === part[next]) next += 1
  return next === part.length
}

test('S-QUERY-05 names that match nothing are explained with the nearest known, an empty range with the newest time', () => {
  withModel((model, engine) => {
    model.commitLines([line(model.streamId(1), 5, 'a')], startSec)
    const named = { ...everything, streams: { ...everything.streams, namespace: ['ms1'], pod: ['zzz*'] } }
    const { warnings, count } = engine.history(historyTask({ plan: named, isFirst: true }))
    assert.equal(count, 0)
    assert.deepEqual(warnings, [
      'no stream has namespace ms1; nearest: ns1',
      'no stream has pod zzz*; known: pod-1',
    ])
    const range = { since: { sec: startSec + 6, ns: 0 }, until: null }
    const empty = engine.history(historyTask({ range, isFirst: true }))
    assert.match(
      empty.warnings[0] ?? '',
      /newest matching stream last wrote at 2026-05-28T20:26:45\.000000000Z/,
    )
  })
})

test('S-QUERY-12 listings count blocks and journal together, in pages ordered by name', () => {
  withModel((model, engine) => {
    const random = createRandom(9)
    for (let step = 0; step < 40; step += 1) {
      model.commitRandom(random, startSec + step)
      model.writer.maintain(startSec + step, 20)
    }
    type Item = { namespace: string; pod: string; lines: number; bytes: number; lastTime: string }
    const page = (list: 'pods' | 'namespaces', limit: number, cursor: string | null) =>
      membersOf(engine.list(listTask(list, { limit, cursor }))) as {
        pods: Item[]
        namespaces: Item[]
        next: string | null
      }
    const pods: Item[] = []
    for (let next: string | null = null; ; ) {
      const answer = page('pods', 2, next)
      assert.ok(answer.pods.length <= 2)
      pods.push(...answer.pods)
      if (answer.next === null) break
      next = answer.next
    }
    assert.deepEqual(
      pods.map((pod) => `${pod.namespace}/${pod.pod}`),
      ['ns0/pod-0', 'ns0/pod-3', 'ns1/pod-1', 'ns1/pod-4', 'ns2/pod-2', 'ns2/pod-5'],
    )
    for (const pod of pods) {
      const streamId = model.streamId(Number(pod.pod.slice(4)))
      const own = model.lines.filter((each) => each.streamId === streamId)
      assert.equal(pod.lines, own.length)
      assert.equal(
        pod.bytes,
        own.reduce((sum, each) => sum + Buffer.byteLength(each.text), 0),
      )
    }
    const lines = page('namespaces', 100, null).namespaces.reduce((sum, each) => sum + each.lines, 0)
    assert.equal(lines, model.lines.length)
  })
})

test('S-QUERY-20 JSON and text leave one carriage return at the end of a line out, and no other byte', () => {
  withModel((model, engine) => {
    const stream = model.streamId(0)
    const texts = ['a\rb\r\r', '\r', 'quote " back \\ tab \t esc \u001b[31m bom \ufeff ls \u2028']
    const cut = { ...line(stream, 4, 'cut\r'), attributes: attribute.cut }
    model.commitLines([...texts.map((text, index) => line(stream, index, text)), cut], startSec)
    const task = historyTask({ direction: 'forward' })
    assert.deepEqual(linesOf(engine.history(task).entries), ['a\rb\r', '', texts[2], 'cut\r'])
    const text = Buffer.from(engine.history({ ...task, format: 'text' }).entries).toString()
    assert.ok(text.includes('Z a\rb\r\n[') && text.endsWith('Z cut\r\n'))
  })
})

test('S-QUERY-27 raw is the bytes of the lines alone, oldest first; gap records are left out and told of', () => {
  withModel((model, engine) => {
    const stream = model.streamId(0)
    const gap = JSON.stringify({ reason: 'rotated_away', bytes: 4096, file: '0.log' })
    const record = { ...line(stream, 2, gap), attributes: attribute.gap, level: gapLevel }
    model.commitLines(
      [line(stream, 1, 'a\r'), record, line(stream, 3, ''), line(stream, 4, 'b\0\r\r')],
      startSec,
    )
    for (const direction of ['forward', 'backward'] as const) {
      const isReversed = direction === 'backward'
      const { entries, warnings } = engine.history(historyTask({ format: 'raw', direction, isReversed }))
      assert.equal(Buffer.from(entries).toString(), 'a\r\n\nb\0\r\r\n')
      assert.match(warnings.join(), /records of missing lines are left out/)
    }
    const plan = { ...everything, gaps: false }
    assert.deepEqual(engine.history(historyTask({ format: 'raw', plan })).warnings, [])
  })
})

test('S-QUERY-22 without an end a walk ends a little after now, unless it begins beyond that', () => {
  withModel((model, engine) => {
    const stream = model.streamId(0)
    const ahead = testUntilSec - startSec + 100
    model.commitLines([line(stream, 1, 'now'), line(stream, ahead, 'ahead')], startSec)
    assert.deepEqual(linesOf(engine.history(historyTask()).entries), ['now'])
    const from = (sec: number) => ({ since: { sec: startSec + sec, ns: 0 }, until: null })
    assert.deepEqual(linesOf(engine.history(historyTask({ range: from(0) })).entries), ['now'])
    assert.deepEqual(linesOf(engine.history(historyTask({ range: from(ahead) })).entries), ['ahead'])
    const until = { sec: startSec + ahead + 1, ns: 0 }
    const named = historyTask({ range: { since: null, until } })
    assert.deepEqual(linesOf(engine.history(named).entries), ['ahead', 'now'])
  })
})
