/** Which names streams carry, out of the index over them. */

import type { Connection } from './database.ts'

export const streamLabels = ['namespace', 'pod', 'container', 'node'] as const
export type StreamLabel = (typeof streamLabels)[number]

export type StreamNames = {
  /** All namespaces from this one on, in order: one step in the index each. */
  readonly namespacesFrom: (first: string) => string[]
  /** Names that streams carry, each once, `limit` of them at most. */
  readonly names: (label: StreamLabel, limit: number) => string[]
  /** Whether a stream carries exactly this name. */
  readonly isName: (label: StreamLabel, name: string) => boolean
}

export function createStreamNames(connection: Connection): StreamNames {
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
  const statement = (text: (label: StreamLabel) => string) =>
    new Map(streamLabels.map((label) => [label, connection.prepare(text(label)).pluck()]))
  const distinct = statement((label) => `SELECT DISTINCT ${label} FROM stream LIMIT ?`)
  const carried = statement((label) => `SELECT 1 FROM stream WHERE ${label} = ? LIMIT 1`)
  return {
    namespacesFrom,
    names: (label, limit) =>
      label === 'namespace'
        ? namespacesFrom('').slice(0, limit)
        : ((distinct.get(label)?.all(limit) ?? []) as string[]),
    isName: (label, name) => carried.get(label)?.get(name) !== undefined,
  }
}
