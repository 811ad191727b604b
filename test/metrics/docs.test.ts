/** Holds docs/metrics.md to the metrics that the program really exposes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitNames } from '../../src/errors.ts'
import { scrapeAfterTraffic } from '../support/metrics-traffic.ts'
import { readText } from '../support/source-tree.ts'

test('S-METRIC-15 docs/metrics.md lists every metric with type, labels and meaning, and no other', async () => {
  const families = await scrapeAfterTraffic()
  const expected = [...families.values()].map(({ name, type, help, samples }) => {
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)))
    const shown = [...labels].filter((label) => label !== 'le').map((label) => `\`${label}\``)
    return `| \`${name}\` | ${type} |${shown.length === 0 ? ' ' : ` ${shown.join(', ')} `}| ${help} |`
  })
  const text = readText('docs/metrics.md')
  const listed = text.split('\n').filter((line) => line.startsWith('| `'))
  const order = (a: string, b: string): number => (a < b ? -1 : 1)
  assert.deepEqual(listed.toSorted(order), expected.toSorted(order))
  const queries = families.get('logkeep_queries_total')?.samples ?? []
  const named = [...limitNames, ...queries.flatMap(({ labels }) => Object.values(labels))]
  assert.deepEqual(
    named.filter((name) => !text.includes(`\`${name}\``)),
    [],
    'values of labels that are not explained',
  )
})
