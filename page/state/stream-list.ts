/** What there is to choose from: the streams of the server, asked for again now and then. */

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type ApiError, type Client, toApiError } from '../api/client.ts'
import type { StreamRow } from '../model/entry.ts'
import { buildTree, type Node } from '../model/stream-tree.ts'
import { pageLimits } from './limits.ts'

export type StreamList = {
  /** Null until the first answer. */
  readonly streams: Signal<readonly StreamRow[] | null>
  readonly tree: ReadonlySignal<readonly Node[]>
  readonly error: Signal<ApiError | null>
  readonly refresh: () => Promise<void>
}

export function createStreamList(client: Client): StreamList {
  const streams = signal<readonly StreamRow[] | null>(null)
  const error = signal<ApiError | null>(null)
  const tree = computed(() => buildTree(streams.value ?? []))

  async function refresh(): Promise<void> {
    try {
      const found: StreamRow[] = []
      let cursor: string | null = null
      for (let page = 0; page < pageLimits.streamPagesMax; page += 1) {
        const query = new URLSearchParams({ limit: '5000' })
        if (cursor !== null) query.set('cursor', cursor)
        const answer = await client.streams(query)
        found.push(...answer.streams)
        cursor = answer.next
        if (cursor === null) break
      }
      streams.value = found
      error.value = null
    } catch (caught) {
      error.value = toApiError(caught)
    }
  }

  return { streams, tree, error, refresh }
}
