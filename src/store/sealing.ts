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
import type { JournalIndex, PendingPart } from './journal-index.ts'
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
  /** Begins to encode the blocks that `sealWith` will make of these lines, and of more that follow them. */
  readonly foresee: (streamId: number, added: LineBuffer) => void
  /**
   * Seals a stream's pending lines, all of them, together with those of a commit's that fill blocks; returns
   * the index of the first of the commit's lines that is left for the journal. Inside a transaction.
   */
  readonly sealWith: (streamId: number, added: CommitLines, version: number, after: AfterCommit) => number
  /** Forgets what was foreseen: the commit is done. */
  readonly settle: () => void
}

export function createSealing(deps: SealingDeps): Sealing {
  const { ahead, journal, limits, loader, streams } = deps
  const seal = createBlockCutter(deps)
  const joined = new Map<number, Joined>()
  const join = (streamId: number, added: LineBuffer): Joined => {
    const pending = [...journal.parts(streamId)]
    const { lines, parts } = loader.load(pending)
    const before = lines.lineCount
    const to = fullAt(added, 0, { lines: before, bytes: lines.bodyBytes }, limits) ?? added.lineCount
    lines.appendLines(added, 0, to)
    return { pending, added, lines, parts, before, to }
  }
  return {
    sealPending: (streamId, version, after) => {
      const pending = journal.parts(streamId)
      const first = pending[0]
      if (first === undefined) return
      const { lines, parts } = loader.load(pending)
      seal(
        { streamId, firstLine: first.segment.firstLine, lines, parts, through: lines.lineCount },
        version,
        after,
      )
      after(() => journal.sealed(streamId))
    },
    foresee: (streamId, added) => {
      const filling = journal.pending(streamId)
      if (filling.lines === 0) ahead.begin(added, 0)
      else if (fullAt(added, 0, filling, limits) !== null) {
        const first = joined.get(streamId) ?? join(streamId, added)
        joined.set(streamId, first)
        ahead.begin(first.lines, 0)
        ahead.begin(added, first.to)
      }
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
        const foreseen = joined.get(streamId)
        const isSame = foreseen !== undefined && isOf(foreseen, pending, added)
        const { before, lines, parts, to } = isSame ? foreseen : join(streamId, added)
        // Cuts at a change of day or at the line bound may end within the pending lines: none of them may
        // stay behind.
        const both = [...parts, partOf(0, to, before)]
        from = seal({ streamId, firstLine, lines, parts: both, through: before }, version, after) - before
        firstLine += before
        after(() => journal.sealed(streamId))
      }
      const rest = [partOf(from, added.lineCount, from)]
      if (from === added.lineCount) return from
      return seal({ streamId, firstLine, lines: added, parts: rest, through: 0 }, version, after)
    },
    settle: () => {
      joined.clear()
      ahead.clear()
    },
  }
}

/** A stream's pending lines, and those of a commit's that fill a block together with them. */
type Joined = {
  readonly pending: readonly PendingPart[]
  readonly added: LineBuffer
  readonly lines: LineBuffer
  readonly parts: readonly ArrivedPart[]
  /** How many of `lines` were pending. */
  readonly before: number
  /** How many of `added` are among them. */
  readonly to: number
}

/** Whether it is made of just these: upkeep may have sealed or folded what was pending. */
function isOf(joined: Joined, pending: readonly PendingPart[], added: LineBuffer): boolean {
  const isSame = joined.pending.length === pending.length && joined.added === added
  return isSame && joined.pending.every((part, index) => part === pending[index])
}

type SealedPart = {
  readonly streamId: number
  /** Number of the first of `lines`. */
  readonly firstLine: number
  readonly lines: LineBuffer
  readonly parts: readonly ArrivedPart[]
  readonly through: number
}

/** Writes blocks of `parts`; returns the index behind the last line that went into one. */
function createBlockCutter({ ahead, streams, blocks, limits, counts }: SealingDeps) {
  return (
    { streamId, firstLine, lines, parts, through }: SealedPart,
    version: number,
    after: AfterCommit,
  ): number => {
    const summaries: LineSummary[] = []
    const start = parts[0]?.from ?? 0
    const end = cutBlocks(lines, parts, through, limits, (from, to, arrived) => {
      const input = { streamId, firstLine: firstLine + from, lines, from, to, ...arrived, tier: 0 }
      summaries.push(blocks.write({ ...input, encoded: ahead.take(lines, from, to) }))
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
