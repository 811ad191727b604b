/**
 * Whether memory, descriptors and the data folder of a long run stay level: the medians of its middle and its
 * last third beside each other, and what speaks against it.
 */

export type Sample = {
  readonly minute: number
  readonly rssMb: number
  readonly anonMb: number
  readonly descriptors: number
  readonly dataMb: number
}

/** `table`: for a person. `faults`: what grows; empty: nothing. */
export type Trend = { readonly table: readonly string[]; readonly faults: readonly string[] }

type Row = { readonly name: string; readonly middle: number; readonly last: number; readonly most: number }

/** The first third fills caches, the journal and the budget of the disk. */
const settledShare = 1 / 3
/** In a shorter run they are still being filled. */
const minutesMin = 10
/** The last sample is taken some seconds before the end. */
const longShare = 0.9
/** What V8 and the allocator keep differs by less between two thirds of a run that leaks nothing. */
const memoryGrowthMax = 1.15
const descriptorsGrowthMax = 1.1
/** Files that are held until they are read to their ends, and sockets, come and go by so many. */
const descriptorsMoreMax = 10
/** Above the budget by no more than what a step of retention and SQLite's own log take. */
const dataOverMax = 1.05

export function judgeTrend(samples: readonly Sample[], dataBudgetMb: number): Trend {
  const settled = samples.slice(Math.floor(samples.length * settledShare))
  const half = Math.floor(settled.length / 2)
  const row = (name: string, of: (sample: Sample) => number): Row => ({
    name,
    middle: median(settled.slice(0, half).map(of)),
    last: median(settled.slice(half).map(of)),
    most: Math.max(...settled.map(of)),
  })
  const memory = row('anonymous memory, MB', ({ anonMb }) => anonMb)
  const descriptors = row('descriptors', ({ descriptors: count }) => count)
  const data = row('data folder, MB', ({ dataMb }) => dataMb)
  const rows = [row('RSS, MB', ({ rssMb }) => rssMb), memory, descriptors, data]
  const isLong = (samples.at(-1)?.minute ?? 0) >= minutesMin * longShare
  const faults = isLong
    ? [
        ...growthOf(memory, memory.middle * memoryGrowthMax),
        ...growthOf(descriptors, descriptors.middle * descriptorsGrowthMax + descriptorsMoreMax),
      ]
    : []
  if (data.most > dataBudgetMb * dataOverMax)
    faults.push(`${data.name}: ${data.most.toFixed(1)} at the most, above a budget of ${dataBudgetMb}`)
  const short = `not judged: whether memory and descriptors stay level takes ${minutesMin} minutes to say`
  return { table: [...tableOf(rows), isLong ? verdictOf(faults) : short], faults }
}

function growthOf({ name, middle, last }: Row, lastMax: number): string[] {
  if (last <= lastMax) return []
  const medians = `${middle.toFixed(1)} in the middle third, ${last.toFixed(1)} in the last`
  return [`${name}: not level: ${medians}, where ${lastMax.toFixed(1)} would do`]
}

function verdictOf(faults: readonly string[]): string {
  return faults.length === 0 ? 'memory, descriptors and the data folder stay level' : 'NOT level'
}

function tableOf(rows: readonly Row[]): string[] {
  const line = (name: string, cells: readonly string[]): string =>
    [name.padEnd(22), ...cells.map((cell) => cell.padStart(14))].join('')
  return [
    '',
    line('median of', ['middle third', 'last third', 'most']),
    ...rows.map(({ name, middle, last, most }) =>
      line(
        name,
        [middle, last, most].map((value) => value.toFixed(0)),
      ),
    ),
  ]
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}
