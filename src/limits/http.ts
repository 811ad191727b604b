/** Bounds of the doors: HTTP, live tails and metrics, each with its unit in its name and its reason. */

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

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
  /** The same of `/metrics` where everybody is answered: some hundred scrapes at once. */
  openAnswersHeldBytesMax: 4 * mebibyte,
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
  /**
   * The same of a tail that is behind: each read opens a block of every container, however few of its lines
   * it sends.
   */
  readBehindBytesMax: 1 * mebibyte,
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

/** Loki's API, beside what all doors share. */
export const lokiLimits = {
  /** A form that holds a query of the greatest length, all of it percent-encoded. */
  formBytesMax: 512 * kibibyte,
  /** A range that ends so little before now is meant to reach up to it: clocks and the way here. */
  nowSlackMs: 3_000,
  /** Steps of a range where none is asked for. */
  standardSteps: 250,
  /** Volumes, and detected fields, unless asked for otherwise: as in Loki. */
  volumeDefault: 100,
  fieldsDefault: 1_000,
  fieldsMax: 1_000,
  /** Lines in which fields are looked for unless asked for otherwise. */
  sampleDefault: 100,
  /** As in Loki. */
  tailEntriesPerMessage: 100,
  tailBackfillMax: 5_000,
  tailLifeMs: 3_600_000,
  /** Entries that are held back are looked at no more often. */
  tailWakeMs: 10,
  /** Often enough for proxies; Loki pings every second. */
  tailPingMs: 5_000,
} as const

/** Metrics: what a scrape waits for, and what is sampled. */
export const metricsLimits = {
  /** A part that has not answered by then is left out of this scrape; Prometheus itself waits 10 s. */
  partWaitMs: 1_000,
  /** Sizes and free disk are used again for so long: several scrapers cost as much as one. */
  partFreshMs: 10_000,
  /** How often the main thread's event loop is sampled: whatever blocks it for longer is always seen. */
  eventLoopSampleMs: 100,
} as const
