/** Where the lines of a stored body end: at each LF, or by their recorded lengths where a line holds an LF of its own. */

import type { Columns } from './columns.ts'

const lineFeed = 0x0a

/** Offset in `body` of the LF after each line. Hot path: about 30 ns a line. */
export function lineEnds(body: Buffer, columns: Pick<Columns, 'lineCount' | 'lengths'>): Uint32Array {
  const ends = new Uint32Array(columns.lineCount)
  if (columns.lengths === null) {
    let position = -1
    for (let index = 0; index < ends.length; index += 1) {
      position = body.indexOf(lineFeed, position + 1)
      ends[index] = position
    }
  } else {
    let start = 0
    for (let index = 0; index < ends.length; index += 1) {
      const end = start + (columns.lengths[index] as number)
      ends[index] = end
      start = end + 1
    }
  }
  return ends
}
