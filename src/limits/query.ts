/** Bounds of queries, their threads, patterns and fields, each with its unit in its name and its reason. */

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

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
  /**
   * The same for a slice that nobody waits for any more: longer than one that keeps to its time takes on a
   * busy machine, since a thread that is ended has to start again.
   */
  abandonedMs: 1_000,
  /** The same for tails and listings, which share one thread. */
  lightHardMs: 2_000,
  /** Buckets of a histogram: more than a screen has columns. */
  histogramBucketsMax: 2_000,
  /** Buckets times groups of a histogram, at 8 bytes each. */
  histogramCellsMax: 500_000,
  /** A page of a listing is cut short after this time: half of what the light thread is given. */
  listMs: 1_000,
  /** Names that are compared with one that no stream has: some 10 µs each. */
  namesComparedMax: 5_000,
  /** Names that no stream has are looked for so long: a request may hold hundreds, at some 50 ms each. */
  explainMs: 250,
  /** Body bytes of one page, beyond which it is cut short with a warning: memory of the main thread. */
  answerBytesMax: 16 * mebibyte,
  /** Entries of all tails that one task reads, about: memory of the light and the main thread. */
  tailsBytesMax: 2 * mebibyte,
  /** Body bytes decompressed for one page or tail step. */
  scannedBytesMax: 64 * 1024 * mebibyte,
  /**
   * Bodies of one part of a scan, which one thread reads while others read its neighbours: the blocks across
   * its ends are opened by both.
   */
  scanPartBytes: 48 * mebibyte,
  /**
   * The same of an export, about one piece of JSON: neighbouring parts find their blocks in memory. With half
   * of it an export takes a fifth more processor time.
   */
  exportPartBytes: 768 * kibibyte,
  /** The same where a thread cannot keep all blocks across a moment: each part decompresses them anew. */
  exportWidePartBytes: 1 * mebibyte,
  /** Bodies of one part of a metric query whose lines are parsed: a tenth of a second of one thread. */
  metricPartBytes: 8 * mebibyte,
  /**
   * A part that takes so long, on a busy machine or for a slow expression, is halved: far below
   * `sliceHardMs`.
   */
  metricPartMs: 1_000,
  /**
   * Parts that a walk is cut into at once; what lies behind the last is cut while they are read. Each look at
   * a header costs some 5 µs.
   */
  partsMax: 16,
  /** Lines and bytes of one piece of an export: large enough to amortise reopening blocks. */
  exportLinesPerSlice: 20_000,
  exportBytesPerSlice: 4 * mebibyte,
  /** Memory for one piece: the last line may begin before the bound and end behind it. */
  exportRoomBytes: 4 * mebibyte + 64 * kibibyte,
  /** Pieces' memory that an export keeps while it does not use it: those that threads read. */
  exportRoomsKept: 4,
  /** Added where a thread has to start first: on a throttled processor that alone takes seconds. */
  threadStartMs: 3_000,
  /** Waiting tasks per lane; one more is refused with 429. */
  lightQueueMax: 1_000,
  scanQueueMax: 64,
  /** An idle query thread is ended after this time, to give its 13 MB back; the next one takes 50 ms. */
  threadIdleMs: 20_000,
  /** Without `until`, lines up to this far in the future are shown: clocks of nodes differ a little. */
  untilSlackSec: 3_600,
  /** How long a thread is waited for that is asked for its heap: it answers between two statements. */
  memoryWaitMs: 250,
  /** How long the answer of a readiness check is used again. */
  checkFreshMs: 1_000,
  /** The same of a good one where nobody else has asked for `threadIdleMs`: probes alone keep no thread. */
  checkIdleMs: 60_000,
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

/**
 * JavaScript heap of a worker thread. Small figures make V8 collect garbage sooner instead of letting it pile
 * up: at 5,000 lines/s with a tail the process took 214 MB in place of 255 MB. Bodies and answers lie outside
 * this heap.
 */
export const threadHeap = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 } as const
