/** A plan made ready for one query thread: matchers compiled, grams hashed, streams chosen. */

import { gapLevel, type Iostream, levelNames } from '../model/entry.ts'
import { gramHashes, type RequiredGrams } from '../store/gram-filter.ts'
import type { Snapshot } from '../store/reader.ts'
import type { StreamIds } from '../store/stream-ids.ts'
import { compileSelection, type LogqlSelection } from './logql/compile-selection.ts'
import { matchStreams } from './logql/match-streams.ts'
import { createLineSelector, type LineSelector } from './logql/segment-lines.ts'
import { type BodyMatcher, createBodyMatcher } from './match/body-matcher.ts'
import type { Plan } from './plan.ts'
import { compileSelector, createSelected } from './stream-selection.ts'

export type CompiledPlan = {
  /** What its LogQL asks of iostreams and of the text is worked into it. */
  readonly plan: Plan
  /** Null: there is none. */
  readonly logql: LogqlSelection | null
  /** What is asked of single lines besides; null: nothing. */
  readonly selector: LineSelector | null
  /** Null: no condition on the text. */
  readonly matcher: BodyMatcher | null
  readonly requiredGrams: RequiredGrams
  /** Bit per wanted level code, that of gap records included; null: all. */
  readonly levelMask: number | null
  /** Streams that the plan selects now; null: all. */
  readonly streamsOf: (snapshot: Snapshot) => StreamIds | null
}

/** Throws `LogkeepError` BAD_REGEX, BAD_QUERY. */
export function compilePlan(given: Plan): CompiledPlan {
  const logql = given.logql === undefined ? null : compileSelection(given.logql)
  const base = compileSelector(given.streams)
  const matched = logql === null ? { filter: base, iostream: null } : matchStreams(logql.matchers, base)
  const plan = logql === null ? given : withLogql(given, logql, matched.iostream)
  const matcher = createBodyMatcher(plan.lines)
  const { filter } = matched
  const selected = filter === null ? null : createSelected(filter)
  const isNothing = given.iostream !== null && plan.iostream !== given.iostream
  return {
    plan,
    logql,
    selector: logql === null || logql.filter === null ? null : createLineSelector(logql.filter),
    matcher,
    requiredGrams: (matcher?.requiredGrams ?? []).map((alternatives) => alternatives.map(gramHashes)),
    levelMask: levelMaskOf(plan),
    streamsOf: (snapshot) => (isNothing ? noStreams : (selected?.(snapshot) ?? null)),
  }
}

const noStreams: StreamIds = new Set<number>()

function withLogql(plan: Plan, { lines, levels }: LogqlSelection, iostream: Iostream | null): Plan {
  return {
    ...plan,
    iostream: iostream ?? plan.iostream,
    levels: levels === null ? plan.levels : levels & (plan.levels ?? everyLevel),
    lines: [...plan.lines, ...lines],
  }
}

const everyLevel = (1 << levelNames.length) - 1

function levelMaskOf({ levels, gaps }: Plan): number | null {
  if (gaps) return levels === null ? null : levels | (1 << gapLevel)
  return levels ?? everyLevel
}
