/** Writes a syntax tree as a query that reads as the same tree. */

import type {
  Grouping,
  LabelFilter,
  LogQuery,
  Matcher,
  Query,
  RangeAggregation,
  Stage,
  Unwrap,
} from './tree.ts'
import { formatPrometheusDuration } from './units.ts'

export function printQuery(query: Query): string {
  switch (query.kind) {
    case 'log':
      return printLogQuery(query)
    case 'range':
      return printRange(query)
    case 'vectorAggregation': {
      const { operation, parameter, grouping, inner } = query
      const argument = parameter === null ? '' : `${formatNumber(parameter)}, `
      const by = grouping === null ? '' : ` ${printGrouping(grouping)} `
      return `${operation}${by}(${argument}${printQuery(inner)})`
    }
    case 'binary':
      return printBinary(query)
    case 'literal':
      return formatNumber(query.value)
    case 'vector':
      return `vector(${formatNumber(query.value)})`
    case 'labelReplace': {
      const texts = [query.target, query.replacement, query.source, query.pattern].map(quote)
      return `label_replace(${printQuery(query.inner)}, ${texts.join(', ')})`
    }
  }
}

/** Numbers that are none are written as what makes them: there are no words for them. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '(0 / 0)'
  if (value === Number.POSITIVE_INFINITY) return '(1e308 * 10)'
  if (value === Number.NEGATIVE_INFINITY) return '(-1e308 * 10)'
  return Object.is(value, -0) ? '-0' : String(value)
}

function printBinary({
  operator,
  isBool,
  matching,
  left,
  right,
}: Extract<Query, { kind: 'binary' }>): string {
  let between = operator as string
  if (isBool) between += ' bool'
  if (matching !== null) {
    between += ` ${matching.isOn ? 'on' : 'ignoring'} (${matching.labels.join(', ')})`
    if (matching.group !== null) between += ` group_${matching.group} (${matching.include.join(', ')})`
  }
  return `(${printQuery(left)} ${between} ${printQuery(right)})`
}

function printGrouping({ isWithout, labels }: Grouping): string {
  return `${isWithout ? 'without' : 'by'} (${labels.join(', ')})`
}

function printRange({
  operation,
  parameter,
  query,
  unwrap,
  rangeNs,
  offsetNs,
  grouping,
}: RangeAggregation): string {
  const argument = parameter === null ? '' : `${formatNumber(parameter)}, `
  const unwrapText = unwrap === null ? '' : ` ${printUnwrap(unwrap)}`
  const offset = offsetNs === 0 ? '' : ` offset ${formatPrometheusDuration(offsetNs)}`
  const by = grouping === null ? '' : ` ${printGrouping(grouping)}`
  const range = `[${formatPrometheusDuration(rangeNs)}]`
  return `${operation}(${argument}${printLogQuery(query)}${unwrapText} ${range}${offset})${by}`
}

function printUnwrap({ label, conversion, filters }: Unwrap): string {
  const unwrapped = conversion === null ? label : `${conversion}(${label})`
  return [`| unwrap ${unwrapped}`, ...filters.map((filter) => `| ${printLabelFilter(filter)}`)].join(' ')
}

export function printLogQuery({ matchers, stages }: LogQuery): string {
  return [`{${matchers.map(printMatcher).join(', ')}}`, ...stages.map(printStage)].join(' ')
}

function printMatcher({ name, operator, value }: Matcher): string {
  return `${name}${operator}${quote(value)}`
}

function printStage(stage: Stage): string {
  switch (stage.kind) {
    case 'lineFilter': {
      const operands = stage.operands.map(({ kind, value }) =>
        kind === 'ip' ? `ip(${quote(value)})` : quote(value),
      )
      return `${stage.operator} ${operands.join(' or ')}`
    }
    case 'json':
      return `| json${printFields(stage.fields)}`
    case 'logfmt': {
      const flags = `${stage.isStrict ? ' --strict' : ''}${stage.keepEmpty ? ' --keep-empty' : ''}`
      return `| logfmt${flags}${printFields(stage.fields)}`
    }
    case 'pattern':
    case 'regexp':
      return `| ${stage.kind} ${quote(stage.text)}`
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`
    case 'labelFilter':
      return `| ${printLabelFilter(stage.filter)}`
    case 'lineFormat':
      return `| line_format ${quote(stage.template)}`
    case 'labelFormat': {
      const formats = stage.formats.map((format) =>
        'from' in format ? `${format.name}=${format.from}` : `${format.name}=${quote(format.template)}`,
      )
      return `| label_format ${formats.join(', ')}`
    }
    case 'drop':
    case 'keep': {
      const picks = stage.picks.map(({ name, matcher }) => (matcher === null ? name : printMatcher(matcher)))
      return `| ${stage.kind} ${picks.join(', ')}`
    }
  }
}

function printFields(fields: readonly { readonly name: string; readonly path: string }[]): string {
  if (fields.length === 0) return ''
  return ` ${fields.map(({ name, path }) => `${name}=${quote(path)}`).join(', ')}`
}

function printLabelFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case 'text':
      return printMatcher(filter.matcher)
    case 'compare':
      return `${filter.name} ${filter.operator} ${filter.text}`
    case 'ip':
      return `${filter.name} ${filter.operator} ip(${quote(filter.pattern)})`
    default:
      return `(${printLabelFilter(filter.left)} ${filter.kind} ${printLabelFilter(filter.right)})`
  }
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** As a string with escapes that Go knows. */
function quote(text: string): string {
  const escaped = text.toWellFormed().replaceAll(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    const short = shortEscapes[character]
    if (short !== undefined) return short
    const codePoint = character.codePointAt(0) as number
    return codePoint > 0xffff
      ? `\\U${codePoint.toString(16).padStart(8, '0')}`
      : `\\u${codePoint.toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}
