/** Bounds of LogQL queries and their answers, each with its unit in its name and its reason. */

const mebibyte = 1024 * 1024

export const logqlLimits = {
  /** Characters of a query: as in Loki, more than any builder writes. */
  queryLengthMax: 131_071,
  /** Parentheses and operations within each other: parser, printer and evaluation recurse over them. */
  depthMax: 100,
  /** Operations and stages of one query: each costs some microseconds for every line. */
  partsMax: 2_000,
  /** Labels of one line, parsed ones included; what comes beyond is left out. */
  lineLabelsMax: 1_000,
  /** Brackets within brackets of a line that is read as JSON: what reads it recurses over them. */
  jsonDepthMax: 128,
  /** UTF-16 units that a template may write for one line. */
  templateLengthMax: 1_048_576,
  /** Steps that a template may take for one line: ranges within ranges. */
  templateStepsMax: 100_000,
  /** Templates within templates, and pipelines within parentheses. */
  templateDepthMax: 100,
  /** Series of one answer: as in Loki; more of them make no chart. */
  seriesMax: 500,
  /** Series that an aggregation may go over, at some kilobytes each. */
  innerSeriesMax: 20_000,
  /** Points of one series: as in Loki. */
  pointsMax: 11_000,
  /** Partial results of all series of a query, at 8 bytes each: memory of one query thread. */
  cellsMax: 4_000_000,
  /** Single values that `quantile_over_time` and `rate_counter` keep. */
  samplesMax: 4_000_000,
  /** Entries of one answer: as in Loki. */
  entriesMax: 5_000,
  /**
   * Bytes of series in one answer, beyond which it is refused: memory of the main thread. Logs end at
   * `queryLimits.answerBytesMax`.
   */
  answerBytesMax: 32 * mebibyte,
} as const
