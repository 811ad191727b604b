/** A plan made ready for one query thread: matchers compiled, grams hashed, streams chosen. */

import { gapLevel, levelNames } from '../model/entry.ts'
import { compileGlob } from '../model/glob.ts'
import { gramHashes } from '../store/gram-filter.ts'
import type { RequiredGrams, Snapshot } from '../store/reader.ts'
import type { StreamRecord } from '../store/stream-cache.ts'
import { type BodyMatcher, createBodyMatcher } from './match/body-matcher.ts'
import type { Plan, StreamSelector } from './plan.ts'

export type CompiledPlan = {
  readonly plan: Plan
  /** Null: no condition on the text. */
  readonly matcher: BodyMatcher | null
  readonly requiredGrams: RequiredGrams
  /** Bit per wanted level code, that of gap records included; null: all. */
  readonly levelMask: number | null
  /** Streams that the plan selects now; null: all. */
  readonly streamsOf: (snapshot: Snapshot) => ReadonlySet<number> | null
}

export function compilePlan(plan: Plan): CompiledPlan {
  const matcher = createBodyMatcher(plan.lines)
  const isSelected = compileSelector(plan.streams)
  let structure = -1
  let selected: ReadonlySet<number> = new Set()
  return {
    plan,
    matcher,
    requiredGrams: (matcher?.requiredGrams ?? []).map((alternatives) => alternatives.map(gramHashes)),
    levelMask: levelMaskOf(plan),
    streamsOf: (snapshot) => {
      if (isSelected === null) return null
      if (structure !== snapshot.structure) {
        const ids = new Set<number>()
        for (const stream of snapshot.streams()) if (isSelected(stream)) ids.add(stream.id)
        selected = ids
        structure = snapshot.structure
      }
      return selected
    },
  }
}

const everyLevel = (1 << levelNames.length) - 1

function levelMaskOf({ levels, gaps }: Plan): number | null {
  if (gaps) return levels === null ? null : levels | (1 << gapLevel)
  return levels ?? everyLevel
}

/** Null where the selector selects every stream. */
export function compileSelector(selector: StreamSelector): ((stream: StreamRecord) => boolean) | null {
  const tests: ((stream: StreamRecord) => boolean)[] = []
  for (const label of ['namespace', 'pod', 'container', 'node'] as const) {
    const globs = selector[label].map(compileGlob)
    if (globs.length > 0) tests.push(({ labels }) => globs.some((matches) => matches(labels[label])))
  }
  if (selector.restart.length > 0) tests.push(({ labels }) => selector.restart.includes(labels.restart))
  return tests.length === 0 ? null : (stream) => tests.every((test) => test(stream))
}
