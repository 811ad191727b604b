/**
 * Counts of a block's lines per span of time, level and iostream: what a histogram reads in place of columns.
 * Hot path.
 */

import { attribute, levelCodeCount } from '../model/entry.ts'
import type { LineBuffer } from '../model/line-buffer.ts'
import { ByteReader, ByteWriter } from './byte-writer.ts'

/** Seconds of a cell, each a divisor of the next: cells fit whole into the buckets of every rounder step. */
export const cellWidthsSec = [1, 5, 15, 60, 300, 900, 3_600, 10_800, 43_200, 86_400] as const

/** Counts of one cell: per level code on stdout, then the same on stderr. */
const slotCount = 2 * levelCodeCount

/** Called for each count that is not 0: the first second of its cell, level code and whether on stderr. */
export type CellVisitor = (startSec: number, level: number, isStderr: boolean, count: number) => void

/**
 * Cells of lines `from` to `to` (exclusive), as narrow as their number allows: width, number of cells, then
 * per cell the distance to the one before it, a mask of its counts, and these. Null where the times lie too
 * far apart for it: on more than `cellsMax` days.
 */
export function encodeCountCells(
  lines: LineBuffer,
  from: number,
  to: number,
  cellsMax: number,
): Uint8Array | null {
  const { seconds, levels, attributes } = lines
  let width = narrowestWidth(lines, from, to, cellsMax)
  let widthSec = cellWidthsSec[width] as number
  let cells = new Map<number, Uint32Array>()
  let cell = new Uint32Array(slotCount)
  let startSec = Number.POSITIVE_INFINITY
  for (let index = from; index < to; index += 1) {
    const sec = seconds[index] as number
    if (sec < startSec || sec >= startSec + widthSec) {
      const number = Math.floor(sec / widthSec)
      cell = cellOf(cells, number)
      startSec = number * widthSec
      while (cells.size > cellsMax) {
        if (width === cellWidthsSec.length - 1) return null
        const narrowSec = widthSec
        width += 1
        widthSec = cellWidthsSec[width] as number
        cells = widened(cells, widthSec / narrowSec)
        cell = cellOf(cells, Math.floor(sec / widthSec))
        startSec = Math.floor(sec / widthSec) * widthSec
      }
    }
    const slot =
      (levels[index] as number) + ((attributes[index] as number) & attribute.stderr) * levelCodeCount
    cell[slot] = (cell[slot] as number) + 1
  }
  return encode(width, cells)
}

/**
 * A width that is not too wide: the first at which the times change their cell seldom enough. Where they
 * ascend it is the one; where they go back and forth they may need fewer cells than that, so none is passed
 * over.
 */
function narrowestWidth({ seconds }: LineBuffer, from: number, to: number, cellsMax: number): number {
  for (const [width, widthSec] of cellWidthsSec.entries()) {
    let cells = 0
    let endSec = Number.NEGATIVE_INFINITY
    for (let index = from; index < to && cells <= cellsMax; index += 1) {
      const sec = seconds[index] as number
      if (sec < endSec - widthSec && cells > 0) return 0
      if (sec < endSec) continue
      cells += 1
      endSec = (Math.floor(sec / widthSec) + 1) * widthSec
    }
    if (cells <= cellsMax) return width
  }
  return cellWidthsSec.length - 1
}

/** Width in seconds of stored cells. */
export function cellWidthOf(cells: Uint8Array): number {
  return cellWidthsSec[cells[0] as number] as number
}

/** Visits every count of stored cells, in ascending time. */
export function visitCells(cells: Uint8Array, visit: CellVisitor): void {
  const widthSec = cellWidthOf(cells)
  const reader = new ByteReader(cells, 1)
  let left = reader.integer()
  let number = reader.signed()
  while (left > 0) {
    let mask = reader.integer()
    for (let slot = 0; mask !== 0; slot += 1, mask >>>= 1) {
      if ((mask & 1) === 0) continue
      const isStderr = slot >= levelCodeCount
      visit(number * widthSec, isStderr ? slot - levelCodeCount : slot, isStderr, reader.integer())
    }
    left -= 1
    if (left > 0) number += reader.integer()
  }
}

function cellOf(cells: Map<number, Uint32Array>, number: number): Uint32Array<ArrayBuffer> {
  let cell = cells.get(number) as Uint32Array<ArrayBuffer> | undefined
  if (cell === undefined) cells.set(number, (cell = new Uint32Array(slotCount)))
  return cell
}

function widened(cells: ReadonlyMap<number, Uint32Array>, factor: number): Map<number, Uint32Array> {
  const wide = new Map<number, Uint32Array>()
  for (const [number, counts] of cells) {
    const cell = cellOf(wide, Math.floor(number / factor))
    for (const [slot, count] of counts.entries()) cell[slot] = (cell[slot] as number) + count
  }
  return wide
}

function encode(width: number, cells: ReadonlyMap<number, Uint32Array>): Uint8Array {
  const out = new ByteWriter(cells.size * 8 + 16)
  out.byte(width)
  out.integer(cells.size)
  let last: number | null = null
  for (const [number, counts] of [...cells].sort(([one], [other]) => one - other)) {
    if (last === null) out.signed(number)
    else out.integer(number - last)
    last = number
    let mask = 0
    for (const [slot, count] of counts.entries()) if (count > 0) mask |= 1 << slot
    out.integer(mask)
    for (const count of counts) if (count > 0) out.integer(count)
  }
  return Buffer.from(out.view())
}
