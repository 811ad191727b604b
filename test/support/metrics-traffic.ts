/** A scrape in which every metric has all of its labels: after a request and a query. */

import { everything } from './engine-tasks.ts'
import type { Exposition } from './exposition.ts'
import { measure } from './figures.ts'

export async function scrapeAfterTraffic(): Promise<Exposition> {
  let found: Exposition = new Map()
  await measure(async ({ metrics, query, scrape }) => {
    const range = { since: null, until: null }
    await query.logs(
      { plan: everything, range, direction: 'forward', limit: 1, cursor: null, format: 'json' },
      new AbortController().signal,
    )
    metrics.answered('/logs', 200, 0.1)
    found = await scrape()
  })
  return found
}
