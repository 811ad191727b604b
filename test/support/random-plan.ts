/** Random plans and what they keep of a model's lines, and random work on its store between two questions. */

import { attribute } from '../../src/model/entry.ts'
import type { LineFilter, Plan } from '../../src/query/plan.ts'
import { everything } from './engine-tasks.ts'
import type { Random } from './random.ts'
import type { ModelLine, StoreModel } from './store-model.ts'

const filters: readonly LineFilter[] = [
  { kind: 'substring', text: 'needle', ignoreCase: false, negate: false },
  { kind: 'substring', text: 'NEEDLE', ignoreCase: true, negate: false },
  { kind: 'substring', text: 'alpha', ignoreCase: false, negate: true },
  { kind: 'regex', pattern: 'ch.rlie \\d+', ignoreCase: false, negate: false },
]

export type RandomPlan = { readonly plan: Plan; readonly keeps: (line: ModelLine) => boolean }

/** `streamIds`: of the model's streams by their index. */
export function drawPlan(random: Random, streamIds: ReadonlyMap<number, number>): RandomPlan {
  const filter = random.chance(0.6) ? random.pick(filters) : null
  const pod = random.chance(0.5) ? random.between(0, 5) : null
  const iostream = random.chance(0.3) ? random.pick([0, 1] as const) : null
  const levels = random.chance(0.3) ? random.between(1, 255) : null
  const plan: Plan = {
    streams: { ...everything.streams, pod: pod === null ? [] : [`pod-${pod}`] },
    iostream,
    levels,
    lines: filter === null ? [] : [filter],
    gaps: true,
  }
  return { plan, keeps: (line) => keepsText(filter, line.text) && keepsColumns(line) }

  function keepsColumns(line: ModelLine): boolean {
    if (pod !== null && line.streamId !== streamIds.get(pod)) return false
    if (iostream !== null && (line.attributes & attribute.stderr) !== iostream) return false
    return levels === null || (levels & (1 << line.level)) !== 0
  }
}

function keepsText(filter: LineFilter | null, text: string): boolean {
  if (filter === null) return true
  const found =
    filter.kind === 'regex'
      ? new RegExp(filter.pattern).test(text)
      : filter.ignoreCase
        ? text.toLowerCase().includes(filter.text.toLowerCase())
        : text.includes(filter.text)
  return found !== filter.negate
}

/**
 * The streams that `commitRandom` writes to, by their index, each with a first line: one of which nothing is
 * stored may be gone after a restart, and its number with it.
 */
export function beginStreams(model: StoreModel, startSec: number): Map<number, number> {
  const streamIds = new Map<number, number>()
  for (let index = 0; index < 6; index += 1) streamIds.set(index, model.streamId(index))
  const firsts = [...streamIds.values()].map((streamId) => ({
    streamId,
    sec: startSec,
    ns: 0,
    text: 'first',
  }))
  model.commitLines(firsts, startSec)
  return streamIds
}

/** Makes the world move between two questions: commits, upkeep, a restart now and then. */
export function disturb(model: StoreModel, random: Random, clock: { sec: number }): void {
  for (let count = random.between(0, 3); count > 0; count -= 1) {
    clock.sec += random.between(0, 30)
    model.commitRandom(random, clock.sec)
    if (random.chance(0.5)) model.writer.maintain(clock.sec, 20)
  }
  if (random.chance(0.05)) model.reopen()
}
