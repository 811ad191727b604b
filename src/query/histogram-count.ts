/**
 * Counts the selected lines of one segment: from its stored counts where they suffice, else from its columns,
 * and with conditions on the text from its body. Hot path.
 */

import type { Place } from '../model/cursor.ts'
import { attribute, gapLevel, iostreamNames, levelNames } from '../model/entry.ts'
import type { Columns } from '../store/columns.ts'
import { cellWidthOf, visitCells } from '../store/count-cells.ts'
import type { Snapshot } from '../store/reader.ts'
import { linesUpTo } from '../store/runs.ts'
import type { Segment } from '../store/segment.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import type { HistogramGroup } from './contract.ts'
import { bucketOf, type HistogramCounts } from './histogram-grid.ts'
import { linesBetween, noLines, type PlaceRange, type ScanCount, selectLines } from './select-lines.ts'

export type SegmentCounter = {
  /** Adds a segment's lines in `range`; returns them, or null where stored counts told enough. */
  readonly add: (segment: Segment, range: PlaceRange, count: ScanCount) => Uint32Array | null
  /** Takes back those in `range` of what was added: no text is searched again. */
  readonly takeBack: (segment: Segment, added: Uint32Array | null, range: PlaceRange) => void
}

type Options = {
  readonly snapshot: Snapshot
  /** Selects no gap records. */
  readonly compiled: CompiledPlan
  /** Lines committed later are not counted. */
  readonly commit: number
  readonly by: HistogramGroup | null
  readonly counts: HistogramCounts
}

/** Name of the only group where nothing is grouped by. */
export const onlyGroup = ''

export function createSegmentCounter(options: Options): SegmentCounter {
  const { snapshot, compiled, commit } = options
  const offsetsOf = createOffsets(options)
  const linesIn = (segment: Segment, range: PlaceRange, count: ScanCount): Uint32Array => {
    const isWhole = segment.commitMax <= commit
    const lines = isWhole ? segment.lineCount : linesUpTo(snapshot.runs(segment), commit)
    return selectLines(snapshot, compiled, segment, [0, lines], range, count)
  }
  const countAll = (segment: Segment, lines: Uint32Array, sign: 1 | -1): void => {
    if (lines.length > 0)
      countLines(options.counts, offsetsOf(segment), snapshot.columns(segment), lines, sign)
  }
  /** True: stored counts told enough. */
  const countStored = (segment: Segment, range: PlaceRange, sign: 1 | -1): boolean =>
    segment.commitMax <= commit &&
    compiled.matcher === null &&
    compiled.selector === null &&
    countCells(options, offsetsOf(segment), segment, range, sign)
  return {
    add: (segment, range, count) => {
      if (compiled.levelMask !== null && (segment.levelMask & compiled.levelMask) === 0) return noLines
      if (countStored(segment, range, 1)) {
        count.blocks += 1
        return null
      }
      const lines = linesIn(segment, range, count)
      countAll(segment, lines, 1)
      return lines
    },
    takeBack: (segment, added, range) => {
      if (added !== null) countAll(segment, linesBetween(snapshot, segment, range, added), -1)
      else if (!countStored(segment, range, -1)) {
        const nothing = { scannedBytes: 0, scannedLines: 0, blocks: 0 }
        countAll(segment, linesIn(segment, range, nothing), -1)
      }
    },
  }
}

/** False: the segment has no counts, or a cell would lie in two buckets or across an end of the range. */
function countCells(
  { snapshot, compiled, counts }: Options,
  offsetOf: ReturnType<OffsetsOf>,
  segment: Segment,
  { after, before }: PlaceRange,
  sign: 1 | -1,
): boolean {
  const cells = snapshot.countCells(segment)
  if (cells === null) return false
  const widthSec = cellWidthOf(cells)
  const { stepMs, first } = counts.grid
  if (stepMs % (widthSec * 1000) !== 0) return false
  const isBegun = after.sec >= segment.minSec
  if (isBegun && !isCellBorder(after, widthSec)) return false
  if (before.sec <= segment.maxSec && !isCellBorder(before, widthSec)) return false
  const { levelMask, plan } = compiled
  const stepSec = stepMs / 1000
  visitCells(cells, (startSec, level, isStderr, count) => {
    if ((isBegun && startSec < after.sec) || startSec >= before.sec) return
    if (level === gapLevel || (levelMask !== null && (levelMask & (1 << level)) === 0)) return
    if (plan.iostream !== null && isStderr !== (plan.iostream === 1)) return
    const at = offsetOf(level, isStderr) + Math.floor(startSec / stepSec) - first
    counts.cells[at] = (counts.cells[at] as number) + sign * count
  })
  return true
}

function isCellBorder({ sec, ns, streamId }: Place, widthSec: number): boolean {
  return ns === 0 && streamId === 0 && sec % widthSec === 0
}

function countLines(
  counts: HistogramCounts,
  offsetOf: ReturnType<OffsetsOf>,
  { seconds, nanos, levels, attributes }: Columns,
  selected: Uint32Array,
  sign: 1 | -1,
): void {
  const { stepMs, first } = counts.grid
  for (const index of selected) {
    const level = levels[index] as number
    if (level === gapLevel) continue
    const isStderr = ((attributes[index] as number) & attribute.stderr) !== 0
    const at =
      offsetOf(level, isStderr) + bucketOf(seconds[index] as number, nanos[index] as number, stepMs) - first
    counts.cells[at] = (counts.cells[at] as number) + sign
  }
}

/** Where the counts of a line's group begin, by its level and iostream. */
type OffsetsOf = (segment: Segment) => (level: number, isStderr: boolean) => number

function createOffsets({ snapshot, by, counts }: Options): OffsetsOf {
  if (by !== 'level' && by !== 'stream') {
    return ({ streamId }) => {
      const labels = snapshot.stream(streamId)?.labels
      const offset = counts.offsetOf(by === null || labels === undefined ? onlyGroup : labels[by])
      return () => offset
    }
  }
  const known: number[] = []
  const offsetOf = (code: number, name: string): number => (known[code] ??= counts.offsetOf(name))
  const ofLine =
    by === 'level'
      ? (level: number): number => known[level] ?? offsetOf(level, levelNames[level] as string)
      : (_level: number, isStderr: boolean): number =>
          offsetOf(Number(isStderr), iostreamNames[isStderr ? 1 : 0])
  return () => ofLine
}
