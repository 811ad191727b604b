/**
 * Finds streams by their names, in the order of names or of numbers, a bounded number of rows at a time. What
 * names are exact is left to the index over them.
 */

import { storeLimits } from '../limits/store.ts'
import type { Connection } from './database.ts'
import { createStreamNames, type StreamLabel, type StreamNames } from './stream-names.ts'

/** A stream as the index over names has it. */
export type NamedStream = [
  id: number,
  namespace: string,
  pod: string,
  podUid: string,
  container: string,
  restart: number,
  node: string,
]

/** Place in the order of names. Text is compared by its UTF-8 bytes. */
export type StreamKey = readonly [
  namespace: string,
  pod: string,
  podUid: string,
  container: string,
  restart: number,
  node: string,
]
const keyLength = 6

/** A place in that order, which need not be a stream's. */
export type StreamPlace = readonly (string | number | Uint8Array)[]

/** The place behind all streams whose keys begin with these names: a blob sorts behind texts and numbers. */
export function behind(names: readonly (string | number)[]): StreamPlace {
  return [...names, ...Array.from({ length: keyLength - names.length }, () => Buffer.alloc(0))]
}

/** Null: any. */
export type StreamFilter = {
  readonly isNamespace: ((name: string) => boolean) | null
  /** One of these. */
  readonly pod: readonly string[] | null
  readonly container: readonly string[] | null
  readonly node: readonly string[] | null
  readonly restart: readonly number[] | null
  /** Texts one of which every name that passes `test` contains; labels without such a text are left out. */
  readonly holds: readonly { readonly label: StreamLabel; readonly texts: readonly string[] }[]
  /** What else is asked of a stream; the namespace is asked apart. */
  readonly test: ((stream: NamedStream) => boolean) | null
}

/** Streams found so far, and the last one looked at: where to go on, found or not. */
export type FoundStreams = { readonly found: NamedStream[]; readonly last: StreamKey }

export type StreamFinder = StreamNames & {
  /** All that pass the filter in order of names, behind `after`. */
  readonly inOrder: (filter: StreamFilter, after: StreamPlace | null) => Generator<FoundStreams, void, void>
  /** Those with a number above `id`, by number. */
  readonly newer: (filter: StreamFilter, id: number) => Generator<NamedStream[], void, void>
  /** Those of these streams that have not been deleted. */
  readonly existing: (streamIds: Iterable<number>) => number[]
  /** Number of the newest stream; 0 where there is none. */
  readonly lastId: () => number
}

export function createStreamFinder(connection: Connection): StreamFinder {
  const names = createStreamNames(connection)
  const select = createSelect(connection)
  const existing = connection
    .prepare('SELECT id FROM stream WHERE id IN (SELECT value FROM json_each(?))')
    .pluck()
  const lastId = connection.prepare('SELECT max(id) FROM stream').pluck()
  return {
    ...names,
    inOrder: (filter, after) => gather(filter, pagesInOrder(select, names, filter, after)),
    newer: function* (filter, id) {
      const { isNamespace } = filter
      for (const rows of pages(select, filter, byNumber, (last) => [last?.[0] ?? id])) {
        const named = isNamespace === null ? rows : rows.filter(([, namespace]) => isNamespace(namespace))
        yield passing(filter, named)
      }
    },
    existing: (streamIds) => existing.all(JSON.stringify([...streamIds])) as number[],
    lastId: () => (lastId.get() as number | null) ?? 0,
  }
}

/** A range of the table in some order. */
type Range = { readonly where: string; readonly order: string }

const byNumber: Range = { where: 'id > ?', order: 'id' }
const byName: Range = {
  where: '(namespace, pod, pod_uid, container, restart, node) > (?, ?, ?, ?, ?, ?)',
  order: 'namespace, pod, pod_uid, container, restart, node',
}
const ofNamespace: Range = {
  where: 'namespace = ? AND (pod, pod_uid, container, restart, node) > (?, ?, ?, ?, ?)',
  order: 'pod, pod_uid, container, restart, node',
}
/** Before every stream of a namespace: nothing sorts before the empty name. */
const firstPlace = ['', '', '', Number.MIN_SAFE_INTEGER, ''] as const

type Select = (filter: StreamFilter, range: Range, given: readonly unknown[]) => NamedStream[]

/** Prepared for the combinations of conditions that were asked for. */
const statementsMax = 100
const exactLabels = ['pod', 'container', 'node', 'restart'] as const

/** Rows of a range that pass what of the filter SQL can tell. */
function createSelect(connection: Connection): Select {
  const statements = new Map<string, ReturnType<Connection['prepare']>>()
  return (filter, { where, order }, given) => {
    const lists = exactLabels.filter((label) => filter[label] !== null)
    const exact = lists.map((label) => ` AND ${label} IN (SELECT value FROM json_each(?))`)
    const held = filter.holds.map(({ label, texts }) => {
      return ` AND (${texts.map(() => `instr(${label}, ?) > 0`).join(' OR ')})`
    })
    const text = `SELECT id, namespace, pod, pod_uid, container, restart, node FROM stream
      WHERE ${where}${[...exact, ...held].join('')} ORDER BY ${order} LIMIT ${storeLimits.streamRows}`
    const statement = statements.get(text) ?? connection.prepare(text).raw()
    if (statements.size >= statementsMax) statements.clear()
    statements.set(text, statement)
    const values = lists.map((label) => JSON.stringify(filter[label]))
    return statement.all([
      ...given,
      ...values,
      ...filter.holds.flatMap(({ texts }) => texts),
    ]) as NamedStream[]
  }
}

/** A range in steps. `place`: what the range's condition is given, behind the last row of the step before. */
function* pages(
  select: Select,
  filter: StreamFilter,
  range: Range,
  place: (last: NamedStream | undefined) => readonly unknown[],
): Generator<NamedStream[], void, void> {
  let last: NamedStream | undefined
  do {
    const rows = select(filter, range, place(last))
    last = rows.at(-1)
    yield rows
    if (rows.length < storeLimits.streamRows) return
  } while (last !== undefined)
}

/** With a condition on namespaces one after the other, so that those that do not pass cost nothing. */
function* pagesInOrder(
  select: Select,
  names: StreamNames,
  filter: StreamFilter,
  after: StreamPlace | null,
): Generator<NamedStream[], void, void> {
  if (filter.isNamespace === null) {
    const start = after ?? ['', ...firstPlace]
    yield* pages(select, filter, byName, (last) => last?.slice(1) ?? start)
    return
  }
  for (const namespace of names.namespacesFrom((after?.[0] as string | undefined) ?? '')) {
    if (!filter.isNamespace(namespace)) continue
    const start = namespace === after?.[0] ? after.slice(1) : firstPlace
    yield* pages(select, filter, ofNamespace, (last) => [namespace, ...(last?.slice(2) ?? start)])
  }
}

/** Small steps are handed out together: whoever asks has a cost per step. */
function* gather(filter: StreamFilter, steps: Iterable<NamedStream[]>): Generator<FoundStreams, void, void> {
  let found: NamedStream[] = []
  let rowsSeen = 0
  let last: StreamKey | null = null
  for (const rows of steps) {
    const newest = rows.at(-1)
    if (newest !== undefined) last = newest.slice(1) as unknown as StreamKey
    found = found.concat(passing(filter, rows))
    rowsSeen += rows.length + 1
    if (rowsSeen < storeLimits.streamRows || last === null) continue
    yield { found, last }
    found = []
    rowsSeen = 0
  }
  if (last !== null && found.length > 0) yield { found, last }
}

function passing({ test }: StreamFilter, rows: NamedStream[]): NamedStream[] {
  return test === null ? rows : rows.filter(test)
}
