/** Tasks for an engine with everything at its default, and answers read back. */

import type { Cursor } from '../../src/model/cursor.ts'
import type { MembersAnswer } from '../../src/query/contract.ts'
import type { Plan } from '../../src/query/plan.ts'
import type { HistoryTask, ListTask, TailTask } from '../../src/query/tasks.ts'

export type Entry = {
  readonly kind: string
  readonly time: string
  readonly pod: string
  readonly line: string
  readonly level?: string
  readonly reason?: string
  readonly bytes?: number | null
  readonly flags: readonly string[]
  readonly cursor: string
}

const anyStream: Plan['streams'] = { namespace: [], pod: [], container: [], node: [], restart: [] }
export const everything: Plan = { streams: anyStream, iostream: null, levels: null, lines: [], gaps: true }

/** A moment after every line that tests write without a broken clock. */
export const testUntilSec = 1_790_000_000

export function historyTask(given: Partial<HistoryTask> = {}): HistoryTask {
  return {
    kind: 'history',
    plan: everything,
    direction: 'backward',
    limit: 100,
    format: 'json',
    cursor: null,
    range: { since: null, until: null },
    defaultUntilSec: testUntilSec,
    sliceMs: 10_000,
    scannedBytesMax: 1e12,
    answerBytesMax: 1e9,
    isReversed: false,
    isFirst: false,
    endSec: null,
    clearTo: null,
    scope: null,
    room: null,
    ...given,
  }
}

export function tailTask(cursor: Cursor | null, given: Partial<TailTask> = {}): TailTask {
  return {
    kind: 'tail',
    plan: everything,
    format: 'json',
    cursor,
    sliceMs: 10_000,
    answerBytesMax: 1e9,
    ...given,
  }
}

export function listTask(list: ListTask['list'], given: Partial<ListTask> = {}): ListTask {
  return { kind: 'list', list, streams: anyStream, limit: 1000, cursor: null, deadlineMs: 10_000, ...given }
}

/** Members of an answer's object. */
export function membersOf({ members }: Pick<MembersAnswer, 'members'>): unknown {
  return JSON.parse(`{${Buffer.from(members).toString()}}`)
}

/** Entries of an answer in JSON. */
export function entriesOf(bytes: Uint8Array): Entry[] {
  return JSON.parse(`[${Buffer.from(bytes).toString()}]`) as Entry[]
}

export function linesOf(bytes: Uint8Array): string[] {
  return entriesOf(bytes).map((entry) => entry.line)
}
