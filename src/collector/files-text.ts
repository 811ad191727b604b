/** Writes the log tree as indented text for a terminal: names are others' and may hold anything. */

import path from 'node:path'
import { formatDuration } from '../model/time.ts'
import type { SeenFile, SeenFileError } from './contract.ts'
import { millisecondsPerSecond } from './seen-files.ts'

/** `folder`: relative to the root, or absolute where it lies elsewhere; empty for the root itself. */
export type TreeFile = { readonly folder: string; readonly leaf: string; readonly file: SeenFile }

export type TreePage = {
  readonly root: string
  readonly rootError: SeenFileError | null
  /** In the order of the tree. */
  readonly files: readonly TreeFile[]
  /** Files that come after these. */
  readonly more: number
}

const indentation = '  '

/** One line per folder and file, two spaces a level; folders end in `/`. */
export function filesText({ root, rootError, files, more }: TreePage): string {
  const lines = [partsOf(folderName(root), rootError === null ? [] : [errorText(rootError)])]
  /** Folders whose lines are written, the present one last. */
  let open = [root]
  const write = (depth: number, name: string, parts: readonly string[]): void => {
    lines.push(indentation.repeat(depth) + partsOf(name, parts))
  }
  for (const { file, folder, leaf } of files) {
    const chain = chainOf(root, folder, leaf)
    let depth = chain.findIndex((name, index) => name !== open[index])
    if (depth < 0) depth = chain.length
    for (; depth < chain.length; depth += 1) write(depth, folderName(chain[depth] as string), [])
    write(depth, leaf, detailsOf(file, leaf))
    open = leaf.endsWith('/') ? [...chain, leaf.slice(0, -1)] : chain
  }
  if (more > 0) lines.push(`… and ${more} more`)
  return `${lines.join('\n')}\n`
}

/** Folders above a file, each by the name that its line has; none for a file outside of all of them. */
function chainOf(root: string, folder: string, leaf: string): string[] {
  if (path.isAbsolute(folder)) return [folder]
  if (folder === '') return path.isAbsolute(leaf) ? [] : [root]
  return [root, ...folder.split('/')]
}

function folderName(name: string): string {
  return name.endsWith('/') ? name : `${name}/`
}

function partsOf(name: string, parts: readonly string[]): string {
  return [name, ...parts].map(printable).join('  ')
}

function detailsOf(file: SeenFile, leaf: string): string[] {
  const { container, error, namespace, pod, size, state } = file
  const parts: string[] = []
  // Where the folders above do not say whose it is, or not this one.
  if (path.isAbsolute(leaf) && namespace !== '') parts.push(`(${namespace}/${pod}/${container})`)
  if (size !== null && !leaf.endsWith('/')) parts.push(formatBytes(size))
  parts.push(state, ...readText(file))
  if (error !== null) parts.push(errorText(error))
  return parts
}

/** How much is read of a file that is not done. */
function readText({ gzip, lagBytes, lagSec, position, size, state }: SeenFile): string[] {
  if (lagBytes === null && lagSec === null) return []
  const parts: string[] = []
  if (state !== 'done' && !gzip && size !== null && size > 0)
    parts.push(`${Math.floor((Math.min(position, size) / size) * 100)} % read`)
  const since = (lagSec ?? 0) > 0 ? ` for ${formatDuration((lagSec ?? 0) * millisecondsPerSecond)}` : ''
  if (lagBytes !== null && lagBytes > 0) parts.push(`${formatBytes(lagBytes)} behind${since}`)
  else if (lagBytes === null && since !== '') parts.push(`behind${since}`)
  return parts
}

function errorText({ hint, message, mode, owner }: SeenFileError): string {
  const owned = mode === null ? '' : ` (mode ${mode}, owner ${owner})`
  return `${message}${owned}; ${hint}`
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
const bytesPerUnit = 1024

/** In the largest unit that leaves a whole number, below ten with one digit behind the point. */
function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= bytesPerUnit && unit < byteUnits.length - 1) {
    value /= bytesPerUnit
    unit += 1
  }
  const isExact = unit === 0 || value >= 10
  return `${isExact ? Math.round(value) : value.toFixed(1)} ${byteUnits[unit]}`
}

/** Control and format characters, those that turn the direction of text too, as escapes. */
function printable(text: string): string {
  // Nearly all names are plain, and this is the cheaper question.
  if (/^[ -~]*$/.test(text)) return text
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => {
    const code = (char.codePointAt(0) as number).toString(16)
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
  })
}
