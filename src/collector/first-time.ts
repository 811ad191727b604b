/**
 * Reads the time of a file's first line: what a container's files are ordered by, since their names follow
 * clocks.
 */

import { behindMark } from './byte-order-mark.ts'
import { CriParser } from './cri.ts'
import { DockerParser } from './docker-json.ts'
import { readAt } from './identity.ts'

const lineFeed = 0x0a
const brace = 0x7b
/** A Docker line: 16 KiB of content, each byte six when escaped, and attributes. */
const dockerLineBytes = 128 * 1024

/**
 * Milliseconds since 1970; null: the first line has no time. `fd` is asked for more where the line is longer.
 */
export function readFirstTimeMs(head: Buffer | null, fd: number | null): number | null {
  if (head === null || head.length === 0) return null
  let bytes = head
  let start = 0
  while (start < bytes.length && bytes[start] === 0) start += 1
  start = behindMark(bytes, start)
  if (bytes[start] === brace && !bytes.includes(lineFeed, start) && fd !== null)
    bytes = readAt(fd, 0, dockerLineBytes)
  const feed = bytes.indexOf(lineFeed, start)
  const end = feed < 0 ? bytes.length : feed
  const cri = new CriParser()
  if (cri.parse(bytes, start, end)) return cri.sec * 1000 + cri.ns / 1e6
  const docker = new DockerParser()
  if (docker.parse(bytes, start, end) && docker.hasTime) return docker.sec * 1000 + docker.ns / 1e6
  return null
}
