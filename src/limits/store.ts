/** Bounds of the store: blocks, journal, filters, caches; each with its unit in its name and its reason. */

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
   * Above it sealing goes before reading, for `sealLateMs` at a time: many streams whose lines arrive faster
   * than they are sealed would fill the budget with lines that are hardly compressed.
   */
  journalBytesLate: 36 * mebibyte,
  sealLateMs: 500,
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
  /** Bits set above which the usual size is not enough: text full of identifiers sets 68 of 100. */
  filterDenseShare: 0.6,
  /** For random text: an eighth of a block's size, on bytes that hardly compress. */
  filterBitsMax: 2 ** 18,
  /** As `filterLoadMax`, of bits marked in the largest size: identifiers have many grams of both kinds. */
  filterDenseLoadMax: 0.85,
  /** Filters that are put together: as many as two 32-bit integers have bits. */
  packBlocks: 64,
  /** Spans of time that a block's counts are kept for: one percent of its size, 15 minutes of a day. */
  countCellsMax: 100,
  /** Blocks that may be encoded ahead of their commit, and the room for one with the most lines. */
  aheadBlocksMax: 32,
  aheadBlockBytes: 1 * mebibyte,
  /** The thread that encodes ahead ends after so long without a backlog: it takes 10 MB. */
  aheadIdleMs: 5_000,
  /** A commit waits no longer for a block: the slowest machine's block takes a tenth of it. */
  aheadWaitMs: 1_000,
  /** Of a new file: smallest read per probe, and a filter of 4 KiB does not waste half a page. */
  pageBytes: 4096,
  /** SQLite's NORMAL: commits do not wait for the disk, checkpoints do; a power cut may take back a few. */
  synchronous: 1,
  /** None: what is mapped counts as this program's memory. */
  mmapBytes: 0,
  /** Pages checkpointed at once by SQLite itself: 4 MiB of WAL. */
  checkpointBytes: 4 * mebibyte,
  /**
   * After a step that gave pages back to the file system, as many times what it took until the next: it moves
   * pages from the file's end, 5 MB/s of them, and nobody waits for it.
   */
  vacuumRestFactor: 3,
  /** SQLite's page cache of a connection; the file system's cache does the rest. */
  cacheBytes: 4 * mebibyte,
  /** Decoded columns that a query thread keeps. */
  readerColumnCacheBytes: 6 * mebibyte,
  /** Decompressed bodies that a query thread keeps: pages of a walk come back to the same blocks. */
  readerBodyCacheBytes: 8 * mebibyte,
  /** Headers of blocks that a query thread keeps, at some 250 bytes. */
  readerHeaders: 2_000,
  /** Up to this many streams are read by their own index; more by one over all streams. */
  fewStreams: 16,
  /** Rows of streams read by one statement: about 2 ms. */
  streamRows: 1000,
  /** Labels that a query thread keeps, at some 400 bytes: those of the largest page twice. */
  labelsCached: 10_000,
  /**
   * How long a connection waits for a lock before it gives up: its thread does nothing else meanwhile, and a
   * commit is tried again anyway.
   */
  busyTimeoutMs: 1_000,
} as const

/** The same bounds with other figures: tests use small ones, to reach every border with little data. */
export type StoreLimits = { readonly [name in keyof typeof storeLimits]: number }
