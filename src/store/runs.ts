/**
 * Runs: which lines of a segment came with which commit. Commit numbers never fall within a stream, so they
 * are prefixes.
 */

import { type ByteReader, ByteWriter } from './byte-writer.ts'

/** `lines` consecutive lines that came with commit `commit`. */
export type Run = { readonly lines: number; readonly commit: number }

/** Appends runs: their number, then lines and the distance to the commit before. */
export function encodeRuns(runs: readonly Run[], out: ByteWriter): void {
  out.integer(runs.length)
  let last = 0
  for (const { lines, commit } of runs) {
    out.integer(lines)
    out.integer(commit - last)
    last = commit
  }
}

export function decodeRuns(reader: ByteReader): readonly Run[] {
  const count = reader.integer()
  const runs: Run[] = []
  let commit = 0
  for (let index = 0; index < count; index += 1) {
    const lines = reader.integer()
    commit += reader.integer()
    runs.push({ lines, commit })
  }
  return runs
}

export function encodeRunsBytes(runs: readonly Run[]): Uint8Array {
  const out = new ByteWriter(runs.length * 8 + 8)
  encodeRuns(runs, out)
  return Buffer.from(out.view())
}

/** Joins neighbouring lists; equal commits at a seam become one run. */
export function joinRuns(lists: Iterable<readonly Run[]>): Run[] {
  const joined: Run[] = []
  for (const runs of lists) {
    for (const run of runs) {
      const last = joined.at(-1)
      if (last?.commit === run.commit)
        joined[joined.length - 1] = { lines: last.lines + run.lines, commit: run.commit }
      else joined.push(run)
    }
  }
  return joined
}

/** The runs of lines `from` to `to` (exclusive), counted from the first line of `runs`. */
export function sliceRuns(runs: readonly Run[], from: number, to: number): Run[] {
  const sliced: Run[] = []
  let start = 0
  for (const { lines, commit } of runs) {
    const overlap = Math.min(to, start + lines) - Math.max(from, start)
    if (overlap > 0) sliced.push({ lines: overlap, commit })
    start += lines
  }
  return sliced
}

/** How many lines, from the first, came with commit `commit` or an earlier one. */
export function linesUpTo(runs: readonly Run[], commit: number): number {
  let lines = 0
  for (const run of runs) {
    if (run.commit > commit) break
    lines += run.lines
  }
  return lines
}
