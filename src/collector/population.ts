/**
 * All containers of the node that are known, kept up to date by scans of the log root; what a restart left is
 * taken up.
 */

import { collectorLimits } from '../limits/collector.ts'
import type { Logger } from '../log.ts'
import type { Time } from '../model/entry.ts'
import { LevelDetector } from '../model/level.ts'
import { compareTime } from '../model/time.ts'
import type { FileRow, FragmentPiece } from '../store/contract.ts'
import type { Batch } from './batch.ts'
import { Container } from './container.ts'
import type { CollectorOptions, CollectorWriter } from './core.ts'
import { otherNamespaces } from './counters.ts'
import type { ContainerPlace, Discovery, Places } from './discovery.ts'
import { Generation } from './generation.ts'
import type { FileKey } from './identity.ts'
import { elapsedMs, Instance, type InstanceHost } from './instance.ts'
import { Joiner, type PendingBytes } from './joiner.ts'
import { LineSplitter } from './line-splitter.ts'
import type { OpenFiles } from './open-files.ts'
import { createRefusal, type Refusal, Refusals } from './refusals.ts'
import { StreamLines, type StreamPast } from './stream-lines.ts'

export type PopulationDeps = {
  readonly options: CollectorOptions
  readonly writer: CollectorWriter
  readonly log: Logger
  readonly wake: () => void
  readonly batch: Batch
  readonly discovery: Discovery
  readonly openFiles: OpenFiles
  readonly setTrouble: (key: string, reason: string | null) => void
}

export class Population {
  readonly host: InstanceHost
  /** File rows to delete with the next commit. */
  readonly removedFiles = new Set<number>()
  /** Instances that are over: their last fragments wait for the next commit. */
  readonly retired = new Set<Instance>()
  /** Files that could not be read when last tried. */
  readonly refused = new Refusals()
  /** Why the log root cannot be listed; null: it can. */
  rootRefusal: Refusal | null = null
  /** As of the last scan: pods' folders that cannot be listed, and links that lead too far. */
  unreadable: readonly string[] = []
  refusedLinks: readonly string[] = []
  /** A file is about to go away. */
  isCommitUrgent = false
  readonly #deps: PopulationDeps
  readonly #containers = new Map<string, Container>()
  readonly #openFiles: OpenFiles
  readonly #owners = new Map<string, Instance>()
  readonly #detector = new LevelDetector()
  readonly #held: PendingBytes = { total: 0 }
  /** What was stored before this start, until its stream is found. */
  readonly #rows = new Map<number, FileRow[]>()
  readonly #fragments = new Map<number, FragmentPiece[]>()
  readonly #replacedSec: number | null
  #firstScanMs: number | null = null
  #fullScanMs: number | null = null
  #instances: Instance[] | null = null
  /** Whose files are being listed. */
  #listedPlace: ContainerPlace | null = null

  constructor(deps: PopulationDeps) {
    this.#deps = deps
    const { batch, discovery, log, options, wake, writer } = deps
    this.#openFiles = deps.openFiles
    const recovered = writer.recover()
    this.#replacedSec = recovered.replacedSec
    for (const row of recovered.files) listIn(this.#rows, row.streamId).push(row)
    for (const piece of recovered.fragments) listIn(this.#fragments, piece.streamId).push(piece)
    this.host = {
      context: {
        buffer: Buffer.allocUnsafeSlow(collectorLimits.identityBytes + collectorLimits.readBytes),
        splitter: new LineSplitter(options.lineBytesMax, () => batch.nowMs),
        openFiles: this.#openFiles,
        open: (path) => {
          const opened = this.#openFiles.withDescriptor(() => discovery.open(path))
          this.refused.delete(path)
          return opened
        },
        gzipSlots: new Set(),
        wake,
        now: () => batch.nowMs,
      },
      nextFileId: () => writer.nextFileId(),
      commitSoon: () => {
        this.isCommitUrgent = true
      },
      fileRemoved: (id) => this.removedFiles.add(id),
      rotated: () => {
        batch.counters.rotations += 1
      },
      refused: (path, error) => this.#refuse(path, error),
      isRefused: (path) => {
        const refusal = this.refused.get(path)
        return refusal !== null && elapsedMs(batch.nowMs, refusal.atMs) < collectorLimits.refusedRetryMs
      },
      cutBack: (path) =>
        log.warn('file_cut_back', 'A log file has lost its end; what was stored of it stays.', { path }),
      claim: (file, instance) => this.#claim(file, instance),
    }
  }

  get instances(): readonly Instance[] {
    this.#instances ??= [...this.#containers.values()].flatMap(({ instances }) => [...instances.values()])
    return this.#instances
  }

  get containers(): Iterable<Container> {
    return this.#containers.values()
  }

  get filesOpen(): number {
    return this.#openFiles.count
  }

  /** True when bytes may be there that have not been read. */
  isBehind(): boolean {
    return this.instances.some((instance) => instance.isBehind)
  }

  scan(now: number, isForced: boolean): void {
    const isFull =
      isForced ||
      this.#fullScanMs === null ||
      elapsedMs(now, this.#fullScanMs) >= collectorLimits.rescanFullMs
    const found = this.#findPlaces(isFull)
    if (found === null) return
    this.unreadable = found.unreadable
    this.refusedLinks = found.refusedLinks
    if (isFull) {
      this.#fullScanMs = now
      this.#reportRefused(now)
    }
    this.#firstScanMs ??= now
    const keys = new Set<string>()
    for (const place of found.places) {
      keys.add(place.key)
      let container = this.#containers.get(place.key)
      if (container === undefined) this.#containers.set(place.key, (container = new Container(place)))
      container.place = place
      this.#update(container, isFull, now)
    }
    for (const [key, container] of this.#containers) {
      if (keys.has(key) || found.unreadable.some((folder) => key.startsWith(`${folder}/`))) continue
      this.#deps.discovery.forget(container.place)
      this.#apply(container, now)
      if (container.instances.size === 0) this.#containers.delete(key)
    }
    this.#dropOrphans(found, now)
  }

  /** Lists the folder of containers in which a poll has found something amiss. True: there were any. */
  relist(now: number): boolean {
    let hasAny = false
    for (const container of this.#containers.values()) {
      if (!container.needsListing) continue
      hasAny = true
      this.#update(container, true, now)
    }
    return hasAny
  }

  close(): void {
    for (const instance of this.instances) instance.close()
  }

  #findPlaces(isFull: boolean): Places | null {
    const { discovery, log, options, setTrouble } = this.#deps
    try {
      const found = discovery.findPlaces(isFull)
      this.rootRefusal = null
      setTrouble('root', null)
      return found
    } catch (error) {
      this.rootRefusal = createRefusal(error, this.#deps.batch.nowMs, null)
      const reason = (error as NodeJS.ErrnoException).code ?? String(error)
      const message = `The log root ${options.logRoot} cannot be read (${reason}); it is tried again.`
      setTrouble('root', message)
      log.warn('log_root_unreadable', `${message} To see logkeep at work without a cluster: npm run demo`)
      return null
    }
  }

  #update(container: Container, isForced: boolean, now: number): void {
    this.#instances = null
    this.#listedPlace = container.place
    const { discovery } = this.#deps
    container.update(discovery, isForced, now, this.host, this.#creator(container, now), (over) =>
      this.#retire(over),
    )
    this.#listedPlace = null
  }

  /** The container's folder has gone. */
  #apply(container: Container, now: number): void {
    this.#instances = null
    const nothing = { files: new Map(), isCertain: true }
    container.passedOver = []
    container.isUnreadable = false
    container.apply(nothing, now, this.host, this.#creator(container, now), (over) => this.#retire(over))
  }

  #creator({ place }: Container, now: number): (restart: number) => Instance {
    return (restart) => this.#createInstance(place, restart, now)
  }

  #createInstance({ labels }: ContainerPlace, restart: number, now: number): Instance {
    const { batch, options, writer } = this.#deps
    const streamId = writer.resolveStream({ ...labels, restart, node: options.nodeName })
    const rows = (this.#rows.get(streamId) ?? []).toSorted((one, other) => one.id - other.id)
    const last = rows.findLast((row) => row.position > 0 && row.state !== 'done') ?? rows.at(-1)
    const isStored = rows.some((row) => row.position > 0)
    const past = {
      lastLevels: last?.lastLevels ?? 0,
      lastTime: lastTimeOf(rows),
      lostBeforeSec: isStored ? null : this.#replacedSec,
    }
    const instance = this.#newInstance(streamId, labels.namespace, restart, past)
    instance.generations = rows.map((row) => new Generation(row, null, true))
    instance.nextPollMs = now
    this.#rows.delete(streamId)
    batch.nowMs = now
    return instance
  }

  #newInstance(streamId: number, namespace: string, restart: number, past: StreamPast): Instance {
    const { batch, options } = this.#deps
    const lines = new StreamLines(streamId, namespace, batch, this.#detector, past)
    const joiner = new Joiner(streamId, options.lineBytesMax, lines.line, this.#held)
    for (const piece of this.#fragments.get(streamId) ?? []) joiner.restore(piece)
    this.#fragments.delete(streamId)
    return new Instance(restart, lines, joiner, this.host)
  }

  #retire(instance: Instance): void {
    this.retired.add(instance)
    for (const [key, owner] of this.#owners) if (owner === instance) this.#owners.delete(key)
  }

  /** Containers that went away while nobody watched: their unfinished lines come out, their rows go. */
  #dropOrphans(found: Places, now: number): void {
    if (this.#rows.size === 0 && this.#fragments.size === 0) return
    // An empty root may be a mount that is still to come.
    const isCertain = found.places.length > 0 && found.unreadable.length === 0
    if (!isCertain || elapsedMs(now, this.#firstScanMs ?? now) < collectorLimits.orphanGraceMs) return
    const unwanted = this.#deps.discovery.findUnwanted()
    for (const streamId of new Set([...this.#rows.keys(), ...this.#fragments.keys()])) {
      const rows = this.#rows.get(streamId) ?? []
      if (rows.some((row) => unwanted.has(`${row.device}/${row.inode}`))) continue
      const lastLevels = rows.at(-1)?.lastLevels ?? 0
      const past = { lastLevels, lastTime: lastTimeOf(rows), lostBeforeSec: null }
      const instance = this.#newInstance(streamId, otherNamespaces, 0, past)
      instance.joiner.flush()
      for (const row of rows) {
        this.removedFiles.add(row.id)
        if (new Generation(row, null, true).wasUnread)
          instance.gap({ reason: 'deleted_unread', bytes: null, file: row.name })
      }
      this.#rows.delete(streamId)
      this.retired.add(instance)
    }
  }

  /** A file that is reached on two ways is read once. */
  #claim(file: FileKey, instance: Instance): boolean {
    const key = `${file.device}/${file.inode}`
    const owner = this.#owners.get(key)
    const isTaken = (one: Generation): boolean => one.isFile(file) && one.isThere()
    if (owner !== undefined && owner !== instance && owner.generations.some(isTaken)) return false
    this.#owners.set(key, instance)
    return true
  }

  /** Forgets files that were not refused again lately, and says how many are. */
  #reportRefused(now: number): void {
    this.refused.forgetOlderThan(2 * collectorLimits.rescanFullMs, now)
    const { first, size } = this.refused
    const reason = first === undefined ? null : `${size} log files cannot be read: ${first}`
    this.#deps.setTrouble('refused', reason)
  }

  #refuse(path: string, error: unknown): void {
    const { batch, log } = this.#deps
    this.refused.add(path, createRefusal(error, batch.nowMs, this.#listedPlace))
    const { code, message } = error as NodeJS.ErrnoException
    const hint =
      code === 'EACCES' ? ' Run as a user or group that may read it: group 0, or root for CRI-O.' : ''
    log.warn('file_refused', `A log file cannot be read: ${code ?? message}.${hint}`, { path })
  }
}

/** The newest in any of a stream's rows: each has the one of when it was stored. */
function lastTimeOf(rows: readonly FileRow[]): Time | null {
  const times = rows.flatMap(({ lastTime }) => lastTime ?? [])
  return times.reduce<Time | null>(
    (newest, time) => (newest === null || compareTime(time, newest) > 0 ? time : newest),
    null,
  )
}

function listIn<T>(map: Map<number, T[]>, key: number): T[] {
  let list = map.get(key)
  if (list === undefined) map.set(key, (list = []))
  return list
}
