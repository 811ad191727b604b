/**
 * Unicode categories and scripts (`\p{Lu}`, `\p{Greek}`) as sets of code points, read out of the engine's own
 * tables.
 */

import { allCodePoints, type CodePoints, codePointMax, codePointsOf } from './code-points.ts'

export type UnicodeClasses = {
  /** Null when the name is neither a category nor a script. */
  readonly lookup: (name: string) => CodePoints | null
  /** Number of different names looked up: each costs a walk over the assigned planes, about 15 ms. */
  readonly count: () => number
}

/** Planes that hold different characters, as first and last code point; surrogates are no characters. */
const scannedRanges = [0, 0xd7ff, 0xe000, 0x3ffff, 0xe0000, 0xeffff] as const
/** Ranges whose members all have the properties of their first. */
const uniformRanges = [
  0x40000, 0xdffff, 0xf0000, 0xffffd, 0xffffe, 0xfffff, 0x100000, 0x10fffd, 0x10fffe, 0x10ffff,
] as const

/** Tables live as long as one parse: a megabyte that no idle thread should keep. */
export function createUnicodeClasses(): UnicodeClasses {
  const known = new Map<string, CodePoints | null>()
  let characters: string | null = null

  const scan = (property: string): CodePoints => {
    characters ??= scannedCharacters()
    const pairs: number[] = []
    const runs = new RegExp(`${property}+`, 'gu')
    for (let match = runs.exec(characters); match !== null; match = runs.exec(characters)) {
      pushRun(pairs, match[0])
    }
    const one = new RegExp(property, 'u')
    for (let index = 0; index < uniformRanges.length; index += 2) {
      const first = uniformRanges[index] as number
      if (one.test(String.fromCodePoint(first))) pairs.push(first, uniformRanges[index + 1] as number)
    }
    return codePointsOf(pairs)
  }

  return {
    lookup: (name) => {
      const before = known.get(name)
      if (before !== undefined) return before
      const property = propertyOf(name)
      const set = name === 'Any' ? allCodePoints : property === null ? null : scan(property)
      known.set(name, set)
      return set
    },
    count: () => known.size,
  }
}

/**
 * A run of matched characters may span ranges that do not touch: it is cut where code points are not
 * consecutive.
 */
function pushRun(pairs: number[], run: string): void {
  const first = run.codePointAt(0) as number
  const last = lastCodePoint(run)
  let cuts = first
  for (let index = 0; index < scannedRanges.length; index += 2) {
    const rangeLast = scannedRanges[index + 1] as number
    if (cuts <= rangeLast && last > rangeLast) {
      pairs.push(cuts, rangeLast)
      cuts = scannedRanges[index + 2] as number
    }
  }
  pairs.push(cuts, last)
}

function lastCodePoint(text: string): number {
  const low = text.charCodeAt(text.length - 1)
  const isPair = low >= 0xdc00 && low <= 0xdfff
  return isPair ? (text.codePointAt(text.length - 2) as number) : low
}

function propertyOf(name: string): string | null {
  if (!/^[A-Za-z_]{1,40}$/.test(name)) return null
  for (const kind of ['General_Category', 'Script']) {
    const property = `\\p{${kind}=${name}}`
    if (isProperty(property)) return property
  }
  return null
}

function isProperty(property: string): boolean {
  try {
    return new RegExp(property, 'u').unicode
  } catch {
    // The engine knows no such name: that is the answer.
    return false
  }
}

function scannedCharacters(): string {
  const units = new Uint16Array(codePointMax)
  let length = 0
  for (let index = 0; index < scannedRanges.length; index += 2) {
    const last = scannedRanges[index + 1] as number
    for (let codePoint = scannedRanges[index] as number; codePoint <= last; codePoint += 1) {
      if (codePoint > 0xffff) units[length++] = 0xd7c0 + (codePoint >> 10)
      units[length++] = codePoint > 0xffff ? 0xdc00 | (codePoint & 0x3ff) : codePoint
    }
  }
  return Buffer.from(units.buffer, 0, length * 2).toString('utf16le')
}
