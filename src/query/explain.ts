/**
 * Explains empty answers: names that match no stream with the nearest known ones, and when the newest stream
 * last wrote.
 */

import { compileGlob } from '../model/glob.ts'
import { nearestName } from '../model/nearest-name.ts'
import { formatTime } from '../model/time.ts'
import type { Snapshot } from '../store/reader.ts'
import type { CompiledPlan } from './compiled-plan.ts'

/** A warning per name that no stream carries. */
export function explainNames(snapshot: Snapshot, { plan }: CompiledPlan): string[] {
  const warnings: string[] = []
  for (const label of ['namespace', 'pod', 'container', 'node'] as const) {
    const globs = plan.streams[label]
    if (globs.length === 0) continue
    const known = new Set<string>()
    for (const { labels } of snapshot.streams()) known.add(labels[label])
    for (const glob of globs) {
      const matches = compileGlob(glob)
      if ([...known].some(matches)) continue
      const nearest = nearestName(glob, known)
      const hint = nearest === null ? `known: ${someOf(known)}` : `nearest: ${nearest}`
      warnings.push(`no stream has ${label} ${glob}; ${hint}`)
    }
  }
  return warnings
}

/** Names listed where none is near. */
const listedNamesMax = 5

function someOf(known: ReadonlySet<string>): string {
  if (known.size === 0) return 'none yet'
  const names = [...known].sort()
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
  const segments = snapshot.journal().filter(({ streamId }) => streamIds?.has(streamId) ?? true)
  for (const { maxSec, maxNs } of block ? [block, ...segments] : segments) {
    if (maxSec > newest.sec || (maxSec === newest.sec && maxNs > newest.ns))
      newest = { sec: maxSec, ns: maxNs }
  }
  if (newest.sec === Number.NEGATIVE_INFINITY) return 'nothing is stored yet'
  return `no line matches in this range; the newest matching stream last wrote at ${formatTime(newest)}`
}
