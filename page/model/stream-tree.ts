/** The tree to choose from: namespaces, workloads, pods, containers, of the server's listing of streams. */

import type { StreamRow } from './entry.ts'

export type Node = {
  /** Names it among the nodes. */
  readonly path: string
  /** As `select` takes it: several where pods of a workload have suffixes of several lengths. */
  readonly paths: readonly string[]
  readonly name: string
  readonly kind: 'namespace' | 'workload' | 'pod' | 'container'
  readonly lines: number
  readonly bytes: number
  /** RFC 3339; null where nothing was written. */
  readonly lastTime: string | null
  /** Whether log files of it are still there. */
  readonly present: boolean
  /** Highest restart count below it. */
  readonly restarts: number
  readonly children: readonly Node[]
}

/** What controllers append to names: ReplicaSet and pod, ordinal of a StatefulSet, Job of a CronJob. */
const suffixes = [/-[a-z0-9]{5,10}-[a-z0-9]{5}$/, /-\d{8,10}-[a-z0-9]{5}$/, /-[a-z0-9]{5}$/, /-\d{1,4}$/]

/** Name of the workload: that of the pod without what was generated. */
export function workloadOf(pod: string): string {
  for (const suffix of suffixes) {
    const match = suffix.exec(pod)
    // Generated parts have digits or are made of the letters that Kubernetes takes, which have no vowels.
    if (match !== null && match.index > 0 && isGenerated(match[0])) return pod.slice(0, match.index)
  }
  return pod
}

function isGenerated(suffix: string): boolean {
  return suffix
    .slice(1)
    .split('-')
    .every((part) => /\d/.test(part) || !/[aeiou]/.test(part))
}

export function buildTree(streams: readonly StreamRow[]): readonly Node[] {
  return group(streams, ({ namespace }) => namespace).map(([namespace, rows]) =>
    parentOf(namespace, [namespace], 'namespace', workloadsOf(namespace, rows)),
  )
}

function workloadsOf(namespace: string, rows: readonly StreamRow[]): readonly Node[] {
  return group(rows, ({ pod }) => workloadOf(pod)).map(([workload, rows]) => {
    const pods = group(rows, ({ pod }) => pod).map(([pod, rows]) => {
      const containers = group(rows, ({ container }) => container).map(([container, rows]) =>
        containerOf(`${namespace}/${pod}/${container}`, container, rows),
      )
      return parentOf(pod, [`${namespace}/${pod}`], 'pod', containers)
    })
    const only = pods[0]
    if (pods.length === 1 && only !== undefined && only.name === workload) return only
    return parentOf(workload, shapesOf(namespace, workload, pods), 'workload', pods)
  })
}

function containerOf(path: string, name: string, rows: readonly StreamRow[]): Node {
  return {
    path,
    paths: [path],
    name,
    kind: 'container',
    lines: sum(rows, ({ lines }) => lines),
    bytes: sum(rows, ({ bytes }) => bytes),
    lastTime: latest(rows),
    present: rows.some(({ present }) => present),
    restarts: Math.max(...rows.map(({ restart }) => restart)),
    children: [],
  }
}

/**
 * Globs over the pods of a workload, those of its next rollout too: of the same lengths as there are now, so
 * that `api` does not take in `api-gateway`.
 */
function shapesOf(namespace: string, workload: string, pods: readonly Node[]): readonly string[] {
  const shapes = pods.map(({ name }) => name.slice(workload.length).replaceAll(/[^-]/g, '?'))
  return [...new Set(shapes)].sort().map((shape) => `${namespace}/${workload}${shape}`)
}

function parentOf(
  name: string,
  paths: readonly string[],
  kind: Node['kind'],
  children: readonly Node[],
): Node {
  return {
    path: paths[0] as string,
    paths,
    name,
    kind,
    lines: sum(children, ({ lines }) => lines),
    bytes: sum(children, ({ bytes }) => bytes),
    lastTime: latest(children),
    present: children.some(({ present }) => present),
    restarts: Math.max(...children.map(({ restarts }) => restarts)),
    children,
  }
}

function group<T>(rows: readonly T[], nameOf: (row: T) => string): (readonly [string, readonly T[]])[] {
  return [...Map.groupBy(rows, nameOf)].toSorted(([one], [other]) => (one < other ? -1 : 1))
}

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0)
}

function latest(rows: readonly { readonly lastTime: string | null }[]): string | null {
  return rows.reduce<string | null>((last, { lastTime }) => {
    return lastTime !== null && (last === null || lastTime > last) ? lastTime : last
  }, null)
}

/** All nodes, parents before their children. */
export function flattenTree(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node) => [node, ...flattenTree(node.children)])
}

/** Adds or takes away a node. One that holds others takes their place, and is put out of place by them. */
export function toggleSelected(
  select: readonly string[],
  paths: readonly string[],
  alone: boolean,
): readonly string[] {
  const isSelected = paths.every((path) => select.includes(path))
  if (alone) return isSelected && select.length === paths.length ? [] : paths
  if (isSelected) return select.filter((other) => !paths.includes(other))
  const isRelated = (other: string): boolean =>
    paths.some((path) => path === other || other.startsWith(`${path}/`) || path.startsWith(`${other}/`))
  return [...select.filter((other) => !isRelated(other)), ...paths]
}

/** A selected path as people read it: globs of a workload as `api-*`. */
export function pathLabel(path: string): string {
  return path.replaceAll(/(?:-\?+)+/g, '-*')
}
