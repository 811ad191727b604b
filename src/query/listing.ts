/** Answers listings of namespaces, pods, containers and streams, in pages in the order of their names. */

import { LogkeepError } from '../errors.ts'
import { formatTime } from '../model/time.ts'
import type { Snapshot } from '../store/reader.ts'
import { behind, type NamedStream, type StreamFilter, type StreamKey } from '../store/stream-finder.ts'
import { addTotals, type StreamTotals, type Totals } from '../store/stream-totals.ts'
import type { MembersAnswer } from './contract.ts'
import { explainSelector } from './explain.ts'
import { compileSelector } from './stream-selection.ts'
import type { ListTask } from './tasks.ts'

/** What is known of a row of the answer: of one stream, or of several. */
type Group = Totals & {
  readonly key: StreamKey
  /** Of its newest stream: a pod may have been seen under several names of its node. */
  node: string
  newestId: number
  streams: number
}

/** Names at the beginning of a key that make a row of a listing. */
const keyLengths = { namespaces: 1, pods: 3, containers: 4, streams: 6 } as const

/** `"<list>":[…],"next":…`. A page that took too long is shorter, and goes on with `next`. */
export function answerList(snapshot: Snapshot, task: ListTask): MembersAnswer {
  const started = performance.now()
  const after = task.cursor === null ? null : parseListCursor(task.cursor, keyLengths[task.list])
  const filter = compileSelector(task.streams)
  const isOver = (): boolean => performance.now() - started > task.deadlineMs
  const page =
    filter === null && task.list === 'namespaces'
      ? pageOfNamespaces(snapshot, after, task.limit)
      : pageOf(snapshot, filter ?? everyStream, after, task, isOver)
  const warnings: string[] = []
  if (after === null) warnings.push(...explainSelector(snapshot, task.streams, page.groups.length > 0))
  if (page.isCut) warnings.push('the deadline cut this page short; go on with `next`')
  const next = page.next === null ? null : writeListCursor(page.next.slice(0, keyLengths[task.list]))
  const items = page.groups.map((group) => itemOf(group, task.list))
  const members = new TextEncoder().encode(JSON.stringify({ [task.list]: items, next }).slice(1, -1))
  const elapsedMs = performance.now() - started
  return {
    members,
    ended: page.isCut ? 'deadline' : null,
    stats: { scannedBytes: 0, scannedLines: 0, blocks: 0, elapsedMs },
    warnings,
  }
}

type Page = {
  readonly groups: readonly Group[]
  /** The page goes on behind the row of this stream; null: there is no more. */
  readonly next: StreamKey | null
  readonly isCut: boolean
}

const everyStream: StreamFilter = {
  isNamespace: null,
  pod: null,
  container: null,
  node: null,
  restart: null,
  holds: [],
  test: null,
}

/** Rows of a page with their streams side by side, as the order of names has them. */
function pageOf(
  snapshot: Snapshot,
  filter: StreamFilter,
  after: ListCursor | null,
  { list, limit }: ListTask,
  isOver: () => boolean,
): Page {
  const length = keyLengths[list]
  const groups: Group[] = []
  /** The row with which the page ends since it took too long: it may have more streams. */
  let stop: StreamKey | null = null
  for (const { found, last } of snapshot.streams.inOrder(filter, after && behind(after))) {
    const ids = found.map(([id]) => id)
    const totals = new Map(snapshot.totals.of(ids).map((each) => [each.id, each]))
    for (const stream of found) {
      const own = totals.get(stream[0])
      if (own === undefined) continue
      let group = groups.at(-1)
      if (group === undefined || !isInGroup(stream, group.key, length)) {
        if (stop !== null && !isInGroup(stream, stop, length)) return { groups, next: stop, isCut: true }
        if (groups.length === limit) return { groups, next: group?.key ?? null, isCut: false }
        group = emptyGroup(stream.slice(1) as unknown as StreamKey)
        groups.push(group)
      }
      addTo(group, own, stream[6])
    }
    if (stop !== null && !isInGroup([0, ...last], stop, length)) return { groups, next: stop, isCut: true }
    if (stop === null && isOver()) stop = last
  }
  return { groups, next: null, isCut: false }
}

/** The same of all streams, of which the database adds up most. */
function pageOfNamespaces(snapshot: Snapshot, after: ListCursor | null, limit: number): Page {
  const rows = snapshot.totals
    .byNamespace()
    .filter(({ namespace }) => after === null || compareNames(namespace, after[0] as string) > 0)
  const groups = rows.slice(0, limit).map(({ namespace, ...totals }) => {
    const key: StreamKey = [namespace, '', '', '', 0, '']
    return { key, node: '', newestId: 0, ...totals }
  })
  return { groups, next: rows.length > limit ? (groups.at(-1)?.key ?? null) : null, isCut: false }
}

/** In the order of SQLite: by bytes. */
function compareNames(name: string, other: string): number {
  return Buffer.compare(Buffer.from(name), Buffer.from(other))
}

function isInGroup(stream: NamedStream, key: StreamKey, length: number): boolean {
  for (let index = 0; index < length; index += 1) if (stream[index + 1] !== key[index]) return false
  return true
}

function emptyGroup(key: StreamKey): Group {
  const totals = { streams: 0, lines: 0, bytes: 0, first: null, last: null, present: false }
  return { key, node: '', newestId: 0, ...totals }
}

function addTo(group: Group, own: StreamTotals, node: string): void {
  group.streams += 1
  addTotals(group, own)
  if (own.id <= group.newestId) return
  group.newestId = own.id
  group.node = node
}

function itemOf(group: Group, list: ListTask['list']): object {
  const { lines, bytes, first, last, present, node, streams } = group
  const [namespace, pod, podUid, container, restart] = group.key
  const names = {
    namespaces: { namespace, streams },
    pods: { namespace, pod, podUid, node, streams },
    containers: { namespace, pod, podUid, container, node, streams },
    streams: { namespace, pod, podUid, container, node, restart },
  }
  return {
    ...names[list],
    lines,
    bytes,
    firstTime: first === null ? null : formatTime(first),
    lastTime: last === null ? null : formatTime(last),
    present,
  }
}

/** The names that make the last row of a page. */
type ListCursor = readonly (string | number)[]

function writeListCursor(names: ListCursor): string {
  return Buffer.from(JSON.stringify(names)).toString('base64url')
}

/** Throws `LogkeepError` BAD_CURSOR; `length`: how many names a row of this listing has. */
function parseListCursor(text: string, length: number): ListCursor {
  const names = parseJson(Buffer.from(text, 'base64url').toString())
  if (Array.isArray(names) && names.length === length) {
    const isName = (name: unknown, index: number): boolean =>
      index === restartIndex ? Number.isSafeInteger(name) : typeof name === 'string'
    if (names.every(isName)) return names as ListCursor
  }
  throw new LogkeepError(
    'BAD_CURSOR',
    'cursor: it is damaged, or of another listing',
    'give back `next` of an earlier answer of the same listing as it was',
  )
}

const restartIndex = 4

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
