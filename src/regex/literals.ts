/** Finds substrings that every match of a pattern contains, so that blocks without them are left closed. */

import { regexLimits } from '../limits/query.ts'
import { gramBytes } from '../store/gram-filter.ts'
import { type CodePoints, sizeOf } from './code-points.ts'
import type { RegexNode } from './tree.ts'

type Alternatives = readonly string[]

/**
 * `exact`: all texts that the node can match, ASCII lower-cased; null: too many or too long. `required`:
 * conjunction of alternatives that its matches contain.
 */
type Found = { readonly exact: Alternatives | null; readonly required: readonly Alternatives[] }

const nothing: Found = { exact: null, required: [] }

/**
 * Every matching line contains, for each element, at least one of its strings, once the line's ASCII letters
 * are lower-cased. Strings have 4 bytes or more in UTF-8 and neither LF nor U+FFFD (which also stands for
 * bytes that are not UTF-8). Empty: nothing is known.
 */
export function requiredLiterals(tree: RegexNode): readonly (readonly string[])[] {
  const found = search(tree)
  const own = found.exact === null ? null : usable(found.exact)
  const all = own === null ? found.required : [...found.required, own]
  return all.slice(0, regexLimits.literalsMax)
}

function search(node: RegexNode): Found {
  switch (node.kind) {
    case 'empty':
    case 'assertion':
      return { exact: [''], required: [] }
    case 'set':
      return { exact: textsOf(node.set), required: [] }
    case 'capture':
      return search(node.item)
    case 'concat':
      return searchSequence(node.items)
    case 'alternate':
      return searchAlternatives(node.items)
    case 'repeat': {
      if (node.min === 0) return nothing
      const isShort = node.max === node.min && node.min <= regexLimits.literalBytesMax
      if (isShort) return searchSequence(Array.from({ length: node.min }, () => node.item))
      // Once more than needed is enough to see the seam between two repetitions.
      const items = Array.from({ length: Math.min(node.min, gramBytes) }, () => node.item)
      return { exact: null, required: closed(searchSequence(items)) }
    }
  }
}

function searchSequence(items: readonly RegexNode[]): Found {
  const required: Alternatives[] = []
  let run: Alternatives = ['']
  let isExact = true
  const closeRun = (): void => {
    const own = usable(run)
    if (own !== null) required.push(own)
    run = ['']
    isExact = false
  }
  for (const item of items) {
    const found = search(item)
    required.push(...found.required)
    if (found.exact === null) {
      closeRun()
      continue
    }
    const longer = product(run, found.exact)
    if (longer !== null) run = longer
    else {
      closeRun()
      run = found.exact
    }
  }
  if (isExact) return { exact: run, required }
  closeRun()
  return { exact: null, required: required.slice(0, regexLimits.literalsMax) }
}

/** Each branch must require something for the whole to require something: one of those. */
function searchAlternatives(branches: readonly RegexNode[]): Found {
  const found = branches.map(search)
  const exact = mergedExact(found)
  if (exact !== null) return { exact, required: [] }
  const strongest: Alternatives[] = []
  for (const branch of found) {
    const best = closed(branch).toSorted((a, b) => shortest(b) - shortest(a))[0]
    if (best === undefined) return nothing
    strongest.push(best)
  }
  const merged = [...new Set(strongest.flat())]
  return { exact: null, required: merged.length > regexLimits.literalAlternativesMax ? [] : [merged] }
}

function mergedExact(found: readonly Found[]): Alternatives | null {
  const merged = new Set<string>()
  for (const { exact, required } of found) {
    if (exact === null || required.length > 0) return null
    for (const text of exact) merged.add(text)
  }
  return merged.size > regexLimits.literalAlternativesMax ? null : [...merged]
}

/** What is required, the exact texts included. */
function closed(found: Found): readonly Alternatives[] {
  const own = found.exact === null ? null : usable(found.exact)
  return own === null ? found.required : [...found.required, own]
}

function product(heads: Alternatives, tails: Alternatives): Alternatives | null {
  if (heads.length * tails.length > regexLimits.literalAlternativesMax) return null
  const texts = heads.flatMap((head) => tails.map((tail) => head + tail))
  return texts.some((text) => text.length > regexLimits.literalBytesMax) ? null : [...new Set(texts)]
}

function usable(texts: Alternatives): Alternatives | null {
  const isUsable = texts.length > 0 && texts.every((text) => Buffer.byteLength(text) >= gramBytes)
  return isUsable ? texts : null
}

function shortest(texts: Alternatives): number {
  return Math.min(...texts.map((text) => text.length))
}

/** The members of a small set, ASCII lower-cased; null: many, or one that bytes do not show. */
function textsOf(set: CodePoints): Alternatives | null {
  const count = sizeOf(set)
  if (count === 0 || count > 2 * regexLimits.literalAlternativesMax) return null
  const texts = new Set<string>()
  for (let index = 0; index < set.length; index += 2) {
    for (let codePoint = set[index] as number; codePoint <= (set[index + 1] as number); codePoint += 1) {
      if (isHidden(codePoint)) return null
      const isUpper = codePoint >= 0x41 && codePoint <= 0x5a
      texts.add(String.fromCodePoint(isUpper ? codePoint + 0x20 : codePoint))
    }
  }
  return texts.size > regexLimits.literalAlternativesMax ? null : [...texts]
}

/** LF separates lines; U+FFFD is what broken bytes are read as; surrogates are no characters. */
function isHidden(codePoint: number): boolean {
  return codePoint === 0x0a || codePoint === 0xfffd || (codePoint >= 0xd800 && codePoint <= 0xdfff)
}
