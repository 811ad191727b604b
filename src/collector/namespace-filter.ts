/** Decides by name which namespaces are collected: globs with `*` and `?`, as in the settings. */

export type NamespaceFilter = (namespace: string) => boolean

/** Empty `wanted` means all. An excluded namespace is never wanted. */
export function createNamespaceFilter(
  wanted: readonly string[],
  excluded: readonly string[],
): NamespaceFilter {
  const isWanted = wanted.map(toRegExp)
  const isExcluded = excluded.map(toRegExp)
  const known = new Map<string, boolean>()
  return (namespace) => {
    let decided = known.get(namespace)
    if (decided === undefined) {
      if (known.size > namespacesRemembered) known.clear()
      decided =
        (isWanted.length === 0 || isWanted.some((glob) => glob.test(namespace))) &&
        !isExcluded.some((glob) => glob.test(namespace))
      known.set(namespace, decided)
    }
    return decided
  }
}

/** Decisions kept; clusters have tens of namespaces. */
const namespacesRemembered = 10_000

function toRegExp(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}
