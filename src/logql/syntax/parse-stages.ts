/** Parses selectors and the stages of pipelines. */

import { matchOperatorHere, parseIp, parseLabelFilter } from './parse-label-filter.ts'
import type { TokenReader } from './token-reader.ts'
import type {
  Conversion,
  FieldExpression,
  LabelFormat,
  LabelPick,
  LineOperand,
  LineOperator,
  Matcher,
  Stage,
  Unwrap,
} from './tree.ts'

export function parseSelector(reader: TokenReader): Matcher[] {
  reader.expectSign('{')
  const matchers: Matcher[] = []
  if (reader.acceptSign('}')) return matchers
  for (;;) {
    reader.countPart()
    const name = reader.expectName()
    const operator = matchOperatorHere(reader)
    if (operator === null) throw reader.unexpected('expecting = or != or =~ or !~')
    reader.take()
    matchers.push({ name, operator, value: reader.expectText() })
    if (reader.acceptSign('}')) return matchers
    if (!reader.acceptSign(',')) throw reader.unexpected('expecting } or ,')
  }
}

const lineOperators: ReadonlySet<string> = new Set(['|=', '!=', '|~', '!~', '|>', '!>'])

/** Stages up to an `unwrap`, a range or whatever is none. */
export function parseStages(reader: TokenReader): Stage[] {
  const stages: Stage[] = []
  for (;;) {
    const { token } = reader
    if (token.kind !== 'sign') return stages
    if (lineOperators.has(token.text)) {
      reader.take()
      stages.push(parseLineFilter(reader, token.text as LineOperator))
    } else if (token.text === '|' && !isUnwrap(reader)) {
      reader.take()
      stages.push(parseStage(reader))
    } else return stages
    reader.countPart()
  }
}

function isUnwrap(reader: TokenReader): boolean {
  return reader.following.kind === 'word' && reader.following.text.toLowerCase() === 'unwrap'
}

function parseLineFilter(reader: TokenReader, operator: LineOperator): Stage {
  const operands = [parseOperand(reader)]
  while (reader.acceptWord('or')) {
    reader.countPart()
    operands.push(parseOperand(reader))
  }
  return { kind: 'lineFilter', operator, operands }
}

function parseOperand(reader: TokenReader): LineOperand {
  if (reader.seesWord('ip')) return { kind: 'ip', value: parseIp(reader) }
  if (reader.token.kind !== 'text') throw reader.unexpected('expecting STRING or ip')
  return { kind: 'text', value: reader.take().text }
}

function parseStage(reader: TokenReader): Stage {
  const { token } = reader
  const keyword = token.kind === 'word' ? token.text.toLowerCase() : ''
  switch (keyword) {
    case 'json':
      reader.take()
      return { kind: 'json', fields: parseFields(reader) }
    case 'logfmt':
      reader.take()
      return { kind: 'logfmt', ...parseFlags(reader), fields: parseFields(reader) }
    case 'pattern':
    case 'regexp':
      reader.take()
      return { kind: keyword, text: reader.expectText() }
    case 'unpack':
    case 'decolorize':
      reader.take()
      return { kind: keyword }
    case 'line_format':
      reader.take()
      return { kind: 'lineFormat', template: reader.expectText() }
    case 'label_format':
      reader.take()
      return { kind: 'labelFormat', formats: parseList(reader, parseLabelFormat) }
    case 'drop':
    case 'keep':
      reader.take()
      return { kind: keyword, picks: parseList(reader, parsePick) }
    default:
      return { kind: 'labelFilter', filter: parseLabelFilter(reader) }
  }
}

function parseList<Item>(reader: TokenReader, parse: (reader: TokenReader) => Item): Item[] {
  const items = [parse(reader)]
  while (reader.acceptSign(',')) {
    reader.countPart()
    items.push(parse(reader))
  }
  return items
}

function parseFields(reader: TokenReader): FieldExpression[] {
  return reader.seesName() ? parseList(reader, parseField) : []
}

function parseField(reader: TokenReader): FieldExpression {
  const name = reader.expectName()
  return { name, path: reader.acceptSign('=') ? reader.expectText() : name }
}

function parseFlags(reader: TokenReader): { isStrict: boolean; keepEmpty: boolean } {
  const flags = { isStrict: false, keepEmpty: false }
  while (reader.token.kind === 'flag') {
    if (reader.token.text === '--strict') flags.isStrict = true
    else if (reader.token.text === '--keep-empty') flags.keepEmpty = true
    else throw reader.unexpected('expecting --strict or --keep-empty')
    reader.take()
  }
  return flags
}

function parseLabelFormat(reader: TokenReader): LabelFormat {
  const name = reader.expectName()
  reader.expectSign('=')
  if (reader.token.kind === 'text') return { name, template: reader.take().text }
  if (!reader.seesName()) throw reader.unexpected('expecting STRING or IDENTIFIER')
  return { name, from: reader.take().text }
}

function parsePick(reader: TokenReader): LabelPick {
  const name = reader.expectName()
  const operator = matchOperatorHere(reader)
  if (operator === null) return { name, matcher: null }
  reader.take()
  return { name, matcher: { name, operator, value: reader.expectText() } }
}

const conversions: ReadonlySet<string> = new Set(['bytes', 'duration', 'duration_seconds'])

/** `| unwrap …` with the label filters behind it; null where none stands here. */
export function parseUnwrap(reader: TokenReader): Unwrap | null {
  if (!reader.seesSign('|') || !isUnwrap(reader)) return null
  reader.take()
  reader.take()
  const name = reader.expectName()
  let unwrap: Unwrap = { label: name, conversion: null, filters: [] }
  if (conversions.has(name.toLowerCase()) && reader.acceptSign('(')) {
    unwrap = { label: reader.expectName(), conversion: name.toLowerCase() as Conversion, filters: [] }
    reader.expectSign(')')
  }
  const filters = []
  while (reader.acceptSign('|')) {
    reader.countPart()
    filters.push(parseLabelFilter(reader))
  }
  return { ...unwrap, filters }
}
