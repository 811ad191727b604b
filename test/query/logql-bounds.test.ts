/** What thins out, bounds and interrupts answers in LogQL: intervals, sizes, deadlines, records of gaps. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryLimits } from '../../src/limits/query.ts'
import { attribute, gapLevel } from '../../src/model/entry.ts'
import type { LogqlLinesAnswer, LogqlLinesRequest } from '../../src/query/logql/contract.ts'
import { type LogqlServiceOptions, logqlPlan, openLogqlService } from '../support/logql-service.ts'
import { createStoreModel, type NewLine, type StoreModel } from '../support/store-model.ts'

const startSec = 1_780_000_000
const signal = new AbortController().signal

type Opened = ReturnType<typeof openLogqlService> & { readonly model: StoreModel }

async function withLines(
  lines: readonly Omit<NewLine, 'streamId'>[],
  options: Omit<LogqlServiceOptions, 'nowSec'>,
  work: (opened: Opened) => Promise<void>,
): Promise<void> {
  const model = createStoreModel()
  const streamId = model.streamId(0)
  model.commitLines(
    lines.map((line) => ({ ...line, streamId })),
    startSec,
  )
  const opened = openLogqlService(model, { nowSec: startSec, ...options })
  try {
    await work({ ...opened, model })
  } finally {
    opened.engine.close()
    model.close()
  }
}

const request: LogqlLinesRequest = {
  plan: logqlPlan('{pod=~".+"}'),
  range: { since: null, until: null },
  direction: 'forward',
  limit: 100,
  intervalNs: 0,
  isCategorized: false,
}

function secondsOf({ streams }: LogqlLinesAnswer): number[] {
  return streams
    .flatMap(({ values }) => values.map((value) => Number((JSON.parse(value) as [string])[0]) / 1e9))
    .map((sec) => sec - startSec)
}

/** 12,000 lines, ten in each second. */
const dense = Array.from({ length: 12_000 }, (_, index) => ({
  sec: startSec + Math.floor(index / 10),
  ns: (index % 10) * 1e8,
  text: `line ${index}`,
}))

test('S-LOGQL-75 an interval thins out the whole range, however many lines are thrown away for it', () =>
  withLines(dense, {}, async ({ service }) => {
    for (const direction of ['forward', 'backward'] as const) {
      const answer = await service.lines({ ...request, direction, intervalNs: 60e9 }, signal)
      const found = secondsOf(answer)
      const first = direction === 'forward' ? 0 : 1199.9
      const expected = Array.from({ length: 20 }, (_, index) => Math.abs(first - index * 60))
      assert.deepEqual(
        found.map((sec) => sec.toFixed(1)),
        expected.map((sec) => sec.toFixed(1)),
      )
      assert.deepEqual([answer.ended, answer.warnings], [null, []])
    }
    const few = await service.lines({ ...request, intervalNs: 60e9, limit: 3 }, signal)
    assert.deepEqual(secondsOf(few), [0, 60, 120])
  }))

test('S-LOGQL-75 only entries that are kept count for the size of an answer that is thinned out', () => {
  const text = 'x'.repeat(256 * 1024)
  const count = (3 * queryLimits.answerBytesMax) / text.length
  const long = Array.from({ length: count }, (_, index) => ({ sec: startSec + index, ns: 0, text }))
  return withLines(long, {}, async ({ service }) => {
    const thinned = await service.lines({ ...request, limit: 5_000, intervalNs: 10e9 }, signal)
    assert.deepEqual(
      secondsOf(thinned),
      Array.from({ length: Math.ceil(count / 10) }, (_, index) => index * 10),
    )
    assert.deepEqual([thinned.ended, thinned.warnings], [null, []])
    const full = await service.lines({ ...request, limit: 5_000, intervalNs: 1 }, signal)
    assert.equal(full.ended, 'answer_bytes')
    assert.ok(full.count < count && full.count >= count / 3 - 1)
    assert.deepEqual(full.warnings, [
      'ended: the answer reached 16777216 bytes; ask for a shorter range of time, or for fewer entries',
    ])
    const plain = await service.lines({ ...request, limit: 5_000 }, signal)
    assert.equal(plain.ended, 'answer_bytes')
    assert.match(plain.warnings.join(), /^ended: .* bytes; ask for a shorter range of time/)
  })
})

test('S-LOGQL-75 the deadline and the bound on scanned bytes are those of the whole answer', async () => {
  const asked = { ...request, plan: logqlPlan('{pod=~".+"} |= "line"'), limit: 5_000, intervalNs: 1e12 }
  await withLines(dense, { scannedBytesMax: 60_000 }, async ({ service }) => {
    const answer = await service.lines(asked, signal)
    assert.equal(answer.ended, 'scanned_bytes')
    assert.match(answer.warnings.join(), /^ended: 60000 bytes were scanned; ask for a shorter range/)
    assert.deepEqual(secondsOf(answer), [0])
  })
  await withLines(dense, { queryDeadlineMs: 0 }, async ({ service }) => {
    const answer = await service.lines(asked, signal)
    assert.equal(answer.ended, 'deadline')
    assert.match(answer.warnings.join(), /^ended: the deadline of 0 ms was reached; ask for a shorter/)
  })
})

const gap = {
  text: JSON.stringify({ reason: 'rotated_away', bytes: 4096, file: '0.log' }),
  attributes: attribute.gap,
  level: gapLevel,
}
const withGap = [
  { sec: startSec, ns: 0, text: 'before', level: 3 },
  { ...gap, sec: startSec + 10, ns: 5 },
  { sec: startSec + 20, ns: 0, text: 'after', level: 3 },
]

test('S-LOGQL-76 metric queries tell of records of missing lines as log queries do, whatever they count', () =>
  withLines(withGap, {}, async ({ service, model }) => {
    const stepsAt = (sec: number, ns = 0) => ({
      start: { sec: startSec + sec, ns },
      stepNs: 1,
      count: 1,
    })
    const ask = async (query: string, steps = stepsAt(60)) => {
      const asked = { query, steps, isInstant: true, cutsSeries: false }
      const { members, warnings } = await service.metric(asked, signal)
      return { warnings, values: JSON.parse(`{${Buffer.from(members).toString()}}`).result }
    }
    const told = ['1 records of missing lines lie in this range: values may be too low']
    const check = async (): Promise<void> => {
      for (const stages of [
        '| detected_level="error"',
        '|= "nothing"',
        '|~ "no+thing"',
        '| logfmt | n > 1',
      ]) {
        const { values, warnings } = await ask(`count_over_time({pod="pod-0"} ${stages} [5m])`)
        assert.deepEqual([values, warnings], [[], told], stages)
        const plan = logqlPlan(`{pod="pod-0"} ${stages}`)
        const logs = await service.lines({ ...request, plan }, signal)
        assert.deepEqual([logs.count, logs.warnings.length], [0, 1], stages)
        assert.match(logs.warnings.join(), /4096 bytes \(rotated_away\)/)
      }
      // It is none of the lines that are counted.
      const { values, warnings } = await ask('sum(count_over_time({pod="pod-0"}[5m]))')
      assert.deepEqual([values[0].value[1], warnings], ['2', told])
      assert.deepEqual((await ask('count_over_time({pod="pod-1"}[5m])')).warnings, [])
      // The window ends with it, and begins behind it.
      const query = 'count_over_time({pod="pod-0"}[5s])'
      assert.deepEqual((await ask(query, stepsAt(10, 5))).warnings, told)
      assert.deepEqual((await ask(query, stepsAt(10, 4))).warnings, [])
      assert.deepEqual((await ask(query, stepsAt(15, 5))).warnings, [])
      assert.deepEqual((await ask(query, stepsAt(15, 4))).warnings, told)
    }
    await check()
    const more = { streamId: model.streamId(2), sec: startSec + 1, ns: 0, text: 'x'.repeat(700) }
    model.commitLines([more], startSec)
    while (model.writer.maintain(startSec, 50)) continue
    await check()
  }))

test('S-LOGQL-76 the first ten records of missing lines are told one by one, the others counted', () => {
  const gaps = Array.from({ length: 13 }, (_, index) => ({ ...gap, sec: startSec + index, ns: 0 }))
  return withLines([...gaps, ...withGap.slice(2)], {}, async ({ service }) => {
    // Fewer entries are asked for than there are records before the only line.
    const { count, warnings } = await service.lines({ ...request, limit: 2 }, signal)
    assert.equal(count, 1)
    assert.equal(warnings.length, 11)
    assert.match(
      warnings[0] ?? '',
      /^lines of ns0\/pod-0\/app are missing at .*: 4096 bytes \(rotated_away\)$/,
    )
    assert.equal(warnings[10], 'and 3 more records of missing lines')
  })
})

test('S-LOGQL-73 more than 500 series are refused, or cut off with a warning where that is asked for', () => {
  const lines = Array.from({ length: 501 }, (_, index) => ({
    sec: startSec,
    ns: index,
    text: `n=${String(index).padStart(3, '0')}`,
  }))
  return withLines(lines, {}, async ({ service }) => {
    const steps = { start: { sec: startSec + 60, ns: 0 }, stepNs: 1, count: 1 }
    const ask = (query: string, cutsSeries: boolean) =>
      service.metric({ query, steps, isInstant: true, cutsSeries }, signal)
    const query = 'count_over_time({pod="pod-0"} | logfmt [5m])'
    await assert.rejects(ask(query, false), /^LogkeepError: maximum number of series \(500\) reached/)
    const { members, warnings } = await ask(query, true)
    const { result } = JSON.parse(`{${Buffer.from(members).toString()}}`)
    assert.equal(result.length, 500)
    assert.equal(result[499].metric.n, '499')
    assert.deepEqual(warnings, [
      'maximum number of series (500) reached for a single query; returning partial results',
    ])
    const fits = await ask('count_over_time({pod="pod-0"} | logfmt | n!="000" [5m])', false)
    assert.deepEqual(fits.warnings, [])
  })
})
