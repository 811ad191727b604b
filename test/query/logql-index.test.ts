/** Sizes and labels of what is stored, in LogQL's terms: shares of blocks, steps, iostreams. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attribute, gapLevel } from '../../src/model/entry.ts'
import type { IndexGroup } from '../../src/query/logql/tasks.ts'
import type { TimeRange } from '../../src/query/plan.ts'
import { everything } from '../support/engine-tasks.ts'
import { logqlPlan, openLogqlService } from '../support/logql-service.ts'
import { createStoreModel, type NewLine, type StoreModel } from '../support/store-model.ts'

const startSec = 1_780_000_000
const signal = new AbortController().signal
const { stderr } = attribute

type Ask = (
  query: string | null,
  range: readonly [since: number, until: number],
  by: readonly string[] | null,
  stepMs?: number | null,
) => Promise<readonly IndexGroup[]>

/** Asks of the journal, and again of blocks. */
async function withStore(
  lines: (model: StoreModel) => readonly NewLine[],
  work: (ask: Ask) => Promise<void>,
): Promise<void> {
  const model = createStoreModel()
  model.commitLines(lines(model), startSec)
  const { engine, service } = openLogqlService(model, { nowSec: startSec })
  const ask: Ask = async (query, [since, until], by, stepMs = null) => {
    const range: TimeRange = { since: timeAt(since), until: timeAt(until) }
    const plan = query === null ? everything : logqlPlan(query, false)
    const { groups, isCut } = await service.index({ plan, range, by, stepMs }, signal)
    assert.equal(isCut, false)
    return groups.toSorted((one, other) => (String(one.labels) < String(other.labels) ? -1 : 1))
  }
  try {
    await work(ask)
    while (model.writer.maintain(startSec + 10_000, 100)) continue
    await work(ask)
  } finally {
    engine.close()
    model.close()
  }
}

/** Seconds after the beginning. */
function timeAt(seconds: number): { sec: number; ns: number } {
  const whole = Math.floor(seconds)
  return { sec: startSec + whole, ns: Math.round((seconds - whole) * 1e9) }
}

const text = 'x'.repeat(9)

test('S-LOKI-06 a range inside of a second has its share of what lies there, and at least one entry', () =>
  withStore(
    (model) =>
      Array.from({ length: 20 }, (_, index) => ({
        streamId: model.streamId(0),
        sec: startSec,
        ns: index * 5e7,
        text,
      })),
    async (ask) => {
      const amounts = async (since: number, until: number) =>
        (await ask(null, [since, until], [])).map(({ streams, entries, bytes }) => [streams, entries, bytes])
      assert.deepEqual(await amounts(0, 1), [[1, 20, 200]])
      assert.deepEqual(await amounts(0.25, 0.75), [[1, 10, 100]])
      assert.deepEqual(await amounts(-5, 0.5), [[1, 10, 100]])
      assert.deepEqual(await amounts(0.5, 0.500001), [[1, 1, 1]])
      assert.deepEqual([await amounts(-5, 0), await amounts(1, 5)], [[], []])
    },
  ))

test('S-LOKI-06 steps begin with the range and have the bytes that lie in them', () =>
  withStore(
    (model) =>
      Array.from({ length: 10 }, (_, index) => ({
        streamId: model.streamId(0),
        sec: startSec + index,
        ns: 0,
        text,
      })),
    async (ask) => {
      const steps = async (since: number, until: number, stepMs: number) =>
        (await ask(null, [since, until], [], stepMs))[0]?.steps
      assert.deepEqual(await steps(0, 10, 5_000), [50, 50])
      assert.deepEqual(await steps(0, 10, 4_000), [40, 40, 20])
      assert.deepEqual(await steps(-4, 3, 2_000), [0, 0, 20, 10])
      assert.deepEqual(await steps(0.5, 2, 500), [5, 5, 5])
    },
  ))

test('S-LOKI-06 a container is listed under the iostreams that it writes to, whichever block they are in', () =>
  withStore(
    (model) => [
      ...[0, 1, 2, 3].map((sec) => ({ streamId: model.streamId(0), sec: startSec + sec, ns: 0, text })),
      // Blocks of the small limits have some 600 bytes: these are others than the newest.
      { streamId: model.streamId(0), sec: startSec + 4, ns: 0, text: 'x'.repeat(9), attributes: stderr },
      ...Array.from({ length: 95 }, (_, index) => ({
        streamId: model.streamId(0),
        sec: startSec + 5 + index,
        ns: 0,
        text,
      })),
      { streamId: model.streamId(1), sec: startSec + 5, ns: 0, text, attributes: stderr },
      { streamId: model.streamId(2), sec: startSec + 5, ns: 0, text },
      {
        streamId: model.streamId(2),
        sec: startSec + 6,
        ns: 0,
        text: JSON.stringify({ reason: 'x', bytes: 1, file: null }),
        attributes: attribute.gap | stderr,
        level: gapLevel,
      },
    ],
    async (ask) => {
      const rows = (groups: readonly IndexGroup[]) =>
        groups.map(({ labels, streams, entries }) => [
          labels.map(([, value]) => value).join(' '),
          streams,
          entries,
        ])
      const by = ['pod', 'stream']
      assert.deepEqual(
        (await ask(null, [0, 200], by)).map(({ labels }) => labels.map(([, value]) => value).join(' ')),
        ['pod-0 stderr', 'pod-0 stdout', 'pod-1 stderr', 'pod-2 stdout'],
      )
      const [first, second] = rows(await ask('{pod="pod-0"}', [0, 200], by))
      assert.deepEqual(
        [first, second],
        [
          ['pod-0 stderr', 1, 1],
          ['pod-0 stdout', 1, 99],
        ],
      )
      const ofErrors = await ask('{stream="stderr"}', [0, 200], ['pod'])
      assert.deepEqual(rows(ofErrors), [
        ['pod-0', 1, 1],
        ['pod-1', 1, 1],
      ])
      assert.deepEqual(ofErrors[0]?.bytes, 10)
      const [all] = await ask('{pod="pod-0"}', [0, 200], [])
      assert.deepEqual([all?.streams, all?.entries, all?.bytes], [1, 100, 1000])
    },
  ))

test('S-LOKI-07 a field has the type that all its values have', async () => {
  const model = createStoreModel()
  const lines = [
    'i=1 f=1.5 t=true d=1m3s b=2KiB s=a m=1 x=1ms',
    'i=-20 f=3 t=false d=0.5s b=3MB s=1 m=2.5 x=2KB',
  ]
  const stored = lines.map((line, index) => ({
    streamId: model.streamId(0),
    sec: startSec + index,
    ns: 0,
    text: line,
  }))
  model.commitLines(stored, startSec)
  const { engine, service } = openLogqlService(model, { nowSec: startSec })
  try {
    const range = { since: timeAt(0), until: timeAt(9) }
    const asked = { plan: logqlPlan('{pod="pod-0"}', false), range, lines: 100, name: null, limit: 100 }
    const { fields } = await service.sample(asked, signal)
    assert.deepEqual(
      fields.map(({ label, type, cardinality }) => `${label} ${type} ${cardinality}`),
      [
        'b bytes 2',
        'd duration 2',
        'detected_level string 1',
        'f float 2',
        'i int 2',
        'm float 2',
        's string 2',
        't boolean 2',
        'x string 2',
      ],
    )
    const few = await service.sample({ ...asked, limit: 2 }, signal)
    assert.deepEqual(
      few.fields.map(({ label }) => label),
      ['b', 'd'],
    )
    // The newest lines are looked at, and no more.
    const newest = await service.sample({ ...asked, lines: 1, name: 'i' }, signal)
    assert.deepEqual(newest.values, ['-20'])
    assert.deepEqual((await service.sample({ ...asked, name: 's', limit: 1 }, signal)).values, ['1'])
  } finally {
    engine.close()
    model.close()
  }
})
