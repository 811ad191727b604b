/**
 * Resolves links to log files and refuses those that lead out of the allowed folders: logs are shown to
 * people.
 */

import { readlinkSync, realpathSync } from 'node:fs'
import path from 'node:path'

export type LinkTarget =
  | { readonly outcome: 'found'; readonly path: string }
  | { readonly outcome: 'dangling' | 'refused' }

export class LinkResolver {
  readonly #roots: readonly string[]
  #allowed: readonly string[] = []

  constructor(roots: readonly string[]) {
    this.#roots = roots
  }

  /** Resolves the allowed folders anew: one may be mounted later, or be a link itself. */
  refresh(): void {
    this.#allowed = this.#roots.flatMap((root) => {
      try {
        return [realpathSync(root)]
      } catch {
        return []
      }
    })
  }

  /**
   * Follows all links. `refused`: to outside the allowed folders, or in a circle. Throws where links may not
   * be followed.
   */
  resolve(link: string): LinkTarget {
    let target: string
    try {
      target = realpathSync(link)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return { outcome: 'dangling' }
      if (code === 'ELOOP') return { outcome: 'refused' }
      throw error
    }
    return this.isAllowed(target) ? { outcome: 'found', path: target } : { outcome: 'refused' }
  }

  /**
   * Whether an open file lies in the allowed folders: a folder of the path by which it was opened may have
   * become a link since it was looked at.
   */
  isOpenAllowed(fd: number): boolean {
    try {
      return this.isAllowed(readlinkSync(`/proc/self/fd/${fd}`))
    } catch (error) {
      // Other systems than Linux have no such links; there the look before has to do.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
      throw error
    }
  }

  isAllowed(target: string): boolean {
    return this.#allowed.some(
      (root) => target === root || target.startsWith(root.endsWith('/') ? root : `${root}/`),
    )
  }
}

/** Folder in which a link stands, with the links in its own path resolved; null where it does not exist. */
export function realDirectory(link: string): string | null {
  try {
    return realpathSync(path.dirname(link))
  } catch {
    return null
  }
}
