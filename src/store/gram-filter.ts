/**
 * Bitmap of hashed grams of a body: tells which blocks cannot hold a text, without opening them. Hot
 * path.
 */

import { storeLimits } from '../limits/store.ts'

/** Bytes of a gram. A text shorter than this cannot be excluded. */
export const gramBytes = 4

/** Bytes of a long gram. */
const longGramBytes = 8

/** Odd, with bits that look like chance (MurmurHash3). */
const longHashFactor = 0x85ebca6b

/** Multiplier of the hash: 2^32 divided by the golden ratio, odd, so that neighbouring grams spread. */
const hashFactor = 0x9e3779b1

/**
 * ASCII letters in lower case, other bytes as they are. A table, because a branch is mispredicted on random
 * text.
 */
const lowerCase = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))

/**
 * Filter of `body[start, end)`, ASCII letters folded to lower case so that it serves searches of either kind.
 * Its size is the power of two that leaves about half of the bits unset: bodies differ by a factor of fifty
 * in how many different grams they have. Costs about 1.7 ns per byte, three times that where nearly every
 * gram is another.
 *
 * Text full of identifiers holds nearly all grams of hexadecimal digits, which then exclude no identifier.
 * The filter of such a dense text, larger than the others, holds some of its long grams as well.
 */
export function buildFilter(body: Uint8Array, start: number, end: number): Uint8Array {
  const { filterBitsMin, filterBitsUsual, filterBitsMax, filterLoadMax } = storeLimits
  let bits: number = filterBitsMin
  while (bits < filterBitsUsual && bits * filterLoadMax < end - start) bits *= 2
  const words = markGrams(body, start, end, bits)
  const marked = countBits(words)
  if (bits < filterBitsUsual || marked <= bits * storeLimits.filterDenseShare) {
    return new Uint8Array(shrink(words, marked, filterBitsMin, filterLoadMax).buffer)
  }
  const dense = markBothGrams(body, start, end, filterBitsMax)
  const { filterDenseLoadMax } = storeLimits
  return new Uint8Array(shrink(dense, countBits(dense), 2 * filterBitsUsual, filterDenseLoadMax).buffer)
}

/** Halves a filter as long as it does not get too full. */
function shrink(words: Int32Array, marked: number, bitsMin: number, loadMax: number): Int32Array {
  let small = words
  while (small.length * 32 > bitsMin && marked <= (small.length / 2) * 32 * loadMax) small = halve(small)
  return small
}

function markGrams(body: Uint8Array, start: number, end: number, bits: number): Int32Array {
  const words = new Int32Array(bits / 32)
  const shift = hashShift(bits)
  let gram = 0
  for (let index = start; index < end; index += 1) {
    gram = (gram << 8) | (lowerCase[body[index] as number] as number)
    const hash = Math.imul(gram, hashFactor) >>> shift
    words[hash >>> 5] = (words[hash >>> 5] as number) | (1 << (hash & 31))
  }
  return words
}

/** Marks all grams, and the long ones that are taken. */
function markBothGrams(body: Uint8Array, start: number, end: number, bits: number): Int32Array {
  const words = new Int32Array(bits / 32)
  const shift = hashShift(bits)
  const firstLong = start + longGramBytes - 1
  let first = 0
  let second = 0
  for (let index = start; index < end; index += 1) {
    first = (first << 8) | (second >>> 24)
    second = (second << 8) | (lowerCase[body[index] as number] as number)
    const hash = Math.imul(second, hashFactor) >>> shift
    words[hash >>> 5] = (words[hash >>> 5] as number) | (1 << (hash & 31))
    if (!isTaken(first) || index < firstLong) continue
    const long = hashLong(first, second) >>> shift
    words[long >>> 5] = (words[long >>> 5] as number) | (1 << (long & 31))
  }
  return words
}

/** A quarter of the long grams, told by their first four bytes, so that text and filter take the same. */
function isTaken(first: number): boolean {
  return (Math.imul(first, hashFactor) & takenBits) === 0
}

const takenBits = 0x3000

function hashLong(first: number, second: number): number {
  const mixed = Math.imul(first, hashFactor)
  return Math.imul((mixed ^ (mixed >>> 15)) + second, longHashFactor)
}

/** The filter of half the size: hashes lose their last bit, so neighbouring bits become one. */
function halve(words: Int32Array): Int32Array {
  const half = new Int32Array(words.length / 2)
  for (let index = 0; index < half.length; index += 1) {
    half[index] = joinPairs(words[index * 2] as number) | (joinPairs(words[index * 2 + 1] as number) << 16)
  }
  return half
}

/** Sixteen bits, each set where either of the two bits of its pair is. */
function joinPairs(word: number): number {
  let bits = (word | (word >>> 1)) & 0x55555555
  bits = (bits | (bits >>> 1)) & 0x33333333
  bits = (bits | (bits >>> 2)) & 0x0f0f0f0f
  bits = (bits | (bits >>> 4)) & 0x00ff00ff
  return (bits | (bits >>> 8)) & 0x0000ffff
}

function countBits(words: Int32Array): number {
  let count = 0
  for (let index = 0; index < words.length; index += 1) {
    let bits = words[index] as number
    bits -= (bits >>> 1) & 0x55555555
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
    count += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}

/** Hashes of a text's grams before they are cut to a filter's size. */
export type GramHashes = {
  readonly grams: Int32Array
  /** Of the long grams that are taken: only filters of dense texts know them. */
  readonly long: Int32Array
}

/** All of these must be there, each by any of its alternatives. */
export type RequiredGrams = readonly (readonly GramHashes[])[]

/** `text` is already folded to lower case. */
export function gramHashes(text: Uint8Array): GramHashes {
  const grams = new Int32Array(Math.max(0, text.length - gramBytes + 1))
  const long: number[] = []
  let first = 0
  let second = 0
  for (let index = 0; index < text.length; index += 1) {
    first = (first << 8) | (second >>> 24)
    second = (second << 8) | (text[index] as number)
    if (index >= gramBytes - 1) grams[index - gramBytes + 1] = Math.imul(second, hashFactor)
    if (index >= longGramBytes - 1 && isTaken(first)) long.push(hashLong(first, second))
  }
  return { grams, long: Int32Array.from(long) }
}

/** By how much a hash is shifted to the right to be the number of a bit in a filter of so many. */
export function hashShift(bits: number): number {
  return 32 - Math.log2(bits)
}

/** Whether a filter of so many bits knows long grams. */
export function knowsLongGrams(bits: number): boolean {
  return bits > storeLimits.filterBitsUsual
}

/** False: the filtered body holds no text with these grams. True: it may. */
export function mayHold(filter: Uint8Array, { grams, long }: GramHashes): boolean {
  const bits = filter.length * 8
  return (!knowsLongGrams(bits) || holdsAll(filter, long)) && holdsAll(filter, grams)
}

/** The same for everything that is required. */
export function mayHoldAll(filter: Uint8Array, required: RequiredGrams): boolean {
  return required.every((alternatives) => alternatives.some((hashes) => mayHold(filter, hashes)))
}

function holdsAll(filter: Uint8Array, hashes: Int32Array): boolean {
  const shift = hashShift(filter.length * 8)
  for (let index = 0; index < hashes.length; index += 1) {
    const hash = (hashes[index] as number) >>> shift
    if (((filter[hash >>> 3] as number) & (1 << (hash & 7))) === 0) return false
  }
  return true
}
