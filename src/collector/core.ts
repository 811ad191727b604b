/**
 * The collector without its thread: scan finds files, poll reads them, commit stores lines and positions
 * together. Driven from outside with a clock, so that tests decide when what happens.
 */

import { collectorLimits } from '../limits/collector.ts'
import type { Logger } from '../log.ts'
import type { Writer } from '../store/writer.ts'
import { Batch } from './batch.ts'
import { Committer } from './committer.ts'
import type { CollectorStatus, FilesAnswer, FilesRequest } from './contract.ts'
import { Discovery } from './discovery.ts'
import { answerFiles } from './files-answer.ts'
import { createNamespaceFilter } from './namespace-filter.ts'
import { OpenFiles } from './open-files.ts'
import { Population } from './population.ts'
import { createRefusal, Refusals } from './refusals.ts'
import { Scheduler } from './scheduler.ts'
import { countSeen, seeFiles } from './seen-files.ts'
import { Watchdog } from './watchdog.ts'

export type CollectorOptions = {
  readonly logRoot: string
  readonly linkRoots: readonly string[]
  readonly nodeName: string
  /** Globs; empty: all. */
  readonly namespaces: readonly string[]
  readonly namespacesExcluded: readonly string[]
  readonly lineBytesMax: number
  /** Descriptors held at a time; by default `collectorLimits.openFilesMax`. */
  readonly openFilesMax?: number
}

/** What the collector needs of the store's writer. */
export type CollectorWriter = Pick<
  Writer,
  'recover' | 'resolveStream' | 'nextFileId' | 'foresee' | 'commit' | 'counters'
>

export type CollectorDeps = {
  readonly options: CollectorOptions
  readonly writer: CollectorWriter
  readonly log: Logger
  /** Called when a compressed file has more to read: poll soon. */
  readonly wake: () => void
  /** Called after each commit. */
  readonly onCommit: (commit: number) => void
}

export type CollectorCore = {
  /** Looks for new, renamed and vanished files. `isForced`: lists every folder, whatever its time says. */
  readonly scan: (now: number, isForced?: boolean) => void
  /**
   * Reads files that are due, or `all`, for at most about `budgetMs`. True: more is known to be unread. With
   * `isLive` files are due at the short interval.
   */
  readonly poll: (now: number, how?: { all?: boolean; isLive?: boolean; budgetMs?: number }) => boolean
  /** Commits what is read. False: it failed and is kept. */
  readonly commit: (now: number) => boolean
  /** Commits where a batch is large or old enough, a file is about to go away, or `isLive`. */
  readonly commitIfDue: (now: number, isLive?: boolean) => boolean
  /** True when bytes may be there that are not read, or not committed. */
  readonly isBehind: () => boolean
  readonly setTrouble: (key: string, reason: string | null) => void
  /** To be asked about once a second: how long files have been behind is looked at with it. */
  readonly status: () => CollectorStatus
  /** The log tree as it is known. Throws `LogkeepError` BAD_CURSOR. */
  readonly files: (request: FilesRequest, now: number) => FilesAnswer
  /** Closes files; commits nothing. */
  readonly close: () => void
}

export function createCore({ options, writer, log, wake, onCommit }: CollectorDeps): CollectorCore {
  const trouble = new Map<string, string>()
  const setTrouble = (key: string, reason: string | null): void => {
    if (reason === null) trouble.delete(key)
    else trouble.set(key, reason)
  }
  const batch = new Batch()
  const refusedLinks = new Set<string>()
  const refusedFolders = new Refusals()
  const openFiles = new OpenFiles(options.openFilesMax)
  const discovery = new Discovery({
    openFiles,
    logRoot: options.logRoot,
    linkRoots: options.linkRoots,
    isNamespaceWanted: createNamespaceFilter(options.namespaces, options.namespacesExcluded),
    linkRefused: (link) => {
      if (refusedLinks.has(link) || refusedLinks.size >= linksRemembered) return
      refusedLinks.add(link)
      log.warn('link_refused', 'A log is not read: its link leads outside LOGKEEP_LINK_ROOTS.', { link })
    },
    folderRefused: (folder, error) => {
      refusedFolders.add(folder, createRefusal(error, batch.nowMs, null))
      log.warn('folder_refused', `A log folder cannot be listed: ${(error as Error).message}`, { folder })
    },
  })
  const population = new Population({ options, writer, log, wake, batch, discovery, openFiles, setTrouble })
  const committer = new Committer({ writer, log, batch, population, onCommit, setTrouble })
  const scheduler = new Scheduler({ batch, population, committer, writer })
  const watchdog = new Watchdog({ host: population.host, log, setTrouble })
  return {
    scan: (now, isForced = false) => {
      batch.nowMs = now
      population.scan(now, isForced)
    },
    poll: (now, how = {}) => {
      batch.nowMs = now
      const isMore = scheduler.poll(now, how)
      watchdog.look(population.instances, now, committer.isFailing)
      return isMore
    },
    commit: (now) => committer.commit(now),
    commitIfDue: (now, isLive = false) => committer.commitIfDue(now, isLive),
    isBehind: () => committer.isFailing || batch.lineCount > 0 || population.isBehind(),
    setTrouble,
    status: () => ({
      commit: committer.lastCommit,
      degraded: [...trouble.values()],
      filesOpen: population.filesOpen,
      linesRead: batch.counters.linesRead,
      bytesRead: batch.counters.bytesRead,
      linesMalformed: batch.counters.linesMalformed,
      gaps: batch.counters.gaps,
      counters: {
        ...batch.counters.report(),
        ...countSeen(seeFiles(population, refusedFolders), batch.nowMs),
        ...committer.counts,
        store: writer.counters(),
      },
    }),
    files: (request, nowMs) => {
      const { rootRefusal } = population
      const seen = seeFiles(population, refusedFolders)
      return answerFiles({ root: options.logRoot, rootRefusal, seen, nowMs }, request)
    },
    close: () => population.close(),
  }
}

/** Links that were warned about; each is warned about once. */
const linksRemembered = collectorLimits.openFilesMax
