/** What the program says of itself: its routes, its health, and the log tree as the collector sees it. */

import { fileStateNames } from '../parameters.ts'
import { cursor, node, warnings } from './entries.ts'
import { arrayOf, component, count, flag, nullable, object, oneOfTexts, ref, textOf } from './schema.ts'

export const routeList = component(
  'Routes',
  'What there is.',
  object({
    name: oneOfTexts(['logkeep']),
    routes: arrayOf(object({ path: textOf(), methods: arrayOf({ type: 'string' }), summary: textOf() })),
  }),
)

export const health = component('Health', 'The process answers.', object({ status: oneOfTexts(['ok']) }))

export const readiness = component(
  'Readiness',
  'Whether queries can be answered, and what is wrong with reading.',
  object({
    status: oneOfTexts(['ready', 'degraded', 'unavailable']),
    reasons: arrayOf({ type: 'string' }),
    node,
  }),
)

const fileError = component(
  'FileError',
  'Why a file or folder cannot be read, and what to do about it.',
  object({
    message: textOf(),
    mode: nullable(textOf('As `0640`.')),
    owner: nullable(textOf('As `uid:gid`.')),
    hint: textOf(),
  }),
)

const file = component(
  'File',
  'A log file, or a folder that cannot be listed.',
  object({
    path: textOf('Relative to the root, absolute where it lies elsewhere. That of a folder ends in `/`.'),
    name: textOf(),
    namespace: textOf(),
    pod: textOf(),
    podUid: textOf(),
    container: textOf(),
    restart: nullable(count()),
    size: nullable(count('Bytes on disk.')),
    position: count('Bytes read; of a gzip file uncompressed ones.'),
    lagBytes: nullable(count('Bytes not read yet.')),
    lagSec: nullable(count('For how long there have been unread bytes.')),
    state: oneOfTexts(
      fileStateNames,
      '`live`: written to; `rotated`: read to its end; `done`: read; `waiting`: found, not read yet; ' +
        '`unreadable`: see `error`.',
    ),
    gzip: flag(),
    modified: nullable({ type: 'string', format: 'date-time', description: 'Time of the last change.' }),
    error: nullable(ref(fileError)),
  }),
)

export const files = component(
  'Files',
  'A page of the log tree as the collector sees it, in the order of the tree.',
  object({
    root: textOf(),
    rootError: nullable(ref(fileError)),
    files: arrayOf(ref(file)),
    totals: object({ files: count(), bytes: count(), lagBytes: count() }),
    next: nullable(ref(cursor)),
    node,
    warnings: ref(warnings),
  }),
)

export const components = [routeList, health, readiness, fileError, file, files]
