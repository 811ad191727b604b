/** One container's log folder: its instances, each restart one, brought up to date by listings. */

import { collectorLimits } from '../limits/collector.ts'
import type { ContainerPlace, Discovery } from './discovery.ts'
import { elapsedMs, type Instance, type InstanceHost } from './instance.ts'
import type { InstanceFiles, PassedOver } from './listing.ts'
import { reconcile } from './matching.ts'

export class Container {
  place: ContainerPlace
  readonly instances = new Map<number, Instance>()
  /** As of the last listing. */
  passedOver: readonly PassedOver[] = []
  /** Its folder could not be listed. */
  isUnreadable = false
  #hasLinks = false
  #listedMs = 0

  constructor(place: ContainerPlace) {
    this.place = place
  }

  get needsListing(): boolean {
    for (const instance of this.instances.values()) if (instance.needsListing) return true
    return false
  }

  /**
   * Lists the folder where that may show something new. Instances that are over are removed and handed to
   * `over`.
   */
  update(
    discovery: Discovery,
    isForced: boolean,
    now: number,
    host: InstanceHost,
    create: (restart: number) => Instance,
    over: (instance: Instance) => void,
  ): void {
    const linksDue = this.#hasLinks && elapsedMs(now, this.#listedMs) >= collectorLimits.linksRescanMs
    const listed = discovery.listFiles(this.place, isForced || linksDue || this.needsListing)
    this.isUnreadable = listed === 'unreadable'
    if (typeof listed === 'string') return
    this.#listedMs = now
    this.#hasLinks = listed.hasLinks
    this.passedOver = listed.passedOver
    this.apply(listed, now, host, create, over)
  }

  apply(
    { files, isCertain }: Pick<InstanceFiles, 'files' | 'isCertain'>,
    now: number,
    host: InstanceHost,
    create: (restart: number) => Instance,
    over: (instance: Instance) => void,
  ): void {
    const newest = Math.max(-1, ...files.keys())
    const numbers = new Set([...this.instances.keys(), ...files.keys()])
    for (const restart of [...numbers].sort((one, other) => one - other)) {
      const found = files.get(restart) ?? []
      let instance = this.instances.get(restart)
      if (instance === undefined) {
        if (found.length === 0) continue
        instance = create(restart)
        this.instances.set(restart, instance)
      }
      if (restart < newest) instance.supersededSinceMs ??= now
      try {
        reconcile(instance, found, isCertain, now, host)
      } catch (error) {
        // A file that cannot be read now; everything known stays as it is until the next listing.
        if ((error as NodeJS.ErrnoException).code === undefined) throw error
        host.refused(this.place.key, error)
        continue
      }
      if (instance.generations.length > 0 || found.length > 0 || !isCertain) continue
      this.instances.delete(restart)
      over(instance)
    }
  }
}
