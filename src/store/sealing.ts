/**
 * Seals streams: takes their pending lines out of the journal, and a commit's where it has many, into blocks.
 */

import type { StoreLimits } from '../limits/store.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { type ArrivedPart, cutBlocks, fullAt } from './block-cuts.ts'
import type { BlockWriter } from './block-writer.ts'
import type { LineSummary } from './columns.ts'
import type { UpkeepCounts } from './contract.ts'
import type { EncodeAhead } from './encode-ahead.ts'
import type { JournalIndex } from './journal-index.ts'
import type { JournalLoader } from './journal-loader.ts'
import type { StreamTable } from './stream-table.ts'
import type { AfterCommit } from './transaction.ts'

type SealingDeps = {
  readonly journal: JournalIndex
  readonly loader: JournalLoader
  readonly streams: StreamTable
  readonly blocks: BlockWriter
  readonly ahead: EncodeAhead
  readonly limits: StoreLimits
  readonly counts: UpkeepCounts
}

/** Lines of the commit that is being written. */
export type CommitLines = { readonly lines: LineBuffer; readonly commit: number; readonly arrivalSec: number }

export type Sealing = {
  /** Seals all pending lines of a stream. Inside a transaction. */
  readonly sealPending: (streamId: number, version: number, after: AfterCommit) => void
  /**
   * Seals a stream's pending lines, all of them, together with those of a commit's that fill blocks; returns
   * the index of the first of the commit's lines that is left for the journal. Inside a transaction. The
   * loader keeps the rows that it decoded: streams of one commit lie in the same ones.
   */
  readonly sealWith: (streamId: number, added: CommitLines, version: number, after: AfterCommit) => number
}

export function createSealing(deps: SealingDeps): Sealing {
  const { journal, loader, streams, limits, ahead } = deps
  const seal = createBlockCutter(deps)
  return {
    sealPending: (streamId, version, after) => {
      const pending = journal.parts(streamId)
      const first = pending[0]
      if (first === undefined) return
      const { lines, parts } = loader.load(pending)
      const { firstLine } = first.segment
      seal({ streamId, firstLine, lines, parts, through: lines.lineCount, encoded: none }, version, after)
      after(() => journal.sealed(streamId))
    },
    sealWith: (streamId, { lines: added, commit, arrivalSec }, version, after) => {
      const arrived = { arrivalMin: arrivalSec, arrivalMax: arrivalSec }
      const partOf = (from: number, to: number, at: number): ArrivedPart => {
        return { from: at, to: at + to - from, runs: [{ lines: to - from, commit }], ...arrived }
      }
      const pending = journal.parts(streamId)
      let firstLine = pending[0]?.segment.firstLine ?? streams.nextLine(streamId)
      let from = 0
      if (pending.length > 0) {
        const { lines, parts } = loader.load(pending)
        const before = lines.lineCount
        const joined = fullAt(added, 0, { lines: before, bytes: lines.bodyBytes }, limits) ?? added.lineCount
        lines.appendLines(added, 0, joined)
        // Cuts at a change of day or at the line bound may end within the pending lines: none of them may
        // stay behind.
        const both = [...parts, partOf(0, joined, before)]
        const part = { streamId, firstLine, lines, parts: both, through: before, encoded: none }
        from = seal(part, version, after) - before
        firstLine += before
        after(() => journal.sealed(streamId))
      }
      const parts = [partOf(from, added.lineCount, from)]
      const part = { streamId, firstLine, lines: added, parts, through: 0, encoded: ahead.take }
      return from === added.lineCount ? from : seal(part, version, after)
    },
  }
}

type SealedPart = {
  readonly streamId: number
  /** Number of the first of `lines`. */
  readonly firstLine: number
  readonly lines: LineBuffer
  readonly parts: readonly ArrivedPart[]
  readonly through: number
  readonly encoded: EncodeAhead['take']
}

const none = (): null => null

/** Writes blocks of `parts`; returns the index behind the last line that went into one. */
function createBlockCutter({ streams, blocks, limits, counts }: SealingDeps) {
  return (
    { streamId, firstLine, lines, parts, through, encoded }: SealedPart,
    version: number,
    after: AfterCommit,
  ): number => {
    const summaries: LineSummary[] = []
    const start = parts[0]?.from ?? 0
    const end = cutBlocks(lines, parts, through, limits, (from, to, arrived) => {
      const input = { streamId, firstLine: firstLine + from, lines, from, to, ...arrived, tier: 0 }
      summaries.push(blocks.write({ ...input, encoded: encoded(lines, from, to) }))
    })
    after(() => {
      counts.blocksSealed += summaries.length
    })
    if (end > start) {
      const bytes = (lines.ends[end - 1] as number) + 1 - lines.startOf(start)
      const sealed = { sealedLine: firstLine + end, lines: end - start, bytes, summaries }
      streams.addSealed(streamId, sealed, version)
    }
    return end
  }
}
