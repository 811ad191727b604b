/** What listings must say, added up from the entries of a walk and the files that a test has put there. */

import { attribute, gapLevel, type StreamLabels } from '../../src/model/entry.ts'
import { compileGlob } from '../../src/model/glob.ts'
import type { ListRequest } from '../../src/query/contract.ts'
import type { Engine } from '../../src/query/engine.ts'
import type { StreamSelector } from '../../src/query/plan.ts'
import type { FileRow } from '../../src/store/contract.ts'
import { type Entry, entriesOf, everything, historyTask, listTask, membersOf } from './engine-tasks.ts'
import type { Random } from './random.ts'
import { emptyCommit, type NewLine, type StoreModel } from './store-model.ts'

export type ListKind = ListRequest['kind']

/** A row of any listing; names that it does not have are undefined. */
export type ListRow = {
  readonly namespace: string
  readonly pod?: string
  readonly podUid?: string
  readonly container?: string
  readonly restart?: number
  readonly node?: string
  streams?: number
  lines: number
  bytes: number
  firstTime: string | null
  lastTime: string | null
  present: boolean
}

export type ListPage = { readonly rows: ListRow[]; readonly next: string | null }

/** Reads one page. */
export function listPage(engine: Engine, list: ListKind, given: Parameters<typeof listTask>[1]): ListPage {
  const { next, ...rest } = membersOf(engine.list(listTask(list, given))) as {
    next: string | null
  } & Record<string, ListRow[]>
  return { rows: rest[list] as ListRow[], next }
}

/** Reads all pages of a listing. */
export function listAll(engine: Engine, list: ListKind, given: Parameters<typeof listTask>[1]): ListRow[] {
  const rows: ListRow[] = []
  let cursor: string | null = null
  do {
    const page: ListPage = listPage(engine, list, { ...given, cursor })
    rows.push(...page.rows)
    cursor = page.next
  } while (cursor !== null)
  return rows
}

type Placed = Entry & StreamLabels

/** Every entry that is stored, whatever its time. */
export function storedEntries(engine: Engine): Placed[] {
  const range = { since: null, until: { sec: 253_402_300_799, ns: 0 } }
  const task = historyTask({ plan: everything, range, limit: 1e9, direction: 'forward' })
  return entriesOf(engine.history(task).entries) as Placed[]
}

const names = {
  namespaces: ['namespace'],
  pods: ['namespace', 'pod', 'podUid'],
  containers: ['namespace', 'pod', 'podUid', 'container'],
  streams: ['namespace', 'pod', 'podUid', 'container', 'restart', 'node'],
} as const

/** `files`: labels of the streams that have a file. */
export function expectedRows(
  entries: readonly Placed[],
  files: readonly StreamLabels[],
  list: ListKind,
  selector: StreamSelector,
): ListRow[] {
  const rows = new Map<string, ListRow>()
  const streams = new Map<string, Set<string>>()
  const rowOf = (labels: StreamLabels): ListRow => {
    const named = Object.fromEntries(names[list].map((name) => [name, labels[name]]))
    const key = JSON.stringify(named)
    const empty = { lines: 0, bytes: 0, firstTime: null, lastTime: null, present: false }
    const row = rows.get(key) ?? { ...(named as { namespace: string }), ...empty }
    rows.set(key, row)
    const own = streams.get(key) ?? new Set()
    streams.set(key, own.add(JSON.stringify(names.streams.map((name) => labels[name]))))
    if (list !== 'streams') row.streams = own.size
    return row
  }
  for (const labels of files) if (selects(selector, labels)) rowOf(labels).present = true
  for (const entry of entries) {
    if (!selects(selector, entry)) continue
    const row = rowOf(entry)
    if (entry.kind === 'gap') continue
    row.lines += 1
    row.bytes += Buffer.byteLength(entry.line)
    if (entry.flags.includes('clock')) continue
    if (row.firstTime === null || entry.time < row.firstTime) row.firstTime = entry.time
    if (row.lastTime === null || entry.time > row.lastTime) row.lastTime = entry.time
  }
  return [...rows.values()].sort((one, other) => compareRows(one, other, list))
}

/** Texts by their bytes, in the order in which a key names them. */
export function compareRows(one: ListRow, other: ListRow, list: ListKind): number {
  for (const name of names[list]) {
    const [left, right] = [one[name], other[name]]
    if (left === right) continue
    if (typeof left === 'number') return left - Number(right)
    return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))
  }
  return 0
}

function selects(selector: StreamSelector, labels: StreamLabels): boolean {
  const isAny = (globs: readonly string[], name: string): boolean =>
    globs.length === 0 || globs.some((glob) => compileGlob(glob)(name))
  return (
    isAny(selector.namespace, labels.namespace) &&
    isAny(selector.pod, labels.pod) &&
    isAny(selector.container, labels.container) &&
    isAny(selector.node, labels.node) &&
    (selector.restart.length === 0 || selector.restart.includes(labels.restart))
  )
}

/** Names that sort otherwise by UTF-16 than by bytes, that are prefixes of each other, and that are empty. */
const namespaces = ['a', 'ab', 'B', 'ns-ü', 'ns-\u{1f600}', 'ns-\uffee']
const pods = ['web', 'web-1', 'web-10', 'db', 'job-7']

export function drawLabels(random: Random): StreamLabels {
  return {
    namespace: random.pick(namespaces),
    pod: random.pick(pods),
    podUid: random.pick(['', 'u1', 'u2']),
    container: random.pick(['app', 'proxy']),
    restart: random.between(0, 11),
    node: 'n1',
  }
}

export function drawSelector(random: Random): StreamSelector {
  const some = (choices: readonly string[]): string[] =>
    random.chance(0.4) ? Array.from({ length: random.between(1, 3) }, () => random.pick(choices)) : []
  return {
    namespace: some(['a', 'a*', 'ns-?', '*', 'none', 'B']),
    pod: some(['web', 'web*', '*-1?', 'db', '?ob-*', 'gone', '??']),
    container: some(['app', 'pro*', '*x*', 'app']),
    node: some(['n1', 'n?', 'n2']),
    restart: random.chance(0.3) ? [random.between(0, 11), 1] : [],
  }
}

/** One line or gap record; one in ten has a broken clock. */
export function drawLine(random: Random, streamId: number, nowSec: number): NewLine {
  const ns = random.between(0, 3) * 250_000_000
  if (random.chance(0.08)) {
    const text = '{"reason":"truncated","bytes":7,"file":"0.log"}'
    // At the time of a line before it, which may have been a broken clock's.
    const sec = random.pick([nowSec, 5])
    return { streamId, sec, ns, text, attributes: attribute.gap, level: gapLevel }
  }
  const text = `${random.pick(['alpha', 'two\nlines', '', 'ünïcode', 'a longer line of text'])} ${nowSec}`
  const level = random.between(0, 7)
  if (random.chance(0.1)) {
    const sec = random.pick([0, -62_135_596_800, 32_503_680_000, nowSec + 90_000])
    return { streamId, sec, ns, text, attributes: attribute.clock, level }
  }
  return { streamId, sec: nowSec - random.pick([0, 0, 0, 300]), ns, text, level }
}

/** A live file of which nothing is read. */
export function fileOf(model: StoreModel, streamId: number): FileRow {
  const identity = {
    device: '1',
    inode: String(streamId),
    name: '0.log',
    gzip: false,
    state: 'live',
  } as const
  const hashes = {
    headLength: 0,
    headHash: 0,
    position: 0,
    tailLength: 0,
    tailHash: 0,
    lastLevels: 0,
    lastTime: null,
    unreadBytes: 0,
  }
  return { id: model.writer.nextFileId(), streamId, ...identity, ...hashes }
}

/** Files that come and go beside the lines. */
export function createFiles(model: StoreModel) {
  const present = new Map<number, StreamLabels>()
  return {
    present,
    add: (labels: StreamLabels, arrivalSec: number): void => {
      const file = fileOf(model, model.writer.resolveStream(labels))
      present.set(file.id, labels)
      model.writer.commit({ ...emptyCommit, files: [file], arrivalSec })
    },
    removeOne: (random: Random, arrivalSec: number): void => {
      if (present.size === 0) return
      const id = random.pick([...present.keys()])
      present.delete(id)
      model.writer.commit({ ...emptyCommit, removedFiles: [id], arrivalSec })
    },
  }
}
