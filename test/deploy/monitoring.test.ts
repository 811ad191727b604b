/** What deploy/monitoring gives to Prometheus and Grafana, against what the program really says of itself. */

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config.ts'
import type { Exposition } from '../support/exposition.ts'
import { scrapeAfterTraffic } from '../support/metrics-traffic.ts'
import { parsePromql, type Selector } from '../support/promql.ts'
import { readText } from '../support/source-tree.ts'

type Rule = {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}
type RuleFile = { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] }

type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly {
    readonly expr: string
    readonly legendFormat: string
    readonly datasource: { readonly uid: string }
  }[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
}
type Dashboard = {
  readonly uid: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] }
}

const ruleFile = parse(readText('deploy/monitoring/alerts.yaml')) as RuleFile
const dashboard = JSON.parse(readText('deploy/monitoring/dashboard.json')) as Dashboard
const rules = ruleFile.groups.flatMap((group) => group.rules)

/** Labels that Prometheus adds to every series. */
const scrapeLabels = ['instance', 'job']
const gridColumns = 24

const state: { families: Exposition } = { families: new Map() }
before(async () => {
  state.families = await scrapeAfterTraffic()
})

/** Why an expression would not find what it names in the program's own figures; empty when it would. */
function problemsOf(expression: string): string[] {
  const { selectors, labels } = parsePromql(expression)
  const known = new Set([...scrapeLabels, ...selectors.flatMap((selector) => [...valuesOf(selector).keys()])])
  return [
    ...selectors.flatMap(problemsOfSelector),
    ...labels.filter((label) => !known.has(label)).map((label) => `no series has the label ${label}`),
  ].map((problem) => `${problem}: ${expression}`)
}

/** Label → its values, of a metric's series. */
function valuesOf({ metric }: Selector): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>()
  for (const { name, labels } of familyOf(metric)?.samples ?? []) {
    if (name !== metric) continue
    for (const [label, value] of Object.entries(labels)) {
      values.set(label, (values.get(label) ?? new Set()).add(value))
    }
  }
  return values
}

function familyOf(metric: string) {
  const { families } = state
  const histogram = families.get(metric.replace(/_(bucket|sum|count)$/, ''))
  return histogram?.type === 'histogram' ? histogram : families.get(metric)
}

function problemsOfSelector(selector: Selector): string[] {
  const { metric, matchers, hasRange } = selector
  const family = familyOf(metric)
  if (family === undefined) return [`no metric ${metric}`]
  const values = valuesOf(selector)
  const isRising = family.type === 'counter' || family.type === 'histogram'
  const problems = isRising && !hasRange ? [`${metric} rises for ever and is shown as it is`] : []
  for (const { label, value } of matchers) {
    if (scrapeLabels.includes(label)) continue
    for (const wanted of value.split('|')) {
      if (values.get(label)?.has(wanted) !== true) problems.push(`${metric} has no ${label} "${wanted}"`)
    }
  }
  return problems
}

/** Labels that a template such as `{{ $labels.reason }}` or `{{reason}}` names. */
function labelsIn(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}/g)].map(([, label]) => label ?? '')
}

test('S-MONITOR-01 the check of expressions finds names, labels, values and brackets that are not there', () => {
  const wrong = [
    'logkeep_nothing',
    'rate(logkeep_commits_total[5m]',
    'rate(logkeep_commits_total[5m)]',
    'logkeep_commits_total',
    'sum by (colour) (logkeep_lag_bytes)',
    'logkeep_files{state="eaten"}',
    'rate(logkeep_limit_reached_total{limit=~"tails|heads"}[5m])',
    'logkeep_lag_bytes >',
    'logkeep_lag_bytes > > 1',
    'summe(logkeep_lag_bytes)',
    'logkeep_files{state=live}',
  ]
  const found = wrong.filter((expression) => {
    try {
      return problemsOf(expression).length > 0
    } catch {
      return true
    }
  })
  assert.deepEqual(found, wrong)
  assert.deepEqual(problemsOf('sum by (state) (logkeep_files{state=~"live|done"}) / 2 > 1'), [])
})

test('S-MONITOR-02 the alerting rules name what the program exposes, and say what is wrong and what to do', () => {
  assert.deepEqual(
    rules.flatMap((rule) => problemsOf(rule.expr)),
    [],
  )
  assert.equal(new Set(rules.map((rule) => rule.alert)).size, rules.length)
  for (const { alert, expr, for: holds = '0s', labels, annotations, ...rest } of rules) {
    assert.deepEqual(rest, {}, alert)
    assert.match(alert, /^Logkeep[A-Z][A-Za-z]+$/)
    assert.match(holds, /^\d+[smh]$/, alert)
    assert.match(labels.severity, /^(warning|critical)$/, alert)
    for (const text of [annotations.summary, annotations.description]) {
      assert.match(text, /[.]$/, alert)
      const given = [
        ...parsePromql(expr).labels,
        ...scrapeLabels,
        ...parsePromql(expr).selectors.flatMap((one) => [...valuesOf(one).keys()]),
      ]
      for (const label of labelsIn(text)) assert.ok(given.includes(label), `${alert} knows no label ${label}`)
    }
  }
})

test('S-MONITOR-03 rules watch lag, gaps, malformed lines, commits, disk, retention, scrapes, the thread and refusals', () => {
  const watched = rules.flatMap((rule) => parsePromql(rule.expr).selectors.map((selector) => selector.metric))
  for (const metric of [
    'logkeep_lag_seconds',
    'logkeep_gaps_total',
    'logkeep_malformed_lines_total',
    'logkeep_commit_failures_total',
    'logkeep_disk_available_bytes',
    'logkeep_oldest_arrival_timestamp_seconds',
    'logkeep_build_info',
    'logkeep_collector_deaths_total',
    'logkeep_limit_reached_total',
  ])
    assert.ok(watched.includes(metric), metric)
})

test('S-MONITOR-04 the dashboard asks for what the program exposes, from a data source of choice', () => {
  assert.equal(dashboard.uid, 'logkeep')
  assert.ok(dashboard.schemaVersion >= 39)
  assert.deepEqual(
    dashboard.templating.list.map(({ name, type }) => [name, type]),
    [
      ['datasource', 'datasource'],
      ['instance', 'query'],
    ],
  )
  const rows = dashboard.panels.filter((panel) => panel.type === 'row').map((panel) => panel.title)
  assert.deepEqual(rows, ['Collection', 'Storage', 'Queries', 'Process'])
  const shown = dashboard.panels.filter((panel) => panel.type !== 'row')
  for (const { title, description, datasource, targets = [], fieldConfig } of shown) {
    assert.ok(description !== undefined && targets.length > 0 && fieldConfig?.defaults.unit, title)
    assert.deepEqual(datasource, { type: 'prometheus', uid: '${datasource}' }, title)
    for (const { expr, legendFormat, datasource: from } of targets) {
      assert.equal(from.uid, '${datasource}', title)
      assert.deepEqual(problemsOf(expr), [], title)
      const { labels, selectors } = parsePromql(expr)
      for (const selector of selectors) {
        const ofPod = selector.matchers.find((matcher) => matcher.label === 'instance')
        assert.deepEqual([ofPod?.operator, ofPod?.value], ['=~', '$instance'], title)
      }
      const grouped = /\b(sum|max|min|count)\b|histogram_quantile/.test(expr)
      for (const label of labelsIn(legendFormat)) {
        assert.ok(grouped ? labels.includes(label) : label === 'instance', `${title}: ${legendFormat}`)
      }
    }
  }
})

test('S-MONITOR-04 every metric is on the dashboard, or in a rule', () => {
  const expressions = [
    ...rules.map((rule) => rule.expr),
    ...dashboard.panels.flatMap((panel) => panel.targets ?? []).map((target) => target.expr),
  ]
  const used = new Set(
    expressions.flatMap((expr) => parsePromql(expr).selectors.map(({ metric }) => familyOf(metric)?.name)),
  )
  assert.deepEqual(
    [...state.families.keys()].filter((name) => !used.has(name)),
    [],
  )
})

test('S-MONITOR-05 the panels of the dashboard lie side by side and do not overlap', () => {
  const ids = dashboard.panels.map((panel) => panel.id)
  assert.equal(new Set(ids).size, ids.length)
  const taken = new Map<string, string>()
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(gridPos.x >= 0 && gridPos.w > 0 && gridPos.h > 0 && gridPos.x + gridPos.w <= gridColumns, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.equal(taken.get(`${x},${y}`), undefined, title)
        taken.set(`${x},${y}`, title)
      }
    }
  }
})

type Patch = { readonly target: { readonly kind: string }; readonly patch: string }

test('S-MONITOR-06 the overlay annotates the pods with where /metrics is, opens it without the token, and lets Prometheus in', () => {
  const overlay = parse(readText('deploy/monitoring/kustomization.yaml'))
  assert.deepEqual([overlay.resources, overlay.components], [['../base'], ['scrape']])
  const component = parse(readText('deploy/monitoring/scrape/kustomization.yaml'))
  assert.equal(component.kind, 'Component')
  const patchOf = (kind: string): unknown =>
    parse(component.patches.find((patch: Patch) => patch.target.kind === kind).patch)
  const { template } = (patchOf('DaemonSet') as { spec: { template: PatchedPod } }).spec
  const [container] = template.spec.containers
  const environment = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))
  const config = loadConfig(environment)
  assert.equal(config.metricsOpen, true)
  assert.deepEqual(template.metadata.annotations, {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(config.port),
    'prometheus.io/path': '/metrics',
  })
  const [opening] = patchOf('NetworkPolicy') as { op: string; path: string; value: { ports: unknown } }[]
  assert.deepEqual([opening?.op, opening?.path], ['add', '/spec/ingress/-'])
  assert.deepEqual(opening?.value.ports, [{ port: config.port, protocol: 'TCP' }])
})

type PatchedPod = {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly {
      readonly env: readonly { readonly name: string; readonly value: string }[]
    }[]
  }
}
