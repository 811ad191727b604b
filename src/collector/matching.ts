/**
 * Matches the files that a listing shows with those that are known: renamed, compressed, copied, replaced,
 * new, gone. Facts: the rotation steps of kubelet's container_log_manager.go and Docker's logfile.go.
 */

import { collectorLimits } from '../limits/collector.ts'
import { readFirstTimeMs } from './first-time.ts'
import { type FoundFile, Generation } from './generation.ts'
import { readGzipSize } from './gzip-source.ts'
import { isSameFile } from './identity.ts'
import { elapsedMs, type Instance, type InstanceHost } from './instance.ts'
import type { OpenLog } from './open-log.ts'
import {
  hasHeadOf,
  hasTailOf,
  isContentOf,
  isCopyOf,
  isFirstOf,
  type Probe,
  probe,
  readHead,
} from './probe.ts'
import type { ReadContext } from './reading.ts'

/**
 * Brings an instance's files up to date with a listing of its folder. `isCertain`: what is not listed is not
 * there.
 */
export function reconcile(
  instance: Instance,
  listed: readonly FoundFile[],
  isCertain: boolean,
  now: number,
  host: InstanceHost,
): void {
  const plain = new Set(listed.filter((file) => !file.isGzip).map((file) => file.stem))
  const isTwin = (file: FoundFile): boolean => file.isGzip && plain.has(file.stem)
  const files = listed.filter((file) => !isTwin(file))
  instance.passedOver = listed.filter(isTwin).map(({ path }) => ({ path, reason: 'copy' }))
  const seen = new Set<Generation>()
  const unknown: FoundFile[] = []
  instance.checkBeginnings()
  const live = instance.generations.find(({ isLost, state }) => state === 'live' && !isLost)
  instance.needsListing = false
  for (const file of files) {
    const known = instance.generations.find(
      (generation) => !seen.has(generation) && isKnownAs(generation, file, host),
    )
    if (known === undefined) unknown.push(file)
    else seen.add(known)
    if (known !== undefined) see(instance, known, file, now, host)
  }
  let isWhole = isCertain
  for (const file of unknown) {
    const found = probe(file, host)
    if (found === null) {
      // It may be one of those that seem to be missing.
      isWhole = false
      continue
    }
    const missing = instance.generations.filter((generation) => !seen.has(generation))
    const holder = missing.find((generation) => isContentOf(generation, found))
    const isCopy = (generation: Generation): boolean => isCopyOf(generation, found, host)
    if (holder === undefined && !file.isLive && instance.generations.some(isCopy)) {
      found.log.close()
      instance.passedOver.push({ path: file.path, reason: 'copy' })
      continue
    }
    const known = holder ?? missing.find((generation) => isFirstOf(generation, found))
    if (known === undefined) addNew(instance, found, seen, host)
    else {
      adopt(known, found, host.context, instance.joiner.openIostream !== null)
      seen.add(known)
    }
  }
  for (const generation of instance.generations) {
    if (!seen.has(generation) && (isWhole || generation.log !== null))
      miss(instance, generation, files.length > 0, now, host)
  }
  if (live !== undefined && files.length > 0 && hasRotated(instance, live)) host.rotated()
  for (const generation of instance.generations) {
    if (!generation.hasFirstTime && generation.headLength > 0) setOrder(generation, generation.orderMs)
  }
  instance.generations.sort((one, other) => {
    return Number(one.isLive) - Number(other.isLive) || one.orderMs - other.orderMs || one.id - other.id
  })
  if (instance.generations.some((generation) => generation.state === 'rotated')) host.commitSoon()
  instance.nextPollMs = 0
  instance.endIfOver()
}

/** The file that was live has another name now, or none. */
function hasRotated({ generations }: Instance, live: Generation): boolean {
  return live.state === 'rotated' || !generations.includes(live)
}

/** A file that has not been seen before, read from its beginning. */
export function newGeneration(
  instance: Instance,
  file: FoundFile,
  log: OpenLog,
  host: InstanceHost,
): Generation {
  const generation = new Generation(
    {
      id: host.nextFileId(),
      streamId: instance.streamId,
      device: file.stat.device,
      inode: file.stat.inode,
      name: file.name,
      gzip: file.isGzip,
      state: file.isLive ? 'live' : 'rotated',
      headLength: 0,
      headHash: 0,
      position: 0,
      tailLength: 0,
      tailHash: 0,
      lastLevels: 0,
      lastTime: null,
      unreadBytes: 0,
    },
    file.path,
    false,
  )
  generation.isLive = file.isLive
  generation.size = file.stat.size
  generation.attach(log, host.context.openFiles)
  const head = readHead(log, file.isGzip)
  if (head !== null) generation.setHead(head)
  setOrder(generation, file.stat.modifiedMs)
  return generation
}

/** By the time of the first line; a file that has none yet, or none at all, goes by its last change. */
function setOrder(generation: Generation, otherwiseMs: number): void {
  const { head, isGzip, log } = generation
  const firstMs = readFirstTimeMs(head, (bytes) => (log === null ? null : readHead(log, isGzip, bytes)))
  generation.hasFirstTime = firstMs !== null
  generation.orderMs = firstMs ?? otherwiseMs
}

/**
 * True when the listed file is this one, by inode, and by content where the inode may have been given to
 * another.
 */
function isKnownAs(generation: Generation, file: FoundFile, host: InstanceHost): boolean {
  const { isLost, twin } = generation
  if (twin !== null && !isLost && isSameFile(twin.stat, file.stat)) {
    if (isTwin(generation, twin, file, host)) return true
    generation.twin = null
  }
  if (!generation.isFile(file.stat)) return false
  if (generation.log !== null || generation.isAsRead(file.stat)) return true
  return verify(generation, file, host)
}

/** False: the copy is gone, and the file was given its inode, as rotation does. */
function isTwin(generation: Generation, twin: FoundFile, file: FoundFile, host: InstanceHost): boolean {
  if (file.stat.changed === twin.stat.changed) return true
  const found = probe(file, host)
  found?.log.close()
  return found !== null && hasHeadOf(generation, found.head)
}

/**
 * Checks by content that a file is the one known by this inode; keeps it open where there is more to read.
 */
function verify(generation: Generation, file: FoundFile, host: InstanceHost): boolean {
  const found = probe(file, host)
  if (found === null) return false
  // Where none of its bytes are known it may be any: the content tells, or that there still is none.
  const isSame = generation.headLength === 0 ? found.head.length === 0 : hasHeadOf(generation, found.head)
  const isTail = generation.isGzip || generation.position > file.stat.size || hasTailOf(generation, found.log)
  if (!isSame || !isTail || generation.isGzip !== file.isGzip) {
    found.log.close()
    // Its inode is another's now, and so is the name under which it would be opened.
    generation.path = null
    return false
  }
  generation.setHead(found.head)
  setOrder(generation, file.stat.modifiedMs)
  generation.path = file.path
  if (generation.state === 'done') found.log.close()
  else generation.attach(found.log, host.context.openFiles)
  return true
}

/** Notes under which name a known file was seen. */
function see(
  instance: Instance,
  generation: Generation,
  file: FoundFile,
  now: number,
  host: InstanceHost,
): void {
  host.claim(file.stat, instance)
  generation.missingSinceMs = null
  if (generation.twin !== null && !generation.isFile(file.stat)) {
    // Closed meanwhile, it cannot be opened any more.
    if (generation.log === null) generation.becomeFile(file)
    return
  }
  if (generation.name !== file.name) {
    generation.name = file.name
    generation.isRowChanged = true
  }
  generation.path = file.path
  generation.isLive = file.isLive
  generation.size = file.stat.size
  if (generation.state === 'done') {
    if (file.isGzip || file.stat.size <= generation.position) return
    generation.state = 'rotated'
  }
  const state = file.isLive ? 'live' : 'rotated'
  if (generation.state !== state) generation.isRowChanged = true
  generation.state = state
  generation.look(file.stat, now)
}

/** The unknown file holds what a missing one held: it was renamed over devices, copied or compressed. */
function adopt(
  generation: Generation,
  { file, log, head }: Probe,
  { openFiles }: ReadContext,
  isLineOpen: boolean,
): void {
  const isReading = generation.log !== null && !generation.isLost && generation.state !== 'done'
  if (isReading) {
    generation.twin = file
    generation.isLive = false
    generation.state = 'rotated'
    generation.isRowChanged = true
    log.close()
    return
  }
  const size = file.isGzip ? readGzipSize(log.fd) : file.stat.size
  generation.becomeFile(file)
  generation.isLive = file.isLive
  generation.setHead(head)
  setOrder(generation, file.stat.modifiedMs)
  const read = generation.position % 2 ** 32
  const isLonger = size !== null && size > read
  // To a compressed file nothing is added any more; a line that is open in it has to be ended by reading on.
  if (file.isGzip && size === read && !isLineOpen) generation.state = 'done'
  if (generation.state === 'done' && !isLonger) {
    log.close()
    return
  }
  generation.state = file.isLive ? 'live' : 'rotated'
  generation.attach(log, openFiles)
}

function addNew(instance: Instance, { file, log }: Probe, seen: Set<Generation>, host: InstanceHost): void {
  if (!host.claim(file.stat, instance)) {
    log.close()
    instance.passedOver.push({ path: file.path, reason: 'claimed' })
    return
  }
  const generation = newGeneration(instance, file, log, host)
  instance.generations.push(generation)
  seen.add(generation)
}

/** A known file that no listing shows. Decides only when it is certain that it will not turn up again. */
function miss(
  instance: Instance,
  generation: Generation,
  hasOthers: boolean,
  now: number,
  host: InstanceHost,
): void {
  // Another may be live by now, and nothing follows that one.
  generation.isLive = false
  if (generation.log !== null && !generation.isLost) {
    // Its name is gone, its bytes are not: they are read to their end, then the listing that follows comes
    // here again.
    generation.lookThrough(now)
    if (generation.state === 'live') generation.isRowChanged = true
    generation.state = 'rotated'
    host.commitSoon()
    return
  }
  const { missingSinceMs } = generation
  if (missingSinceMs === null) generation.missingSinceMs = now
  // Without a name in one listing, and unlinked before the next: that one would show a compressed copy.
  const isGone = generation.isUnlinked && missingSinceMs !== null
  const isLate = missingSinceMs !== null && elapsedMs(now, missingSinceMs) >= collectorLimits.missingGraceMs
  if (!generation.isLost && !isGone && !isLate) {
    instance.needsListing = true
    return
  }
  const { name, isLost, headLength, sizeRead, size, position, state } = generation
  const known = isLost ? Math.max(sizeRead, headLength) : Math.max(sizeRead, size)
  const unread = Math.max(0, known - position)
  // Not open when it went: what came to it after the last look is not known.
  const isKnown = unread > 0 || isLost
  const bytes = known > 0 && !generation.isGzip && isKnown ? unread : null
  // Seen empty only: a later copy cannot be told to be this file, so that nothing is known to be missing.
  const wasEmpty = headLength === 0 && position === 0 && !generation.isGzip
  const isUncertain = bytes === null && !generation.wasUnread && (wasEmpty || !hasOthers)
  instance.remove(generation)
  if (state === 'done' || bytes === 0 || isUncertain) return
  const reason = isLost ? 'truncated' : hasOthers ? 'rotated_away' : 'deleted_unread'
  instance.gap({ reason, bytes, file: name })
}
