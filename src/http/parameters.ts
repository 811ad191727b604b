/** The parameters of every route: the only place that knows them, for parsers and documents alike. */

import type { SeenFileState } from '../collector/contract.ts'
import { httpLimits, tailLimits } from '../limits/http.ts'
import { queryLimits } from '../limits/query.ts'
import { iostreamNames, levelNames } from '../model/entry.ts'
import { contextScopes, histogramGroups } from '../query/contract.ts'
import {
  type AcceptedParameters,
  choice,
  type Parameter,
  repeatable,
  required,
  type TextParameter,
  text,
  whole,
  yesNo,
} from './parameter.ts'

const durationForm = '(?=[0-9])(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?'
const dateForm =
  '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)?(?:Z|[+ -][0-9]{2}:[0-9]{2})'
const unixForm = '[0-9]{1,10}(?:\\.[0-9]+)?|[0-9]{11,19}'
const timePattern = `^(?:${dateForm}|${unixForm}|${durationForm})$`
const cursorPattern = '^[A-Za-z0-9_-]+$'
/** A space stands where a form has read a plus. */
const levelPattern = '^[A-Za-z]+[+ ]?(?:,[A-Za-z]+[+ ]?)*$'
/** Not one of the forms with nothing in it. */
const linePattern = '^(?!!?(?:""|//)?$)'

const globs = (what: string, example: string): TextParameter =>
  repeatable(
    text(
      `Name of ${what}, or a glob: \`*\` is any run of characters, \`?\` any one. Repeat for several.`,
      undefined,
      [example],
    ),
  )
const time = (description: string, example: string): TextParameter =>
  text(
    `${description} RFC 3339 with up to nine fraction digits; unix time in s, ms, µs or ns, by its number of ` +
      'digits; or a duration before now (`15m`, `7d`).',
    timePattern,
    [example],
  )
const cursor = (description: string): TextParameter => text(description, cursorPattern)
const limit = (of: string, max: number, standard: number) =>
  whole(`${of} at most.`, { min: 1, max, standard })
const entries = limit('Entries of a page', httpLimits.entriesMax, httpLimits.entriesDefault)

/** Beside the names that levels have in answers, their usual other spellings are taken. */
const levelText =
  `${levelNames.map((name) => `\`${name}\``).join(', ')}, or a usual other spelling, in any case; several with ` +
  'commas; `warn+` for that and all above. Repeat for several.'
const lineText =
  'Condition on the text of a line: `text` contains it, `"text"` literally, whatever it holds, `/pattern/` in RE2 ' +
  'syntax; each with `!` before it for lines that do not. Repeat: all must hold.'

/** Which streams. */
export const streamParameters = {
  namespace: globs('a namespace', 'shop'),
  pod: globs('a pod', 'api-*'),
  container: globs('a container', 'api'),
  node: globs('a node', 'n1'),
  select: repeatable(
    text(
      'What is chosen: `namespace`, `namespace/pod` or `namespace/pod/container`, names or globs. Repeat for ' +
        'several: one of them must hold.',
      '^[^/]+(?:/[^/]+){0,2}$',
      ['shop/api-*'],
    ),
  ),
  restart: repeatable(
    whole('Restart count of the container. Repeat for several.', { min: 0, max: 999_999_999 }),
  ),
} as const satisfies AcceptedParameters

/** Which entries. Gap records pass whatever `level` and `q` ask. */
export const filterParameters = {
  ...streamParameters,
  stream: choice('What the container wrote it to.', iostreamNames),
  level: repeatable(text(levelText, levelPattern, ['warn+'])),
  q: repeatable(text(lineText, linePattern, ['timeout']), httpLimits.lineFiltersMax),
  query: text(
    'A log query in LogQL, whose selector and pipeline must hold besides: `{namespace="shop"} | json | n > 5`. ' +
      'Lines are shown as they are stored, whatever it formats.',
    undefined,
    ['{container="api"} |= "timeout"'],
  ),
  ignoreCase: yesNo('Whether `q` takes upper and lower case for the same.', false),
  gaps: yesNo('Whether records of missing lines are among the entries.', true),
} as const satisfies AcceptedParameters

const rangeParameters = {
  since: time('Beginning of the range, inclusive.', '1h'),
  until: time('End of the range, exclusive.', '5m'),
} as const satisfies AcceptedParameters

const formats = ['json', 'text'] as const
const format = choice('Form of the answer; without it the `Accept` header chooses.', formats)

const logs = {
  ...filterParameters,
  ...rangeParameters,
  limit: {
    ...entries,
    description: `Entries of a page, or of an export, which has all unless it is given.`,
  },
  direction: choice(
    'Order of the entries: newest first, or oldest first.',
    ['backward', 'forward'],
    'backward',
  ),
  cursor: cursor('Where to go on: `next` or `resume` of an answer, or the `cursor` of an entry.'),
  format: choice(
    'Form of the answer; without it the `Accept` header chooses. `ndjson` is an export, `raw` the bytes of the lines.',
    ['json', 'ndjson', 'text', 'raw'],
  ),
} as const satisfies AcceptedParameters

const tail = {
  ...filterParameters,
  cursor: cursor('Where to go on: of the last frame, of an entry, or of an answer of /logs.'),
  since: time('Begin with the entries from then on.', '5m'),
  tail: whole('Begin with so many of the newest entries. One of `cursor`, `since` and `tail` may be given.', {
    min: 0,
    max: tailLimits.backfillMax,
  }),
} as const satisfies AcceptedParameters

const list = {
  ...streamParameters,
  limit: limit('Rows of a page', httpLimits.listMax, httpLimits.listDefault),
  cursor: cursor('`next` of the page before.'),
} as const satisfies AcceptedParameters

const histogram = {
  ...filterParameters,
  ...rangeParameters,
  step: text(
    'Width of a bucket as a duration (`30s`, `1h`). Buckets begin at its multiples since 1970.',
    `^(?=.*[1-9])${durationForm}$`,
    ['1m'],
  ),
  buckets: whole('How many buckets at most, of a round width. Either this or `step` may be given.', {
    min: 1,
    max: queryLimits.histogramBucketsMax,
    standard: httpLimits.bucketsDefault,
  }),
  by: choice('What to count separately; `stream` is stdout or stderr.', histogramGroups),
} as const satisfies AcceptedParameters

const around = (side: string) =>
  whole(`Entries ${side} it.`, { min: 0, max: httpLimits.contextMax, standard: httpLimits.contextDefault })

const context = {
  ...filterParameters,
  cursor: required(cursor('`cursor` of the entry in the middle. The filters apply to those around it.')),
  before: around('before'),
  after: around('after'),
  scope: choice(
    'Whose entries: of its container instance, its pod, or its namespace.',
    contextScopes,
    'stream',
  ),
  format,
} as const satisfies AcceptedParameters

const fields = {
  ...filterParameters,
  ...rangeParameters,
  sample: whole('Newest matching lines that are looked at.', {
    min: 1,
    max: httpLimits.fieldSampleMax,
    standard: httpLimits.fieldSampleDefault,
  }),
  limit: limit('The most frequent ones, so many', httpLimits.fieldsMax, httpLimits.fieldsDefault),
} as const satisfies AcceptedParameters

/** Every state there is, and no other. */
const fileStates: Readonly<Record<SeenFileState, true>> = {
  live: true,
  rotated: true,
  done: true,
  waiting: true,
  unreadable: true,
}
export const fileStateNames = Object.keys(fileStates) as SeenFileState[]

const files = {
  namespace: streamParameters.namespace,
  pod: streamParameters.pod,
  container: streamParameters.container,
  state: repeatable(choice('State of the file. Repeat for several.', fileStateNames)),
  limit: limit('Files of a page', httpLimits.listMax, httpLimits.listDefault),
  cursor: cursor('`next` of the page before.'),
  format,
} as const satisfies AcceptedParameters

export const routeParameters = {
  logs,
  tail,
  list,
  histogram,
  context,
  fields,
  fieldValues: fields,
  files,
  none: {} as Readonly<Record<string, Parameter>>,
} as const satisfies Readonly<Record<string, AcceptedParameters>>
