/** Bitmap of hashed 4-byte grams of a body: tells which blocks cannot hold a text, without opening them. Hot path. */

import { storeLimits } from '../limits.ts'

/** Bytes of a gram. A text shorter than this cannot be excluded. */
export const gramBytes = 4

/** Multiplier of the hash: 2^32 divided by the golden ratio, odd, so that neighbouring grams spread. */
const hashFactor = 0x9e3779b1

/**
 * Filter of `body[start, end)`, ASCII letters folded to lower case so that it serves searches of either kind. Its size
 * is a power of two, at least one bit per `filterBytesPerBit`. Costs about 1.5 ns per byte.
 */
export function buildFilter(body: Uint8Array, start: number, end: number): Uint8Array {
  let bits: number = storeLimits.filterBitsMin
  const wanted = (end - start) / storeLimits.filterBytesPerBit
  while (bits < wanted) bits *= 2
  const words = new Int32Array(bits / 32)
  const shift = 32 - Math.log2(bits)
  let gram = 0
  for (let index = start; index < end; index += 1) {
    let byte = body[index] as number
    if (byte >= 65 && byte <= 90) byte += 32
    gram = (gram << 8) | byte
    const hash = Math.imul(gram, hashFactor) >>> shift
    words[hash >>> 5] = (words[hash >>> 5] as number) | (1 << (hash & 31))
  }
  return new Uint8Array(words.buffer)
}

/** Hashes of a text's grams before they are cut to a filter's size; `text` is already folded to lower case. */
export function gramHashes(text: Uint8Array): Int32Array {
  const hashes = new Int32Array(Math.max(0, text.length - gramBytes + 1))
  let gram = 0
  for (let index = 0; index < text.length; index += 1) {
    gram = (gram << 8) | (text[index] as number)
    if (index >= gramBytes - 1) hashes[index - gramBytes + 1] = Math.imul(gram, hashFactor)
  }
  return hashes
}

/** False: the filtered body holds no text with these grams. True: it may. */
export function mayHold(filter: Uint8Array, hashes: Int32Array): boolean {
  const shift = 32 - Math.log2(filter.length * 8)
  for (let index = 0; index < hashes.length; index += 1) {
    const hash = (hashes[index] as number) >>> shift
    if (((filter[hash >>> 3] as number) & (1 << (hash & 7))) === 0) return false
  }
  return true
}
