/** Takes the sample of a range aggregation out of a line: its value, and the labels of its series. */

import { evaluateError } from '../error.ts'
import { createLabelFilter, parseNumber } from '../stages/label-filter.ts'
import type { LineState } from '../stages/line-state.ts'
import { neededLabels } from '../stages/needed-labels.ts'
import { compileStages } from '../stages/pipeline.ts'
import type { Conversion, Grouping } from '../syntax/tree.ts'
import { parseGoDuration, parseSize } from '../syntax/units.ts'
import type { Leaf } from './leaves.ts'
import { printLabels, type SeriesLabels } from './matrix.ts'

export type Sampler = {
  /** Labels of series depend on those that the entry comes with alone. */
  readonly keepsLabels: boolean
  /** Only the number of lines counts, and no line is ever dropped by its text or labels. */
  readonly isPlainCount: boolean
  /** The value of the line in `state`, which has begun; null: it has none. Throws `LogqlError`. */
  readonly value: (state: LineState) => number | null
  /** Of the series that the sample belongs to, sorted. */
  readonly labels: (state: LineState) => SeriesLabels
}

const countingOperations: ReadonlySet<string> = new Set(['count_over_time', 'rate', 'absent_over_time'])
const unchanging: ReadonlySet<string> = new Set(['lineFilter', 'labelFilter', 'decolorize', 'lineFormat'])

/** `stages` may lack those that have been applied before. Throws `LogqlError`. */
export function createSampler(
  { range, grouping, ignoresErrors }: Leaf,
  stages = range.query.stages,
): Sampler {
  const { operation, unwrap } = range
  const run = compileStages(stages, namesBehind(range, grouping))
  const filters = (unwrap?.filters ?? []).map(createLabelFilter)
  const read = unwrap === null ? null : readerOf(unwrap.conversion)
  const isCount = unwrap === null && countingOperations.has(operation)
  const unwrapped = (state: LineState): number | null => {
    const text = state.get((unwrap as NonNullable<typeof unwrap>).label)
    if (text === undefined || text === '') return null
    const value = (read as NonNullable<typeof read>)(text)
    if (value === null) state.fail('SampleExtractionErr', `cannot read ${JSON.stringify(text)} as a number`)
    return filters.every((filter) => filter(state)) ? (value ?? 0) : null
  }
  return {
    keepsLabels: unwrap === null && stages.every(({ kind }) => unchanging.has(kind)),
    isPlainCount: isCount && stages.length === 0,
    value: (state) => {
      if (!run(state)) return null
      let value: number | null = 1
      if (unwrap !== null) value = unwrapped(state)
      else if (!isCount) value = Buffer.byteLength(state.line)
      if (value !== null && state.error !== null && !ignoresErrors) throw pipelineError(state)
      return value
    },
    labels: (state) => groupedLabels(state, grouping, unwrap?.label ?? null),
  }
}

/** Labels that are looked at behind the stages; null: all. */
function namesBehind({ unwrap }: Leaf['range'], grouping: Grouping | null): string[] | null {
  if (grouping === null || grouping.isWithout) return null
  const names = [...grouping.labels]
  if (unwrap !== null) {
    // Filters behind an unwrap are label filters like any other.
    const stages = unwrap.filters.map((filter) => ({ kind: 'labelFilter', filter }) as const)
    names.push(unwrap.label, ...(neededLabels(stages, []) ?? []))
  }
  return names
}

function pipelineError(state: LineState): Error {
  return evaluateError(
    `pipeline error: '${state.error}' for series: '${printLabels(state.allLabels())}'.\n` +
      'Use a label filter to intentionally skip this error. (e.g | __error__!="' +
      `${state.error}").\nTo skip all potential errors you can match empty errors.(e.g __error__="")\n` +
      'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n',
  )
}

function groupedLabels(state: LineState, grouping: Grouping | null, unwrapped: string | null): SeriesLabels {
  if (grouping !== null && !grouping.isWithout) {
    const labels: [string, string][] = []
    for (const name of grouping.labels.toSorted()) {
      const value = state.get(name)
      if (value !== undefined && value !== '' && labels.at(-1)?.[0] !== name) labels.push([name, value])
    }
    return labels
  }
  const left = new Set(grouping?.labels ?? [])
  if (unwrapped !== null) left.add(unwrapped)
  return state.allLabels().filter(([name]) => !left.has(name))
}

/** Durations in seconds, sizes in bytes. */
function readerOf(conversion: Conversion | null): (text: string) => number | null {
  if (conversion === null) return parseNumber
  if (conversion === 'bytes') return parseSize
  return (text) => {
    const ns = parseGoDuration(text)
    return ns === null ? null : ns / 1e9
  }
}
