/** Reads single values out of Prometheus' text format. */

/** By name, with the labels as they stand: `logkeep_files{state="live"}`. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const space = line.lastIndexOf(' ')
    const value = Number(line.slice(space + 1))
    if (!Number.isNaN(value)) values.set(line.slice(0, space), value)
  }
  return values
}

/** Sum of all values of a name, whatever their labels; null where there is none. */
export function sumOf(metrics: ReadonlyMap<string, number>, name: string): number | null {
  let sum: number | null = null
  for (const [key, value] of metrics) if (key === name || key.startsWith(`${name}{`)) sum = (sum ?? 0) + value
  return sum
}

/** Values of a name by one of its labels. */
export function byLabel(
  metrics: ReadonlyMap<string, number>,
  name: string,
  label: string,
): readonly (readonly [string, number])[] {
  const found: (readonly [string, number])[] = []
  for (const [key, value] of metrics) {
    if (!key.startsWith(`${name}{`)) continue
    const text = new RegExp(`\\b${label}="([^"]*)"`).exec(key)?.[1]
    if (text !== undefined) found.push([text, value])
  }
  return found
}
