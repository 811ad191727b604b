/**
 * Compiles one line filter, without its negation, into a search over bodies and a test of single lines. Hot
 * path.
 */

import { createCaseFolder } from '../../regex/case-folding.ts'
import { type CompiledRegex, compileRegex, compileTree } from '../../regex/compile.ts'
import { concatOf } from '../../regex/tree.ts'
import { gramBytes } from '../../store/gram-filter.ts'
import type { LineFilter } from '../plan.ts'
import type { BodyText, LineText } from './body-text.ts'

export type LineCondition = {
  /**
   * Conjunction of alternatives of ASCII-lower-cased byte strings that matching lines hold; for the blocks'
   * filters.
   */
  readonly grams: readonly (readonly Uint8Array[])[]
  /** Higher: searched first, being quicker or leaving fewer lines. */
  readonly rank: number
  /** Writes the ascending indexes of matching lines into `hits`; returns how many. */
  readonly findLines: (body: BodyText, hits: Uint32Array) => number
  readonly matchesLine: (line: LineText) => boolean
}

/** Throws `LogkeepError` `BAD_REGEX`. `filter.negate` is left to the caller. */
export function compileCondition(filter: LineFilter): LineCondition {
  if (filter.kind === 'regex') return regexCondition(compileRegex(filter.pattern, filter.ignoreCase), 0)
  return filter.ignoreCase ? ignoreCaseCondition(filter.text) : substringCondition(filter.text)
}

/** Bytes are compared, so that it is exact also for lines that are not UTF-8. */
function substringCondition(text: string): LineCondition {
  const needle = Buffer.from(text)
  const lowered = Buffer.from(text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()))
  return {
    grams: lowered.length < gramBytes ? [] : [[lowered]],
    rank: 2 + needle.length,
    findLines: (body, hits) => findBytes(body, needle, hits),
    matchesLine: (line) => line.bytes.includes(needle),
  }
}

function findBytes(body: BodyText, needle: Buffer, hits: Uint32Array): number {
  const { bytes, lineCount } = body
  // An LF would be found between lines.
  if (needle.includes('\n')) return 0
  let count = 0
  let index = 0
  for (let found = bytes.indexOf(needle); found !== -1; ) {
    const { ends } = body
    while (index < lineCount && (ends[index] as number) < found) index += 1
    if (index >= lineCount) break
    hits[count] = index
    count += 1
    found = bytes.indexOf(needle, (ends[index] as number) + 1)
  }
  return count
}

/** As a pattern of sets with both cases: the engine finds those as fast as `Buffer.indexOf` finds bytes. */
function ignoreCaseCondition(text: string): LineCondition {
  const foldCase = createCaseFolder()
  const sets = Array.from(text.toWellFormed(), (character) => {
    const codePoint = character.codePointAt(0) as number
    return { kind: 'set' as const, set: foldCase([codePoint, codePoint]) }
  })
  return regexCondition(compileTree(concatOf(sets)), 1)
}

function regexCondition(regex: CompiledRegex, rank: number): LineCondition {
  return {
    grams: regex.literals.map((alternatives) => alternatives.map((literal) => Buffer.from(literal))),
    rank,
    findLines: (body, hits) => findRegex(body, regex, hits),
    matchesLine: (line) => {
      const { innerLines } = line
      if (innerLines !== null) return matchesFrom(regex.innerLines, innerLines, 0)
      const { text, isAscii } = line.search
      return matchesFrom(isAscii ? regex.ascii : regex.utf8, text, 0)
    },
  }
}

function matchesFrom(regex: RegExp, text: string, start: number): boolean {
  regex.lastIndex = start
  return regex.test(text)
}

/** No pattern matches across an LF: the place where a match ends lies in its line. */
function findRegex(body: BodyText, regex: CompiledRegex, hits: Uint32Array): number {
  let count = 0
  for (let from = 0; from < body.bytes.length; ) {
    const { search, end } = body.piece(from)
    const { text } = search
    const pattern = search.isAscii ? regex.ascii : regex.utf8
    let isFound = matchesFrom(pattern, text, 0)
    let line = isFound ? body.lineAt(from) : 0
    for (let lineEnd = text.indexOf('\n'); isFound; lineEnd = text.indexOf('\n', lineEnd + 1), line += 1) {
      if (lineEnd === -1) lineEnd = text.length
      if (lineEnd < pattern.lastIndex) continue
      hits[count] = line
      count += 1
      isFound = lineEnd < text.length && matchesFrom(pattern, text, lineEnd + 1)
    }
    from = end
  }
  return count
}
