/** The syntax tree of a query: what was written, with strings unquoted and numbers read. */

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** A condition on a label's text; patterns are RE2 and match the whole of it. */
export type Matcher = { readonly name: string; readonly operator: MatchOperator; readonly value: string }

export type LineOperator = '|=' | '!=' | '|~' | '!~' | '|>' | '!>'
export type LineOperand = { readonly kind: 'text' | 'ip'; readonly value: string }
/** Any of the operands; with a negative operator none of them. */
export type LineFilterStage = {
  readonly kind: 'lineFilter'
  readonly operator: LineOperator
  readonly operands: readonly LineOperand[]
}

/** `path` as written: `a.b[0]` in JSON, a key in logfmt. */
export type FieldExpression = { readonly name: string; readonly path: string }

export type CompareOperator = '==' | '!=' | '>' | '>=' | '<' | '<='
export type CompareUnit = 'number' | 'duration' | 'bytes'

export type LabelFilter =
  | { readonly kind: 'text'; readonly matcher: Matcher }
  /** `value` in nanoseconds for durations, in bytes for bytes. `text` as written. */
  | {
      readonly kind: 'compare'
      readonly name: string
      readonly operator: CompareOperator
      readonly value: number
      readonly unit: CompareUnit
      readonly text: string
    }
  | { readonly kind: 'ip'; readonly name: string; readonly operator: '=' | '!='; readonly pattern: string }
  | { readonly kind: 'and' | 'or'; readonly left: LabelFilter; readonly right: LabelFilter }

export type LabelFormat =
  | { readonly name: string; readonly from: string }
  | { readonly name: string; readonly template: string }

export type LabelPick = { readonly name: string; readonly matcher: Matcher | null }

export type Stage =
  | LineFilterStage
  | { readonly kind: 'json'; readonly fields: readonly FieldExpression[] }
  | {
      readonly kind: 'logfmt'
      readonly isStrict: boolean
      readonly keepEmpty: boolean
      readonly fields: readonly FieldExpression[]
    }
  | { readonly kind: 'pattern' | 'regexp'; readonly text: string }
  | { readonly kind: 'unpack' | 'decolorize' }
  | { readonly kind: 'labelFilter'; readonly filter: LabelFilter }
  | { readonly kind: 'lineFormat'; readonly template: string }
  | { readonly kind: 'labelFormat'; readonly formats: readonly LabelFormat[] }
  | { readonly kind: 'drop' | 'keep'; readonly picks: readonly LabelPick[] }

export type LogQuery = {
  readonly kind: 'log'
  readonly matchers: readonly Matcher[]
  readonly stages: readonly Stage[]
}

export type Conversion = 'bytes' | 'duration' | 'duration_seconds'
export type Unwrap = {
  readonly label: string
  readonly conversion: Conversion | null
  readonly filters: readonly LabelFilter[]
}

export type Grouping = { readonly isWithout: boolean; readonly labels: readonly string[] }

export const rangeOperations = [
  'rate',
  'rate_counter',
  'count_over_time',
  'bytes_rate',
  'bytes_over_time',
  'avg_over_time',
  'sum_over_time',
  'min_over_time',
  'max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
] as const
export type RangeOperation = (typeof rangeOperations)[number]

export const vectorOperations = [
  'sum',
  'avg',
  'max',
  'min',
  'count',
  'stddev',
  'stdvar',
  'bottomk',
  'topk',
  'approx_topk',
  'sort',
  'sort_desc',
] as const
export type VectorOperation = (typeof vectorOperations)[number]

export const binaryOperators = [
  'or',
  'and',
  'unless',
  '==',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
] as const
export type BinaryOperator = (typeof binaryOperators)[number]

/** `group` names the side that may have several partners, `include` labels taken from the other side. */
export type Matching = {
  readonly isOn: boolean
  readonly labels: readonly string[]
  readonly group: 'left' | 'right' | null
  readonly include: readonly string[]
}

export type RangeAggregation = {
  readonly kind: 'range'
  readonly operation: RangeOperation
  /** Of `quantile_over_time`. */
  readonly parameter: number | null
  readonly query: LogQuery
  readonly unwrap: Unwrap | null
  readonly rangeNs: number
  readonly offsetNs: number
  readonly grouping: Grouping | null
}

export type MetricQuery =
  | RangeAggregation
  | {
      readonly kind: 'vectorAggregation'
      readonly operation: VectorOperation
      /** Of topk and its like. */
      readonly parameter: number | null
      readonly grouping: Grouping | null
      readonly inner: MetricQuery
    }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly isBool: boolean
      readonly matching: Matching | null
      readonly left: MetricQuery
      readonly right: MetricQuery
    }
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'vector'; readonly value: number }
  | {
      readonly kind: 'labelReplace'
      readonly inner: MetricQuery
      readonly target: string
      readonly replacement: string
      readonly source: string
      readonly pattern: string
    }

export type Query = LogQuery | MetricQuery
