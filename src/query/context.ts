/** The entries around one, on the main thread: finds it, then walks away from it on both sides in turns. */

import { LogkeepError } from '../errors.ts'
import type { Cursor } from '../model/cursor.ts'
import { joinEntries } from './collected-page.ts'
import { type ContextWalk, createContextWalk } from './context-walk.ts'
import type { ContextPage, ContextRequest } from './contract.ts'
import type { QueryBounds } from './ending.ts'
import type { Lanes } from './lanes.ts'
import type { Pager } from './pager.ts'
import { requireCursor } from './require-cursor.ts'
import type { EntryResult } from './tasks.ts'

export type ContextDeps = { readonly lanes: Lanes; readonly pager: Pager; readonly bounds: QueryBounds }

/** Rejects with `LogkeepError` BAD_CURSOR where the cursor names no entry of this database. */
export async function readContext(
  { lanes, pager, bounds }: ContextDeps,
  request: ContextRequest,
  signal: AbortSignal,
): Promise<ContextPage> {
  const started = performance.now()
  const { plan, format } = request
  const cursor = requireEntryCursor(request.cursor)
  const middle = (await lanes.run('light', { kind: 'entry', plan, cursor, format })) as EntryResult
  const { around } = middle
  if (around?.place == null) return pageOf(middle, [], { request, started })
  const scope = { streamId: around.place.streamId, kind: request.scope }
  const shared = { request, scope, around, bounds, started, signal }
  const walks = [
    createContextWalk(pager, { ...shared, direction: 'backward', limit: request.before }),
    createContextWalk(pager, { ...shared, direction: 'forward', limit: request.after }),
  ]
  while (!walks.every(({ isDone }) => isDone)) {
    for (const walk of walks) {
      signal.throwIfAborted()
      // In turns, so that a bound that ends both leaves neither side empty.
      if (!walk.isDone) await walk.step()
    }
  }
  return pageOf(middle, walks, { request, started })
}

function requireEntryCursor(text: string): Cursor {
  const cursor = requireCursor(text)
  if (cursor.place !== null && cursor.place.streamId !== 0) return cursor
  throw new LogkeepError(
    'BAD_CURSOR',
    'cursor: it names no entry, but a place between entries',
    "give an entry's own `cursor`; `next` and `resume` say where to go on",
  )
}

/** `walks`: before and after, or none where nothing is left. */
function pageOf(
  middle: EntryResult,
  walks: readonly ContextWalk[],
  { request, started }: { readonly request: ContextRequest; readonly started: number },
): ContextPage {
  const sides = walks.map(({ collected, ending }) => collected.finish({ next: null, ending, started }))
  const [before, after] = sides
  const isFound = middle.entries.length > 0
  const parts = [before?.entries, middle.entries, after?.entries]
  const sum = (of: (side: (typeof sides)[number]) => number): number =>
    sides.reduce((total, side) => total + of(side), 0)
  const warnings = [...middle.warnings, ...sides.flatMap((side) => side.warnings)]
  return {
    entries: joinEntries(
      parts.filter((part) => part !== undefined && part.length > 0) as Uint8Array[],
      request.format,
    ),
    count: sum((side) => side.count) + (isFound ? 1 : 0),
    target: isFound ? (before?.count ?? 0) : null,
    moreBefore: walks[0]?.hasMore ?? false,
    moreAfter: walks[1]?.hasMore ?? false,
    ended: sides.find((side) => side.ended !== null)?.ended ?? null,
    stats: {
      scannedBytes: sum((side) => side.stats.scannedBytes),
      scannedLines: sum((side) => side.stats.scannedLines),
      blocks: sum((side) => side.stats.blocks),
      elapsedMs: Math.round((performance.now() - started) * 100) / 100,
    },
    warnings: [...new Set(warnings)],
  }
}
