/** Sets of code points as sorted ranges, with the set operations that character classes need. */

/** Pairs of first and last code point, ascending, neither touching nor overlapping. */
export type CodePoints = readonly number[]

export const codePointMax = 0x10ffff
export const allCodePoints: CodePoints = [0, codePointMax]

/** Pairs in any order, overlapping or not. */
export function codePointsOf(pairs: readonly number[]): CodePoints {
  const ranges: [number, number][] = []
  for (let index = 0; index < pairs.length; index += 2) {
    ranges.push([pairs[index] as number, pairs[index + 1] as number])
  }
  ranges.sort((a, b) => a[0] - b[0])
  const set: number[] = []
  for (const [first, last] of ranges) {
    const end = set.length - 1
    if (end > 0 && first <= (set[end] as number) + 1) set[end] = Math.max(set[end] as number, last)
    else set.push(first, last)
  }
  return set
}

export function union(a: CodePoints, b: CodePoints): CodePoints {
  if (a.length === 0) return b
  return b.length === 0 ? a : codePointsOf([...a, ...b])
}

/** Every code point outside `set`. */
export function complement(set: CodePoints): CodePoints {
  const rest: number[] = []
  let next = 0
  for (let index = 0; index < set.length; index += 2) {
    const first = set[index] as number
    if (first > next) rest.push(next, first - 1)
    next = (set[index + 1] as number) + 1
  }
  if (next <= codePointMax) rest.push(next, codePointMax)
  return rest
}

/** The part of `set` from `first` to `last`, both included. */
export function within(set: CodePoints, first: number, last: number): CodePoints {
  const part: number[] = []
  for (let index = 0; index < set.length; index += 2) {
    const from = Math.max(set[index] as number, first)
    const to = Math.min(set[index + 1] as number, last)
    if (from <= to) part.push(from, to)
  }
  return part
}

export function includes(set: CodePoints, codePoint: number): boolean {
  for (let index = 0; index < set.length; index += 2) {
    if (codePoint <= (set[index + 1] as number)) return codePoint >= (set[index] as number)
  }
  return false
}

/** Number of code points in the set. */
export function sizeOf(set: CodePoints): number {
  let size = 0
  for (let index = 0; index < set.length; index += 2) {
    size += (set[index + 1] as number) - (set[index] as number) + 1
  }
  return size
}
