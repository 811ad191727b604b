/** What a query that reads well must hold besides, before anything is evaluated. */

import { parseError } from '../error.ts'
import { compileMatcher, compilePattern } from '../regexes.ts'
import { parseCapturePattern } from './line-pattern.ts'
import { formatNumber } from './print-query.ts'
import type {
  LabelFilter,
  LogQuery,
  MetricQuery,
  Query,
  RangeAggregation,
  Stage,
  VectorOperation,
} from './tree.ts'

/** Throws `LogqlError`. */
export function checkQuery(query: Query): void {
  switch (query.kind) {
    case 'log':
      return checkLogQuery(query)
    case 'range':
      return checkRange(query)
    case 'vectorAggregation':
      checkVectorAggregation(query)
      return checkQuery(query.inner)
    case 'binary':
      checkQuery(query.left)
      return checkQuery(query.right)
    case 'labelReplace':
      compileLabelReplace(query.pattern)
      return checkQuery(query.inner)
    case 'literal':
    case 'vector':
  }
}

function compileLabelReplace(pattern: string): void {
  try {
    compilePattern(pattern, { isWhole: true })
  } catch (error) {
    throw parseError(`invalid regex in label_replace: ${(error as Error).message}`)
  }
}

const noMatcher =
  'queries require at least one regexp or equality matcher that does not have an empty-compatible value. ' +
  'For instance, app=~".*" does not meet this requirement, but app=~".+" will'

function checkLogQuery({ matchers, stages }: LogQuery): void {
  if (matchers.map(compileMatcher).every((test) => test(''))) throw parseError(noMatcher)
  for (const stage of stages) checkStage(stage)
}

function checkStage(stage: Stage): void {
  switch (stage.kind) {
    case 'labelFilter':
      return checkLabelFilter(stage.filter)
    case 'pattern':
      parseCapturePattern(stage.text)
      return
    case 'regexp':
      checkRegexp(stage.text)
      return
    case 'drop':
    case 'keep':
      for (const { matcher } of stage.picks) if (matcher !== null) compileMatcher(matcher)
      return
    default:
  }
}

/** The names of a regexp parser's groups. Throws `LogqlError`. */
export function checkRegexp(pattern: string): void {
  const names = compilePattern(pattern).names.filter((name) => name !== null)
  if (names.length === 0) throw parseError('at least one named capture must be supplied')
  const bad = names.find((name) => !/^[A-Za-z_]\w*$/.test(name))
  if (bad !== undefined) throw parseError(`invalid extracted label name ${JSON.stringify(bad)}`)
  if (new Set(names).size < names.length) throw parseError('duplicate extracted label name')
}

export function checkLabelFilter(filter: LabelFilter): void {
  if (filter.kind === 'text') compileMatcher(filter.matcher)
  if (filter.kind === 'and' || filter.kind === 'or') {
    checkLabelFilter(filter.left)
    checkLabelFilter(filter.right)
  }
}

const withoutUnwrap: ReadonlySet<string> = new Set([
  'rate',
  'count_over_time',
  'bytes_over_time',
  'bytes_rate',
  'absent_over_time',
])
const withUnwrap: ReadonlySet<string> = new Set([
  'rate',
  'rate_counter',
  'sum_over_time',
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
])
const withGrouping: ReadonlySet<string> = new Set([
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
])

function checkRange({ operation, parameter, query, unwrap, grouping }: RangeAggregation): void {
  if (operation === 'quantile_over_time') {
    if (parameter === null) throw parseError(`parameter required for operation ${operation}`)
  } else if (parameter !== null) {
    throw parseError(`parameter ${formatNumber(parameter)} not supported for operation ${operation}`)
  }
  if (grouping !== null && !withGrouping.has(operation)) {
    throw parseError(`grouping not allowed for ${operation} aggregation`)
  }
  const isValid = (unwrap === null ? withoutUnwrap : withUnwrap).has(operation)
  if (!isValid) {
    throw parseError(`invalid aggregation ${operation} ${unwrap === null ? 'without' : 'with'} unwrap`)
  }
  for (const filter of unwrap?.filters ?? []) checkLabelFilter(filter)
  checkLogQuery(query)
}

const withCount: ReadonlySet<VectorOperation> = new Set(['topk', 'bottomk', 'approx_topk'])

function checkVectorAggregation(query: Extract<MetricQuery, { kind: 'vectorAggregation' }>): void {
  const { operation, parameter, grouping } = query
  if (withCount.has(operation)) {
    if (parameter === null) throw parseError(`parameter required for operation ${operation}`)
    if (!Number.isInteger(parameter) || parameter <= 0) {
      throw parseError(
        `invalid parameter ${operation}(${formatNumber(parameter)}, …): a whole number above 0`,
      )
    }
  } else if (parameter !== null) {
    throw parseError(`unsupported parameter for operation ${operation}(${formatNumber(parameter)}, …)`)
  }
  const isGroupable = operation !== 'sort' && operation !== 'sort_desc' && operation !== 'approx_topk'
  if (grouping !== null && !isGroupable) {
    throw parseError(`grouping not allowed for ${operation} aggregation`)
  }
}
