/**
 * Lets go of deleted files that are not read to their end in time, because nothing can be stored, or they
 * are written faster than they are read: at a bound of bytes and of time.
 */

import { collectorLimits } from '../limits/collector.ts'
import type { Generation } from './generation.ts'
import { elapsedMs, type Instance } from './instance.ts'

export class HeldFiles {
  readonly #sinceMs = new Map<Generation, number>()
  #checkedMs: number | null = null

  /**
   * Closes the oldest of them above the bounds, and records what was unread. Looks every few seconds only.
   */
  limit(instances: readonly Instance[], now: number): void {
    if (this.#checkedMs !== null && elapsedMs(now, this.#checkedMs) < collectorLimits.heldCheckMs) return
    this.#checkedMs = now
    const held = this.#find(instances, now)
    let bytes = held.reduce((sum, { generation }) => sum + generation.size, 0)
    for (const { instance, generation, sinceMs } of held) {
      const isLate = elapsedMs(now, sinceMs) >= collectorLimits.heldMaxMs
      if (!isLate && bytes <= collectorLimits.heldBytesMax) continue
      const { name, size, twin, unreadBytes } = generation
      bytes -= size
      this.#sinceMs.delete(generation)
      if (twin !== null) {
        // Closed, it becomes its compressed copy with the next listing.
        generation.close()
        continue
      }
      instance.remove(generation)
      if (unreadBytes !== 0) instance.gap({ reason: 'deleted_unread', bytes: unreadBytes, file: name })
    }
  }

  /** Deleted files that are open, held longest first. */
  #find(
    instances: readonly Instance[],
    now: number,
  ): { instance: Instance; generation: Generation; sinceMs: number }[] {
    const found = []
    for (const instance of instances) {
      for (const generation of instance.generations) {
        // A listing takes from a deleted file that it is live.
        if (generation.log === null || generation.isLive) continue
        generation.lookThrough(now)
        if (!generation.isUnlinked) continue
        const sinceMs = this.#sinceMs.get(generation) ?? now
        found.push({ instance, generation, sinceMs })
      }
    }
    this.#sinceMs.clear()
    for (const { generation, sinceMs } of found) this.#sinceMs.set(generation, sinceMs)
    return found.toSorted((one, other) => one.sinceMs - other.sinceMs)
  }
}
