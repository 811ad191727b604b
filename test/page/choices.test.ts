/** Choices without a browser: the tree, the address, times, buckets, jumps. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layTogether, partsOf, stepFor } from '../../page/model/buckets.ts'
import { rank } from '../../page/model/fuzzy.ts'
import { byLabel, parseMetrics, sumOf } from '../../page/model/metrics-text.ts'
import { createServerClock } from '../../page/model/server-clock.ts'
import {
  buildTree,
  flattenTree,
  pathLabel,
  toggleSelected,
  workloadOf,
} from '../../page/model/stream-tree.ts'
import { fullTime, shortTime } from '../../page/model/time-format.ts'
import {
  durationText,
  isEqualRange,
  parseDuration,
  parseTypedTime,
  resolveRange,
  widerPreset,
  widerRange,
} from '../../page/model/time-range.ts'
import { formatAddress, parseAddress } from '../../page/model/view-state.ts'
import { behindMsOf, secondsText, warningText } from '../../page/model/warning-text.ts'

function stream(pod: string, more: object = {}) {
  const names = { namespace: 'shop', pod, podUid: 'u', container: 'app', node: 'n1', restart: 0 }
  return { ...names, lines: 10, bytes: 100, firstTime: null, lastTime: null, present: true, ...more }
}

test('S-PAGE-70 pods are grouped by the name before the generated part, gone ones and restarts are told', () => {
  const workloads: Readonly<Record<string, string>> = {
    'api-7d9f8c6b5-x2x4z': 'api',
    'api-gateway-6c8d9f7b4-q9w8e': 'api-gateway',
    'node-exporter-x2x4z': 'node-exporter',
    'db-0': 'db',
    'backup-28391040-z7x5c': 'backup',
    'kube-apiserver-master': 'kube-apiserver-master',
    'my-first-plain-name': 'my-first-plain-name',
  }
  for (const [pod, workload] of Object.entries(workloads)) assert.equal(workloadOf(pod), workload, pod)
  const tree = buildTree([
    stream('api-7d9f8c6b5-x2x4z', { present: false, lastTime: '2026-11-30T10:00:00Z' }),
    stream('api-7d9f8c6b5-x2x4z', { restart: 3 }),
    stream('api-7d9f8c6b5-b2b4z', { present: false }),
    stream('single'),
  ])
  const told = flattenTree(tree).map(({ kind, name, lines, restarts, present }) => [
    kind,
    name,
    lines,
    restarts,
    present,
  ])
  assert.deepEqual(told, [
    ['namespace', 'shop', 40, 3, true],
    ['workload', 'api', 30, 3, true],
    ['pod', 'api-7d9f8c6b5-b2b4z', 10, 0, false],
    ['container', 'app', 10, 0, false],
    ['pod', 'api-7d9f8c6b5-x2x4z', 20, 3, true],
    ['container', 'app', 20, 3, true],
    ['pod', 'single', 10, 0, true],
    ['container', 'app', 10, 0, true],
  ])
  assert.deepEqual(tree[0]?.children[0]?.paths, ['shop/api-?????????-?????'])
  assert.equal(pathLabel('shop/api-?????????-?????'), 'shop/api-*')
})

test('S-PAGE-70 several can be selected: a node takes the place of what is below it', () => {
  assert.deepEqual(toggleSelected([], ['a'], true), ['a'])
  assert.deepEqual(toggleSelected(['a'], ['b'], true), ['b'])
  assert.deepEqual(toggleSelected(['b'], ['b'], true), [])
  assert.deepEqual(toggleSelected(['a/x/c', 'b'], ['a'], false), ['b', 'a'])
  assert.deepEqual(toggleSelected(['a'], ['a/x'], false), ['a/x'])
  assert.deepEqual(toggleSelected(['a', 'b'], ['a'], false), ['b'])
})

test('S-PAGE-71 the address holds what is shown; what is not understood in it is left out', () => {
  const whole =
    '?select=shop%2Fapi-*&select=infra&q=a+%22b+c%22&case=1&level=error%2Cwarn&stream=stderr&since=6h&live=1' +
    '&wrap=pretty&zone=utc&line=c1'
  assert.equal(formatAddress(parseAddress(whole)), whole)
  assert.equal(
    formatAddress(parseAddress('?level=nonsense,error&wrap=x&stream=y&zone=z&other=1')),
    '?level=error',
  )
  assert.equal(formatAddress(parseAddress('')), '')
})

test('S-PAGE-72 times are typed as people write them, and shown in the zone with all their digits', () => {
  const now = Date.UTC(2026, 10, 30, 10, 11, 12)
  const typed = (text: string): string | null => {
    const ms = parseTypedTime(text, true, now)
    return ms === null ? null : new Date(ms).toISOString()
  }
  assert.equal(typed('2026-11-29 08:00'), '2026-11-29T08:00:00.000Z')
  assert.equal(typed('2026-11-29T08:00:01.5+01:00'), '2026-11-29T07:00:01.500Z')
  assert.equal(typed('08:30'), '2026-11-30T08:30:00.000Z')
  assert.equal(typed('-15m'), '2026-11-30T09:56:12.000Z')
  for (const wrong of ['', 'soon', '2026-13-01', '25:00', '15', '7x']) assert.equal(typed(wrong), null, wrong)
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('99999999d'), null)
  assert.deepEqual(resolveRange({ since: '1h', until: null }, now), {
    sinceMs: now - 3_600_000,
    untilMs: null,
  })
  assert.equal(resolveRange({ since: '2026-11-30T11:00:00Z', until: '2026-11-30T10:00:00Z' }, now), null)
  assert.equal(widerPreset(3_600_000), '6h')
  assert.equal(fullTime('2026-11-30T10:11:12.123456789Z', 'utc'), '2026-11-30T10:11:12.123456789Z')
  assert.equal(shortTime('2026-11-30T10:11:12.123456789Z', 'utc', '2026-11-30'), '10:11:12.123')
  assert.equal(shortTime('2026-11-30T10:11:12.123456789Z', 'utc', '2026-12-01'), '2026-11-30 10:11:12.123')
})

test('S-PAGE-03 a wider range is told as people say it, and ends at now', () => {
  const now = Date.UTC(2026, 10, 30, 10, 0, 0)
  assert.deepEqual(widerRange({ since: '1h', until: null }, now), { since: '2h', until: null })
  assert.deepEqual([durationText(5_400_000), durationText(172_800_000)], ['1h30m', '2d'])
  const hour = { since: '2026-11-30T09:00:00.000Z', until: '2026-11-30T09:40:00.000Z' }
  const wider = { since: '2026-11-30T08:40:00.000Z', until: '2026-11-30T10:00:00.000Z' }
  assert.deepEqual(widerRange(hour, now), wider)
  assert.ok(isEqualRange(hour, { ...hour }) && !isEqualRange(hour, wider))
})

test('S-PAGE-73 a histogram is asked for in whole buckets, newest first, and laid together', () => {
  assert.equal(stepFor(3_600_000, 120), 30_000)
  const parts = partsOf(5_000, 100_000, 10_000, 3)
  assert.deepEqual(parts, [
    { sinceMs: 60_000, untilMs: 100_000 },
    { sinceMs: 20_000, untilMs: 60_000 },
    { sinceMs: 5_000, untilMs: 20_000 },
  ])
  const bucket = (time: number, counts: Record<string, number>) => ({
    time: new Date(time).toISOString(),
    count: Object.values(counts).reduce((sum, count) => sum + count, 0),
    complete: true,
    counts,
  })
  const together = layTogether(
    [
      { complete: true, buckets: [bucket(10_000, { error: 1 })] },
      { complete: false, buckets: [bucket(0, { info: 2 }), bucket(10_000, { error: 1 })] },
    ],
    { sinceMs: 5_000, untilMs: 30_000, stepMs: 10_000 },
  )
  assert.deepEqual(together.timesMs, [0, 10_000, 20_000])
  assert.deepEqual(
    [together.counts.error, together.counts.info],
    [
      [0, 2, 0],
      [2, 0, 0],
    ],
  )
  assert.deepEqual([together.total, together.totals.error, together.complete], [4, 2, false])
})

test('S-PAGE-23 the lag is of the server: its clock is known from its answers, its words are put for people', () => {
  const clock = createServerClock()
  assert.equal(clock.at(1000), 1000)
  const at = (ms: number): string => new Date(ms).toUTCString()
  const now = Date.UTC(2026, 10, 30, 10, 0, 0)
  // Within the second that is named there may be no difference.
  clock.heard(now + 200, now + 300, at(now))
  assert.equal(clock.at(now), now)
  // A clock here that is a minute behind.
  const other = createServerClock()
  other.heard(now - 60_100, now - 60_000, at(now))
  assert.equal(other.at(now - 60_000), now)
  other.heard(now - 59_400, now - 59_350, at(now + 1000))
  assert.equal(other.at(now - 60_000), now + 350)
  other.heard(now + 5000, now + 5001, at(now + 5000))
  assert.equal(other.at(now), now)
  other.heard(now, now, null)
  assert.equal(other.at(now), now)
  assert.deepEqual([behindMsOf('behind: 4213 ms'), behindMsOf('ended: x')], [4213, null])
  assert.match(warningText('behind: 4213 ms'), /^The collector was 4\.2 s behind/)
  assert.deepEqual([warningText('ended: x'), secondsText(90_000)], ['ended: x', '2 min'])
})

test('S-PAGE-74 names are found by some of their letters, metrics by their names', () => {
  const names = ['infra/db-0/postgres', 'shop/api-gateway', 'shop/api', 'jobs/import']
  assert.deepEqual(
    rank(names, (name) => name, 'api', 10),
    ['shop/api', 'shop/api-gateway'],
  )
  assert.deepEqual(
    rank(names, (name) => name, 'infpost', 10),
    ['infra/db-0/postgres'],
  )
  const metrics = parseMetrics('# HELP a b\na{x="1"} 2\na{x="2"} 3\nb 4\n')
  assert.deepEqual([sumOf(metrics, 'a'), sumOf(metrics, 'b'), sumOf(metrics, 'c')], [5, 4, null])
  assert.deepEqual(byLabel(metrics, 'a', 'x'), [
    ['1', 2],
    ['2', 3],
  ])
})
