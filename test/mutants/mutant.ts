/** A breakage of one line of `src/`, and where its text stands. */

/** Broken, the tests of each of `faults` must fail: at least one whose name begins with its id. */
export type Mutant = {
  /** What is broken, as a person would say it. */
  readonly what: string
  readonly faults: readonly string[]
  /** Path in `src/`. */
  readonly file: string
  /** In one line of that file, and nowhere else in it. */
  readonly from: string
  readonly to: string
}

/** Why a mutant does not fit a file's text; null: it does. */
export function misfit({ file, from, to }: Mutant, text: string): string | null {
  const count = text.split(from).length - 1
  if (count !== 1) return `src/${file} has ${count} times: ${from}`
  return /\n/.test(from + to) ? `more than one line of src/${file}: ${from}` : null
}

const leadingIds = /^(?:F\d+ |S-[A-Z]+-\d+ )+/

/** Ids of the faults that a test shows: those at the beginning of its name. */
export function faultsOf(testName: string): string[] {
  return (leadingIds.exec(testName)?.[0] ?? '').split(' ').filter((id) => id.startsWith('F'))
}

/** For `--test-name-pattern`: the tests of these faults. */
export function patternOf(faults: readonly string[]): string {
  return `/^(?:[FS][-0-9A-Z]* )*(?:${faults.join('|')}) /`
}
