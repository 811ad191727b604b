/**
 * Splits the stages of a log query: conditions that the store's own columns and searches answer, and what is
 * left for the pipeline over single lines.
 */

import { regexLimits } from '../../limits/query.ts'
import { compileMatcher } from '../../logql/regexes.ts'
import { errorDetailsLabel, errorLabel } from '../../logql/stages/line-state.ts'
import { parseFilterPattern } from '../../logql/syntax/line-pattern.ts'
import type { LabelFilter, LineFilterStage, Stage } from '../../logql/syntax/tree.ts'
import { levelNames } from '../../model/entry.ts'
import type { LineFilter } from '../plan.ts'
import { levelLabel } from './entry-labels.ts'

export type SplitStages = {
  /** All must hold; for blocks' filters and searches over whole bodies. */
  readonly lines: readonly LineFilter[]
  /** Bit per level that may pass; null: all. */
  readonly levels: number | null
  /**
   * What those do not answer, in its order. Where `lines` and `levels` hold it gives the same as all
   * stages.
   */
  readonly rest: readonly Stage[]
}

/** Lines are written anew by these: what is asked behind them is not asked of the stored line. */
const rewriting: ReadonlySet<Stage['kind']> = new Set(['lineFormat', 'unpack', 'decolorize'])
const relabelling: ReadonlySet<Stage['kind']> = new Set(['labelFormat', 'drop', 'keep', 'unpack'])

export function splitStages(stages: readonly Stage[]): SplitStages {
  const lines: LineFilter[] = []
  const rest: Stage[] = []
  let levels: number | null = null
  for (const stage of stages) {
    if (stage.kind === 'lineFilter' && !rest.some(({ kind }) => rewriting.has(kind))) {
      const { filters, isWhole } = filtersOf(stage)
      lines.push(...filters)
      if (isWhole) continue
    }
    if (stage.kind === 'labelFilter' && !rest.some(({ kind }) => relabelling.has(kind))) {
      const mask = levelsOf(stage.filter)
      if (mask !== null) {
        levels = (levels ?? everyLevel) & mask
        continue
      }
    }
    if (rest.length === 0 && dropsErrorsOnly(stage)) continue
    rest.push(stage)
  }
  return { lines, levels, rest }
}

const everyLevel = (1 << levelNames.length) - 1

/** Where nothing can have gone wrong yet it does nothing. */
function dropsErrorsOnly(stage: Stage): boolean {
  if (stage.kind !== 'drop') return false
  return stage.picks.every(({ name }) => name === errorLabel || name === errorDetailsLabel)
}

/** `isWhole`: the filters say all that the stage says; else only what it needs. */
function filtersOf({ operator, operands }: LineFilterStage): { filters: LineFilter[]; isWhole: boolean } {
  const negate = operator.startsWith('!')
  const values = operands.map(({ value }) => value)
  const none = { filters: [], isWhole: false }
  if (operands.some(({ kind, value }) => kind === 'ip' || value === '')) return none
  if (operator === '|>' || operator === '!>') {
    if (negate || values.length > 1) return none
    const parts = parseFilterPattern(values[0] as string)
    const texts = parts.flatMap((part) => ('text' in part ? [part.text] : []))
    return { filters: texts.map((text) => substring(text, false)), isWhole: false }
  }
  const isPattern = operator === '|~' || operator === '!~'
  const one = (value: string): LineFilter => (isPattern ? regex(value, negate) : substring(value, negate))
  if (negate || values.length === 1) return { filters: values.map(one), isWhole: true }
  const pattern = values.map((value) => (isPattern ? `(?:${value})` : quoted(value))).join('|')
  if (pattern.length > regexLimits.patternLengthMax) return none
  return { filters: [regex(pattern, false)], isWhole: true }
}

function substring(text: string, negate: boolean): LineFilter {
  return { kind: 'substring', text, ignoreCase: false, negate }
}

function regex(pattern: string, negate: boolean): LineFilter {
  return { kind: 'regex', pattern, ignoreCase: false, negate }
}

function quoted(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** The levels that pass, where a filter asks of nothing but the level; null: it asks of something else. */
function levelsOf(filter: LabelFilter): number | null {
  if (filter.kind === 'and' || filter.kind === 'or') {
    const left = levelsOf(filter.left)
    const right = levelsOf(filter.right)
    if (left === null || right === null) return null
    return filter.kind === 'and' ? left & right : left | right
  }
  if (filter.kind !== 'text' || filter.matcher.name !== levelLabel) return null
  const test = compileMatcher(filter.matcher)
  return levelNames.reduce((mask, name, code) => (test(name) ? mask | (1 << code) : mask), 0)
}
