/** Histograms over a real database against a model: every bucket, every group, in slices of any size. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { attribute, gapLevel, iostreamNames, levelNames, type Time } from '../../src/model/entry.ts'
import { compareTime, formatTime, parseRfc3339 } from '../../src/model/time.ts'
import { type HistogramGroup, type HistogramRequest, histogramGroups } from '../../src/query/contract.ts'
import type { QueryBounds } from '../../src/query/ending.ts'
import { createEngine, type Engine } from '../../src/query/engine.ts'
import { runHistogram } from '../../src/query/histogram-run.ts'
import { TaskTimeout } from '../../src/query/lanes.ts'
import type { HistogramTask } from '../../src/query/tasks.ts'
import { openReader } from '../../src/store/reader.ts'
import { createDirectLanes, type DirectLanesOptions } from '../support/direct-lanes.ts'
import { everything, testUntilSec } from '../support/engine-tasks.ts'
import { chooseSeed, createRandom, type Random } from '../support/random.ts'
import { beginStreams, disturb, drawPlan } from '../support/random-plan.ts'
import { withStoreEngine } from '../support/store-engine.ts'
import { createStoreModel, labelsOf, type ModelLine, type StoreModel } from '../support/store-model.ts'

const startSec = 1_780_000_000
const runs = 60

type Bucket = { time: string; count: number; complete: boolean; counts: Record<string, number> }
type Answer = {
  since: string
  until: string
  stepMs: number
  groups: { name: string; count: number }[]
  buckets: Bucket[]
  count: number
  complete: boolean
}

function histogramTask(given: Partial<HistogramTask> = {}): HistogramTask {
  return {
    kind: 'histogram',
    plan: everything,
    range: { since: null, until: null },
    bucket: { countMax: 60 },
    by: null,
    nowSec: startSec,
    defaultUntilSec: testUntilSec,
    sliceMs: 10_000,
    scannedBytesMax: 1e12,
    state: null,
    isLast: false,
    part: null,
    ...given,
  }
}

/** Asks slice by slice; `between` is what happens meanwhile. */
function ask(engine: Engine, task: HistogramTask, between: () => void = () => undefined): Answer {
  let state = task.state
  for (let slices = 0; ; slices += 1) {
    assert.ok(slices < 10_000, 'slices move on')
    const result = engine.histogram({ ...task, state })
    if (result.state === null) return JSON.parse(`{${Buffer.from(result.members).toString()}}`) as Answer
    state = structuredClone(result.state)
    between()
  }
}

function msOf({ sec, ns }: Time): number {
  return sec * 1000 + Math.floor(ns / 1e6)
}

function timeOf(text: string): Time {
  return parseRfc3339(text) as Time
}

/** The same by plain counting. */
function countPlainly(
  lines: readonly ModelLine[],
  groupOf: (line: ModelLine) => string | null,
  { since, until, stepMs }: Answer,
) {
  const first = Math.floor(msOf(timeOf(since)) / stepMs)
  const end = timeOf(until)
  const last = Math.floor((end.ns > 0 ? msOf({ ...end, ns: end.ns - 1 }) : msOf(end) - 1) / stepMs)
  const buckets = Array.from({ length: last - first + 1 }, () => ({
    count: 0,
    counts: {} as Record<string, number>,
  }))
  for (const line of lines) {
    if (compareTime(line, timeOf(since)) < 0 || compareTime(line, end) >= 0) continue
    const bucket = buckets[Math.floor(msOf(line) / stepMs) - first]
    const group = groupOf(line)
    assert.ok(bucket)
    bucket.count += 1
    if (group !== null) bucket.counts[group] = (bucket.counts[group] ?? 0) + 1
  }
  return buckets
}

function groupOfLine(by: HistogramGroup | null, streamIds: ReadonlyMap<number, number>) {
  return (line: ModelLine): string | null => {
    if (by === null) return null
    if (by === 'level') return levelNames[line.level] as string
    if (by === 'stream') return iostreamNames[line.attributes & attribute.stderr ? 1 : 0]
    const index = [...streamIds].find(([, id]) => id === line.streamId)?.[0] as number
    return labelsOf(index)[by]
  }
}

function randomRange(random: Random, clock: { sec: number }): HistogramTask['range'] {
  const at = (sec: number): Time => ({ sec, ns: random.pick([0, 0, 250_000_000, 1, 999_999_999]) })
  const length = clock.sec - startSec
  return {
    since: random.chance(0.7) ? at(startSec - 60 + random.between(0, Math.floor(length / 2))) : null,
    until: random.chance(0.7) ? at(clock.sec + random.between(-Math.floor(length / 3), 100)) : null,
  }
}

function runModel(seed: number): void {
  const random = createRandom(seed)
  const clock = { sec: startSec }
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamIds = beginStreams(model, startSec)
    for (let count = 0; count < 30; count += 1) disturb(model, random, clock)
    const { plan, keeps } = drawPlan(random, streamIds)
    const by = random.pick([null, ...histogramGroups])
    const bucket = random.chance(0.5)
      ? { countMax: random.between(1, 100) }
      : { stepMs: random.pick([1_500, 5_000, 15_000, 60_000, 300_000, 7_000]) }
    const range = randomRange(random, clock)
    const given = { plan, by, bucket, range, nowSec: clock.sec, sliceMs: random.pick([-1, 0, 10_000]) }
    const seen = model.lines.length
    const answer = ask(engine, histogramTask(given), () => disturb(model, random, clock))
    checkAgainstModel(model.lines.slice(0, seen).filter(keeps), answer, by, streamIds)
    if ('countMax' in bucket) assert.ok(answer.buckets.length <= bucket.countMax)
  } finally {
    engine.close()
    model.close()
  }
}

function checkAgainstModel(
  lines: readonly ModelLine[],
  answer: Answer,
  by: HistogramGroup | null,
  streamIds: ReadonlyMap<number, number>,
): void {
  const expected = countPlainly(lines, groupOfLine(by, streamIds), answer)
  const found = answer.buckets.map(({ count, counts }) => ({ count, counts }))
  assert.deepEqual(found, expected)
  const starts = answer.buckets.map(({ time }) => msOf(timeOf(time)))
  const first = Math.floor(msOf(timeOf(answer.since)) / answer.stepMs) * answer.stepMs
  assert.deepEqual(
    starts,
    starts.map((_, index) => first + index * answer.stepMs),
    'aligned, none left out',
  )
  assert.equal(
    answer.count,
    expected.reduce((sum, { count }) => sum + count, 0),
  )
  for (const { name, count } of answer.groups) {
    assert.equal(
      count,
      expected.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0),
      name,
    )
  }
  assert.ok(answer.complete && answer.buckets.every(({ complete }) => complete))
}

test('S-HISTOGRAM-01 S-HISTOGRAM-02 S-HISTOGRAM-03 buckets and groups are what plain counting gives, whatever happens between slices', () => {
  const seed = chooseSeed()
  for (let run = 0; run < runs; run += 1) {
    try {
      runModel(seed + run)
    } catch (error) {
      throw new Error(`failed with TEST_SEED=${seed + run}`, { cause: error })
    }
  }
})

/** Lines a second apart, in one stream, sealed. */
function writeSeconds(model: StoreModel, count: number): void {
  const streamId = model.streamId(0)
  for (let sec = 0; sec < count; sec += 1) {
    model.commitLines(
      [{ streamId, sec: startSec + sec, ns: 0, text: `line ${sec}`, level: 3 }],
      startSec + sec,
    )
  }
  while (model.writer.maintain(startSec + 86_400, 50)) continue
}

test('S-HISTOGRAM-02 ends of the range within a second, or on the border of one, count exactly what lies between', () => {
  withStoreEngine((model, engine) => {
    const streamId = model.streamId(0)
    const times = [0, 1, 2, 3].flatMap((sec) =>
      [0, 250_000_000, 750_000_000].map((ns) => ({ sec: startSec + sec, ns })),
    )
    model.commitLines(
      times.map((time, index) => ({ streamId, ...time, text: 'x', level: index % 8 })),
      startSec,
    )
    while (model.writer.maintain(startSec + 86_400, 50)) continue
    const ends = times.flatMap(({ sec, ns }) => [
      { sec, ns },
      { sec, ns: ns + 1 },
    ])
    for (const since of ends) {
      for (const until of ends) {
        if (compareTime(since, until) >= 0) continue
        for (const stepMs of [1000, 5000]) {
          const task = histogramTask({ range: { since, until }, bucket: { stepMs }, by: 'level' })
          checkAgainstModel(model.lines, ask(engine, task), 'level', new Map([[0, streamId]]))
        }
      }
    }
  })
})

test('S-HISTOGRAM-01 what a slice has counted of a second that it does not finish is counted once', () => {
  withStoreEngine((model, engine) => {
    const streams = Array.from({ length: 60 }, (_, index) => model.streamId(index))
    model.commitLines(
      streams.map((streamId) => ({ streamId, sec: startSec, ns: 0, text: 'line' })),
      startSec,
    )
    const lines = [{ kind: 'substring', text: 'line', ignoreCase: false, negate: false }] as const
    for (let scannedBytesMax = 0; scannedBytesMax < 60 * 5; scannedBytesMax += 15) {
      const range = { since: { sec: startSec, ns: 0 }, until: { sec: startSec + 10, ns: 0 } }
      const task = histogramTask({ plan: { ...everything, lines }, range, scannedBytesMax })
      assert.notEqual(engine.histogram(task).state, null)
      assert.equal(ask(engine, task).count, streams.length)
    }
  })
})

test('S-HISTOGRAM-04 a histogram that is ended early marks the buckets that are not complete', () => {
  withStoreEngine((model, engine) => {
    writeSeconds(model, 300)
    const range = { since: { sec: startSec, ns: 0 }, until: { sec: startSec + 300, ns: 0 } }
    const task = histogramTask({ range, bucket: { stepMs: 10_000 }, sliceMs: -1 })
    const first = engine.histogram(task)
    assert.ok(first.state)
    const { members } = engine.histogram({ ...task, state: structuredClone(first.state), isLast: true })
    const answer = JSON.parse(`{${Buffer.from(members).toString()}}`) as Answer
    assert.equal(answer.complete, false)
    const complete = answer.buckets.filter((bucket) => bucket.complete)
    assert.ok(complete.length > 0 && complete.length < answer.buckets.length)
    for (const { count } of complete.slice(0, -1)) assert.equal(count, 10)
    const cutSec = first.state.cursor.place?.sec as number
    for (const { time, complete } of answer.buckets) assert.equal(complete, timeOf(time).sec >= cutSec, time)
    const isSplit = answer.buckets.map((bucket) => bucket.complete).lastIndexOf(false)
    assert.equal(answer.buckets.slice(isSplit + 1).length, complete.length, 'the newest are complete')
  })
})

async function runPartsModel(seed: number): Promise<void> {
  const random = createRandom(seed)
  const clock = { sec: startSec }
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  try {
    const streamIds = beginStreams(model, startSec)
    for (let count = 0; count < 40; count += 1) disturb(model, random, clock)
    const text = random.pick(['needle', 'a', 'absent', '1'])
    const plan = {
      ...everything,
      lines: [{ kind: 'substring', text, ignoreCase: false, negate: false }],
    } as const
    const by = random.pick([null, ...histogramGroups])
    const range = { since: { sec: startSec - 60, ns: 0 }, until: { sec: clock.sec + 1, ns: 0 } }
    const seen = model.lines.length
    let tasks = 0
    const disturbed = random.between(1, 8)
    const lanes = createDirectLanes(engine, {
      sliceMs: random.pick([-1, 10_000]),
      width: random.between(1, 3),
      onTask: () => {
        tasks += 1
        if (tasks > 1 && tasks < 40 && tasks % disturbed === 0) disturb(model, random, clock)
      },
    })
    const bounds = { queryDeadlineMs: 1e9, scannedBytesMax: 1e12 }
    const bytes = random.pick([40, 300, 5_000, 1e9])
    const bytesPerPart = { usual: bytes, wide: bytes }
    const options = { bounds, now: () => startSec * 1000, bytesPerPart }
    const request: HistogramRequest = { plan, range, bucket: { countMax: 50 }, by }
    const { members } = await runHistogram(lanes, request, options, new AbortController().signal)
    const answer = JSON.parse(`{${Buffer.from(members).toString()}}`) as Answer
    const kept = model.lines
      .slice(0, seen)
      .filter((line) => line.level !== gapLevel && line.text.includes(text))
    checkAgainstModel(kept, answer, by, streamIds)
  } finally {
    engine.close()
    model.close()
  }
}

test('S-HISTOGRAM-02 S-QUERY-29 parts that threads count at the same time are the whole, whatever is written meanwhile', async () => {
  const seed = chooseSeed()
  for (let index = 0; index < 12; index += 1) {
    try {
      await runPartsModel(seed + index)
    } catch (error) {
      throw new Error(`with TEST_SEED=${seed + index}`, { cause: error })
    }
  }
})

test('S-HISTOGRAM-04 the bound that ends a histogram is named, and what was counted until then is given', () => {
  const never = new AbortController().signal
  const ample = { queryDeadlineMs: 30_000, scannedBytesMax: 1e12 }
  const model = createStoreModel()
  const engine = createEngine(openReader(model.dataDir))
  writeSeconds(model, 300)
  const run = async (bounds: QueryBounds, options: DirectLanesOptions) => {
    const lanesUsed: string[] = []
    const lines = [{ kind: 'substring', text: 'line', ignoreCase: false, negate: false }] as const
    const request: HistogramRequest = {
      plan: { ...everything, lines: bounds === ample ? [] : lines },
      range: { since: { sec: startSec, ns: 0 }, until: { sec: startSec + 300, ns: 0 } },
      bucket: { stepMs: 10_000 },
      by: null,
    }
    const lanes = createDirectLanes(engine, {
      ...options,
      onTask: (task, number, lane) => {
        lanesUsed.push(lane)
        options.onTask?.(task, number, lane)
      },
    })
    const answer = await runHistogram(lanes, request, { bounds, now: () => startSec * 1000 }, never)
    const members = JSON.parse(`{${Buffer.from(answer.members).toString()}}`) as Answer
    return { ...answer, ...members, lanesUsed }
  }
  const ends = async () => {
    const whole = await run(ample, { sliceMs: -1 })
    assert.deepEqual([whole.ended, whole.count, whole.complete, whole.warnings], [null, 300, true, []])
    assert.deepEqual([...new Set(whole.lanesUsed)], ['light', 'scan'])
    assert.equal(whole.lanesUsed.indexOf('scan'), 1)
    const late = await run({ ...ample, queryDeadlineMs: 0 }, { sliceMs: -1 })
    assert.deepEqual([late.ended, late.complete, late.lanesUsed], ['deadline', false, ['scan', 'light']])
    assert.match(late.warnings.join(), /^ended: the deadline of 0 ms was reached; buckets that are not/)
    const scanned = await run({ ...ample, scannedBytesMax: 1 }, {})
    assert.equal(scanned.ended, 'scanned_bytes')
    for (const failing of [1, 2]) {
      const onTask: NonNullable<DirectLanesOptions['onTask']> = (_task, number) => {
        if (number === failing) throw new TaskTimeout('too long')
      }
      const cut = await run({ ...ample }, { sliceMs: -1, onTask })
      assert.deepEqual([cut.ended, cut.count > 0, cut.complete], ['expression', failing > 1, false])
    }
    const broken = () => {
      throw new TaskTimeout('too long')
    }
    await assert.rejects(run(ample, { onTask: broken }), TaskTimeout)
  }
  return ends().finally(() => {
    engine.close()
    model.close()
  })
})

test('S-HISTOGRAM-04 where nothing could be counted no bucket is complete, whatever the fraction of a second at the end', () => {
  withStoreEngine((model, engine) => {
    writeSeconds(model, 3)
    const range = { since: { sec: startSec, ns: 0 }, until: { sec: startSec + 2, ns: 500_000_000 } }
    const { members } = engine.histogram(histogramTask({ range, bucket: { stepMs: 100 }, isLast: true }))
    const { buckets } = JSON.parse(`{${Buffer.from(members).toString()}}`) as Answer
    assert.equal(buckets.length, 25)
    assert.ok(buckets.every(({ complete }) => !complete))
  })
})

test('S-HISTOGRAM-05 gap records are in no count', () => {
  withStoreEngine((model, engine) => {
    const streamId = model.streamId(0)
    const gap = {
      attributes: attribute.gap,
      level: gapLevel,
      text: '{"reason":"truncated","bytes":1,"file":"0.log"}',
    }
    model.commitLines(
      [
        { streamId, sec: startSec, ns: 0, text: 'a line', level: 3 },
        { streamId, sec: startSec, ns: 1, ...gap },
      ],
      startSec,
    )
    const lines = [{ kind: 'substring', text: 'line', ignoreCase: false, negate: true }] as const
    for (const isSealed of [false, true]) {
      if (isSealed) while (model.writer.maintain(startSec + 86_400, 50)) continue
      for (const by of [null, ...histogramGroups]) assert.equal(ask(engine, histogramTask({ by })).count, 1)
      assert.equal(ask(engine, histogramTask({ plan: { ...everything, lines } })).count, 0)
    }
  })
})

test('S-HISTOGRAM-06 without a range it reaches from the oldest line with a good clock to now', () => {
  withStoreEngine((model, engine) => {
    const empty = ask(engine, histogramTask())
    assert.equal(empty.count, 0)
    assert.ok(empty.buckets.length > 0)
    writeSeconds(model, 100)
    const streamId = model.streamId(0)
    model.commitLines(
      [{ streamId, sec: 5, ns: 0, text: 'of 1970', attributes: attribute.clock }],
      startSec + 100,
    )
    for (const isSealed of [false, true]) {
      if (isSealed) while (model.writer.maintain(startSec + 2 * 86_400, 50)) continue
      const answer = ask(engine, histogramTask({ nowSec: startSec + 200 }))
      assert.equal(answer.since, formatTime({ sec: startSec, ns: 0 }))
      assert.equal(answer.until, formatTime({ sec: startSec + 201, ns: 0 }))
      assert.equal(answer.count, 100)
    }
  })
})

test('S-HISTOGRAM-06 lines of broken clocks beside good ones move neither end of the range', () => {
  withStoreEngine((model, engine) => {
    const streamId = model.streamId(0)
    const lines = [5, 1000, 2000, 32_503_680_000].map((sec) => ({
      streamId,
      sec: sec === 5 || sec > startSec ? sec : startSec + sec,
      ns: 0,
      text: 'x',
      attributes: sec === 5 || sec > startSec ? attribute.clock : 0,
    }))
    model.commitLines(lines, startSec + 2000)
    model.commitLines(
      [{ streamId: model.streamId(1), sec: startSec + 500, ns: 0, text: 'y' }],
      startSec + 2000,
    )
    const plans = [
      [everything, 500, 3],
      [{ ...everything, streams: { ...everything.streams, pod: ['pod-0'] } }, 1000, 2],
    ] as const
    for (const isSealed of [false, true]) {
      if (isSealed) while (model.writer.maintain(startSec + 86_400, 50)) continue
      for (const [plan, first, count] of plans) {
        const answer = ask(engine, histogramTask({ plan, nowSec: startSec + 90_000 }))
        const ends = [startSec + first, startSec + 90_001].map((sec) => formatTime({ sec, ns: 0 }))
        assert.deepEqual([answer.since, answer.until, answer.count], [...ends, count])
        const sooner = ask(engine, histogramTask({ plan, nowSec: startSec + 1500 }))
        assert.deepEqual([sooner.until, sooner.count], [formatTime({ sec: startSec + 2001, ns: 0 }), count])
      }
    }
  })
})

test('S-HISTOGRAM-06 a beginning at or behind now, and the last second that can be written, have an end behind them', () => {
  withStoreEngine((model, engine) => {
    const lastSec = 253_402_300_799
    const nearly = { sec: startSec + 100, ns: 5 }
    const none = ask(engine, histogramTask({ range: { since: nearly, until: null } }))
    assert.ok(none.since < none.until, `${none.since} ${none.until}`)
    assert.deepEqual([none.count, none.complete, none.buckets.length > 0], [0, true, true])
    const streamId = model.streamId(0)
    model.commitLines(
      [
        { streamId, sec: startSec + 200, ns: 0, text: 'x' },
        { streamId, sec: lastSec, ns: 999_999_999, text: 'x' },
      ],
      startSec,
    )
    const found = ask(engine, histogramTask({ range: { since: nearly, until: null } }))
    assert.deepEqual([found.count, found.until], [1, formatTime({ sec: startSec + 201, ns: 0 })])
    const lines = [{ kind: 'substring', text: 'none', ignoreCase: false, negate: false }] as const
    const other = ask(engine, histogramTask({ plan: { ...everything, lines } }))
    assert.deepEqual([other.count, other.until], [0, found.until], 'the end does not hang on the text')
    for (const ns of [0, 999_999_999]) {
      const last = ask(engine, histogramTask({ range: { since: { sec: lastSec, ns }, until: null } }))
      assert.deepEqual([last.count, last.until], [1, '9999-12-31T23:59:59.999999999Z'])
      assert.match(String(last.buckets[0]?.time), /^9999-12-31T23:59:59/)
    }
  })
})

test('S-HISTOGRAM-07 too many buckets, or groups in them, are refused by name', () => {
  withStoreEngine((model, engine) => {
    writeSeconds(model, 3)
    const range = { since: { sec: startSec - 86_400, ns: 0 }, until: { sec: startSec, ns: 0 } }
    const isRefused = (named: string) => (error: unknown) =>
      error instanceof LogkeepError && error.limit === 'histogram_size' && error.message.includes(named)
    assert.throws(() => ask(engine, histogramTask({ range, bucket: { stepMs: 1000 } })), isRefused('"step"'))
    const pods = Array.from({ length: 300 }, (_, index) => model.streamId(index + 10))
    const lines = pods.map((streamId, index) => ({ streamId, sec: startSec - 1 - index, ns: 0, text: 'x' }))
    model.commitLines(lines, startSec)
    const narrow = { since: { sec: startSec - 1999, ns: 0 }, until: { sec: startSec, ns: 0 } }
    const task = histogramTask({ range: narrow, bucket: { stepMs: 1000 }, by: 'pod' })
    assert.throws(() => ask(engine, task), isRefused('"by"'))
    const pod = 'p'.repeat(20_000)
    const streamId = model.writer.resolveStream({ ...labelsOf(0), namespace: 'long', pod })
    const times = Array.from({ length: 1000 }, (_, index) => startSec - 1 - index)
    model.commitLines(
      times.map((sec) => ({ streamId, sec, ns: 0, text: 'x' })),
      startSec,
    )
    const long = { ...everything, streams: { ...everything.streams, namespace: ['long'] } }
    assert.equal(ask(engine, histogramTask({ plan: long, range: narrow, by: 'pod' })).count, 1000)
    assert.throws(() => ask(engine, { ...task, plan: long }), isRefused('"by"'))
  })
})

test('S-HISTOGRAM-08 without conditions on the text no body is read, and no column where stored counts fit', () => {
  withStoreEngine((model, engine) => {
    writeSeconds(model, 300)
    const hourSec = startSec - (startSec % 3_600)
    const range = { since: { sec: hourSec, ns: 0 }, until: { sec: hourSec + 7_200, ns: 0 } }
    const stats = (step: number): { scannedBytes: number; scannedLines: number } =>
      engine.histogram(histogramTask({ range, bucket: { stepMs: step }, by: 'level' })).stats
    assert.deepEqual([stats(60_000).scannedBytes, stats(60_000).scannedLines], [0, 0])
    assert.equal(stats(7_500).scannedBytes, 0)
    assert.equal(stats(7_500).scannedLines, 300)
  })
})
