/** The byte order mark, U+FEFF in UTF-8, that some tools put before the first line of a file. */

const markBytes = [0xef, 0xbb, 0xbf]

/** Offset behind a mark at `start`, or `start` where there is none. */
export function behindMark(bytes: Uint8Array, start: number): number {
  return markBytes.every((byte, index) => bytes[start + index] === byte) ? start + markBytes.length : start
}
