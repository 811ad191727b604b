/**
 * Answers what the log tree looks like: chooses files by names and state, looks at those of one page on disk,
 * and writes them as JSON or text.
 */

import { type BigIntStats, fstatSync, lstatSync } from 'node:fs'
import path from 'node:path'
import { LogkeepError } from '../errors.ts'
import { compileGlob } from '../model/glob.ts'
import type { FilesAnswer, FilesMembers, FilesRequest, SeenFile, SeenFileError } from './contract.ts'
import { filesText, type TreeFile } from './files-text.ts'
import { elapsedMs } from './instance.ts'
import {
  explainPassedOver,
  explainRefusal,
  explainRoot,
  type Ownership,
  type Reader,
  thisProcess,
} from './refusal-hint.ts'
import type { Refusal } from './refusals.ts'
import { folderOf, millisecondsPerSecond, type Seen } from './seen-files.ts'

export type FilesSource = {
  readonly root: string
  readonly rootRefusal: Refusal | null
  readonly seen: readonly Seen[]
  readonly nowMs: number
}

/** Where a file stands in the tree: what pages are ordered by, and what cursors hold. */
type Placed = {
  readonly seen: Seen
  readonly folder: string
  readonly leaf: string
  readonly order: string
  /** Tells files of the same name apart: one may be deleted and still be read. */
  readonly id: number
}

/** Throws `LogkeepError` BAD_CURSOR. The bytes are the answer's own, to be transferred. */
export function answerFiles(source: FilesSource, request: FilesRequest): FilesAnswer {
  const after = request.cursor === null ? null : parseCursor(request.cursor)
  const isSelected = compileFilter(request)
  const selected = source.seen.filter(isSelected)
  const rootFolder = path.join(source.root, '/')
  const rest = selected.map((seen) => placed(seen, rootFolder)).filter((one) => isAfter(one, after))
  rest.sort(compare)
  const page = rest.slice(0, request.limit)
  const last = page.at(-1)
  const more = rest.length - page.length
  const next = last === undefined || more === 0 ? null : cursorOf(last)
  const reader = thisProcess()
  const files = page.flatMap((one) => look(one, source, reader) ?? [])
  const { root } = source
  const rootError = lookAtRoot(source, reader)
  if (request.format === 'text') return { bytes: bytesOf(filesText({ root, rootError, files, more })), next }
  const members: FilesMembers = {
    root,
    rootError,
    files: files.map(({ file }) => file),
    totals: totalsOf(selected),
    next,
  }
  return { bytes: bytesOf(JSON.stringify(members).slice(1, -1)), next }
}

function compileFilter({ namespace, pod, container, state }: FilesRequest): (seen: Seen) => boolean {
  const anyOf = (globs: readonly string[]): ((name: string) => boolean) => {
    const matchers = globs.map(compileGlob)
    return (name) => matchers.length === 0 || matchers.some((matches) => matches(name))
  }
  const [isNamespace, isPod, isContainer] = [anyOf(namespace), anyOf(pod), anyOf(container)]
  const states = new Set(state)
  return ({ labels, state }) =>
    (states.size === 0 || states.has(state)) &&
    isNamespace(labels.namespace) &&
    isPod(labels.pod) &&
    isContainer(labels.container)
}

/** A file behind a link stands in its container's folder, under the path of its own place. */
function placed(seen: Seen, rootFolder: string): Placed {
  const { generation, isFolder, path: file, place } = seen
  const containerFolder = place === null ? null : folderOf(place)
  const directory = path.dirname(file)
  const shown = shownPath(file, rootFolder)
  let folder = path.isAbsolute(shown) ? '' : shownPath(directory, rootFolder)
  let leaf = path.isAbsolute(shown) ? shown : path.basename(file)
  if (containerFolder !== null && containerFolder !== file) {
    folder = shownPath(containerFolder, rootFolder)
    leaf = directory === containerFolder ? path.basename(file) : shown
  }
  if (isFolder) leaf += '/'
  const whole = folder === '' ? leaf : `${folder}/${leaf}`
  // What lies outside the root comes behind it.
  const order = `${path.isAbsolute(whole) ? 1 : 0}${whole}`
  return { seen, folder, leaf, order, id: generation?.id ?? 0 }
}

/** `folder`: the root with a slash at its end. Relative to it, empty for itself; else as it is. */
function shownPath(file: string, folder: string): string {
  if (file.startsWith(folder)) return file.slice(folder.length)
  return file.length === folder.length - 1 && folder.startsWith(file) ? '' : file
}

function compare(one: Placed, other: Placed): number {
  if (one.order !== other.order) return one.order < other.order ? -1 : 1
  return one.id - other.id
}

type Cursor = readonly [order: string, id: number]

function isAfter({ order, id }: Placed, after: Cursor | null): boolean {
  return after === null || order > after[0] || (order === after[0] && id > after[1])
}

function cursorOf({ order, id }: Placed): string {
  return Buffer.from(`${id} ${order}`).toString('base64url')
}

function parseCursor(text: string): Cursor {
  const bytes = Buffer.from(text, 'base64url')
  const match = /^(\d{1,15}) (.+)$/s.exec(bytes.toString())
  if (match !== null && bytes.toString('base64url') === text) return [match[2] as string, Number(match[1])]
  throw new LogkeepError(
    'BAD_CURSOR',
    'cursor: it is damaged, or of another list',
    'give back `next` of an earlier answer as it was',
  )
}

function totalsOf(selected: readonly Seen[]): FilesMembers['totals'] {
  let bytes = 0
  let lagBytes = 0
  for (const { generation, state } of selected) {
    bytes += generation?.size ?? 0
    if (state !== 'unreadable') lagBytes += generation?.unreadBytes ?? 0
  }
  return { files: selected.length, bytes, lagBytes }
}

/** What is so on disk now. Null: there is nothing any more. */
function look(placed: Placed, { root, nowMs }: FilesSource, reader: Reader): TreeFile | null {
  const { folder, leaf, seen } = placed
  const { generation, labels, passedOver, refusal, restart, state } = seen
  const stats = statsOf(seen)
  if (stats === 'absent') return null
  const { namespace, pod, podUid, container } = labels
  const size = sizeOf(generation, stats)
  // A link's own mode says nothing.
  const owned = stats === null || stats.isSymbolicLink() ? null : ownershipOf(stats)
  const shown = shownPath(seen.path, path.join(root, '/'))
  const file: SeenFile = {
    path: seen.isFolder ? `${shown}/` : shown,
    name: path.basename(seen.path),
    namespace,
    pod,
    podUid,
    container,
    restart,
    size,
    ...progressOf(seen, size, nowMs),
    state,
    gzip: generation?.isGzip ?? seen.path.endsWith('.gz'),
    modified: stats === null ? null : timeOf(stats.mtimeMs),
    error: errorOf(seen.path, passedOver, refusal, owned, reader),
  }
  return { folder, leaf, file }
}

/** Another file may have the name by now: then what was last seen of this one. */
function sizeOf(generation: Seen['generation'], stats: BigIntStats | null): number | null {
  const isSame = generation === null || String(stats?.ino) === generation.inode
  if (!isSame) return generation.size
  return stats?.isFile() ? Number(stats.size) : null
}

function progressOf(
  { generation, passedOver, state }: Seen,
  size: number | null,
  nowMs: number,
): Pick<SeenFile, 'position' | 'lagBytes' | 'lagSec'> {
  if (generation === null) {
    // Done elsewhere: what can be read of it is read.
    const isElsewhere = passedOver === 'claimed' || passedOver === 'copy'
    return { position: 0, lagBytes: isElsewhere ? 0 : null, lagSec: isElsewhere ? 0 : null }
  }
  const { isGzip, position, unreadBytes, unreadSinceMs } = generation
  if (state === 'unreadable') return { position, lagBytes: null, lagSec: null }
  const lagBytes = isGzip || size === null ? unreadBytes : Math.max(0, size - position)
  const lagMs = lagBytes === 0 || unreadSinceMs === null ? 0 : elapsedMs(nowMs, unreadSinceMs)
  return { position, lagBytes, lagSec: Math.round(lagMs / millisecondsPerSecond) }
}

function errorOf(
  file: string,
  passedOver: Seen['passedOver'],
  refusal: Refusal | null,
  owned: Ownership | null,
  reader: Reader,
): SeenFileError | null {
  if (passedOver !== null) return explainPassedOver(file, passedOver, owned)
  return refusal === null ? null : explainRefusal(refusal, owned, reader)
}

/** Of the open file, which may be deleted; else of what has its name. Null: that may not be seen. */
function statsOf({ generation, path: file }: Seen): BigIntStats | 'absent' | null {
  try {
    const log = generation?.log ?? null
    if (log !== null) return fstatSync(log.fd, { bigint: true })
    return lstatSync(file, { bigint: true, throwIfNoEntry: false }) ?? 'absent'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'absent' : null
  }
}

function ownershipOf({ mode, uid, gid }: BigIntStats): Ownership {
  return { mode: Number(mode), uid: Number(uid), gid: Number(gid) }
}

function lookAtRoot({ root, rootRefusal }: FilesSource, reader: Reader): SeenFileError | null {
  if (rootRefusal === null) return null
  let owned: Ownership | null = null
  try {
    owned = ownershipOf(lstatSync(root, { bigint: true }))
  } catch {
    // Not even that may be seen, or nothing is there.
  }
  return explainRoot(rootRefusal, owned, reader)
}

/** File systems know times that no calendar of JavaScript has. */
function timeOf(ms: bigint): string | null {
  const date = new Date(Number(ms))
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** In memory of its own: slices of Node's pool cannot be transferred. */
function bytesOf(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}
