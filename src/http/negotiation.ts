/** Reads what a client accepts: the format of an answer and its compression (RFC 9110 section 12.5). */

import type { Format } from '../query/plan.ts'

const formatOfType: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'text/plain': 'text',
  'application/octet-stream': 'raw',
}

/**
 * One of `formats`; JSON where the header is absent or names none of them: browsers and careless clients get
 * an answer.
 */
export function preferredFormat<Known extends Format>(
  accept: string | undefined,
  formats: readonly Known[],
): Known {
  let best = 'json' as Known
  let bestWeight = 0
  for (const { name, weight } of parseWeighted(accept ?? '')) {
    const format = formats.find((known) => known === formatOfType[name])
    if (format === undefined || weight <= bestWeight) continue
    best = format
    bestWeight = weight
  }
  return best
}

export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const weights = new Map(parseWeighted(acceptEncoding ?? '').map(({ name, weight }) => [name, weight]))
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0
}

/** Items of a header in its order; an item without a readable weight has 1. */
function parseWeighted(header: string): readonly { readonly name: string; readonly weight: number }[] {
  return header.split(',').map((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters
      .map((part) => /^q=(\d(?:\.\d{0,3})?)$/.exec(part)?.[1])
      .find((q) => q !== undefined)
    return { name, weight: weight === undefined ? 1 : Number(weight) }
  })
}
