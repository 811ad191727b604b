/** Finds which known name a mistyped one most likely meant, by edit distance (optimal string alignment). */

/**
 * The nearest of `known`, or null when nothing is near: more than a third of the letters (at least two) would
 * change.
 */
export function nearestName(given: string, known: Iterable<string>): string | null {
  const wanted = given.slice(0, comparedLengthMax).toLowerCase()
  let nearest: string | null = null
  let distanceBest = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const name of known) {
    if (Math.abs(name.length - wanted.length) >= distanceBest) continue
    const distance = editDistance(wanted, name.slice(0, comparedLengthMax).toLowerCase())
    if (distance < distanceBest) {
      distanceBest = distance
      nearest = name
    }
  }
  return nearest
}

/** Longer names are compared by their beginning: the work grows with the square of the length. */
const comparedLengthMax = 100

/** Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1]
      let cost = Math.min(
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (previous[column - 1] as number) + (same ? 0 : 1),
      )
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (beforePrevious[column - 2] as number) + 1)
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.length] as number
}
