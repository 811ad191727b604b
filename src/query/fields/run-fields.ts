/** A look at fields on the main thread: a chain of slices until the sample is full or a bound is reached. */

import type { FieldsRequest, MembersAnswer } from '../contract.ts'
import { untilDeadline } from '../deadline.ts'
import { type Ending, type QueryBounds, spentEnding, timeoutEnding } from '../ending.ts'
import { type Lanes, TaskTimeout } from '../lanes.ts'
import type { Pager } from '../pager.ts'
import type { FieldsResult, FieldsTask } from '../tasks.ts'

export type FieldsDeps = { readonly lanes: Lanes; readonly pager: Pager; readonly bounds: QueryBounds }

/** `name` null: the names of fields; else the values of this one. */
export async function runFields(
  { lanes, pager, bounds }: FieldsDeps,
  request: FieldsRequest & { readonly name: string | null },
  signal: AbortSignal,
): Promise<MembersAnswer> {
  const started = performance.now()
  const endMs = started + bounds.queryDeadlineMs
  const { range, name, sample, limit } = request
  const plan = { ...request.plan, gaps: false }
  const stats = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
  const warnings = new Set<string>()
  let cursor = await pager.begin(plan, range)
  let state: FieldsTask['state'] = null
  let ending: Ending | null = null
  for (;;) {
    signal.throwIfAborted()
    const task: FieldsTask = {
      kind: 'fields',
      plan,
      cursor,
      name,
      sample,
      limit,
      // Parsing thousands of lines in the light lane would hold up the tails; the answer is written there.
      sliceMs: lanes.sliceMs('scan'),
      scannedBytesMax: bounds.scannedBytesMax,
      state,
      isLast: ending !== null,
    }
    let result: FieldsResult
    try {
      result = (await (ending === null
        ? untilDeadline(endMs, signal, (bounded) => lanes.run('scan', task, bounded))
        : lanes.run('light', task, signal))) as FieldsResult
    } catch (error) {
      if (!(error instanceof TaskTimeout) || ending !== null) throw error
      ending = timeoutEnding(error, bounds)
      continue
    }
    stats.scannedBytes += result.stats.scannedBytes
    stats.scannedLines += result.stats.scannedLines
    stats.blocks += result.stats.blocks
    for (const warning of result.warnings) warnings.add(warning)
    if (result.next === null) return finish(result.members)
    cursor = result.next
    state = result.state
    const spent = { elapsedMs: performance.now() - started, scannedBytes: stats.scannedBytes }
    ending = spentEnding(spent, bounds)
  }

  function finish(members: Uint8Array): MembersAnswer {
    if (ending !== null) warnings.add(`${ending.warning}; only the lines in \`sample\` were looked at`)
    const elapsedMs = Math.round((performance.now() - started) * 100) / 100
    return {
      members,
      ended: ending?.reason ?? null,
      stats: { ...stats, elapsedMs },
      warnings: [...warnings],
    }
  }
}
