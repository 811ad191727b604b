/**
 * Finds files of which bytes stay unread although reading goes on, and opens them again: whatever the reason,
 * a log must not stand still in silence. Facts: collectors in the field stopped delivering after rotations.
 */

import { lstatSync } from 'node:fs'
import { collectorLimits } from '../limits/collector.ts'
import type { Logger } from '../log.ts'
import type { Generation } from './generation.ts'
import { readAt, toFileStat } from './identity.ts'
import { elapsedMs, type Instance, type InstanceHost } from './instance.ts'
import { OpenLog } from './open-log.ts'

export type WatchdogDeps = {
  readonly host: InstanceHost
  readonly log: Logger
  readonly setTrouble: (key: string, reason: string | null) => void
}

/** How far a file was read at the last look, and how far it could have been. */
type Seen = { readonly position: number; readonly size: number }

const lineFeed = 0x0a

export class Watchdog {
  readonly #deps: WatchdogDeps
  #seen = new Map<Generation, Seen>()
  #lookedMs: number | null = null

  constructor(deps: WatchdogDeps) {
    this.#deps = deps
  }

  /** To be called between polls. `isPaused`: nothing is read now, for a reason that is told elsewhere. */
  look(instances: readonly Instance[], now: number, isPaused: boolean): void {
    if (isPaused) this.#seen.clear()
    if (this.#lookedMs !== null && elapsedMs(now, this.#lookedMs) < collectorLimits.standstillMs) return
    this.#lookedMs = now
    if (isPaused) return
    const before = this.#seen
    this.#seen = new Map()
    const stuck: string[] = []
    for (const instance of instances) {
      const { active } = instance
      const path = active === undefined ? null : this.#see(active)
      if (active === undefined || path === null) continue
      const last = before.get(active)
      if (last === undefined || last.position !== active.position || last.size <= last.position) continue
      if (this.#openAgain(instance, active, path, last.size - last.position)) stuck.push(path)
    }
    this.#tell(stuck)
  }

  /** Notes how the file is now. Null: it cannot be compared, or is looked after elsewhere. */
  #see(active: Generation): string | null {
    const { isGzip, isReopenable, path, position } = active
    if (isGzip || !isReopenable || path === null || this.#deps.host.isRefused(path)) return null
    try {
      const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
      const stat = stats === undefined ? null : toFileStat(stats)
      if (stat === null || !active.isFile(stat)) return null
      this.#seen.set(active, { position, size: stat.size })
      return path
    } catch (error) {
      this.#deps.host.refused(path, error)
      return null
    }
  }

  /** Reads what is unread on its own. True: there is a line in it, so that the file stood still. */
  #openAgain(instance: Instance, active: Generation, path: string, unread: number): boolean {
    const { host, log } = this.#deps
    try {
      const opened = host.context.open(path)
      if (opened === null) return false
      const file = new OpenLog(opened.fd)
      const bytes = readAt(file.fd, active.position, Math.min(unread, collectorLimits.readBytes))
      // Half a line waits for its end, be it for days.
      const isLine = bytes.includes(lineFeed) || bytes.length === collectorLimits.readBytes
      if (!isLine || !active.isFile(opened.stat)) {
        file.close()
        return false
      }
      active.openAgain(file, host.context.openFiles)
      instance.hasMore = true
      instance.nextPollMs = 0
      log.warn('file_stood_still', 'A log file was read no further; it is opened again.', { path, unread })
      return true
    } catch (error) {
      host.refused(path, error)
      return false
    }
  }

  #tell(stuck: readonly string[]): void {
    const [first] = stuck
    const files = stuck.length === 1 ? '1 log file was' : `${stuck.length} log files were`
    this.#deps.setTrouble(
      'standstill',
      first === undefined ? null : `${files} read no further and opened again: ${first}`,
    )
  }
}
