/** Ranks names by how well they fit what was typed: letters in order, beginnings of words first. */

/** Null: does not fit; higher is better. */
export function fitOf(name: string, typed: string): number | null {
  const wanted = typed.toLowerCase().replaceAll(/\s+/g, '')
  const text = name.toLowerCase()
  const whole = text.indexOf(wanted)
  if (whole !== -1)
    return 1000 - whole - text.length / 100 + (whole === 0 || isBoundary(text, whole) ? 500 : 0)
  let score = 0
  let at = 0
  for (const letter of wanted) {
    const found = text.indexOf(letter, at)
    if (found === -1) return null
    if (found === at) score += 5
    else if (isBoundary(text, found)) score += 3
    at = found + 1
  }
  return score - text.length / 100
}

function isBoundary(text: string, at: number): boolean {
  return at === 0 || /[^a-z0-9]/.test(text[at - 1] as string)
}

/** The best `max`, best first. */
export function rank<T>(items: readonly T[], nameOf: (item: T) => string, typed: string, max: number): T[] {
  return items
    .flatMap((item) => {
      const fit = fitOf(nameOf(item), typed)
      return fit === null ? [] : [{ item, fit }]
    })
    .sort((one, other) => other.fit - one.fit)
    .slice(0, max)
    .map(({ item }) => item)
}
