/** Entries, pages of them and exports, as they are answered by `/logs` and `/logs/context`. */

import { flagNames, type GapRecord, iostreamNames, levelNames } from '../../model/entry.ts'
import { arrayOf, component, count, flag, nullable, object, oneOfTexts, ref, textOf } from './schema.ts'

export const time = component('Time', 'An instant in UTC, with nine fraction digits.', {
  type: 'string',
  format: 'date-time',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{9}Z$',
  examples: ['2026-11-22T10:11:12.123456789Z'],
})

export const cursor = component('Cursor', 'A place to go on from. Opaque: give it back as it is.', {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]+$',
})

export const warnings = component(
  'Warnings',
  'What the answer lacks and why, and names that match nothing; empty when all is well.',
  arrayOf({ type: 'string' }),
)

export const node = textOf('The node that answers.')

export const stats = component(
  'Stats',
  'What the answer has cost.',
  object({
    scannedBytes: count('Bytes of lines that were decompressed and looked at.'),
    scannedLines: count(),
    blocks: count('Blocks and segments of the journal that were opened.'),
    elapsedMs: { type: 'number', minimum: 0 },
  }),
)

/** Labels of a container instance's log. */
export const labels = {
  namespace: textOf(),
  pod: textOf(),
  podUid: textOf('Empty where it is not known.'),
  container: textOf(),
  node: textOf(),
  restart: count('Restart count of the container.'),
}

const flags = (names: readonly string[]) =>
  arrayOf(
    oneOfTexts(names),
    '`cut`: a piece of a line above the longest; `malformed`: no container log line, kept whole; `unfinished`: ' +
      'it never ended; `clock`: its time is clearly off; `late`: older than what the tail had sent.',
  )
const allFlags = flags([...flagNames.map(([, name]) => name), 'late'])

export const line = component(
  'Line',
  'One logged line.',
  object({
    kind: oneOfTexts(['line']),
    time: ref(time),
    ...labels,
    stream: oneOfTexts(iostreamNames),
    level: oneOfTexts(levelNames),
    line: textOf('Its text, without the line feed; what is not UTF-8 is replaced by U+FFFD.'),
    flags: allFlags,
    cursor: ref(cursor),
  }),
)

/** Every reason there is, and no other. */
const gapReasons: Readonly<Record<GapRecord['reason'], true>> = {
  rotated_away: true,
  truncated: true,
  deleted_unread: true,
  cut_gzip: true,
  database_replaced: true,
}

export const gap = component(
  'Gap',
  'Lines are known to be missing here. Returned whenever stream and range match, whatever `level` and `q` ask.',
  object({
    kind: oneOfTexts(['gap']),
    time: ref(time),
    ...labels,
    reason: oneOfTexts(Object.keys(gapReasons)),
    bytes: nullable(count('Bytes that are missing; null where that cannot be known.')),
    file: nullable(textOf('Name of the file that held them.')),
    flags: allFlags,
    cursor: ref(cursor),
  }),
)

export const entry = component('Entry', 'A line, or a record of missing ones.', {
  oneOf: [ref(line), ref(gap)],
})

export const logsPage = component(
  'LogsPage',
  'A page of entries, in the order asked for.',
  object({
    entries: arrayOf(ref(entry)),
    next: nullable(ref(cursor)),
    resume: ref(cursor),
    node,
    stats: ref(stats),
    warnings: ref(warnings),
  }),
)

export const exportEnd = component(
  'ExportEnd',
  'Last line of an export.',
  object({
    kind: oneOfTexts(['end']),
    complete: flag('Whether everything is there.'),
    reason: nullable(textOf('Why not.')),
    next: nullable(ref(cursor)),
    count: count('Entries before this line.'),
    warnings: arrayOf({ type: 'string' }),
  }),
)

export const exportLine = component('ExportLine', 'Each line of an export is one of these.', {
  oneOf: [ref(line), ref(gap), ref(exportEnd)],
})

export const contextPage = component(
  'Context',
  'The entries around one, oldest first.',
  object({
    entries: arrayOf(ref(entry)),
    target: nullable(count('Index of the entry in the middle; null where it is stored no more.')),
    moreBefore: flag('Whether there are entries before these.'),
    moreAfter: flag('Whether there are entries after these.'),
    node,
    stats: ref(stats),
    warnings: ref(warnings),
  }),
)

export const components = [
  time,
  cursor,
  warnings,
  stats,
  line,
  gap,
  entry,
  logsPage,
  exportEnd,
  exportLine,
  contextPage,
]
