/**
 * What the collector has counted since its thread began: lines and bytes by namespace, malformed lines and
 * gaps by reason, rotations.
 */

import { collectorLimits } from '../limits/collector.ts'
import type { CollectorCounters, CollectorStatus } from './contract.ts'

/** Lines and bytes read of one namespace. */
export type ReadCount = { lines: number; bytes: number }

/** Of namespaces beyond the bound, and of what came out of containers that were gone at the start. */
export const otherNamespaces = '_other'

export class Counters {
  bytesRead = 0
  linesMalformed = 0
  gaps = 0
  rotations = 0
  readonly malformed = { ...noCounters.malformed }
  readonly gapReasons = { ...noCounters.gaps }
  readonly #namespaces = new Map<string, ReadCount>()

  /** Where to count for a namespace: its own place, or the one that all beyond the bound share. */
  of(namespace: string): ReadCount {
    const known = this.#namespaces.get(namespace)
    if (known !== undefined) return known
    const hasRoom = this.#namespaces.size < collectorLimits.namespacesCountedMax
    if (!hasRoom && namespace !== otherNamespaces) return this.of(otherNamespaces)
    const count = { lines: 0, bytes: 0 }
    this.#namespaces.set(namespace, count)
    return count
  }

  get linesRead(): number {
    let lines = 0
    for (const count of this.#namespaces.values()) lines += count.lines
    return lines
  }

  report(): Pick<CollectorCounters, 'namespaces' | 'malformed' | 'gaps' | 'rotations'> {
    return {
      namespaces: [...this.#namespaces].map(([namespace, count]) => ({ namespace, ...count })),
      malformed: { ...this.malformed },
      gaps: { ...this.gapReasons },
      rotations: this.rotations,
    }
  }
}

const noCounters: CollectorCounters = {
  namespaces: [],
  files: { live: 0, rotated: 0, done: 0, waiting: 0, unreadable: 0 },
  lagBytes: 0,
  lagSec: 0,
  malformed: { time: 0, iostream: 0, format: 0, json: 0 },
  gaps: { rotated_away: 0, truncated: 0, deleted_unread: 0, cut_gzip: 0, database_replaced: 0 },
  rotations: 0,
  commits: 0,
  commitFailures: 0,
  commitSec: 0,
  store: {
    blocksSealed: 0,
    merges: 0,
    folds: 0,
    swept: { blocks: 0, lines: 0, bytes: 0 },
    oldestArrivalSec: null,
    upkeepSec: 0,
  },
}

/** Before anything is known of the collector. */
export const noStatus: CollectorStatus = {
  commit: 0,
  degraded: [],
  filesOpen: 0,
  linesRead: 0,
  bytesRead: 0,
  linesMalformed: 0,
  gaps: 0,
  counters: noCounters,
}
