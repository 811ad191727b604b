/** Globs over whole names: `*` any run of characters, `?` any one character, everything else itself. */

/** True when the glob selects one name only: itself. */
export function isLiteralGlob(glob: string): boolean {
  return !glob.includes('*') && !glob.includes('?')
}

/**
 * Characters are code points; case counts. Time grows with name times glob at worst: only the last `*` passed
 * is ever tried anew.
 */
export function compileGlob(glob: string): (name: string) => boolean {
  if (isLiteralGlob(glob)) return (name) => name === glob
  const signs = Array.from(glob.replaceAll(/\*+/g, '*'))
  if (signs.length === 1 && signs[0] === '*') return () => true
  return (name) => matchesSigns(signs, Array.from(name))
}

function matchesSigns(signs: readonly string[], characters: readonly string[]): boolean {
  let sign = 0
  let character = 0
  let starSign = -1
  let starCharacter = 0
  while (character < characters.length) {
    if (signs[sign] === '*') {
      starSign = sign
      starCharacter = character
      sign += 1
    } else if (sign < signs.length && (signs[sign] === '?' || signs[sign] === characters[character])) {
      sign += 1
      character += 1
    } else if (starSign >= 0) {
      starCharacter += 1
      character = starCharacter
      sign = starSign + 1
    } else return false
  }
  if (signs[sign] === '*') sign += 1
  return sign === signs.length
}
