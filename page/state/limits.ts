/** Bounds of the page, each with its unit in its name and its reason. */

export const pageLimits = {
  /** First page of lines: some screens, drawn at once. */
  firstPageLines: 200,
  /** Further pages, doubled while a reader keeps scrolling: few requests through a million lines. */
  pageLines: 1000,
  pageLinesMax: 5000,
  /** Pages that follow each other within this time are of one scroll. */
  scrollMs: 1500,
  /** Lines in memory: those at the far end are let go, and loaded again by cursor. */
  linesHeldMax: 50_000,
  /** Characters of them: a megabyte per line is possible. */
  charsHeldMax: 64_000_000,
  /** New lines kept for a paused reader; beyond it they are only counted, and loaded when asked for. */
  pendingLinesMax: 10_000,
  /** So often a search that a limit of the server stopped before its first line goes on by itself. */
  askOnMax: 3,
  /** How often arrived lines are shown: a person sees no more. */
  showMs: 100,
  /** First and longest wait before the tail is opened again. */
  reconnectMs: 500,
  reconnectMsMax: 10_000,
  /** How often the tree, and in live the histogram, are asked for. */
  treeMs: 15_000,
  /** The same after a failure. */
  treeRetryMs: 2_000,
  histogramLiveMs: 5_000,
  /** How often the lag is looked at in live, and how long that of the newest line is shown. */
  lagMs: 5_000,
  lagKeptMs: 10_000,
  /** After it lines are asked for again where the server could not be reached. */
  reloadMs: 3_000,
  /** Pages of `/streams` at most: 50,000 container instances. */
  streamPagesMax: 10,
  /** Zooms that can be taken back. */
  zoomsMax: 50,
  /** Earlier searches that are kept. */
  historyMax: 50,
  /** Buckets of the histogram. */
  bucketsMax: 120,
  /** A histogram with conditions on text is asked for in so many parts, newest first. */
  histogramParts: 4,
} as const
