/** What is stored of a block beside its header, made of its lines and nothing else: any thread may do it. */

import type { LineBuffer } from '../model/line-buffer.ts'
import { ByteWriter } from './byte-writer.ts'
import { encodeColumns } from './columns.ts'
import { compress } from './compression.ts'
import { encodeCountCells } from './count-cells.ts'
import { buildFilter } from './gram-filter.ts'

/** Valid until the encoder's next block. */
export type EncodedBlock = {
  /** Compressed. */
  readonly columns: Uint8Array
  /** Compressed. */
  readonly body: Uint8Array
  /** Null: the lines' times lie too far apart. */
  readonly cells: Uint8Array | null
  readonly filter: Uint8Array
  /** A line holds an LF of its own. */
  readonly holdsLineFeeds: boolean
}

/** Encodes lines `from` to `to` (exclusive). About 7 ns per byte, most of it for body and filter. */
export type BlockEncoder = (lines: LineBuffer, from: number, to: number) => EncodedBlock

/** `countCellsMax`: see `storeLimits`. */
export function createBlockEncoder(countCellsMax: number): BlockEncoder {
  const columns = new ByteWriter(64 * 1024)
  return (lines, from, to) => {
    columns.reset()
    const holdsLineFeeds = encodeColumns(lines, from, to, columns)
    const body = lines.body.subarray(lines.startOf(from), (lines.ends[to - 1] as number) + 1)
    return {
      columns: compress(columns.view()),
      body: compress(body),
      cells:
        encodeCountCells(lines, from, to, Math.min(countCellsMax, cellsFor(to - from))) ??
        encodeCountCells(lines, from, to, countCellsMax),
      filter: buildFilter(body, 0, body.length),
      holdsLineFeeds,
    }
  }
}

/** Few lines are not worth many spans: 20 of them over 20 seconds took 65 bytes, 12 as two spans. */
function cellsFor(lines: number): number {
  return Math.max(cellsLeast, Math.floor(lines / linesPerCell))
}

const cellsLeast = 4
const linesPerCell = 8
