/**
 * Seals streams: takes their pending lines out of the journal, and a commit's where it has many, into blocks.
 */

import type { StoreLimits } from '../limits/store.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { type BlockWriter, cutBlocks } from './block-writer.ts'
import type { LineSummary } from './columns.ts'
import type { UpkeepCounts } from './contract.ts'
import type { JournalIndex } from './journal-index.ts'
import type { JournalLoader } from './journal-loader.ts'
import type { StreamTable } from './stream-table.ts'
import type { AfterCommit } from './transaction.ts'

type SealingDeps = {
  readonly journal: JournalIndex
  readonly loader: JournalLoader
  readonly streams: StreamTable
  readonly blocks: BlockWriter
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
   * the index of the first of the commit's lines that is left for the journal. Inside a transaction.
   */
  readonly sealWith: (streamId: number, added: CommitLines, version: number, after: AfterCommit) => number
}

export function createSealing({ journal, loader, streams, blocks, limits, counts }: SealingDeps): Sealing {
  const seal = createBlockCutter({ streams, blocks, limits, counts })
  return {
    sealPending: (streamId, version, after) => {
      const pending = journal.parts(streamId)
      const first = pending[0]
      if (first === undefined) return
      const { lines, parts } = loader.load(pending)
      seal(streamId, first.segment.firstLine, lines, parts, lines.lineCount, version, after)
      after(() => journal.sealed(streamId))
    },
    sealWith: (streamId, { lines: added, commit, arrivalSec }, version, after) => {
      const arrived = { arrivalMin: arrivalSec, arrivalMax: arrivalSec }
      const pending = journal.parts(streamId)
      const first = pending[0]
      if (first === undefined) {
        const parts = [
          { from: 0, to: added.lineCount, runs: [{ lines: added.lineCount, commit }], ...arrived },
        ]
        return seal(streamId, streams.nextLine(streamId), added, parts, 0, version, after)
      }
      const { lines, parts } = loader.load(pending)
      const before = lines.lineCount
      lines.appendLines(added, 0, added.lineCount)
      const newest = {
        from: before,
        to: lines.lineCount,
        runs: [{ lines: added.lineCount, commit }],
        ...arrived,
      }
      // Cuts at a change of day or at the line bound may end within the pending lines: none of them may stay
      // behind.
      const sealed = seal(
        streamId,
        first.segment.firstLine,
        lines,
        [...parts, newest],
        before,
        version,
        after,
      )
      after(() => journal.sealed(streamId))
      loader.clear()
      return sealed - before
    },
  }
}

/** Writes blocks of `lines` from its line `firstLine` on; returns how many lines went into blocks. */
function createBlockCutter({ streams, blocks, limits, counts }: Omit<SealingDeps, 'journal' | 'loader'>) {
  return (
    streamId: number,
    firstLine: number,
    lines: LineBuffer,
    parts: Parameters<typeof cutBlocks>[1],
    through: number,
    version: number,
    after: AfterCommit,
  ): number => {
    const summaries: LineSummary[] = []
    const sealed = cutBlocks(lines, parts, through, limits, (from, to, arrived) => {
      const input = { streamId, firstLine: firstLine + from, lines, from, to, ...arrived, tier: 0 }
      summaries.push(blocks.write(input))
    })
    after(() => {
      counts.blocksSealed += summaries.length
    })
    if (sealed > 0) {
      const bytes = (lines.ends[sealed - 1] as number) + 1
      streams.addSealed(
        streamId,
        { sealedLine: firstLine + sealed, lines: sealed, bytes, summaries },
        version,
      )
    }
    return sealed
  }
}
