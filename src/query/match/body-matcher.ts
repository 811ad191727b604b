/**
 * Finds the lines of a block's body that satisfy all line filters, by searches over the whole body. Hot path.
 */

import type { LineFilter } from '../plan.ts'
import { BodyText, LineText } from './body-text.ts'
import { compileCondition, type LineCondition } from './line-condition.ts'

/**
 * One caller at a time: patterns and scratch arrays are used again. 0.7 to 2.7 GB/s over typical lines
 * (`node bench/line-filters.ts`; docs/decisions/regex.md).
 */
export type BodyMatcher = {
  /**
   * Conjunction of alternatives of ASCII-lower-cased byte strings of 4 bytes or more: a block in whose filter
   * all alternatives of one element are absent holds no matching line. Empty: nothing can be excluded.
   */
  readonly requiredGrams: readonly (readonly Uint8Array[])[]
  /**
   * For bodies whose lines hold no LF, each followed by one. Writes the ascending indexes of matching lines
   * into
   * `hits` (at least `lineCount` long) and returns how many. `ends`: offset of each line's LF, null when not
   * known.
   */
  readonly match: (body: Buffer, ends: Uint32Array | null, lineCount: number, hits: Uint32Array) => number
  /** For one line, which may hold LFs; without the LF that follows it. */
  readonly matchLine: (line: Buffer) => boolean
}

type Filter = LineCondition & { readonly negate: boolean }

/**
 * Above this share of lines left, one more search over the whole body is cheaper than looking at each of
 * them.
 */
const wholeBodyShare = 1 / 16

/** Null: no filter, every line matches. Throws `LogkeepError` `BAD_REGEX`. */
export function createBodyMatcher(filters: readonly LineFilter[]): BodyMatcher | null {
  if (filters.length === 0) return null
  const compiled: readonly Filter[] = filters
    .map((filter) => ({ ...compileCondition(filter), negate: filter.negate }))
    .sort((a, b) => Number(a.negate) - Number(b.negate) || b.rank - a.rank)
  let scratch = new Uint32Array(0)

  const match = (bytes: Buffer, ends: Uint32Array | null, lineCount: number, hits: Uint32Array): number => {
    if (scratch.length < lineCount) scratch = new Uint32Array(lineCount)
    const body = new BodyText(bytes, ends, lineCount)
    let count = allLines(lineCount, hits)
    for (const [index, filter] of compiled.entries()) {
      if (count === 0) break
      if (index === 0 && !filter.negate) count = filter.findLines(body, hits)
      else if (count > lineCount * wholeBodyShare) {
        const found = filter.findLines(body, scratch)
        count = keepLines(hits, count, scratch, found, filter.negate)
      } else count = testLines(body, hits, count, filter)
    }
    return count
  }

  return {
    requiredGrams: compiled.flatMap((filter) => (filter.negate ? [] : filter.grams)),
    match,
    matchLine: (bytes) => {
      const line = new LineText(bytes)
      return compiled.every((filter) => filter.matchesLine(line) !== filter.negate)
    },
  }
}

function allLines(lineCount: number, hits: Uint32Array): number {
  for (let index = 0; index < lineCount; index += 1) hits[index] = index
  return lineCount
}

/** Keeps those of `hits` that are in `found`, or those that are not; both ascend. Returns how many. */
function keepLines(
  hits: Uint32Array,
  count: number,
  found: Uint32Array,
  foundCount: number,
  negate: boolean,
): number {
  let kept = 0
  let place = 0
  for (let index = 0; index < count; index += 1) {
    const line = hits[index] as number
    while (place < foundCount && (found[place] as number) < line) place += 1
    const isFound = place < foundCount && found[place] === line
    if (isFound === negate) continue
    hits[kept] = line
    kept += 1
  }
  return kept
}

function testLines(body: BodyText, hits: Uint32Array, count: number, filter: Filter): number {
  let kept = 0
  for (let index = 0; index < count; index += 1) {
    const line = hits[index] as number
    if (filter.matchesLine(body.line(line)) === filter.negate) continue
    hits[kept] = line
    kept += 1
  }
  return kept
}
