/** Finds the one entry that a cursor names, whatever filters the cursor came with. */

import type { Cursor, Place } from '../model/cursor.ts'
import type { Snapshot } from '../store/reader.ts'
import type { CompiledPlan } from './compiled-plan.ts'
import { EntryWriter } from './entry-writer.ts'
import { explainNames } from './explain.ts'
import type { HeldLines } from './held-lines.ts'
import { walkHistory } from './history.ts'
import type { Plan } from './plan.ts'
import { withinScope } from './scope.ts'
import type { PlaceRange } from './select-lines.ts'
import type { EntryResult, EntryTask } from './tasks.ts'
import { createHitWriter } from './write-hits.ts'

/** Selects every entry, gap records too. */
export const planOfAll: Plan = {
  streams: { namespace: [], pod: [], container: [], node: [], restart: [] },
  iostream: null,
  levels: null,
  lines: [],
  gaps: true,
}

/** `all` is `planOfAll`; `around` the plan whose entries lie around the one that is looked for. */
export function findEntry(
  snapshot: Snapshot,
  databaseId: string,
  { all, around }: { readonly all: CompiledPlan; readonly around: CompiledPlan & { readonly hash: number } },
  { task, held }: { readonly task: EntryTask; readonly held: HeldLines },
): EntryResult {
  const { cursor, format } = task
  const place = cursor.place as Place
  const warnings = explainNames(snapshot, around)
  if (snapshot.stream(place.streamId) === undefined) {
    warnings.push('the log that this line belonged to is not stored any more, nor is anything around it')
    return { entries: new Uint8Array(0), around: null, warnings }
  }
  const commit = snapshot.lastCommit
  const found: Cursor = {
    kind: 'history',
    isPartial: false,
    databaseId,
    planHash: around.hash,
    commit,
    since: null,
    until: null,
    place,
  }
  const { hits } = walkHistory(
    snapshot,
    withinScope(all, { streamId: place.streamId, kind: 'stream' }),
    { direction: 'forward', limit: 1, commit, range: rangeOfOne(place), isOver: () => false },
    { scannedBytes: 0, scannedLines: 0, blocks: 0 },
  )
  const writer = new EntryWriter(format, found)
  createHitWriter(snapshot, writer, Number.POSITIVE_INFINITY, held)(hits)
  if (hits.length === 0) {
    warnings.push('this line is not stored any more; these are the entries nearest to its place')
  }
  return { entries: writer.take(), around: found, warnings }
}

function rangeOfOne(place: Place): PlaceRange {
  return { after: { ...place, line: place.line - 1 }, before: { ...place, line: place.line + 1 } }
}
