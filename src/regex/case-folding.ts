/**
 * Which code points differ only in case: Unicode's simple case folding, as Go's `unicode.SimpleFold` has it.
 */

import { type CodePoints, codePointsOf, includes } from './code-points.ts'

/**
 * Orbits that lower and upper case of single characters do not yield (more than two members, titlecase, or
 * mapped by full case mapping only), Unicode 17. The test compares all of Unicode with `/iu`.
 */
const specialOrbits: readonly string[] = [
  'Kk\u212a',
  'Ss\u017f',
  '\u00b5\u039c\u03bc',
  '\u00c5\u00e5\u212b',
  '\u00df\u1e9e',
  '\u0131',
  '\u01c4\u01c5\u01c6',
  '\u01c7\u01c8\u01c9',
  '\u01ca\u01cb\u01cc',
  '\u01f1\u01f2\u01f3',
  '\u0345\u0399\u03b9\u1fbe',
  '\u0390\u1fd3',
  '\u0392\u03b2\u03d0',
  '\u0395\u03b5\u03f5',
  '\u0398\u03b8\u03d1\u03f4',
  '\u039a\u03ba\u03f0',
  '\u03a0\u03c0\u03d6',
  '\u03a1\u03c1\u03f1',
  '\u03a3\u03c2\u03c3',
  '\u03a6\u03c6\u03d5',
  '\u03a9\u03c9\u2126',
  '\u03b0\u1fe3',
  '\u0412\u0432\u1c80',
  '\u0414\u0434\u1c81',
  '\u041e\u043e\u1c82',
  '\u0421\u0441\u1c83',
  '\u0422\u0442\u1c84\u1c85',
  '\u042a\u044a\u1c86',
  '\u0462\u0463\u1c87',
  '\u1c88\ua64a\ua64b',
  '\u1e60\u1e61\u1e9b',
  '\ufb05\ufb06',
  '\u1fb3\u1fbc',
  '\u1fc3\u1fcc',
  '\u1ff3\u1ffc',
  ...[0x1f80, 0x1f90, 0x1fa0].flatMap((base) =>
    Array.from({ length: 8 }, (_, step) => String.fromCodePoint(base + step, base + step + 8)),
  ),
]

const specialOrbitOf: ReadonlyMap<number, readonly number[]> = new Map(
  specialOrbits.flatMap((orbit) => {
    const members = Array.from(orbit, (character) => character.codePointAt(0) as number)
    return members.map((member) => [member, members] as const)
  }),
)

/**
 * Outside these ranges nothing has a case, so that folding a wide range need not look at a million code
 * points.
 */
const casedRanges: CodePoints = [
  0x41, 0x7a, 0xb5, 0x29e, 0x345, 0x345, 0x370, 0x587, 0x10a0, 0x10ff, 0x13a0, 0x13fd, 0x1c80, 0x1cbf, 0x1d79,
  0x1d8e, 0x1e00, 0x1ffc, 0x2126, 0x2184, 0x24b6, 0x24e9, 0x2c00, 0x2d2d, 0xa640, 0xa69b, 0xa722, 0xa7f6,
  0xab53, 0xabbf, 0xfb00, 0xfb17, 0xff21, 0xff5a, 0x10400, 0x1044f, 0x104b0, 0x104fb, 0x10570, 0x105bc,
  0x10c80, 0x10cf2, 0x10d50, 0x10d85, 0x118a0, 0x118df, 0x16e40, 0x16ed3, 0x1e900, 0x1e943,
]

/** All code points that equal `codePoint` when case is ignored, itself included. */
export function caseOrbit(codePoint: number): readonly number[] {
  const special = specialOrbitOf.get(codePoint)
  if (special !== undefined) return special
  if (!includes(casedRanges, codePoint)) return [codePoint]
  const text = String.fromCodePoint(codePoint)
  const other = singleCodePoint(text.toLowerCase())
  if (other !== null && other !== codePoint) return [codePoint, other]
  const upper = singleCodePoint(text.toUpperCase())
  return upper === null || upper === codePoint ? [codePoint] : [codePoint, upper]
}

/** Adds to sets the other cases of their members. */
export type CaseFolder = (set: CodePoints) => CodePoints

/** The table is made at the first use, in about 2 ms, and lives as long as one parse. */
export function createCaseFolder(): CaseFolder {
  let table: FoldTable | null = null
  return (set) => {
    table ??= foldTable()
    const { from, to } = table
    const pairs: number[] = []
    for (let index = 0; index < set.length; index += 2) {
      const first = set[index] as number
      const last = set[index + 1] as number
      for (
        let entry = firstAtLeast(from, first);
        entry < from.length && (from[entry] as number) <= last;
        entry += 1
      ) {
        const member = to[entry] as number
        if (member < first || member > last) pairs.push(member, member)
      }
    }
    return pairs.length === 0 ? set : codePointsOf([...set, ...pairs])
  }
}

/** Every pair of different code points of one orbit, ascending by the first. */
type FoldTable = { readonly from: Uint32Array; readonly to: Uint32Array }

function foldTable(): FoldTable {
  const from: number[] = []
  const to: number[] = []
  for (let index = 0; index < casedRanges.length; index += 2) {
    const last = casedRanges[index + 1] as number
    for (let codePoint = casedRanges[index] as number; codePoint <= last; codePoint += 1) {
      for (const member of caseOrbit(codePoint)) {
        if (member === codePoint) continue
        from.push(codePoint)
        to.push(member)
      }
    }
  }
  return { from: Uint32Array.from(from), to: Uint32Array.from(to) }
}

/** Index of the first element that is not below `value`. */
function firstAtLeast(ascending: Uint32Array, value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

function singleCodePoint(text: string): number | null {
  const codePoint = text.codePointAt(0) as number
  return text.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : null
}
