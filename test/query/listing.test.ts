/** Listings over a real database, held against the entries of a walk while everything moves. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { LogkeepError } from '../../src/errors.ts'
import { attribute, gapLevel, type StreamLabels } from '../../src/model/entry.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { explainSelector } from '../../src/query/explain.ts'
import { databasePath } from '../../src/store/database.ts'
import { openReader } from '../../src/store/reader.ts'
import { everything, historyTask, linesOf, listTask } from '../support/engine-tasks.ts'
import { takeBackToFourth } from '../support/first-schema.ts'
import {
  compareRows,
  createFiles,
  drawLabels,
  drawLine,
  drawSelector,
  expectedRows,
  type ListKind,
  type ListRow,
  listAll,
  listPage,
  storedEntries,
} from '../support/listing-model.ts'
import { chooseSeed, createRandom, type Random } from '../support/random.ts'
import { withStoreEngine } from '../support/store-engine.ts'
import { keepForever, type StoreModel, smallLimits } from '../support/store-model.ts'

const startSec = 1_780_000_000
const kinds: readonly ListKind[] = ['namespaces', 'pods', 'containers', 'streams']
const anyStream = everything.streams

function withModel(work: (model: StoreModel, engine: Engine) => void, retention = keepForever): void {
  withStoreEngine(work, smallLimits, retention)
}

function settle(model: StoreModel, nowSec: number): void {
  while (model.writer.maintain(nowSec, 50)) continue
}

function withoutNode(row: ListRow): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'node'))
}

function assertListed(engine: Engine, files: readonly StreamLabels[], random: Random): void {
  const entries = storedEntries(engine)
  for (const list of kinds) {
    const streams = random.chance(0.3) ? anyStream : drawSelector(random)
    const limit = random.pick([1, 2, 7, 1000])
    const expected = expectedRows(entries, files, list, streams)
    const found = listAll(engine, list, { streams, limit })
    const shown = list === 'streams' ? found : found.map(withoutNode)
    assert.deepEqual(shown, expected, `${list} ${JSON.stringify(streams)} limit ${limit}`)
  }
}

test('S-LIST-01 S-LIST-03 S-LIST-04 S-LIST-05 listings agree with what a walk gives, whatever is written, sealed, merged, deleted', () => {
  const random = createRandom(chooseSeed())
  const retention = { ageSec: 2500, sizeBytes: 1e12, diskFreeMin: 0 }
  try {
    withModel((model, engine) => {
      let swept = 0
      const files = createFiles(model)
      const labels = Array.from({ length: 40 }, () => drawLabels(random))
      for (let round = 0; round < 150; round += 1) {
        const nowSec = startSec + round * 40
        const added = Array.from({ length: random.between(0, 12) }, () =>
          drawLine(random, model.writer.resolveStream(random.pick(labels)), nowSec),
        )
        model.commitLines(added, nowSec)
        if (random.chance(0.2)) files.add(random.pick(labels), nowSec)
        if (random.chance(0.2)) files.removeOne(random, nowSec)
        if (random.chance(0.1)) labels[random.between(0, labels.length - 1)] = drawLabels(random)
        if (random.chance(0.5)) model.writer.maintain(nowSec, random.between(1, 5))
        if (random.chance(0.1)) settle(model, nowSec)
        if (random.chance(0.03)) {
          swept += model.writer.swept.blocks
          model.reopen()
        }
        if (random.chance(0.3)) assertListed(engine, [...files.present.values()], random)
      }
      settle(model, startSec + 150 * 40)
      assertListed(engine, [...files.present.values()], random)
      assert.ok(swept + model.writer.swept.blocks > 0)
    }, retention)
  } catch (error) {
    throw new Error(`with TEST_SEED=${random.seed}`, { cause: error })
  }
})

test('S-LIST-01 of several nodes the newest is shown, of several times within a second the first and the last', () => {
  withModel((model, engine) => {
    const labels = { namespace: 'a', pod: 'web', podUid: 'u1', container: 'app' }
    const older = model.writer.resolveStream({ ...labels, restart: 1, node: 'older' })
    const newer = model.writer.resolveStream({ ...labels, restart: 0, node: 'newer' })
    for (const [streamId, ns] of [
      [older, 500],
      [older, 100],
      [newer, 300],
      [newer, 900],
    ] as const) {
      model.commitLines([{ streamId, sec: startSec, ns, text: 'x'.repeat(700) }], startSec)
      settle(model, startSec)
    }
    const times = ['100', '900'].map((ns) => `2026-05-28T20:26:40.000000${ns}Z`)
    for (const list of ['pods', 'containers'] as const) {
      const rows = listAll(engine, list, {}).map(({ node, firstTime, lastTime }) => [
        node,
        firstTime,
        lastTime,
      ])
      assert.deepEqual(rows, [['newer', ...times]])
    }
  })
})

test('S-LIST-02 a page goes on behind its last row: streams that stay are listed once, in order, while others come and go', () => {
  const random = createRandom(chooseSeed())
  const retention = { ageSec: 4000, sizeBytes: 1e12, diskFreeMin: 0 }
  try {
    withModel((model, engine) => {
      const labels = Array.from({ length: 60 }, () => drawLabels(random))
      const files = createFiles(model)
      for (const each of labels) files.add(each, startSec)
      const staying = new Map([...files.present].slice(0, 30))
      let nowSec = startSec
      for (const list of kinds) {
        const stayed = expectedRows([], [...staying.values()], list, anyStream)
        const found: ListRow[] = []
        let cursor: string | null = null
        do {
          const page = listPage(engine, list, { limit: 4, cursor })
          found.push(...page.rows)
          cursor = page.next
          nowSec += 50
          for (const id of files.present.keys()) {
            if (staying.has(id) || !random.chance(0.1)) continue
            files.present.delete(id)
            model.writer.commit({ ...noCommit, removedFiles: [id], arrivalSec: nowSec })
          }
          const added = model.writer.resolveStream(drawLabels(random))
          model.commitLines([{ streamId: added, sec: nowSec, ns: 0, text: 'new' }], nowSec)
          settle(model, nowSec)
        } while (cursor !== null)
        for (const [index, row] of found.entries()) {
          const before = found[index - 1]
          if (before !== undefined) assert.ok(compareRows(before, row, list) < 0, JSON.stringify(row))
        }
        for (const row of stayed) {
          assert.equal(found.filter((each) => compareRows(each, row, list) === 0).length, 1)
        }
      }
    }, retention)
  } catch (error) {
    throw new Error(`with TEST_SEED=${random.seed}`, { cause: error })
  }
})

const noCommit = { lines: new Map(), files: [], moves: [], clearedFragments: [], fragments: [] }

test('S-LIST-03 S-LIST-04 a stream of gap records and broken clocks only has lines, but no time', () => {
  withModel((model, engine) => {
    const [clock, gap] = [model.streamId(0), model.streamId(1)]
    const body = '{"reason":"truncated","bytes":7,"file":"0.log"}'
    const broken = { streamId: clock, ns: 0, text: 'abc', attributes: attribute.clock }
    const record = { streamId: gap, sec: 5, ns: 0, text: body, attributes: attribute.gap, level: gapLevel }
    model.commitLines([{ ...broken, sec: 0 }, { ...broken, sec: 32_503_680_000 }, record], startSec)
    const check = (): void => {
      const rows = listAll(engine, 'streams', {})
      const shown = rows.map(({ lines, bytes, firstTime, lastTime }) => [lines, bytes, firstTime, lastTime])
      assert.deepEqual(shown, [
        [2, 6, null, null],
        [0, 0, null, null],
      ])
      assert.deepEqual(
        listAll(engine, 'namespaces', {}).map(({ namespace, streams, lines }) => [namespace, streams, lines]),
        [
          ['ns0', 1, 2],
          ['ns1', 1, 0],
        ],
      )
    }
    check()
    settle(model, startSec + 1000)
    check()
    assert.equal(storedEntries(engine).length, 3)
  })
})

test('S-LIST-05 the first time is the earliest of what retention has left, wherever in the stream it lies', () => {
  withModel(
    (model, engine) => {
      const stream = model.streamId(0)
      const write = (arrivedSec: number, sec: number): void => {
        model.commitLines([{ streamId: stream, sec, ns: 5, text: 'x'.repeat(500) }], arrivedSec)
        settle(model, arrivedSec + 1000)
      }
      write(startSec, startSec)
      write(startSec + 4000, startSec + 4000)
      write(startSec + 8000, startSec + 2000)
      const times = () => listAll(engine, 'streams', {}).map((row) => [row.firstTime, row.lastTime])
      const at = (sec: number): string =>
        new Date((startSec + sec) * 1000).toISOString().replace('.000Z', '.000000005Z')
      assert.deepEqual(times(), [[at(0), at(4000)]])
      settle(model, startSec + 10_500)
      assert.deepEqual(times(), [[at(2000), at(4000)]])
      settle(model, startSec + 14_500)
      assert.deepEqual(times(), [[at(2000), at(2000)]])
    },
    { ageSec: 10_000, sizeBytes: 1e12, diskFreeMin: 0 },
  )
})

test('S-LIST-06 a cursor that is damaged, or of another listing, is refused', () => {
  withModel((model, engine) => {
    for (const index of [0, 1, 2]) {
      model.commitLines([{ streamId: model.streamId(index), sec: startSec, ns: 0, text: 'x' }], startSec)
    }
    const cursors = kinds.map((list) => listPage(engine, list, { limit: 1 }).next as string)
    const isRefused = (error: unknown) =>
      error instanceof LogkeepError && error.code === 'BAD_CURSOR' && error.message.startsWith('cursor:')
    for (const [index, list] of kinds.entries()) {
      for (const [other, cursor] of cursors.entries()) {
        const task = listTask(list, { limit: 1, cursor })
        if (index === other) assert.ok(engine.list(task).members.length > 0)
        else assert.throws(() => engine.list(task), isRefused)
      }
      const encoded = ['[1]', '[]', 'null', '{', '["a","b","c","d","e","f"]', '["a","b",3]'].map((text) =>
        Buffer.from(text).toString('base64url'),
      )
      for (const cursor of [...encoded, '', '!', `${cursors[index]}x!`.slice(2)]) {
        assert.throws(() => engine.list(listTask(list, { cursor })), isRefused, cursor)
      }
    }
  })
})

test('S-LIST-07 a name in a filter that no stream carries is warned of, with those that match', () => {
  withModel((model, engine) => {
    for (const index of [0, 1, 2, 3]) {
      model.commitLines([{ streamId: model.streamId(index), sec: startSec, ns: 0, text: 'x' }], startSec)
    }
    const warned = (streams: Partial<typeof anyStream>, cursor: string | null = null) =>
      engine.list(listTask('pods', { streams: { ...anyStream, ...streams }, limit: 1, cursor })).warnings
    assert.deepEqual(warned({ namespace: ['ns0'] }), [])
    assert.deepEqual(warned({ namespace: ['ns0', 'nsO'], pod: ['pod-0', 'pod-*'] }), [
      'no stream has namespace nsO; nearest: ns0',
    ])
    assert.deepEqual(warned({ namespace: ['ns1'], pod: ['pod-0'] }), [])
    assert.deepEqual(warned({ container: ['zzzzzz'], node: ['n?', 'm?'] }), [
      'no stream has container zzzzzz; known: app',
      'no stream has node m?; nearest: n1',
    ])
    assert.deepEqual(warned({ pod: ['job-*'] }), [
      'no stream has pod job-*; known: pod-0, pod-1, pod-2, pod-3',
    ])
    const { next } = listPage(engine, 'pods', { limit: 1 })
    assert.deepEqual(warned({ namespace: ['nsO'] }, next), [])
  })
})

test('S-LIST-07 where looking for names takes too long, those that are left are not looked for, which is told', () => {
  withModel((model, engine) => {
    model.commitLines([{ streamId: model.streamId(0), sec: startSec, ns: 0, text: 'x' }], startSec)
    const reader = openReader(model.dataDir)
    const selector = { ...anyStream, namespace: ['ns0', 'nsO'], pod: ['pad-0', 'pod-*', 'pod-0', 'pod-O'] }
    const warned = (explainMs: number) =>
      reader.snapshot((snapshot) => explainSelector(snapshot, selector, true, explainMs))
    assert.equal(warned(10_000).length, 3)
    assert.deepEqual(warned(-1), ['the other names in the filters were not looked for: there are many'])
    const wrong = { ...selector, namespace: [] }
    const left = reader.snapshot((snapshot) => explainSelector(snapshot, wrong, false, -1))
    assert.deepEqual(left.length, 2)
    assert.match(left.join(), /^no stream has pod pad-0; nearest: pod-0,the other names/)
    reader.close()
    const { warnings } = engine.list(listTask('pods', { streams: selector }))
    assert.equal(warnings.length, 3)
  })
})

test('S-LIST-08 a page that takes too long is cut short, says so, and goes on with the next', () => {
  withModel((model, engine) => {
    const random = createRandom(3)
    const files = createFiles(model)
    for (let index = 0; index < 3000; index += 1) {
      model.writer.resolveStream({ ...drawLabels(random), pod: `p-${index % 1700}`, podUid: String(index) })
    }
    files.add(drawLabels(random), startSec)
    const labels = { ...drawLabels(random), namespace: 'zz' }
    const lines = Array.from({ length: 2500 }, (_, restart) => {
      return drawLine(random, model.writer.resolveStream({ ...labels, restart }), startSec)
    })
    const late = { ...labels, namespace: 'ns-ü', pod: 'p-1695' }
    lines.push(drawLine(random, model.writer.resolveStream(late), startSec))
    model.commitLines(lines, startSec)
    assertListed(engine, [...files.present.values()], random)
    // More globs than the database is asked for: rows without a hit are looked at all the same.
    const rare = Array.from({ length: 9 }, (_, index) => `?-169${index}`)
    for (const [list, pod] of [
      ['pods', []],
      ['streams', []],
      ['containers', rare],
    ] as const) {
      const streams = { ...anyStream, pod }
      const found: ListRow[] = []
      let cut = 0
      let cursor: string | null = null
      do {
        const given = { streams, cursor, deadlineMs: -1 }
        const { ended, warnings } = engine.list(listTask(list, given))
        const page = listPage(engine, list, given)
        if (ended === 'deadline') {
          cut += 1
          assert.match(warnings.join(), /deadline/)
          assert.notEqual(page.next, null)
        }
        found.push(...page.rows)
        cursor = page.next
      } while (cursor !== null)
      assert.ok(cut > 0)
      assert.deepEqual(found, listAll(engine, list, { streams }))
      if (pod.length > 0) assert.ok(found.length === 1 && cut > 1, `${found.length} ${cut}`)
    }
  })
})

test('S-LIST-09 what a plan selects is kept from query to query: new streams join it, deleted ones leave it', () => {
  withModel(
    (model, engine) => {
      const plan = { ...everything, streams: { ...anyStream, pod: ['pod-1*'] } }
      const found = () => linesOf(engine.history(historyTask({ plan, direction: 'forward' })).entries)
      const write = (index: number, sec: number): void =>
        void model.commitLines([{ streamId: model.streamId(index), sec, ns: 0, text: `of ${index}` }], sec)
      write(1, startSec)
      assert.deepEqual(found(), ['of 1'])
      for (const index of [2, 10, 11]) write(index, startSec + 1)
      assert.deepEqual(found(), ['of 1', 'of 10', 'of 11'])
      settle(model, startSec + 1000)
      // Nobody waits for a stream after a restart that has not asked for it.
      model.reopen()
      settle(model, startSec + 5000)
      const { warnings } = engine.history(historyTask({ plan, isFirst: true }))
      assert.deepEqual(warnings, ['no stream has pod pod-1*; known: none yet'])
      write(1, startSec + 5000)
      assert.deepEqual(found(), ['of 1'])
    },
    { ageSec: 3600, sizeBytes: 1e12, diskFreeMin: 0 },
  )
})

test('S-LIST-09 what a plan selects does not grow for ever: streams that are gone leave it, also where they were many', () => {
  withModel(
    (model, engine) => {
      const plan = { ...everything, streams: { ...anyStream, pod: ['pod-*'] } }
      const warned = () => engine.history(historyTask({ plan, isFirst: true })).warnings
      model.commitLines([{ streamId: model.streamId(0), sec: startSec, ns: 0, text: 'x' }], startSec)
      assert.deepEqual(warned(), [])
      const streams = Array.from({ length: 1100 }, (_, index) => model.streamId(index))
      const lines = streams.map((streamId) => ({ streamId, sec: startSec, ns: 0, text: 'x' }))
      model.commitLines(lines, startSec)
      assert.deepEqual(warned(), [])
      model.reopen()
      for (let sec = 1000; sec < 12_000; sec += 1000) settle(model, startSec + sec)
      assert.deepEqual(warned(), ['no stream has pod pod-*; known: none yet'])
    },
    { ageSec: 3600, sizeBytes: 1e12, diskFreeMin: 0 },
  )
})

test('S-LIST-10 in a database of an older version blocks with impossible times give no stream its first or last time', () => {
  withModel((model, engine) => {
    const stream = model.streamId(0)
    const line = { streamId: stream, ns: 0, text: 'x'.repeat(700) }
    model.commitLines([{ ...line, sec: 5, attributes: attribute.clock }], startSec)
    model.commitLines([{ ...line, sec: startSec }], startSec)
    settle(model, startSec + 1000)
    const expected = listAll(engine, 'streams', {})
    assert.match(String(expected[0]?.firstTime), /^2026/)
    const database = new Database(databasePath(model.dataDir))
    takeBackToFourth(database)
    database.exec(`DROP TABLE block_exception; DROP INDEX block_stream_first;
      UPDATE stream SET first_sec = 5, first_ns = 0;
      ALTER TABLE block DROP COLUMN holds_line_feeds;
      ALTER TABLE stream DROP COLUMN gaps; ALTER TABLE stream DROP COLUMN gap_bytes;
      PRAGMA user_version = 2`)
    database.close()
    model.reopen()
    const upgraded = createEngine(openReader(model.dataDir))
    assert.deepEqual(listAll(upgraded, 'streams', {}), expected)
    upgraded.close()
  })
})
