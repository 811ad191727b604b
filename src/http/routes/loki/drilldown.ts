/** What Grafana's Logs Drilldown asks besides: detected fields and labels, and limits. */

import { LogkeepError } from '../../../errors.ts'
import { httpLimits, lokiLimits } from '../../../limits/http.ts'
import { logqlLimits } from '../../../limits/logql.ts'
import { levelLabel } from '../../../query/logql/entry-labels.ts'
import { refresh } from '../../freshness.ts'
import { rangeOfNs } from '../../loki/parameters.ts'
import { type LokiBody, type LokiCall, type LokiScope, told } from '../../loki/scope.ts'
import { logSelectorOf, selectorOf } from '../../loki/selectors.ts'
import type { RouteDeps } from '../../server.ts'
import { reachesNow } from './queries.ts'
import { createGroups } from './streams.ts'

export function registerLokiDrilldown({ answer }: LokiScope, deps: RouteDeps): void {
  answer('/detected_fields', async (call) => {
    const { found, ...rest } = await sample(call, deps, null)
    return [JSON.stringify({ fields: found.fields, ...rest })]
  })
  answer('/detected_field/:name/values', async (call) => {
    const { found, ...rest } = await sample(call, deps, call.path['name'] as string)
    return [JSON.stringify({ values: found.values, ...rest })]
  })
  answer('/detected_labels', (call) => detectedLabels(call, deps))
  answer('/patterns', () => {
    throw new LogkeepError('NOT_FOUND', 'patterns are not detected here', 'use detected_fields')
  })
  answer('/drilldown-limits', () => [JSON.stringify(drilldownLimits(deps.version))])
}

async function sample(call: LokiCall, { query, collector, nowMs }: RouteDeps, name: string | null) {
  const { parameters, signal } = call
  const plan = logSelectorOf(parameters.text('query'))
  const range = parameters.range(nowMs())
  const old = parameters.limit('field_limit', lokiLimits.fieldsDefault)
  const limit = Math.min(parameters.limit('limit', old), lokiLimits.fieldsMax)
  const lines = Math.min(parameters.limit('line_limit', lokiLimits.sampleDefault), httpLimits.fieldSampleMax)
  const behind = await refresh(collector, reachesNow(range.endNs, nowMs()))
  const request = { plan, range: rangeOfNs(range), lines, name, limit }
  return { found: await query.logql.sample(request, signal), limit, ...told(behind) }
}

/** Labels that are shown whatever their values are. */
const staticLabels: ReadonlySet<string> = new Set(['cluster', 'namespace', 'instance', 'pod'])
const identifier = /^(?:[\d.]+|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})$/i

async function detectedLabels(call: LokiCall, deps: RouteDeps): Promise<LokiBody> {
  const { parameters } = call
  const { plan } = selectorOf(parameters.text('query'))
  const range = parameters.range(deps.nowMs())
  const { groups, warnings } = await createGroups(deps)(call, { plan, range, by: null })
  const values = new Map<string, Set<string>>()
  for (const { labels } of groups) {
    for (const [name, value] of labels) values.set(name, (values.get(name) ?? new Set()).add(value))
  }
  const found = [...values].filter(
    ([name, own]) => staticLabels.has(name) || ![...own].every((value) => identifier.test(value)),
  )
  const detected = found.map(([label, own]) => ({ label, cardinality: own.size }))
  return [JSON.stringify({ detectedLabels: detected, ...told(warnings) })]
}

function drilldownLimits(version: string): object {
  return {
    limits: {
      discover_log_levels: true,
      discover_service_name: ['container'],
      log_level_fields: [levelLabel],
      max_entries_limit_per_query: logqlLimits.entriesMax,
      max_query_series: logqlLimits.seriesMax,
      metric_aggregation_enabled: false,
      pattern_persistence_enabled: false,
      retention_period: '0s',
      volume_enabled: true,
      volume_max_series: lokiLimits.volumeDefault,
    },
    pattern_ingester_enabled: false,
    version: lokiVersion(version),
  }
}

/** Whose API is spoken, and who speaks it. */
export function lokiVersion(version: string): string {
  return `3.7.0+logkeep.${version}`
}
