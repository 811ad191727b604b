/**
 * Finds streams by their names, in the order of names or of numbers, a bounded number of rows at a time. What
 * names are exact is left to the index over them.
 */

import { storeLimits } from '../limits.ts'
import type { Connection } from './database.ts'

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

/** A place in that order, which need not be a stream's. */
export type StreamPlace = readonly (string | number | Uint8Array)[]

/** The place behind all streams whose keys begin with these names: a blob sorts behind texts and numbers. */
export function behind(names: readonly (string | number)[]): StreamPlace {
  return [...names, ...Array.from({ length: keyLength - names.length }, () => Buffer.alloc(0))]
}

const keyLength = 6

export const streamLabels = ['namespace', 'pod', 'container', 'node'] as const
export type StreamLabel = (typeof streamLabels)[number]

/** Null: any. */
export type StreamFilter = {
  readonly isNamespace: ((name: string) => boolean) | null
  /** One of these. */
  readonly pod: readonly string[] | null
  readonly container: readonly string[] | null
  readonly node: readonly string[] | null
  readonly restart: readonly number[] | null
  /** What else is asked of a stream; the namespace is asked apart. */
  readonly test: ((stream: NamedStream) => boolean) | null
}

/** Streams found so far, and the last one looked at: where to go on, found or not. */
export type FoundStreams = { readonly found: NamedStream[]; readonly last: StreamKey }

export type StreamFinder = {
  /** Names that streams carry, each once, in order for namespaces; `limit` of them at most. */
  readonly names: (label: StreamLabel, limit: number) => string[]
  /** Whether a stream carries exactly this name. */
  readonly isName: (label: StreamLabel, name: string) => boolean
  /** All that pass the filter in order of names, behind `after`. */
  readonly inOrder: (filter: StreamFilter, after: StreamPlace | null) => Generator<FoundStreams, void, void>
  /** Those with a number above `id`, by number. */
  readonly newer: (filter: StreamFilter, id: number) => Generator<NamedStream[], void, void>
  /** Those of these streams that have not been deleted. */
  readonly existing: (streamIds: Iterable<number>) => number[]
  /** Number of the newest stream; 0 where there is none. */
  readonly lastId: () => number
}

const columns = 'id, namespace, pod, pod_uid, container, restart, node'
/** Before every stream of a namespace: no name sorts before the empty one. */
const firstPlace = ['', '', '', Number.MIN_SAFE_INTEGER, ''] as const
const exactLabels = ['pod', 'container', 'node', 'restart'] as const

export function createStreamFinder(connection: Connection): StreamFinder {
  const { streamRows } = storeLimits
  const statements = new Map<string, ReturnType<Connection['prepare']>>()
  const prepared = (text: string): ReturnType<Connection['prepare']> => {
    const statement = statements.get(text) ?? connection.prepare(text).raw()
    statements.set(text, statement)
    return statement
  }
  /** Rows that a statement with these conditions gives, exact names added. */
  const select = (filter: StreamFilter, where: string, order: string, given: readonly unknown[]) => {
    const lists = exactLabels.filter((label) => filter[label] !== null)
    const exact = lists.map((label) => ` AND ${label} IN (SELECT value FROM json_each(?))`).join('')
    const text = `SELECT ${columns} FROM stream WHERE ${where}${exact} ORDER BY ${order} LIMIT ${streamRows}`
    const values = lists.map((label) => JSON.stringify(filter[label]))
    return prepared(text).all([...given, ...values]) as NamedStream[]
  }
  const passing = (filter: StreamFilter, rows: NamedStream[]): NamedStream[] =>
    filter.test === null ? rows : rows.filter(filter.test)

  /** Reads on while a step fills its rows; a step looks at one namespace, or at all. */
  function* pages(
    filter: StreamFilter,
    where: string,
    place: (last: NamedStream | undefined) => readonly unknown[],
  ): Generator<NamedStream[], void, void> {
    const order = where.startsWith('namespace =')
      ? 'pod, pod_uid, container, restart, node'
      : 'namespace, pod, pod_uid, container, restart, node'
    let last: NamedStream | undefined
    do {
      const rows = select(filter, where, order, place(last))
      last = rows.at(-1)
      yield rows
      if (rows.length < streamRows) return
    } while (last !== undefined)
  }

  function* ofNamespaces(
    filter: StreamFilter,
    isNamespace: (name: string) => boolean,
    after: StreamPlace | null,
  ): Generator<NamedStream[], void, void> {
    const where = 'namespace = ? AND (pod, pod_uid, container, restart, node) > (?, ?, ?, ?, ?)'
    for (const namespace of namespacesFrom((after?.[0] as string | undefined) ?? '')) {
      if (!isNamespace(namespace)) continue
      const start = namespace === after?.[0] ? after.slice(1) : firstPlace
      yield* pages(filter, where, (last) => [namespace, ...(last?.slice(2) ?? start)])
    }
  }

  const namespaces = connection
    .prepare(
      `WITH RECURSIVE name(value) AS (
         SELECT min(namespace) FROM stream WHERE namespace >= ?
         UNION ALL
         SELECT (SELECT min(namespace) FROM stream WHERE namespace > value) FROM name WHERE value IS NOT NULL)
       SELECT value FROM name WHERE value IS NOT NULL`,
    )
    .pluck()
  const namespacesFrom = (first: string): string[] => namespaces.all(first) as string[]
  const existing = connection
    .prepare('SELECT id FROM stream WHERE id IN (SELECT value FROM json_each(?))')
    .pluck()
  const lastId = connection.prepare('SELECT max(id) FROM stream').pluck()
  return {
    names: (label, limit) => {
      if (label === 'namespace') return namespacesFrom('').slice(0, limit)
      const rows = prepared(`SELECT DISTINCT ${label} FROM stream LIMIT ?`).all(limit) as [string][]
      return rows.map(([name]) => name)
    },
    isName: (label, name) =>
      prepared(`SELECT 1 FROM stream WHERE ${label} = ? LIMIT 1`).get(name) !== undefined,
    inOrder: function* (filter, after) {
      const where = '(namespace, pod, pod_uid, container, restart, node) > (?, ?, ?, ?, ?, ?)'
      const start = after ?? ['', ...firstPlace]
      const all =
        filter.isNamespace === null
          ? pages(filter, where, (last) => last?.slice(1) ?? start)
          : ofNamespaces(filter, filter.isNamespace, after)
      // Small namespaces are handed out together: whoever asks has a cost per step.
      let found: NamedStream[] = []
      let steps = 0
      let last: StreamKey | null = null
      for (const rows of all) {
        const newest = rows.at(-1)
        if (newest !== undefined) last = newest.slice(1) as unknown as StreamKey
        found = found.concat(passing(filter, rows))
        steps += rows.length + 1
        if (steps < streamRows || last === null) continue
        yield { found, last }
        found = []
        steps = 0
      }
      if (last !== null && found.length > 0) yield { found, last }
    },
    newer: function* (filter, id) {
      const { isNamespace } = filter
      for (let last = id; ; ) {
        const rows = select(filter, 'id > ?', 'id', [last])
        const named = isNamespace === null ? rows : rows.filter(([, namespace]) => isNamespace(namespace))
        yield passing(filter, named)
        const newest = rows.at(-1)
        if (newest === undefined || rows.length < streamRows) return
        last = newest[0]
      }
    },
    existing: (streamIds) => existing.all(JSON.stringify([...streamIds])) as number[],
    lastId: () => (lastId.get() as number | null) ?? 0,
  }
}
