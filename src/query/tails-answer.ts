/** One step each of several tails, over the same snapshot and with the same buffers. */

import type { Snapshot } from '../store/reader.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { answerTail, type TailOutput } from './tail-answer.ts'
import type { TailResult, TailsResult, TailsTask } from './tasks.ts'

/** `compile`: the plan of a tail, made ready; throws where its cursor is not of that plan. */
export function answerTails(
  snapshot: Snapshot,
  databaseId: string,
  compile: (tail: TailsTask['tails'][number]) => CompiledPlan & { readonly hash: number },
  { task, output }: { readonly task: TailsTask; readonly output: TailOutput },
): TailsResult {
  const { tails, sliceMs, answersBytesMax } = task
  const started = performance.now()
  const results: TailResult[] = []
  let bytes = 0
  for (const tail of tails) {
    const result = answerTail(snapshot, databaseId, compile(tail), { ...tail, sliceMs }, output)
    results.push(result)
    bytes += result.entries.length
    if (bytes >= answersBytesMax || performance.now() - started > sliceMs) break
  }
  const entries = new Uint8Array(bytes)
  let at = 0
  const steps = results.map(({ entries: own, ...step }) => {
    entries.set(own, at)
    at += own.length
    return { ...step, length: own.length }
  })
  return { entries, steps }
}
