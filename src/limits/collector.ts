/** Bounds of the collector and its thread, each with its unit in its name and its reason. */

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Collector: files, reading, batches. */
export const collectorLimits = {
  /**
   * Bytes kept and hashed of a file's beginning and before its position: at least one timestamp, usually
   * several lines.
   */
  identityBytes: 1 * kibibyte,
  /** One read. A physical line above it is taken in pieces; Docker's lines stay below 100 KiB. */
  readBytes: 256 * kibibyte,
  /** Read of one container before the next has its turn: one noisy pod cannot starve the others. */
  turnBytes: 1 * mebibyte,
  /** A slice of polling: what waits for the loop meanwhile (sync, stop, heartbeat) waits no longer. */
  pollSliceMs: 80,
  /** The same while a tail is open: what was read is committed behind each slice, and tails wait for it. */
  pollSliceLiveMs: 25,
  /** Poll of busy files and while a tail is open. */
  pollBusyMs: 200,
  /**
   * Poll of idle files: half of the second within which a line has to be found would be spent twice above it.
   */
  pollIdleMs: 800,
  /**
   * Directories are looked at so often, whatever events say; one whose time has not changed is not listed
   * again.
   */
  rescanMs: 700,
  /** Events say one by one what one look finds at once: between two looks they are gathered for so long. */
  hintRestMs: 100,
  /**
   * A look at all directories is repeated no sooner than after this many times what it took, 2 % of a core,
   * but at most after `rescanRestMsMax`: without events nothing else finds a new pod.
   */
  rescanRestFactor: 50,
  rescanRestMsMax: 1_500,
  /** Directories with links are listed this often: what a link leads to changes without them. */
  linksRescanMs: 3_000,
  /**
   * Every so often also directories whose time has not changed: late bytes in finished files, coarse clocks.
   */
  rescanFullMs: 30_000,
  /**
   * A directory's time is believed only if it was this old when the directory was listed: two changes may
   * share a tick.
   */
  directoryTimeTrustMs: 2_000,
  /**
   * Quiet after which a file that has a successor is at its end: runtimes write late pieces within
   * milliseconds.
   */
  drainQuietMs: 1_000,
  /**
   * Quiet for so long, a file that has a successor is over even if that has only just been found, as at a
   * start.
   */
  drainCertainMs: 10_000,
  /** A file that is in no listing is gone after this long: renames pass through moments without a name. */
  missingGraceMs: 2_000,
  /** Rows of containers that are not on the node at start are dropped no earlier. */
  orphanGraceMs: 5_000,
  /**
   * A file that cannot be read on, or a gzip file that is cut, is tried again this often; the latter is
   * believed to be cut when it has not changed for `gzipCertainMs`.
   */
  readRetryMs: 5_000,
  gzipCertainMs: 30_000,
  /**
   * Bytes that stay unread for so long while reading goes on have their file opened again. Longer than a
   * round over thousands of busy files takes.
   */
  standstillMs: 60_000,
  /** Decompressed bytes waiting to be read, per gzip file; and gzip files decompressed at a time. */
  gzipWindowBytes: 1 * mebibyte,
  /**
   * What one step of decompressing yields at most, and is given. Each takes a turn of the event loop, which
   * reads other files for up to `pollSliceMs` in between: at 64 KiB a position 15 MiB into a file was reached
   * after 24 s under load.
   */
  gzipChunkBytes: 1 * mebibyte,
  gzipCompressedChunkBytes: 256 * kibibyte,
  gzipOpenMax: 4,
  /** Compressed bytes that yield the first `identityBytes`: deflate never grows by a quarter. */
  gzipProbeBytes: 4 * kibibyte,
  /** A batch this large is committed; reading stops at the second figure while commits fail. */
  batchBytes: 8 * mebibyte,
  batchBytesMax: 16 * mebibyte,
  /** The oldest line read is committed no later. */
  commitDelayMs: 10_000,
  /**
   * A file that the store does not know yet is committed by then, so that a kill soon after a start forgets
   * no file.
   */
  commitNewFileMs: 1_000,
  /** Empty buffers of streams are kept for the next batch up to this size: most streams write little. */
  bufferKeptBytes: 64 * kibibyte,
  /** And up to this size as long as full batches follow each other: one turn's lines, grown by doubling. */
  largeBufferBytesMax: 2 * mebibyte,
  /** Files that cannot be opened are tried again with the next full scan after this. */
  refusedRetryMs: 25_000,
  /** Files and folders whose last error is remembered, each: beyond it the oldest is forgotten. */
  refusalsMax: 4_096,
  /** Names in one folder that are no log to be read, remembered to be shown. */
  passedOverMax: 100,
  /** Namespaces that are counted each: a node has some 110 pods at a time. */
  namespacesCountedMax: 200,
  /** After a failed commit. */
  commitRetryMs: 1_000,
  /** Deleted files held open: they take room on the node's disk that nobody sees. */
  heldBytesMax: 1024 * mebibyte,
  heldMaxMs: 10 * 60_000,
  heldCheckMs: 5_000,
  /**
   * Descriptors held: well below the usual hard limits; above it idle files are closed and only looked at.
   */
  openFilesMax: 4_096,
  /** Where the system refuses more descriptors the bound is halved, but no further than to this. */
  openFilesFew: 8,
  /** Unfinished lines of all containers together: above it the one that grows is cut. */
  pendingBytesMax: 64 * mebibyte,
  /** A time this far ahead of the arrival is a broken clock. */
  clockAheadMaxSec: 86_400,
  /** 2000-01-01: nothing that Kubernetes wrote is older. */
  clockSecMin: 946_684_800,
  /** One step of sealing and retention between two polls. */
  maintainBudgetMs: 30,
  /**
   * Beside a Docker log whose folder cannot be listed rotated files are looked for by number, until so many
   * in a row are missing: one is for a moment while Docker renames and compresses.
   */
  dockerMissingMax: 3,
} as const

/** Collector thread as seen from the main thread. */
export const workerLimits = {
  /** Sync calls within this time share one run. */
  syncShareMs: 100,
  /** What retention deletes is told no more often. */
  sweptTellMs: 60_000,
  /** A sync reads for at most this long, then commits what it has. */
  syncReadMs: 100,
  statusMs: 1_000,
  heartbeatMs: 2_000,
  /** No beat for so long: dead. Longer than the slowest disk's commit. */
  heartbeatLostMs: 30_000,
  /** Deaths within `restartWindowMs` that are answered with a new thread. */
  restartsMax: 3,
  restartWindowMs: 5 * 60_000,
  restartDelayMs: 500,
  /**
   * A question for the log tree waits no longer for its answer: longer than a step of the thread, or its
   * restart.
   */
  filesWaitMs: 5_000,
  /** Such questions that wait at a time: each is answered between two steps, and delays the next. */
  filesWaitingMax: 16,
  /**
   * Between the loss of the database and each try to open one: a disk that breaks every one does not keep the
   * node busy with reading its logs again.
   */
  reopenMs: 3_000,
  /** The heap of a thread that does not say how large it is within this is not known. */
  memoryWaitMs: 1_000,
  /** A stop commits and checkpoints; then the thread is ended by force. */
  stopMaxMs: 4_000,
} as const
