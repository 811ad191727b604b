/**
 * Explains empty answers: names that match no stream with the nearest known ones, and when the newest stream
 * last wrote.
 */

import { queryLimits } from '../limits/query.ts'
import { compileGlob, isLiteralGlob } from '../model/glob.ts'
import { nearestName } from '../model/nearest-name.ts'
import { formatTime } from '../model/time.ts'
import type { Snapshot } from '../store/reader.ts'
import { type StreamLabel, streamLabels } from '../store/stream-names.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import type { Glob, StreamSelector } from './plan.ts'
import { compileSelector } from './stream-selection.ts'

/** A warning per name that no stream carries. */
export function explainNames(snapshot: Snapshot, { plan, streamsOf }: CompiledPlan): string[] {
  return explainSelector(snapshot, plan.streams, streamsOf(snapshot)?.size !== 0)
}

/**
 * The same; `isSome`: the selector is known to select a stream. After `explainMs` no further name is looked
 * for, which is told.
 */
export function explainSelector(
  snapshot: Snapshot,
  selector: StreamSelector,
  isSome: boolean,
  explainMs: number = queryLimits.explainMs,
): string[] {
  const started = performance.now()
  const warnings: string[] = []
  let looked = 0
  const isAlone = Object.values(selector).flat().length === 1
  for (const label of streamLabels) {
    const globs = selector[label]
    if (globs.length === 0 || (isSome && globs.length === 1)) continue
    let known: string[] | null = null
    for (const glob of globs) {
      if (looked > 0 && performance.now() - started > explainMs) {
        warnings.push('the other names in the filters were not looked for: there are many')
        return warnings
      }
      looked += 1
      if (!isAlone && isCarried(snapshot, label, glob)) continue
      known ??= snapshot.streams.names(label, queryLimits.namesComparedMax)
      const nearest = nearestName(glob, known)
      const hint = nearest === null ? `known: ${someOf(known)}` : `nearest: ${nearest}`
      warnings.push(`no stream has ${label} ${glob}; ${hint}`)
    }
  }
  return warnings
}

const anyStream: StreamSelector = { namespace: [], pod: [], container: [], node: [], restart: [] }

function isCarried({ streams }: Snapshot, label: StreamLabel, glob: Glob): boolean {
  if (isLiteralGlob(glob)) return streams.isName(label, glob)
  if (label === 'namespace') return streams.namespacesFrom('').some(compileGlob(glob))
  const filter = compileSelector({ ...anyStream, [label]: [glob] })
  if (filter === null) return true
  for (const { found } of streams.inOrder(filter, null)) if (found.length > 0) return true
  return false
}

/** Names listed where none is near. */
const listedNamesMax = 5

function someOf(known: readonly string[]): string {
  if (known.length === 0) return 'none yet'
  const names = known.toSorted()
  return names.slice(0, listedNamesMax).join(', ') + (names.length > listedNamesMax ? ', …' : '')
}

/** When the newest of the selected streams last wrote; null where none is selected. */
export function explainEmpty(snapshot: Snapshot, compiled: CompiledPlan): string | null {
  const streamIds = compiled.streamsOf(snapshot)
  if (streamIds?.size === 0) return null
  const range = { streamIds, fromSec: Number.MIN_SAFE_INTEGER, toSec: Number.MAX_SAFE_INTEGER }
  let newest = { sec: Number.NEGATIVE_INFINITY, ns: 0 }
  const blocks = snapshot.newestBlocks(range)
  const block = blocks.next().value
  blocks.return()
  const segments = snapshot.journal(0, streamIds)
  for (const { maxSec, maxNs } of block ? [block, ...segments] : segments) {
    if (maxSec > newest.sec || (maxSec === newest.sec && maxNs > newest.ns))
      newest = { sec: maxSec, ns: maxNs }
  }
  if (newest.sec === Number.NEGATIVE_INFINITY) return 'nothing is stored yet'
  return `no line matches in this range; the newest matching stream last wrote at ${formatTime(newest)}`
}
