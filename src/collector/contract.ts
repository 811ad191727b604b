/**
 * The collector as seen from the main thread: its worker is started, asked to sync, watched and stopped
 * through this.
 */

import type { GapRecord } from '../model/entry.ts'
import type { StoreCounters } from '../store/contract.ts'

/**
 * `live`: written to; `rotated`: still read to its end; `done`: read, here or under another name; `waiting`:
 * found, not read yet; `unreadable`: see `error`.
 */
export const fileStates = ['live', 'rotated', 'done', 'waiting', 'unreadable'] as const
export type SeenFileState = (typeof fileStates)[number]

/** Why a line is no line of a container runtime. */
export const malformedReasons = ['time', 'iostream', 'format', 'json'] as const
export type MalformedReason = (typeof malformedReasons)[number]

/** The log tree as the collector sees it. Globs as in a query's selector; empty lists ask nothing. */
export type FilesRequest = {
  readonly namespace: readonly string[]
  readonly pod: readonly string[]
  readonly container: readonly string[]
  readonly state: readonly SeenFileState[]
  readonly format: 'json' | 'text'
  readonly limit: number
  /** Opaque, from an earlier answer's `next`. */
  readonly cursor: string | null
}

/**
 * `json`: members of the answer's object (`"root":…,"rootError":null,"files":[…],"totals":{…},"next":null`),
 * without braces: those of `FilesMembers`; or the text: the same as an indented tree.
 */
export type FilesAnswer = { readonly bytes: Uint8Array; readonly next: string | null }

export type FilesMembers = {
  readonly root: string
  /** Why the root cannot be listed now. */
  readonly rootError: SeenFileError | null
  /** In the order of the tree. Files of namespaces that are not collected are left out. */
  readonly files: readonly SeenFile[]
  /** Of all files that the filters select, on other pages too, as the collector last looked at each. */
  readonly totals: { readonly files: number; readonly bytes: number; readonly lagBytes: number }
  readonly next: string | null
}

/** A log file, or a folder that cannot be listed. */
export type SeenFile = {
  /** Relative to the root; absolute where it lies elsewhere, behind a link. A folder's ends in `/`. */
  readonly path: string
  readonly name: string
  /** Labels are empty where they are not known. */
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly restart: number | null
  /** Bytes on disk, compressed ones of a gzip file; null where they cannot be seen. */
  readonly size: number | null
  /** Bytes read; of a gzip file uncompressed ones. */
  readonly position: number
  /** Null where it cannot be known: of a gzip file that is not read to its end, of an unreadable file. */
  readonly lagBytes: number | null
  /** Since when the collector knows of unread bytes, to the second; null: of an unreadable file. */
  readonly lagSec: number | null
  readonly state: SeenFileState
  readonly gzip: boolean
  /** Time of the last change as RFC 3339; null where it cannot be seen. */
  readonly modified: string | null
  /** The last error; also why a file is left alone that is read under another name. */
  readonly error: SeenFileError | null
}

export type SeenFileError = {
  readonly message: string
  /** As `0640`, and `uid:gid`; null where they cannot be seen. */
  readonly mode: string | null
  readonly owner: string | null
  /** What to do about it. */
  readonly hint: string
}

/**
 * What was counted since the collector's thread opened the database, and what is so now. A thread that dies
 * and a database that is lost take their counts with them: those of the next begin at 0.
 */
export type CollectorCounters = {
  /** Bounded in number; what lies beyond is summed under the name `_other`. */
  readonly namespaces: readonly {
    readonly namespace: string
    readonly lines: number
    readonly bytes: number
  }[]
  /** As `files` lists them, folders that cannot be listed included. */
  readonly files: Readonly<Record<SeenFileState, number>>
  /**
   * Bytes known to be unread, half lines included, as polls and listings last saw the sizes: a file in turn
   * is looked at several times a second, one that waits for an older one at least every 30 s. Compressed
   * files are not in it: how much is in them is not known.
   */
  readonly lagBytes: number
  /**
   * How long the file that has waited longest has had unread bytes, in seconds; 0: none has. Looked at once a
   * second; counts from when the collector found them. Compressed files are in it, unreadable ones are not.
   */
  readonly lagSec: number
  /** Entries stored with the flag `malformed`, pieces of cut lines each. */
  readonly malformed: Readonly<Record<MalformedReason, number>>
  readonly gaps: Readonly<Record<GapRecord['reason'], number>>
  /** Live files that were renamed, replaced or truncated. */
  readonly rotations: number
  readonly commits: number
  readonly commitFailures: number
  readonly commitSec: number
  readonly store: StoreCounters
}

/** Sent by the worker, at most once a second unless something changed, and after every commit. */
export type CollectorStatus = {
  /** Number of the newest commit; 0 before the first. */
  readonly commit: number
  /** Reasons for trouble in plain words, empty when all is well. */
  readonly degraded: readonly string[]
  readonly filesOpen: number
  readonly linesRead: number
  readonly bytesRead: number
  /** Lines stored with the `malformed` flag since the start. */
  readonly linesMalformed: number
  readonly gaps: number
  readonly counters: CollectorCounters
}

/**
 * `behindMs` is null when everything readable at the call is committed; else how long ago the last complete
 * sync was.
 */
export type SyncResult = { readonly commit: number; readonly behindMs: number | null }

export type Collector = {
  /**
   * Reads every open file once and commits. Calls within 100 ms share one run; resolves after at most
   * `waitMs` with `behindMs` set if the run has not ended by then. Never rejects.
   */
  readonly sync: (waitMs: number) => Promise<SyncResult>
  /** While true, files are polled and committed on a short interval, for open tails. */
  readonly setLive: (live: boolean) => void
  /** Called after every commit, with its number. Returns the unsubscribe function. */
  readonly onCommit: (listener: (commit: number) => void) => () => void
  readonly status: () => CollectorStatus
  /**
   * Rejects with `LogkeepError`: STORE_UNAVAILABLE where the collector does not answer in time, TOO_MANY
   * where too many wait already, BAD_CURSOR, STOPPING.
   */
  readonly files: (request: FilesRequest) => Promise<FilesAnswer>
  /** Runs of sync that have ended: their number, those that were not complete, and their time. */
  readonly syncs: () => { readonly runs: number; readonly incomplete: number; readonly seconds: number }
  /** How often the thread has died since the start of the program. */
  readonly deaths: () => number
  /** Heap of the collector's thread; null while it does not run. */
  readonly memory: () => Promise<{
    readonly heapUsed: number
    readonly heapTotal: number
    readonly external: number
  } | null>
  /**
   * Settles when the first scan has been committed or the database has been opened; rejects when the store
   * refuses.
   */
  readonly ready: Promise<void>
  /** Settles with a reason when the worker died more often than it may be restarted. */
  readonly failed: Promise<Error>
  /** Commits what is pending, checkpoints and closes the database, ends the worker. */
  readonly close: () => Promise<void>
}
