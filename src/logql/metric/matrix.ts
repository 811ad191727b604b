/** Results of metric queries: series of values at the steps, some of which may be missing. */

/** Sorted by name; the key names the same labels in one text. */
export type SeriesLabels = readonly (readonly [name: string, value: string])[]

export type Series = {
  readonly labels: SeriesLabels
  readonly key: string
  readonly values: Float64Array
  /** 1 where there is a value. */
  readonly has: Uint8Array
}

export type Matrix = readonly Series[]

/** A number is the same at every step. */
export type Result =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'matrix'; readonly series: Matrix }

export function sortedLabels(labels: Iterable<readonly [string, string]>): SeriesLabels {
  return [...labels].sort(([one], [other]) => (one < other ? -1 : 1))
}

/** Labels are sorted. */
export function keyOf(labels: SeriesLabels): string {
  let key = ''
  for (const [name, value] of labels) key += `${name}\u0001${value}\u0002`
  return key
}

export function emptySeries(labels: SeriesLabels, count: number): Series {
  return { labels, key: keyOf(labels), values: new Float64Array(count), has: new Uint8Array(count) }
}

export function constantSeries(value: number, count: number): Series {
  return {
    labels: [],
    key: '',
    values: new Float64Array(count).fill(value),
    has: new Uint8Array(count).fill(1),
  }
}

/** `{a="b", c="d"}` for messages. */
export function printLabels(labels: SeriesLabels): string {
  return `{${labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
}

/** As LogQL's answers have it: no exponent. */
export function formatSample(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const text = String(value)
  const exponent = /e([+-]\d+)$/.exec(text)
  if (exponent === null) return Object.is(value, -0) ? '-0' : text
  if (Number(exponent[1]) > 0) return BigInt(value).toString()
  const [mantissa = ''] = text.split('e')
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  return `${sign}0.${'0'.repeat(-Number(exponent[1]) - 1)}${digits}`
}
