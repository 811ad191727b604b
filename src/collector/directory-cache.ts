/**
 * Lists directories again only where they may have changed: a directory's own time says so, once it is old
 * enough.
 */

import { readdirSync, statSync } from 'node:fs'
import { collectorLimits } from '../limits/collector.ts'
import type { OpenFiles } from './open-files.ts'

export type DirectoryListing = {
  readonly names: readonly string[]
  /** Not the same as at the last call. */
  readonly isNew: boolean
}

type Known = { names: readonly string[]; timeNs: bigint; isTrusted: boolean }

export class DirectoryCache {
  readonly #known = new Map<string, Known>()
  readonly #openFiles: Pick<OpenFiles, 'withDescriptor'>
  readonly #diskNowMs: () => number

  /** `diskNowMs`: a clock that agrees with the file system's. */
  constructor(openFiles: Pick<OpenFiles, 'withDescriptor'>, diskNowMs: () => number = Date.now) {
    this.#openFiles = openFiles
    this.#diskNowMs = diskNowMs
  }

  /** Names in a directory. `isForced`: list it whatever its time says. Throws the system's error. */
  list(path: string, isForced: boolean): DirectoryListing {
    const known = this.#known.get(path)
    try {
      const timeNs = statSync(path, { bigint: true }).mtimeNs
      if (known !== undefined && known.isTrusted && known.timeNs === timeNs && !isForced) {
        return { names: known.names, isNew: false }
      }
      const ageMs = this.#diskNowMs() - Number(timeNs / 1_000_000n)
      const names = this.#openFiles.withDescriptor(() => readdirSync(path))
      this.#known.set(path, { names, timeNs, isTrusted: ageMs > collectorLimits.directoryTimeTrustMs })
      return { names, isNew: true }
    } catch (error) {
      this.#known.delete(path)
      throw error
    }
  }

  forget(path: string): void {
    this.#known.delete(path)
  }
}
