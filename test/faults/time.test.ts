/** Faults of times and clocks, F63 to F70: real files, a real database, answers over HTTP. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import type { Entry } from '../support/client.ts'
import { withFaultNode } from '../support/fault-node.ts'
import { keepForever } from '../support/store-model.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const told = (entries: readonly Entry[]): unknown[] => entries.map(({ line, flags }) => [line, ...flags])
const timesOf = (entries: readonly Entry[]): unknown[] => entries.map(({ line, time }) => [line, time])

/** A CRI line, or one of Docker's. */
const cri = (time: string, text: string, iostream = 'stdout'): string => `${time} ${iostream} F ${text}\n`
const docker = (time: string, text: string): string =>
  `{"log":"${text}\\n","stream":"stdout","time":"${time}"}\n`

test('F63 an instant is the same whatever its offset from UTC, over midnight and the new year too', () =>
  withFaultNode(async ({ node, entries }) => {
    const middle = ['10:11:12Z', '10:11:12+00:00', '10:11:12-00:00', '12:11:12+02:00', '15:41:12+05:30']
    const times = [
      ...middle.map((time) => `2026-11-22T${time}`),
      '2026-11-21T22:11:12-12:00',
      '2026-11-23T00:11:12+14:00',
    ]
    for (const time of times) node.append('0.log', cri(time, 'a'), docker(time, 'a'))
    node.append('0.log', cri('2026-01-01T01:00:00.5+02:00', 'new year'))
    await node.pass()
    const [first, ...rest] = await entries()
    assert.equal(first?.time, '2025-12-31T23:00:00.500000000Z')
    assert.equal(rest.length, 2 * times.length)
    for (const { time, flags } of rest)
      assert.deepEqual([time, flags], ['2026-11-22T10:11:12.000000000Z', []])
  }))

test('F64 zero to nine fraction digits are exact, what stands behind them is cut off', () =>
  withFaultNode(async ({ node, entries, seal }) => {
    const digits = '123456789'
    const write = (fraction: string, form: typeof docker): void =>
      node.append('0.log', form(`2026-11-22T10:11:12${fraction}Z`, fraction))
    for (const form of [cri, docker]) {
      write('', form)
      for (let count = 1; count <= digits.length; count += 1) write(`.${digits.slice(0, count)}`, form)
      for (const more of ['.1234567899', '.000000000999999999', '.999999999999']) write(more, form)
    }
    const expected = (fraction: string): string =>
      `2026-11-22T10:11:12.${fraction.slice(1, 10).padEnd(9, '0')}Z`
    const check = async (): Promise<void> => {
      const found = await entries()
      assert.equal(found.length, 26)
      for (const { line, time, flags } of found) assert.deepEqual([time, flags], [expected(line), []], line)
    }
    await node.pass()
    await check()
    seal()
    await check()
  }))

test('F65 lines of one time are all there, in the order of the file, over commits, files and iostreams', () =>
  withFaultNode(async ({ node, texts, seal, base }) => {
    const time = node.time()
    const expected: string[] = []
    const write = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        const text = `line ${expected.length}`
        expected.push(text)
        node.append('0.log', cri(time, text, index % 3 === 0 ? 'stderr' : 'stdout'))
      }
    }
    write(40)
    await node.pass()
    write(40)
    node.rename('0.log', '0.log.20261122-101112')
    write(40)
    await node.pass(4_000)
    assert.deepEqual(await texts(), expected)
    node.kill()
    await node.pass(4_000)
    seal()
    write(7)
    await node.pass()
    assert.deepEqual(await texts(), expected)
    // Pages end between equal times.
    assert.deepEqual(await texts({ limit: 7 }), expected)
    assert.deepEqual(await texts({ limit: 7, direction: 'backward' }), expected.toReversed())
    const { count } = (await (await fetch(`${base}/logs/histogram`)).json()) as { count: number }
    assert.equal(count, expected.length)
  }))

test('F66 times out of order in a file: every line is stored, shown by time and then in the order of reading', () =>
  withFaultNode(async ({ node, entries, texts, seal }) => {
    const at = (second: number): string => `2026-11-22T10:11:${String(second).padStart(2, '0')}Z`
    node.append(
      '0.log',
      cri(at(5), 'a'),
      cri(at(3), 'b', 'stderr'),
      cri(at(5), 'c'),
      cri(at(4), 'd', 'stderr'),
    )
    await node.pass()
    node.append('0.log', cri(at(1), 'late'), cri(at(5), 'e'))
    node.rename('0.log', '0.log.20261122-101112')
    node.append('0.log', cri(at(5), 'f'), cri(at(2), 'late too'))
    await node.pass(4_000)
    const expected = ['late', 'late too', 'b', 'd', 'a', 'c', 'e', 'f']
    assert.deepEqual(await texts(), expected)
    node.kill()
    await node.pass(4_000)
    seal()
    assert.deepEqual(await texts(), expected)
    const range = { since: at(2), until: at(5) }
    assert.deepEqual(told(await entries(range)), [['late too'], ['b'], ['d']])
  }))

test('F67 the log’s clock goes back or ahead by any step: no line is passed over, nothing stands still', () =>
  withFaultNode(async ({ node, texts }) => {
    const startMs = node.now - 30 * dayMs
    const steps = [0, -hourMs, -20 * dayMs, 29 * dayMs, -300 * dayMs, 1, hourMs / 2]
    const expected: [ms: number, text: string][] = []
    for (const [index, step] of steps.entries()) {
      for (let line = 0; line < 3; line += 1) {
        const ms = startMs + step + line
        node.append('0.log', cri(new Date(ms).toISOString(), `${index}.${line}`))
        expected.push([ms, `${index}.${line}`])
      }
      if (index === 3) node.rename('0.log', '0.log.20261122-101112')
      await node.pass(4_000)
      if (index === 5) node.kill()
    }
    const inOrder = expected.toSorted(([one], [other]) => one - other).map(([, text]) => text)
    assert.deepEqual(await texts(), inOrder)
  }))

test('F67 the clock under logkeep goes back or ahead: reading, rotation and commits go on at once', () =>
  withFaultNode(async ({ node, texts, status }) => {
    const expected: string[] = []
    /** Only what is due by the clock is done. */
    const live = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += 200) {
        node.now += 200
        if (passed % 800 === 0) node.core.scan(node.now)
        node.core.poll(node.now, {})
        node.core.commitIfDue(node.now)
      }
    }
    const write = (text: string): void => {
      node.append('0.log', node.line(text))
      expected.push(text)
    }
    const steps = [0, -5_000, -20_000, -dayMs, 2 * dayMs, -365 * dayMs, hourMs, 10_000 * dayMs]
    for (const [index, step] of steps.entries()) {
      const { commit: before } = status()
      write(`before ${index}`)
      // As a folder in which nothing has come or gone for long: it is not listed again.
      fs.utimesSync(node.container, index, index)
      live(400)
      node.now += step
      write(`after ${index}`)
      live(2_000)
      assert.deepEqual(await texts({ limit: 100 }), expected, `${step}`)
      write(`waits for its commit ${index}`)
      live(2_000)
      node.now += step
      // Twice the ten seconds where the step is smaller than they are.
      live(20_400)
      const { commit } = status()
      assert.ok(commit > before + 1, `${step}`)
      write(`last ${index}`)
      node.rename('0.log', `0.log.20261122-10111${index}`)
      write(`new ${index}`)
      live(400)
      node.now += step / 2
      live(14_000)
      assert.ok(status().commit > commit, `${step}`)
      assert.deepEqual(await texts({ limit: 100 }), expected, `${step}`)
    }
  }))

const far = [
  ['9999-12-31T23:59:59.999999999Z', 'last'],
  ['2999-01-01T00:00:00Z', 'ahead'],
  ['0001-01-01T00:00:00Z', 'zero of Docker'],
  ['0000-01-01T00:00:00Z', 'first'],
  ['1677-09-21T00:00:00Z', 'before 64 bits of nanoseconds'],
  ['2262-04-12T00:00:00Z', 'after them'],
  ['1970-01-01T00:00:00Z', 'epoch'],
] as const
const wide = { since: '0000-01-01T00:00:00Z', until: '9999-12-31T23:59:59.999999999Z' }

test('F68 times far ahead and long past are kept, flagged, to the nanosecond, and stop nothing', () =>
  withFaultNode(async ({ node, entries, seal }) => {
    for (const [time, text] of far) node.append('0.log', cri(time, text), docker(time, text))
    node.append('0.log', node.line('fine'))
    const check = async (): Promise<void> => {
      const found = await entries(wide)
      // The last nanosecond of all is the range's end, exclusive: who begins beyond now has no end.
      const kept = far.filter(([, text]) => text !== 'last')
      const twice = kept.flatMap(([time, text]) => [
        [text, time.replace('Z', '.000000000Z')],
        [text, time.replace('Z', '.000000000Z')],
      ])
      const order = ([, a = '']: string[], [, b = '']: string[]): number => (a < b ? -1 : 1)
      const flagged = found.filter(({ line }) => line !== 'fine')
      assert.deepEqual(timesOf(flagged), twice.toSorted(order))
      for (const { flags } of flagged) assert.deepEqual(flags, ['clock'])
      assert.deepEqual(told(found.filter(({ line }) => line === 'fine')), [['fine']])
      const last = await entries({ since: '9999-01-01T00:00:00Z', until: [] })
      assert.deepEqual(timesOf(last), [
        ['last', far[0][0]],
        ['last', far[0][0]],
      ])
    }
    await node.pass()
    await check()
    node.kill()
    await node.pass()
    seal()
    await check()
  }))

test('F68 such times head no answer and no listing, and are found by naming a time', () =>
  withFaultNode(async ({ node, entries, base }) => {
    for (const [time, text] of far) node.append('0.log', cri(time, text))
    const fine = node.line('fine')
    node.append('0.log', fine)
    await node.pass()
    const newest = await entries({ direction: 'backward', limit: 1, until: [] })
    assert.deepEqual(told(newest.slice(0, 1)), [['fine']])
    const ask = async (route: string): Promise<Record<string, unknown>> =>
      (await (await fetch(`${base}${route}`)).json()) as Record<string, unknown>
    const { pods } = (await ask('/pods')) as { pods: { pod: string; firstTime: string; lastTime: string }[] }
    const api = pods.find(({ pod }) => pod === 'api')
    const fineTime = fine.split(' ')[0]
    assert.deepEqual([api?.firstTime, api?.lastTime], [fineTime, fineTime])
    const { buckets } = (await ask('/logs/histogram')) as { buckets: { count: number }[] }
    assert.ok(buckets.length < 100)
    assert.deepEqual(told(await entries({ since: '2998-01-01T00:00:00Z', until: '3000-01-01T00:00:00Z' })), [
      ['ahead', 'clock'],
    ])
  }))

const noTimes = [
  '2026-11-22T23:59:60Z',
  '2016-12-31T23:59:60.5Z',
  '2026-11-22T24:00:00Z',
  '2026-02-30T10:11:12Z',
  '2026-02-29T10:11:12Z',
  '2026-13-01T10:11:12Z',
  '2026-11-22t10:11:12Z',
  '2026-11-22T10:11:12z',
  '2026-11-22T10:11:12',
  '2026-11-22T10:11:12.Z',
  '2026-11-22T10:11:12+2:00',
  '10000-01-01T00:00:00Z',
  '-001-01-01T00:00:00Z',
  '0000-01-01T00:00:00+00:01',
  '1795342272',
]

test('F69 what is no time costs no line: it is kept whole, flagged, at its arrival; no file stops', () =>
  withFaultNode(async ({ node, entries, texts }) => {
    for (const time of noTimes) node.append('0.log', cri(time, 'cri'), docker(time, time), node.line('fine'))
    await node.pass()
    node.kill()
    await node.pass()
    assert.equal((await texts({ q: '/^fine$/' })).length, noTimes.length)
    const odd = (await entries()).filter(({ line }) => line !== 'fine')
    const expected = noTimes.flatMap((time) => [
      [`${time} stdout F cri`, 'malformed'],
      [time, 'clock'],
    ])
    assert.deepEqual(told(odd), expected)
    for (const { time } of odd) assert.ok(Math.abs(Date.parse(time) - node.now) < 5_000, time)
  }))

test('F70 F68 retention goes by arrival: old stamps make no line older, stamps ahead none younger', () =>
  withFaultNode(
    async ({ node, texts, writer }) => {
      const upkeep = (aheadMs: number): void => {
        while (writer().maintain(Math.floor((node.now + aheadMs) / 1000), 50)) continue
      }
      const old = new Date(node.now - 300 * dayMs).toISOString()
      node.append('0.log', cri(old, 'old'), node.line('fresh'), cri('0001-01-01T00:00:00Z', 'zero'))
      node.append('0.log', cri('2999-01-01T00:00:00Z', 'ahead'))
      await node.pass()
      const all = ['zero', 'old', 'fresh', 'ahead']
      const whole = { ...wide, direction: 'forward' }
      upkeep(2 * hourMs)
      assert.deepEqual(await texts(whole), all)
      upkeep(dayMs - hourMs)
      assert.deepEqual(await texts(whole), all)
      upkeep(dayMs + hourMs)
      assert.deepEqual(await texts(whole), [])
      await node.pass(60_000)
      assert.deepEqual(await texts(whole), [], 'what was deleted is not read again')
    },
    { retention: { ...keepForever, ageSec: dayMs / 1000 } },
  ))
