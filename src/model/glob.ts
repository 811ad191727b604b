/** Globs over whole names: `*` any run of characters, `?` any one character, everything else itself. */

/** True when the glob selects one name only: itself. */
export function isLiteralGlob(glob: string): boolean {
  return !glob.includes('*') && !glob.includes('?')
}

/**
 * Characters are code points; case counts. Time grows with name times glob at worst: only the last `*` passed
 * is ever tried anew. Some 0.1 µs a name.
 */
export function compileGlob(glob: string): (name: string) => boolean {
  if (isLiteralGlob(glob)) return (name) => name === glob
  const signs = glob.replaceAll(/\*+/g, '*')
  if (signs === '*') return () => true
  const held = longestText(glob)
  return (name) => name.includes(held) && matchesSigns(signs, name)
}

/** A text that every name contains which the glob selects. */
export function longestText(glob: string): string {
  return glob.split(/[*?]/).reduce((longest, part) => (part.length > longest.length ? part : longest), '')
}

const star = 0x2a
const anyOne = 0x3f

function matchesSigns(signs: string, name: string): boolean {
  let sign = 0
  let at = 0
  let starSign = -1
  let starAt = 0
  while (at < name.length) {
    const code = signs.charCodeAt(sign)
    if (code === star) {
      starSign = sign
      starAt = at
      sign += 1
    } else if (code === anyOne) {
      sign += 1
      at = behindCharacter(name, at)
    } else if (code === name.charCodeAt(at)) {
      sign += 1
      at += 1
    } else if (starSign >= 0) {
      starAt = behindCharacter(name, starAt)
      at = starAt
      sign = starSign + 1
    } else return false
  }
  if (signs.charCodeAt(sign) === star) sign += 1
  return sign === signs.length
}

/** A code point takes one or two places of a text. */
function behindCharacter(text: string, at: number): number {
  return at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1)
}
