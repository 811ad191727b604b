/** Narrows a plan to the streams around one: itself, those of its pod, or those of its namespace. */

import type { Snapshot } from '../store/reader.ts'
import type { StreamFilter } from '../store/stream-finder.ts'
import { StreamIdSet } from '../store/stream-ids.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import type { Scope } from './tasks.ts'

/** The same plan where `scope` is null. Labels as of the snapshot: a stream that is gone has no scope. */
export function withinScope<Compiled extends CompiledPlan>(
  compiled: Compiled,
  scope: Scope | null,
): Compiled {
  if (scope === null) return compiled
  return {
    ...compiled,
    streamsOf: (snapshot) => {
      const selected = compiled.streamsOf(snapshot)
      const ids = new StreamIdSet()
      for (const id of streamsAround(snapshot, scope)) if (selected?.has(id) ?? true) ids.add(id)
      return ids
    },
  }
}

function* streamsAround(snapshot: Snapshot, { streamId, kind }: Scope): Generator<number, void, void> {
  const labels = snapshot.stream(streamId)?.labels
  if (labels === undefined) return
  if (kind === 'stream') {
    yield streamId
    return
  }
  const { namespace, pod, podUid } = labels
  const filter: StreamFilter = {
    isNamespace: (name) => name === namespace,
    pod: kind === 'pod' ? [pod] : null,
    container: null,
    node: null,
    restart: null,
    holds: [],
    test: kind === 'pod' ? ([, , , uid]) => uid === podUid : null,
  }
  for (const { found } of snapshot.streams.inOrder(filter, null)) for (const [id] of found) yield id
}
