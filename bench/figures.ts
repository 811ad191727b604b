/** What a measurement hands to the report. */

export type Goal = {
  /** As the table shows it. */
  readonly text: string
  readonly isMet: (value: number) => boolean
}

export type Figure = {
  /** `ingest.linesPerSec`: names the figure in the JSON, also between versions of the bench. */
  readonly id: string
  readonly what: string
  /** Null: it could not be measured here. */
  readonly value: number | null
  readonly unit: string
  readonly goal?: Goal
  /** The machine's own limit for the same work, in the same unit, and what that is. */
  readonly limit?: { readonly value: number; readonly what: string }
  readonly note?: string
}

export const atLeast = (bound: number, unit = ''): Goal => ({
  text: `≥ ${bound.toLocaleString('en')}${unit}`,
  isMet: (value) => value >= bound,
})

export const atMost = (bound: number, unit = ''): Goal => ({
  text: `≤ ${bound.toLocaleString('en')}${unit}`,
  isMet: (value) => value <= bound,
})

export const below = (bound: number, unit = ''): Goal => ({
  text: `< ${bound.toLocaleString('en')}${unit}`,
  isMet: (value) => value < bound,
})

/** Nearest rank; null without values. `share`: 0 to 1. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
}

/** p50 and p99 of the values as two figures. */
export function latencyFigures(
  id: string,
  what: string,
  values: readonly number[],
  { p50, p99, note }: { readonly p50?: Goal; readonly p99?: Goal; readonly note?: string } = {},
): Figure[] {
  const figure = (name: string, share: number, goal?: Goal): Figure => ({
    id: `${id}.${name}`,
    what: `${what}, ${name}`,
    value: percentile(values, share),
    unit: 'ms',
    ...(goal === undefined ? {} : { goal }),
    note: `${values.length} samples${note === undefined ? '' : `; ${note}`}`,
  })
  return [figure('p50', 0.5, p50), figure('p99', 0.99, p99)]
}
