/** Where a stream's lines are cut into blocks. */

import type { StoreLimits } from '../limits/store.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { joinRuns, type Run, sliceRuns } from './runs.ts'

const secondsPerDay = 86_400

/** Consecutive lines of one stream, oldest first, with when they arrived. */
export type ArrivedPart = {
  readonly from: number
  readonly to: number
  readonly runs: readonly Run[]
  readonly arrivalMin: number
  readonly arrivalMax: number
}

export function utcDay(sec: number): number {
  return Math.floor(sec / secondsPerDay)
}

/** Lines that a block already has, and their bytes, line ends included. */
export type Filling = { readonly lines: number; readonly bytes: number }

/**
 * Index behind the line that fills a block begun at line `from` or, with `filling`, earlier; null: there is
 * room for more.
 */
export function fullAt(
  lines: LineBuffer,
  from: number,
  filling: Filling,
  limits: StoreLimits,
): number | null {
  const startByte = lines.startOf(from) - filling.bytes
  const startLine = from - filling.lines
  for (let index = from; index < lines.lineCount; index += 1) {
    if (isFull((lines.ends[index] as number) + 1 - startByte, index + 1 - startLine, limits)) return index + 1
  }
  return null
}

function isFull(bytes: number, lines: number, { blockBytes, blockLinesMax }: StoreLimits): boolean {
  return bytes >= blockBytes || lines >= blockLinesMax
}

/**
 * Cuts lines into blocks: at the full size, at the line bound, at each change of the UTC day of arrival. The
 * rest after the last cut is a block too where one of its lines is before `through`; returns the index of the
 * first line that went into no block.
 */
export function cutBlocks(
  lines: LineBuffer,
  parts: readonly ArrivedPart[],
  through: number,
  limits: StoreLimits,
  write: (from: number, to: number, part: Omit<ArrivedPart, 'from' | 'to'>) => void,
): number {
  let from = parts[0]?.from ?? 0
  let startByte = from === 0 ? 0 : lines.startOf(from)
  let open: ArrivedPart[] = []
  const cut = (to: number): void => {
    const runs = joinRuns(
      open.map((part) => sliceRuns(part.runs, Math.max(from, part.from) - part.from, to - part.from)),
    )
    const arrivalMin = Math.min(...open.map((part) => part.arrivalMin))
    write(from, to, { runs, arrivalMin, arrivalMax: (open.at(-1) as ArrivedPart).arrivalMax })
    open = []
    from = to
    startByte = (lines.ends[to - 1] as number) + 1
  }
  for (const part of parts) {
    const last = open.at(-1)
    if (last !== undefined && utcDay(last.arrivalMax) !== utcDay(part.arrivalMax)) cut(part.from)
    open.push(part)
    for (let index = part.from; index < part.to; index += 1) {
      if (!isFull((lines.ends[index] as number) + 1 - startByte, index + 1 - from, limits)) continue
      cut(index + 1)
      if (index + 1 < part.to) open.push(part)
    }
  }
  if (from < through) cut(lines.lineCount)
  return from
}
