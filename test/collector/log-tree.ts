/** Asks a collector for its log tree, as JSON with its members or as lines of text. */

import assert from 'node:assert/strict'
import type { FilesMembers, FilesRequest, SeenFile } from '../../src/collector/contract.ts'
import type { NodeFolder } from './node-folder.ts'

export const anyFile: FilesRequest = {
  namespace: [],
  pod: [],
  container: [],
  state: [],
  format: 'json',
  limit: 1000,
  cursor: null,
}

export function tree(node: NodeFolder, request: Partial<FilesRequest> = {}): FilesMembers {
  const { bytes, next } = node.core.files({ ...anyFile, ...request }, node.now)
  const members = JSON.parse(`{${Buffer.from(bytes).toString()}}`) as FilesMembers
  assert.equal(members.next, next)
  return members
}

export function textOf(node: NodeFolder, request: Partial<FilesRequest> = {}): string[] {
  const { bytes } = node.core.files({ ...anyFile, format: 'text', ...request }, node.now)
  const lines = Buffer.from(bytes).toString().split('\n')
  assert.equal(lines.pop(), '')
  return lines
}

/** The one file of this name. */
export function fileIn({ files }: FilesMembers, name: string): SeenFile {
  const found = files.filter((file) => file.name === name)
  assert.equal(found.length, 1, `${found.length} files are called ${name}`)
  return found[0] as SeenFile
}
