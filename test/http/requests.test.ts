/** From query strings to requests: the filters, the time range, sizes, orders and formats. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogkeepError } from '../../src/errors.ts'
import { acceptsGzip, preferredFormat } from '../../src/http/negotiation.ts'
import {
  parseContextRequest,
  parseFieldsRequest,
  parseFilesRequest,
  parseHistogramRequest,
  parseListRequest,
  parseLogsRequest,
  parseTailRequest,
} from '../../src/http/requests.ts'
import { queryLimits } from '../../src/limits/query.ts'
import type { LineFilter } from '../../src/query/plan.ts'

const nowMs = Date.UTC(2026, 10, 22, 10, 11, 12, 500)
const nowSec = Math.floor(nowMs / 1000)
const logs = (query: string, accept?: string) => parseLogsRequest(query, { nowMs, accept })

const preferred = (accept: string | undefined) => preferredFormat(accept, ['json', 'ndjson', 'text', 'raw'])

function refuses(query: string, ...parts: readonly string[]): void {
  assert.throws(
    () => logs(query),
    (error) => {
      assert.ok(error instanceof LogkeepError, String(error))
      assert.ok(error.code === 'BAD_PARAMETER' || error.code === 'BAD_REGEX')
      const text = `${error.message} ${error.hint}`
      for (const part of parts) assert.ok(text.includes(part), `"${text}" names ${part}`)
      return true
    },
    query,
  )
}

test('S-HTTP-05 without parameters: everything, the newest 100, as JSON', () => {
  assert.deepEqual(logs(''), {
    plan: {
      streams: { namespace: [], pod: [], container: [], node: [], restart: [] },
      iostream: null,
      gaps: true,
      levels: null,
      lines: [],
    },
    range: { since: null, until: null },
    direction: 'backward',
    limit: 100,
    cursor: null,
    format: 'json',
  })
})

test('S-HTTP-06 equal selections give equal plans, whatever their order and repetition', () => {
  const one = logs('namespace=b&namespace=a&restart=2&restart=1&q=x&q=!y&level=error,warn')
  const two = logs('restart=1&q=!y&namespace=a&level=warn&q=x&namespace=b&namespace=a&level=error&restart=2')
  assert.equal(JSON.stringify(one.plan), JSON.stringify(two.plan))
  assert.deepEqual(one.plan.streams.restart, [1, 2])
  refuses('restart=-1', 'restart')
  refuses('restart=1.5', 'restart')
})

test('S-HTTP-07 levels are named, listed, aliased, or given as the least one with a plus', () => {
  const mask = (query: string) => logs(query).plan.levels
  assert.equal(mask('level=error'), 1 << 5)
  assert.equal(mask('level=err,WARNING'), (1 << 5) | (1 << 4))
  assert.equal(mask('level=warn%2B'), 0b11110000)
  assert.equal(mask('level=warn+'), 0b11110000, 'a plus that a form reads as a space')
  assert.equal(mask('level=fatal%2B'), 1 << 7)
  assert.equal(mask('level=unknown'), 1)
  assert.equal(mask('level=unknown%2B'), null, 'all levels are no condition')
  assert.equal(mask('level=trace&level=warn+'), 0b11110010)
  refuses('level=errro', 'level', 'errro', 'did you mean error')
  refuses('level=7arn', 'level')
  refuses('level=warn,', 'level')
  refuses('level=warn%2B%2B', 'level')
  refuses('level=%2B', 'level')
})

test('S-HTTP-08 q is text, a quoted literal or a pattern, each of which may be negated', () => {
  const line = (value: string, rest = ''): LineFilter | undefined =>
    logs(`q=${encodeURIComponent(value)}${rest}`).plan.lines[0]
  const text = (of: string, negate = false) => ({ kind: 'substring', text: of, ignoreCase: false, negate })
  const regex = (of: string, negate = false) => ({ kind: 'regex', pattern: of, ignoreCase: false, negate })
  assert.deepEqual(line('timeout'), text('timeout'))
  assert.deepEqual(line('!timeout'), text('timeout', true))
  assert.deepEqual(line('!!x'), text('!x', true))
  assert.deepEqual(line('"!x"'), text('!x'))
  assert.deepEqual(line('!"/x/"'), text('/x/', true))
  assert.deepEqual(line('"a"b"'), text('a"b'))
  assert.deepEqual(line('"open'), text('"open'))
  assert.deepEqual(line('"'), text('"'))
  assert.deepEqual(line('/'), text('/'))
  assert.deepEqual(line('/api/v1'), text('/api/v1'))
  assert.deepEqual(line('/a.*b/'), regex('a.*b'))
  assert.deepEqual(line('!/a|b/'), regex('a|b', true))
  assert.deepEqual(line('"//"'), text('//'))
  assert.deepEqual(line('X', '&ignoreCase=true'), { ...text('X'), ignoreCase: true })
  assert.deepEqual(line('X', '&ignoreCase=false'), text('X'))
  for (const empty of ['!', '""', '!""', '//', '!//']) refuses(`q=${encodeURIComponent(empty)}`, '"q"')
  refuses('q=x&ignoreCase=yes', 'ignoreCase')
  assert.equal(logs(Array.from({ length: 20 }, (_, index) => `q=${index}`).join('&')).plan.lines.length, 20)
  refuses(Array.from({ length: 21 }, (_, index) => `q=${index}`).join('&'), '"q"', '20')
})

test('S-HTTP-09 a pattern outside RE2 syntax is refused and the parameter is named', () => {
  refuses('q=/(?=x)/', 'q')
  refuses('q=/(x/', 'q')
})

test('S-HTTP-10 times are RFC 3339, unix in four units, or a duration before now', () => {
  const since = (value: string) => logs(`since=${value}`).range.since
  assert.deepEqual(since('2026-11-22T10:11:12.123456789Z'), { sec: nowSec, ns: 123_456_789 })
  assert.deepEqual(since('2026-11-22T11:11:12%2B01:00'), { sec: nowSec, ns: 0 })
  assert.deepEqual(
    since('2026-11-22T11:11:12+01:00'),
    { sec: nowSec, ns: 0 },
    'a plus that a form reads as a space',
  )
  assert.deepEqual(since('2026-11-22T11:11:12.5%2001:00'), { sec: nowSec, ns: 500_000_000 })
  assert.deepEqual(since('1795342272'), { sec: 1_795_342_272, ns: 0 })
  assert.deepEqual(since('1795342272001'), { sec: 1_795_342_272, ns: 1_000_000 })
  assert.deepEqual(since('1795342272000001'), { sec: 1_795_342_272, ns: 1000 })
  assert.deepEqual(since('1795342272000000001'), { sec: 1_795_342_272, ns: 1 })
  assert.deepEqual(since('15m'), { sec: nowSec - 900, ns: 500_000_000 })
  assert.deepEqual(logs('since=7d&until=1h').range.until, { sec: nowSec - 3600, ns: 500_000_000 })
  for (const junk of ['yesterday', '-7d', '2026-11-22', '2026-11-22T25:00:00Z', '15x', '9999999d']) {
    refuses(`since=${junk}`, 'since', junk, 'RFC 3339')
  }
  refuses('until=junk', 'until')
})

test('S-HTTP-11 since must lie before until', () => {
  assert.doesNotThrow(() => logs('since=1795342272&until=1795342272.000000001'))
  refuses('since=1795342272&until=1795342272', 'since', 'until')
  refuses('since=1h&until=2h', 'since', 'until')
})

test('S-HTTP-12 limit, direction and format are taken within their bounds; an export has no limit unless given', () => {
  assert.equal(logs('limit=1').limit, 1)
  assert.equal(logs('limit=5000').limit, 5000)
  for (const bad of ['0', '5001', '1e3', '-1', '1.0']) refuses(`limit=${bad}`, 'limit', '5000')
  assert.equal(logs('format=ndjson').limit, null)
  assert.equal(logs('format=ndjson&limit=7').limit, 7)
  assert.equal(logs('direction=forward').direction, 'forward')
  refuses('direction=up', 'direction')
  assert.equal(logs('format=text', 'application/json').format, 'text', 'the parameter wins over the header')
  refuses('format=csv', 'format', 'ndjson')
})

test('S-HTTP-13 the format may be asked for by Accept, gzip by Accept-Encoding', () => {
  assert.equal(preferred(undefined), 'json')
  assert.equal(preferred('*/*'), 'json')
  assert.equal(preferred('text/html,application/xhtml+xml,*/*;q=0.8'), 'json')
  assert.equal(preferred('application/x-ndjson'), 'ndjson')
  assert.equal(preferred('application/json;q=0.5, text/plain'), 'text')
  assert.equal(preferred('text/plain;q=0'), 'json')
  assert.equal(preferred('application/octet-stream'), 'raw')
  assert.equal(preferred('image/png'), 'json')
  assert.equal(acceptsGzip(undefined), false)
  assert.equal(acceptsGzip('gzip, deflate, br'), true)
  assert.equal(acceptsGzip('gzip;q=0, *'), false)
  assert.equal(acceptsGzip('*'), true)
  assert.equal(acceptsGzip('br'), false)
})

test('S-HTTP-14 a tail begins now, at a cursor, at a time or with the newest entries, one of them', () => {
  const start = (query: string) => parseTailRequest(query, nowMs).start
  assert.deepEqual(start(''), { kind: 'now' })
  assert.deepEqual(start('tail=0'), { kind: 'now' })
  assert.deepEqual(start('tail=5000'), { kind: 'newest', count: 5000 })
  assert.deepEqual(start('cursor=abc'), { kind: 'cursor', cursor: 'abc' })
  assert.deepEqual(start('since=1795342272'), { kind: 'since', since: { sec: 1_795_342_272, ns: 0 } })
  for (const bad of [
    'tail=5001',
    'tail=-1',
    'tail=x',
    'tail=1&since=5m',
    'cursor=a&tail=1',
    'limit=5',
    'until=5m',
  ]) {
    assert.throws(() => start(bad), { code: 'BAD_PARAMETER' }, bad)
  }
})

test('S-HTTP-15 listings take names, a limit and a cursor', () => {
  assert.deepEqual(parseListRequest('pods', 'namespace=shop&limit=2&cursor=x'), {
    kind: 'pods',
    streams: { namespace: ['shop'], pod: [], container: [], node: [], restart: [] },
    limit: 2,
    cursor: 'x',
  })
  assert.throws(() => parseListRequest('pods', 'q=x'), { code: 'BAD_PARAMETER' })
  assert.throws(() => parseListRequest('pods', 'limit=5001'), { code: 'BAD_PARAMETER' })
})

test('S-API-10 gaps=false leaves the records of missing lines out; they are there unless it is given', () => {
  assert.equal(logs('').plan.gaps, true)
  assert.equal(logs('gaps=true').plan.gaps, true)
  assert.equal(logs('gaps=false').plan.gaps, false)
  refuses('gaps=no', 'gaps', 'true or false')
})

test('S-API-02 a histogram takes the filters, a range, a step or a number of buckets, and what to count by', () => {
  const read = (query: string) => parseHistogramRequest(query, nowMs)
  assert.deepEqual(read(''), {
    plan: logs('').plan,
    range: { since: null, until: null },
    bucket: { countMax: 60 },
    by: null,
  })
  assert.deepEqual(read('step=1h30m&by=level&q=x&since=1h'), {
    plan: logs('q=x').plan,
    range: logs('since=1h').range,
    bucket: { stepMs: 5_400_000 },
    by: 'level',
  })
  assert.deepEqual(read(`buckets=${queryLimits.histogramBucketsMax}`).bucket, {
    countMax: queryLimits.histogramBucketsMax,
  })
  const bad = [
    'step=0s',
    'step=x',
    'step=1.5m',
    'buckets=0',
    `buckets=${queryLimits.histogramBucketsMax + 1}`,
  ]
  for (const query of [...bad, 'step=1m&buckets=5', 'by=q', 'limit=5', 'direction=forward']) {
    assert.throws(() => read(query), { code: 'BAD_PARAMETER' }, query)
  }
})

test('S-API-03 a context needs a cursor; 10 entries are given on each side unless 0 to 1000 are asked for', () => {
  assert.deepEqual(parseContextRequest('cursor=abc', undefined), {
    plan: logs('').plan,
    cursor: 'abc',
    scope: 'stream',
    before: 10,
    after: 10,
    format: 'json',
  })
  const asked = parseContextRequest('cursor=abc&before=0&after=1000&scope=pod&level=error', 'text/plain')
  assert.deepEqual(
    [asked.before, asked.after, asked.scope, asked.format, asked.plan.levels],
    [0, 1000, 'pod', 'text', 32],
  )
  assert.equal(parseContextRequest('cursor=a', 'application/x-ndjson').format, 'json')
  for (const query of [
    '',
    'cursor=a&after=1001',
    'cursor=a&scope=node',
    'cursor=a&format=ndjson',
    'cursor=a&since=1h',
  ]) {
    assert.throws(() => parseContextRequest(query, undefined), { code: 'BAD_PARAMETER' }, query)
  }
})

test('S-API-04 fields are looked for in 1000 lines unless 1 to 5000 are asked for', () => {
  const { sample, limit, range } = parseFieldsRequest('since=1h', nowMs)
  assert.deepEqual([sample, limit, range], [1000, 100, logs('since=1h').range])
  assert.equal(parseFieldsRequest('sample=5000&limit=1000', nowMs).sample, 5000)
  for (const query of ['sample=0', 'sample=5001', 'limit=1001', 'format=text']) {
    assert.throws(() => parseFieldsRequest(query, nowMs), { code: 'BAD_PARAMETER' }, query)
  }
})

test('S-API-05 files are chosen by names and state, in pages', () => {
  const asked = parseFilesRequest(
    'namespace=b&namespace=a&state=live&state=unreadable&state=live&cursor=x',
    undefined,
  )
  assert.deepEqual(asked, {
    namespace: ['a', 'b'],
    pod: [],
    container: [],
    state: ['live', 'unreadable'],
    format: 'json',
    limit: 1000,
    cursor: 'x',
  })
  for (const query of ['state=gone', 'node=n1', 'limit=5001', 'format=ndjson']) {
    assert.throws(() => parseFilesRequest(query, undefined), { code: 'BAD_PARAMETER' }, query)
  }
})
