/** Labels, series and sizes of what is stored, in Loki's form. */

import { lokiLimits } from '../../../limits/http.ts'
import { streamLabelNames } from '../../../query/logql/entry-labels.ts'
import type { IndexGroup } from '../../../query/logql/tasks.ts'
import type { Plan } from '../../../query/plan.ts'
import { refresh } from '../../freshness.ts'
import { badParameter, type LokiRange, rangeOfNs } from '../../loki/parameters.ts'
import { type LokiBody, type LokiCall, type LokiScope, success, told } from '../../loki/scope.ts'
import { selectorOf } from '../../loki/selectors.ts'
import type { RouteDeps } from '../../server.ts'
import { reachesNow, stepsOf } from './queries.ts'

const cutShort = 'ended: there are too many blocks in this range; the older ones were not looked at'

type Asked = {
  readonly plan: Plan
  readonly range: LokiRange
  /** As in `IndexTask`. */
  readonly by: readonly string[] | null
  readonly stepMs?: number | null
}

export function registerLokiStreams({ answer }: LokiScope, deps: RouteDeps): void {
  const groupsOf = createGroups(deps)
  const labels = async (call: LokiCall): Promise<LokiBody> => {
    const { plan } = selectorOf(call.parameters.text('query'))
    const { groups, warnings } = await groupsOf(call, { plan, range: rangeOf(call, deps), by: [] })
    return success(groups.length === 0 ? undefined : streamLabelNames, warnings)
  }
  answer('/labels', labels)
  answer('/label', labels)
  answer('/label/:name/values', async (call) => {
    const { plan } = selectorOf(call.parameters.text('query'))
    const name = call.path['name'] as string
    const range = rangeOf(call, deps)
    if (!(streamLabelNames as readonly string[]).includes(name)) return success(undefined)
    const { groups, warnings } = await groupsOf(call, { plan, range, by: [name] })
    const values = groups.flatMap((group) => group.labels.map(([, value]) => value)).sort()
    return success(values.length === 0 ? undefined : values, warnings)
  })
  answer('/series', async (call) => {
    const { parameters } = call
    const range = rangeOf(call, deps)
    const selectors = [...parameters.all('match[]'), ...parameters.all('match')]
    const series = new Map<string, object>()
    const all = new Set<string>()
    for (const selector of selectors.length === 0 ? [''] : selectors) {
      const { plan } = selectorOf(selector)
      const { groups, warnings } = await groupsOf(call, { plan, range, by: null })
      for (const warning of warnings) all.add(warning)
      for (const group of groups) {
        series.set(JSON.stringify(group.labels), Object.fromEntries(group.labels))
      }
    }
    return success([...series.values()], [...all])
  })
  answer('/index/stats', async (call) => {
    const { plan } = selectorOf(call.parameters.text('query'))
    const { groups, warnings } = await groupsOf(call, { plan, range: rangeOf(call, deps), by: [] })
    const [{ streams, chunks, bytes, entries } = { streams: 0, chunks: 0, bytes: 0, entries: 0 }] = groups
    return [JSON.stringify({ streams, chunks, bytes, entries, ...told(warnings) })]
  })
  answer('/index/volume', (call) => answerVolume(call, deps, null))
  answer('/index/volume_range', (call) => {
    const { stepNs } = stepsOf(call, rangeOf(call, deps))
    return answerVolume(call, deps, Math.max(Math.round(stepNs / 1e6), 1))
  })
}

function rangeOf({ parameters }: LokiCall, { nowMs }: RouteDeps): LokiRange {
  return parameters.range(nowMs())
}

/** As of now, with what is to be said about them. */
export function createGroups({ query, collector, nowMs }: RouteDeps) {
  return async ({ signal }: LokiCall, { plan, range, by, stepMs = null }: Asked) => {
    const behind = await refresh(collector, reachesNow(range.endNs, nowMs()))
    const { groups, isCut } = await query.logql.index({ plan, range: rangeOfNs(range), by, stepMs }, signal)
    return { groups, warnings: isCut ? [cutShort, ...behind] : behind }
  }
}

/** Bytes by labels: those of `targetLabels`, else those that the selector names. */
async function answerVolume(call: LokiCall, deps: RouteDeps, stepMs: number | null): Promise<LokiBody> {
  const { parameters } = call
  const { plan, matchers } = selectorOf(parameters.text('query'))
  const range = rangeOf(call, deps)
  const limit = parameters.limit('limit', lokiLimits.volumeDefault)
  const aggregateBy = parameters.text('aggregateBy')
  if (!['', 'series', 'labels'].includes(aggregateBy)) throw badParameter('invalid aggregation option')
  const given = parameters.text('targetLabels')
  const names = given === '' ? matchers.map(({ name }) => name) : given.split(',').map((name) => name.trim())
  const isByLabel = aggregateBy === 'labels'
  const by = names.length === 0 ? (isByLabel ? null : []) : names
  const { groups, warnings } = await createGroups(deps)(call, { plan, range, by, stepMs })
  const volumes = isByLabel ? byLabelNames(groups) : groups
  const sorted = volumes.toSorted(
    (one, other) => other.bytes - one.bytes || (nameOf(one) < nameOf(other) ? -1 : 1),
  )
  const result = sorted.slice(0, limit).map((group) => {
    const metric = Object.fromEntries(group.labels)
    const startMs = Number(range.startNs / 1_000_000n)
    if (stepMs === null)
      return { metric, value: [Number(range.endNs / 1_000_000n) / 1000, String(group.bytes)] }
    const values = group.steps.flatMap((bytes, step) =>
      bytes > 0 ? [[(startMs + step * stepMs) / 1000, String(bytes)]] : [],
    )
    return { metric, values }
  })
  const resultType = stepMs === null ? 'vector' : 'matrix'
  return success({ resultType, result }, warnings)
}

function nameOf({ labels }: IndexGroup): string {
  return JSON.stringify(labels)
}

/** One volume per name of a label, whatever its values. */
function byLabelNames(groups: readonly IndexGroup[]): IndexGroup[] {
  const sums = new Map<string, { bytes: number; steps: number[] }>()
  for (const { labels, bytes, steps } of groups) {
    for (const [name] of labels) {
      const sum = sums.get(name) ?? { bytes: 0, steps: [] }
      sum.bytes += bytes
      steps.forEach((own, step) => {
        sum.steps[step] = (sum.steps[step] ?? 0) + own
      })
      sums.set(name, sum)
    }
  }
  return Array.from(sums, ([name, { bytes, steps }]) => ({
    labels: [[name, '']] as const,
    streams: 0,
    chunks: 0,
    bytes,
    entries: 0,
    steps: Array.from(steps, (own) => own ?? 0),
  }))
}
