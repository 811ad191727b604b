/**
 * Every bound of the program, its unit in its name and its reason beside it. Settings live in `config.ts`.
 */

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Store: blocks, journal, filters. */
export const storeLimits = {
  /**
   * Body of a full block. Larger compresses little better; smaller costs more rows, and zstd has a floor per
   * call.
   */
  blockBytes: 256 * kibibyte,
  /** Lines of a block: bounds its columns where lines are very short. */
  blockLinesMax: 32_768,
  /** A merged block of at least this size is left alone. */
  blockFullBytes: 128 * kibibyte,
  /**
   * Blocks of one tier that merge into one: each byte is rewritten once per tier, of which there are two at
   * most.
   */
  mergeWidth: 16,
  /** Body chunk of a journal row, so that one stream is read without decompressing all. */
  journalChunkBytes: 64 * kibibyte,
  /**
   * Everything is sealed when the journal's rows hold this much: below it blocks get small, above it restarts
   * slow.
   */
  journalBytesMax: 24 * mebibyte,
  /**
   * Everything is sealed when the oldest journal row is this old, so that the journal does not hide from
   * filters.
   */
  journalAgeMaxSec: 15 * 60,
  /** Neighbouring journal rows of one tier that are folded into one. */
  foldWidth: 16,
  /** Rows above this size are not folded further: folding holds them in memory. */
  foldBytesMax: 4 * mebibyte,
  /** Streams sealed in one transaction: a slice stays under about 50 ms. */
  sealStreamsPerSlice: 20,
  /**
   * Different grams per bit of a filter, at most: half of the bits stay unset, so five grams exclude 97 of
   * 100 blocks.
   */
  filterLoadMax: 0.75,
  filterBitsMin: 512,
  /** What is tried first: enough for 49,000 different grams. */
  filterBitsUsual: 2 ** 16,
  /** For random text: an eighth of a block's size, on bytes that hardly compress. */
  filterBitsMax: 2 ** 18,
  /** Spans of time that a block's counts are kept for: one percent of its size, 15 minutes of a day. */
  countCellsMax: 100,
  /** Pages checkpointed at once by SQLite itself: 4 MiB of WAL. */
  checkpointBytes: 4 * mebibyte,
  /** SQLite's page cache of a connection; the file system's cache does the rest. */
  cacheBytes: 4 * mebibyte,
  /** Decoded columns that a query thread keeps. */
  readerColumnCacheBytes: 4 * mebibyte,
  /** Decompressed bodies that a query thread keeps: pages of a walk come back to the same blocks. */
  readerBodyCacheBytes: 16 * mebibyte,
  /** Up to this many streams are read by their own index; more by one over all streams. */
  fewStreams: 16,
  /** Rows of streams read by one statement: about 2 ms. */
  streamRows: 1000,
  /** Labels that a query thread keeps, at some 400 bytes: those of the largest page twice. */
  labelsCached: 10_000,
  /** How long a connection waits for a lock before it gives up. */
  busyTimeoutMs: 5_000,
} as const

/** The same bounds with other figures: tests use small ones, to reach every border with little data. */
export type StoreLimits = { readonly [name in keyof typeof storeLimits]: number }

/** The program's own messages. */
export const logLimits = {
  /** An equal message is written at most this often; the rest is counted. */
  repeatMs: 60_000,
  /** Messages remembered for that; beyond it the oldest may be written again early. */
  eventsRemembered: 1000,
} as const

/** HTTP: sizes and numbers that a client may ask for. */
export const httpLimits = {
  /** Path and query together: room for some fifty filters; Node's parser ends headers at 16 KiB. */
  urlBytesMax: 8 * kibibyte,
  /** A body is a token in JSON, nothing else. */
  bodyBytesMax: 4 * kibibyte,
  /** Values of one repeatable parameter. */
  parameterValuesMax: 100,
  /** Conditions on the text of a line: each may cost a scan of it. */
  lineFiltersMax: 20,
  entriesDefault: 100,
  entriesMax: 5000,
  /** Rows of a listing. */
  listDefault: 1000,
  listMax: 5000,
  /** Buckets of a histogram unless asked for otherwise: as many as a chart shows apart. */
  bucketsDefault: 60,
  /** Entries on each side of a context: some screens of them. */
  contextDefault: 10,
  contextMax: 1000,
  /** Newest lines in which fields are looked for: enough to meet the usual ones, parsed in some 10 ms. */
  fieldSampleDefault: 1000,
  fieldSampleMax: 5000,
  /** Names of fields, or values of one, in an answer. */
  fieldsDefault: 100,
  fieldsMax: 1000,
  /** How long a query waits for what is on disk but not yet read. */
  syncWaitMs: 250,
  /** Smaller answers do not gain from gzip. */
  gzipBytesMin: 1 * kibibyte,
  /** Default of a setting: each holds three pieces, some 13 MiB, where its client takes little. */
  exportsOpenMax: 8,
  /** An export whose client takes nothing for so long is ended. */
  exportStallMs: 10 * 60_000,
  /** Headers of a request must have arrived by then, and its body by the second figure. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** How often connections are looked through for those two. */
  timeoutCheckMs: 5_000,
  /** Open connections, idle ones included, at some 10 KiB each: above it the next is closed at once. */
  connectionsMax: 2_000,
  /** Finished answers that clients have not taken: three of the largest, of a container that has 384 MiB. */
  answersHeldBytesMax: 48 * mebibyte,
  /** A page whose client takes nothing for so long is cut off. */
  answerStallMs: 60_000,
  /** Warnings are repeated in headers: proxies refuse long ones, each and all together. */
  warningHeaderBytesMax: 1 * kibibyte,
  warningHeadersBytesMax: 4 * kibibyte,
  /** Signed-in browsers; beyond it the one that came first is signed out. */
  sessionsMax: 1000,
  /** A working day. */
  sessionAgeMs: 12 * 3_600_000,
  /** `readyz` answers no later: below the time-out that probes usually have. */
  readyWaitMs: 900,
} as const

/** Live tails. */
export const tailLimits = {
  /** Default of a setting: each costs a socket and up to its share of `bufferedTotalBytesMax`. */
  tailsMax: 200,
  /** What `retry-after` says when there are more. */
  retryAfterSec: 10,
  /** Entries that `tail=` may ask for. */
  backfillMax: 5000,
  /** Unsent bytes above which a client counts as slow and is not read for, until half of them are sent. */
  bufferedBytesMax: 1 * mebibyte,
  /** Unsent bytes of all tails together: with many tails each may hold less. */
  bufferedTotalBytesMax: 48 * mebibyte,
  /** Entries of one frame: small beside a slow client's buffer, large enough for a second of 1,000 lines. */
  readBytesMax: 256 * kibibyte,
  /** A client that could not take anything for so long is sent away with its cursor. */
  lagMaxMs: 5 * 60_000,
  /** Below the 30 s after which proxies close silent connections. */
  pingMs: 15_000,
  /** Four pings without an answer. */
  peerSilentMaxMs: 60_000,
  /** A client has nothing to say but pong. */
  messageBytesMax: 4 * kibibyte,
  /** Clients may answer the close for so long, then they are cut off: within the 5 s that a stop may take. */
  closeGraceMs: 1000,
} as const

/** Start and stop. */
export const processLimits = {
  /** Requests under way may end for so long, then their connections are closed. */
  requestGraceMs: 1500,
  /** A stop that takes longer is ended by force: Kubernetes kills after 30 s, people wait for 5. */
  stopMaxMs: 4800,
  /** A token file is one line. */
  tokenFileBytesMax: 4 * kibibyte,
} as const

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
  /**
   * A look at all directories is repeated no sooner than after this many times what it took: 2 % of a core.
   */
  rescanRestFactor: 50,
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
   * A cut gzip file is tried again this often, and believed to be cut when it has not changed for
   * `gzipCertainMs`.
   */
  gzipRetryMs: 5_000,
  gzipCertainMs: 30_000,
  /** Decompressed bytes waiting to be read, per gzip file; and gzip files decompressed at a time. */
  gzipWindowBytes: 512 * kibibyte,
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
  /**
   * Deleted files held open while nothing can be stored: they take room on the node's disk that nobody sees.
   */
  heldBytesMax: 1024 * mebibyte,
  heldMaxMs: 10 * 60_000,
  heldCheckMs: 5_000,
  /**
   * Descriptors held: well below the usual hard limits; above it idle files are closed and only looked at.
   */
  openFilesMax: 4_096,
  /** Unfinished lines of all containers together: above it the one that grows is cut. */
  pendingBytesMax: 64 * mebibyte,
  /** A time this far ahead of the arrival is a broken clock. */
  clockAheadMaxSec: 86_400,
  /** 2000-01-01: nothing that Kubernetes wrote is older. */
  clockSecMin: 946_684_800,
  /** One step of sealing and retention between two polls. */
  maintainBudgetMs: 30,
  /** Files probed by number beside a Docker log whose folder cannot be listed. */
  dockerRotatedMax: 20,
} as const

/** Collector thread as seen from the main thread. */
export const workerLimits = {
  /** Sync calls within this time share one run. */
  syncShareMs: 100,
  /** What retention deletes is told no more often. */
  sweptTellMs: 60_000,
  /** A sync reads for at most this long, then commits what it has. */
  syncReadMs: 200,
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
  /** The heap of a thread that does not say how large it is within this is not known. */
  memoryWaitMs: 1_000,
  /** A stop commits and checkpoints; then the thread is ended by force. */
  stopMaxMs: 4_000,
} as const

/** Regular expressions given by clients. */
export const regexLimits = {
  /** UTF-16 units: longer than any pattern a person writes, short enough to parse in a millisecond. */
  patternLengthMax: 2_000,
  /** Groups within groups: the parser and V8's compiler recurse over them. */
  depthMax: 100,
  /** Count of a repeat, and product of nested counts: as in Go and RE2. */
  repeatMax: 1_000,
  /** Nodes after counted repeats are multiplied out: V8 copies the repeated part as often. */
  programSizeMax: 5_000,
  /** Different `\p{…}` of one pattern: each is a walk over the assigned planes of about 15 ms. */
  unicodeClassesMax: 4,
  /** Source handed to V8: `\p{L}` has 8,000 characters, and counted classes repeat theirs. */
  sourceLengthMax: 200_000,
  /**
   * Backtracks after which V8 changes to its linear engine, which does some 10 MB/s: two per byte of a full
   * block, so that patterns that begin with a wide class stay fast. A `.*` run counts as one, however long
   * the line.
   */
  backtracksMax: 500_000,
  /** Alternatives of one required literal: more of them exclude little. */
  literalAlternativesMax: 16,
  /** Bytes of a required literal: more exclude nothing more. */
  literalBytesMax: 64,
  /** Required literals taken from one pattern. */
  literalsMax: 16,
} as const

/** Fields in lines of JSON and logfmt. What is beyond is counted and told with the answer. */
export const fieldLimits = {
  /** Longer lines are not looked into: one of this length, full of names, takes 30 ms. */
  lineBytesMax: 128 * kibibyte,
  /** Brackets within brackets: no logger nests deeper, and what reads a value recurses over them. */
  nestingMax: 128,
  /** Objects within objects whose members are fields of their own; an audit event of Kubernetes has six. */
  depthMax: 10,
  /** UTF-16 units, dots included. */
  nameLengthMax: 256,
  /** Fields of one line. */
  lineNamesMax: 1_000,
  /** Different names, and different values of one field, that are counted: a megabyte at their longest. */
  namesMax: 2_000,
  valuesMax: 5_000,
  /** UTF-16 units of a value in an answer, as many as fit a line of a list; the rest is cut off. */
  valueLengthMax: 256,
} as const

/** Level detection. */
export const levelLimits = {
  /**
   * Bytes of a line that are looked at: loggers put the level first, and a line of a megabyte must not cost
   * more.
   */
  scanBytesMax: 2048,
} as const

/**
 * JavaScript heap of a worker thread. Small figures make V8 collect garbage sooner instead of letting it pile
 * up: at 5,000 lines/s with a tail the process took 214 MB in place of 255 MB. Bodies and answers lie outside
 * this heap.
 */
export const threadHeap = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 } as const

/** Metrics: what a scrape waits for, and what is sampled. */
export const metricsLimits = {
  /** A part that has not answered by then is left out of this scrape; Prometheus itself waits 10 s. */
  partWaitMs: 1_000,
  /** Sizes and free disk are used again for so long: several scrapers cost as much as one. */
  partFreshMs: 10_000,
  /** How often the main thread's event loop is sampled: whatever blocks it for longer is always seen. */
  eventLoopSampleMs: 100,
} as const

/** Queries: slices, lanes, sizes of answers. */
export const queryLimits = {
  /** Plans that a query thread keeps compiled: open tails and repeated pages. */
  compiledPlansMax: 200,
  /** A slice of a scan: short, so that many clients take turns. */
  sliceMs: 50,
  /** The same while nobody waits: a read transaction holds the WAL back, so it stays well below a second. */
  sliceAloneMs: 300,
  /** A slice that has not ended by then has its thread terminated: a regular expression that runs away. */
  sliceHardMs: 5_000,
  /** Bodies that the light thread keeps: what several tails read of one commit. */
  lightBodyCacheBytes: 4 * mebibyte,
  /** The same for tails and listings, which share one thread. */
  lightHardMs: 2_000,
  /** Buckets of a histogram: more than a screen has columns. */
  histogramBucketsMax: 2_000,
  /** Buckets times groups of a histogram, at 8 bytes each and some 10 in its answer. */
  histogramCellsMax: 500_000,
  /** A page of a listing is cut short after this time: half of what the light thread is given. */
  listMs: 1_000,
  /** Names that are compared with one that no stream has: some 10 µs each. */
  namesComparedMax: 5_000,
  /** Body bytes of one page, beyond which it is cut short with a warning: memory of the main thread. */
  answerBytesMax: 16 * mebibyte,
  /** Body bytes decompressed for one page or tail step. */
  scannedBytesMax: 64 * 1024 * mebibyte,
  /** Lines of one piece of an export: large enough to amortise reopening blocks. */
  exportLinesPerSlice: 20_000,
  exportBytesPerSlice: 4 * mebibyte,
  /** Added where a thread has to start first: on a throttled processor that alone takes seconds. */
  threadStartMs: 3_000,
  /** Waiting tasks per lane; one more is refused with 429. */
  lightQueueMax: 1_000,
  scanQueueMax: 64,
  /** An idle query thread is ended after this time, to give its memory back. */
  threadIdleMs: 30_000,
  /** Without `until`, lines up to this far in the future are shown: clocks of nodes differ a little. */
  untilSlackSec: 3_600,
  /** How long a thread is waited for that is asked for its heap: it answers between two statements. */
  memoryWaitMs: 250,
  /** How long the answer of a readiness check is used again. */
  checkFreshMs: 1_000,
} as const
