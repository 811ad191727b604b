/** A plan made ready for one query thread: matchers compiled, grams hashed, streams chosen. */

import { gapLevel, levelNames } from '../model/entry.ts'
import { gramHashes, type RequiredGrams } from '../store/gram-filter.ts'
import type { Snapshot } from '../store/reader.ts'
import type { StreamIds } from '../store/stream-ids.ts'
import { type BodyMatcher, createBodyMatcher } from './match/body-matcher.ts'
import type { Plan } from './plan.ts'
import { compileSelector, createSelected } from './stream-selection.ts'

export type CompiledPlan = {
  readonly plan: Plan
  /** Null: no condition on the text. */
  readonly matcher: BodyMatcher | null
  readonly requiredGrams: RequiredGrams
  /** Bit per wanted level code, that of gap records included; null: all. */
  readonly levelMask: number | null
  /** Streams that the plan selects now; null: all. */
  readonly streamsOf: (snapshot: Snapshot) => StreamIds | null
}

export function compilePlan(plan: Plan): CompiledPlan {
  const matcher = createBodyMatcher(plan.lines)
  const filter = compileSelector(plan.streams)
  const selected = filter === null ? null : createSelected(filter)
  return {
    plan,
    matcher,
    requiredGrams: (matcher?.requiredGrams ?? []).map((alternatives) => alternatives.map(gramHashes)),
    levelMask: levelMaskOf(plan),
    streamsOf: (snapshot) => selected?.(snapshot) ?? null,
  }
}

const everyLevel = (1 << levelNames.length) - 1

function levelMaskOf({ levels, gaps }: Plan): number | null {
  if (gaps) return levels === null ? null : levels | (1 << gapLevel)
  return levels ?? everyLevel
}
