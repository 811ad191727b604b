/** Counts and names: histograms, fields, listings of what is stored, and the program's own state. */

import { histogramGroups } from '../../query/contract.ts'
import { fieldTypes } from '../../query/fields/line-fields.ts'
import { cursor, labels, node, stats, time, warnings } from './entries.ts'
import {
  arrayOf,
  type Component,
  component,
  count,
  flag,
  type JsonSchema,
  nullable,
  object,
  oneOfTexts,
  ref,
  textOf,
} from './schema.ts'

const closing = { node, stats: ref(stats), warnings: ref(warnings) }

const bucket = component(
  'Bucket',
  'Lines within one step of time.',
  object({
    time: ref(time),
    count: count(),
    complete: flag('False: counting was ended by a limit before all lines of the bucket were looked at.'),
    counts: {
      type: 'object',
      description: 'By group: those that are not 0. Empty without `by`.',
      additionalProperties: count(),
    },
  }),
)

export const histogram = component(
  'Histogram',
  'How many matching lines there are over time. Records of missing lines are in no count.',
  object({
    since: ref(time),
    until: ref(time),
    step: textOf('Width of a bucket as a duration.'),
    stepMs: { type: 'integer', minimum: 1 },
    by: nullable(oneOfTexts(histogramGroups)),
    groups: arrayOf(object({ name: textOf(), count: count() }), 'Most frequent first; empty without `by`.'),
    buckets: arrayOf(ref(bucket), 'In the order of time, without holes.'),
    count: count('Sum of all buckets.'),
    complete: flag('Whether every bucket is.'),
    ...closing,
  }),
)

const row = {
  lines: count('Lines that are stored.'),
  bytes: count('Bytes of their text.'),
  firstTime: nullable(ref(time)),
  lastTime: nullable(ref(time)),
  present: flag('Whether its log files are still there.'),
}
const streams = { streams: count('Container instances.') }
const { namespace, pod, podUid, container, node: itsNode } = labels

const rows: Readonly<Record<string, JsonSchema>> = {
  namespaces: object({ namespace, ...streams, ...row }),
  pods: object({ namespace, pod, podUid, node: itsNode, ...streams, ...row }),
  containers: object({ namespace, pod, podUid, container, node: itsNode, ...streams, ...row }),
  streams: object({ ...labels, ...row }),
}

/** The answer of a listing, by its route's name. */
export const lists = Object.fromEntries(
  Object.entries(rows).map(([name, item]) => {
    const title = `${name[0]?.toUpperCase()}${name.slice(1)}`
    const schema = object({ [name]: arrayOf(item), next: nullable(ref(cursor)), ...closing })
    return [name, component(title, 'A page of a listing, ordered by name.', schema)]
  }),
) as Readonly<Record<'namespaces' | 'pods' | 'containers' | 'streams', Component>>

const sample = component(
  'Sample',
  'The newest matching lines, which were looked at.',
  object({
    limit: count('How many were asked for.'),
    lines: count(),
    withFields: count('Lines in which a field was found.'),
    since: nullable(ref(time)),
    until: nullable(ref(time)),
  }),
)
const more = count('How many more there are than these.')
const typeCounts = Object.fromEntries(fieldTypes.map((type) => [type, count()]))

export const fields = component(
  'Fields',
  'Fields of JSON and logfmt lines, the most frequent first.',
  object({
    fields: arrayOf(
      object({ name: textOf(), types: object({}, typeCounts), count: count('Lines that have it.') }),
    ),
    more,
    sample: ref(sample),
    ...closing,
  }),
)

const fieldValue = object(
  { value: textOf('As text, whatever its type.'), type: oneOfTexts(fieldTypes), count: count() },
  { cut: { const: true, description: 'It is longer.' } },
)

export const fieldValues = component(
  'FieldValues',
  'Values of one field, the most frequent first.',
  object({
    name: textOf(),
    values: arrayOf(fieldValue),
    more,
    missing: count('Lines of the sample that do not have it.'),
    sample: ref(sample),
    ...closing,
  }),
)

export const components = [bucket, histogram, sample, fields, fieldValues, ...Object.values(lists)]
