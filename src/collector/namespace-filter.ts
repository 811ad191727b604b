/** Decides by name which namespaces are collected: globs with `*` and `?`, as in the settings. */

import { compileGlob } from '../model/glob.ts'

export type NamespaceFilter = (namespace: string) => boolean

/** Empty `wanted` means all. An excluded namespace is never wanted. */
export function createNamespaceFilter(
  wanted: readonly string[],
  excluded: readonly string[],
): NamespaceFilter {
  const isWanted = wanted.map(compileGlob)
  const isExcluded = excluded.map(compileGlob)
  const known = new Map<string, boolean>()
  return (namespace) => {
    let decided = known.get(namespace)
    if (decided === undefined) {
      if (known.size > namespacesRemembered) known.clear()
      decided =
        (isWanted.length === 0 || isWanted.some((matches) => matches(namespace))) &&
        !isExcluded.some((matches) => matches(namespace))
      known.set(namespace, decided)
    }
    return decided
  }
}

/** Decisions kept; clusters have tens of namespaces. */
const namespacesRemembered = 10_000
