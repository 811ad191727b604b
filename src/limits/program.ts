/** Bounds of start and stop, of the messages of the program and of level detection, each with its reason. */

const kibibyte = 1024

/** Start and stop. */
export const processLimits = {
  /** When main thread and collector collect what their start left: V8 by itself would keep it for hours. */
  startGarbageMs: 10_000,
  /** Requests under way may end for so long, then their connections are closed. */
  requestGraceMs: 1500,
  /** A stop that takes longer is ended by force: Kubernetes kills after 30 s, people wait for 5. */
  stopMaxMs: 4800,
  /** A token file is one line. */
  tokenFileBytesMax: 4 * kibibyte,
} as const

/** The program's own messages. */
export const logLimits = {
  /** An equal message is written at most this often; the rest is counted. */
  repeatMs: 60_000,
  /** Messages remembered for that; beyond it the oldest may be written again early. */
  eventsRemembered: 1000,
} as const

/** Level detection. */
export const levelLimits = {
  /**
   * Bytes of a line that are looked at: loggers put the level first, and a line of a megabyte must not cost
   * more.
   */
  scanBytesMax: 2048,
} as const
