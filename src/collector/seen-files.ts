/**
 * The log tree as the collector knows it in memory: files that are read, and names that are not, with the
 * reason.
 */

import path from 'node:path'
import type { Container } from './container.ts'
import type { SeenFileState } from './contract.ts'
import type { ContainerLabels, ContainerPlace } from './discovery.ts'
import type { Generation } from './generation.ts'
import { elapsedMs } from './instance.ts'
import type { PassedOver } from './listing.ts'
import { parseInstanceFile, parseLegacyLink, parsePodDirectory } from './pod-path.ts'
import type { Population } from './population.ts'
import type { Refusal, Refusals } from './refusals.ts'

/** A log file, or a folder or link in the place of one. */
export type Seen = {
  /** Absolute. */
  readonly path: string
  readonly labels: ContainerLabels
  /** Null where no container was found. */
  readonly place: ContainerPlace | null
  readonly restart: number | null
  readonly state: SeenFileState
  readonly isFolder: boolean
  /** Null for what is not read. */
  readonly generation: Generation | null
  readonly passedOver: PassedOver['reason'] | null
  readonly refusal: Refusal | null
}

export type SeenCounts = {
  readonly files: Record<SeenFileState, number>
  readonly lagBytes: number
  readonly lagSec: number
}

/** Everything of namespaces that are collected, in no order. Asks the system nothing. */
export function seeFiles(population: Population, folders: Refusals): Seen[] {
  const seen: Seen[] = []
  const shown = new Set<Refusal>()
  for (const container of population.containers) seeContainer(container, population.refused, folders, seen)
  for (const { refusal } of seen) if (refusal !== null) shown.add(refusal)
  for (const folder of population.unreadable) {
    seen.push(seenAs(folder, null, { state: 'unreadable', isFolder: true, refusal: folders.get(folder) }))
  }
  for (const link of population.refusedLinks) {
    seen.push(seenAs(link, null, { state: 'unreadable', passedOver: 'link_refused' }))
  }
  for (const [file, refusal] of population.refused.entries()) {
    // Known by a name alone: a file whose folder is gone.
    if (shown.has(refusal) || !path.isAbsolute(file)) continue
    const isFolder = refusal.place !== null && folderOf(refusal.place) === file
    seen.push(seenAs(file, refusal.place, { state: 'unreadable', isFolder, refusal }))
  }
  return seen
}

/** Counts files, and keeps up since when each has unread bytes: to be called about once a second. */
export function countSeen(seen: readonly Seen[], now: number): SeenCounts {
  const files = { live: 0, rotated: 0, done: 0, waiting: 0, unreadable: 0 }
  let lagBytes = 0
  let lagMs = 0
  for (const { generation, state } of seen) {
    files[state] += 1
    if (generation === null || state === 'unreadable') continue
    const { unreadBytes } = generation
    if (unreadBytes === 0) generation.unreadSinceMs = null
    else generation.unreadSinceMs ??= now
    lagBytes += unreadBytes ?? 0
    if (generation.unreadSinceMs !== null) lagMs = Math.max(lagMs, elapsedMs(now, generation.unreadSinceMs))
  }
  return { files, lagBytes, lagSec: lagMs / millisecondsPerSecond }
}

export const millisecondsPerSecond = 1000

/** Folder of a container's logs; null where links in the log root lead straight to its files. */
export function folderOf({ source }: ContainerPlace): string | null {
  return source.kind === 'folder' ? source.directory : null
}

function seeContainer(container: Container, refused: Refusals, folders: Refusals, seen: Seen[]): void {
  const { place } = container
  if (container.isUnreadable) {
    const refusal = folders.get(place.key)
    seen.push(seenAs(place.key, place, { state: 'unreadable', isFolder: true, refusal }))
  }
  for (const { path: file, reason } of container.passedOver) {
    seen.push(seenAs(file, place, { state: 'unreadable', passedOver: reason }))
  }
  for (const { generations, passedOver, restart } of container.instances.values()) {
    for (const generation of generations) {
      // What was truncated has no file: its copy may turn up.
      if (generation.isLost) continue
      const file = generation.path ?? path.join(folderOf(place) ?? place.key, generation.name)
      const refusal = refused.get(file)
      const state = stateOf(generation, refusal)
      seen.push(seenAs(file, place, { state, refusal, restart, generation }))
    }
    for (const { path: file, reason } of passedOver) {
      seen.push(seenAs(file, place, { state: 'done', passedOver: reason, restart }))
    }
  }
}

/** A file that is open is being read, whatever its name led to since. */
function stateOf({ isGzip, log, position, size, state }: Generation, refusal: Refusal | null): SeenFileState {
  if (refusal !== null && log === null) return 'unreadable'
  if (state !== 'done' && position === 0 && (size > 0 || isGzip)) return 'waiting'
  return state
}

function seenAs(
  file: string,
  place: ContainerPlace | null,
  known: Pick<Seen, 'state'> & Partial<Omit<Seen, 'path' | 'place'>>,
): Seen {
  const {
    state,
    labels = place?.labels ?? labelsOf(file),
    restart = parseInstanceFile(path.basename(file))?.restart ?? null,
    isFolder = false,
    generation = null,
    passedOver = null,
    refusal = null,
  } = known
  return { path: file, labels, place, restart, state, isFolder, generation, passedOver, refusal }
}

/** Of what lies in the log root itself: a pod's folder or a legacy link. */
function labelsOf(file: string): ContainerLabels {
  const name = path.basename(file)
  const link = parseLegacyLink(name)
  if (link === null) return { ...noLabels, ...parsePodDirectory(name) }
  return { ...noLabels, namespace: link.namespace, pod: link.pod, container: link.container ?? '' }
}

const noLabels: ContainerLabels = { namespace: '', pod: '', podUid: '', container: '' }
