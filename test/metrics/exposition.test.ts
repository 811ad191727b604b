/** The text that a scrape gets, read by a parser that knows the format's documentation alone. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitNames } from '../../src/errors.ts'
import { parseExposition, valueOf, valuesBy } from '../support/exposition.ts'
import { collectorStatus, createFigures, measure } from '../support/figures.ts'

/** Base units, and what counts things; a gauge may also name the things themselves. */
const units = /_(seconds|bytes|ratio|info|fds)$/
const things = /^logkeep_(files|ready|degraded_reasons|query_threads|query_tasks_\w+|tails_open|tail_groups)$/

test('S-METRIC-01 a scrape is text in the exposition format, its names as the conventions ask', () =>
  measure(async ({ metrics }) => {
    const { contentType, text } = await metrics.render()
    assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
    const families = parseExposition(text)
    assert.ok(families.size > 40, String(families.size))
    for (const { name, type, help } of families.values()) {
      assert.match(name, /^(logkeep|process)_[a-z0-9_]+$/)
      assert.match(help, /^\S.*\.$/, name)
      if (type === 'counter') assert.match(name, /_total$/)
      else assert.ok(units.test(name) || things.test(name), name)
    }
  }))

test('S-METRIC-01 the parser of these tests finds what is not in the format', () => {
  const family = '# HELP a_total A.\n# TYPE a_total counter\n'
  const wrong = [
    'a_total 1\n',
    `${family}a_total 1`,
    `${family}a_total one\n`,
    `${family}a_total{l="x"y"} 1\n`,
    `${family}a_total{l="x\\t"} 1\n`,
    `${family}a_total{l="1",l="2"} 1\n`,
    `${family}a_total 1\na_total 2\n`,
    `${family}b_total 1\n`,
    `${family}a_total -1\n`,
    `${family}${family}`,
    '# TYPE a gauge\n',
  ]
  for (const text of wrong) assert.throws(() => parseExposition(text), text)
  assert.equal(
    valueOf(parseExposition(`${family}a_total{l="x\\\\\\"\\ny"} 1\n`), 'a_total', { l: 'x\\"\ny' }),
    1,
  )
})

test('S-METRIC-02 names of namespaces are label values whatever they hold, and forge no sample', () => {
  const hostile = [
    'a"b',
    'a\\',
    'a\\"} 1\nlogkeep_ready 0',
    '\n# TYPE x gauge',
    '{}',
    'ü,=',
    '__proto__',
    '',
    ' ',
  ]
  const collector = createFigures()
  const namespaces = hostile.map((namespace, index) => ({ namespace, lines: index + 1, bytes: 10 * index }))
  collector.set({ ...collectorStatus, counters: { ...collectorStatus.counters, namespaces } })
  return measure(
    async ({ scrape }) => {
      const families = await scrape()
      const samples = families.get('logkeep_read_lines_total')?.samples ?? []
      assert.deepEqual(
        samples.map(({ labels, value }) => [labels['log_namespace'], value]),
        hostile.map((namespace, index) => [namespace, index + 1]),
      )
      assert.equal(valueOf(families, 'logkeep_ready'), 1)
      assert.equal(families.has('x'), false)
    },
    { collector },
  )
})

test('S-METRIC-03 every bound of a request has its counter from the start', () =>
  measure(async ({ metrics, scrape }) => {
    const none = Object.fromEntries(limitNames.map((name) => [name, 0]))
    assert.deepEqual(valuesBy(await scrape(), 'logkeep_limit_reached_total', 'limit'), none)
    for (const name of limitNames) metrics.limitReached(name)
    metrics.limitReached('tails')
    const reached = Object.fromEntries(limitNames.map((name) => [name, name === 'tails' ? 2 : 1]))
    assert.deepEqual(valuesBy(await scrape(), 'logkeep_limit_reached_total', 'limit'), reached)
  }))

test('S-METRIC-04 requests are counted by route and class of status, with their times', () =>
  measure(async ({ metrics, scrape }) => {
    metrics.answered('/logs', 200, 0.05)
    metrics.answered('/logs', 204, 0.3)
    metrics.answered('/logs', 429, 3)
    metrics.answered('/fields/:name', 503, 60)
    const families = await scrape()
    const total = (route: string, status: string): number | undefined =>
      valueOf(families, 'logkeep_http_requests_total', { route, status })
    assert.deepEqual([total('/logs', '2xx'), total('/logs', '4xx'), total('/fields/:name', '5xx')], [2, 1, 1])
    const below = (le: string): number | undefined =>
      valueOf(families, 'logkeep_http_request_duration_seconds_bucket', { le, route: '/logs' })
    assert.deepEqual(['0.01', '0.1', '0.5', '2.5', '10', '+Inf'].map(below), [0, 1, 2, 2, 3, 3])
    const route = { route: '/fields/:name' }
    assert.equal(valueOf(families, 'logkeep_http_request_duration_seconds_sum', route), 60)
  }))
