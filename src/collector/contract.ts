/**
 * The collector as seen from the main thread: its worker is started, asked to sync, watched and stopped
 * through this.
 */

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
   * Settles when the first scan has been committed or the database has been opened; rejects when the store
   * refuses.
   */
  readonly ready: Promise<void>
  /** Settles with a reason when the worker died more often than it may be restarted. */
  readonly failed: Promise<Error>
  /** Commits what is pending, checkpoints and closes the database, ends the worker. */
  readonly close: () => Promise<void>
}
