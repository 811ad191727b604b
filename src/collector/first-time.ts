/**
 * Reads the time of a file's first line: what a container's files are ordered by, since their names follow
 * clocks.
 */

import { behindMark } from './byte-order-mark.ts'
import { CriParser } from './cri.ts'
import { DockerParser } from './docker-json.ts'

const lineFeed = 0x0a
const brace = 0x7b
/** A Docker line: 16 KiB of content, each byte six when escaped, and attributes. */
const dockerLineBytes = 128 * 1024

/** Reads so many of a file's first bytes, or all that it has; null where it is not open. */
type ReadHead = (bytes: number) => Buffer | null

/**
 * Milliseconds since 1970; null: the first line has no time. `readHead` is asked for more where the line is
 * longer.
 */
export function readFirstTimeMs(head: Buffer | null, readHead: ReadHead): number | null {
  if (head === null || head.length === 0) return null
  let bytes = head
  let start = 0
  while (start < bytes.length && bytes[start] === 0) start += 1
  start = behindMark(bytes, start)
  if (bytes[start] === brace && !bytes.includes(lineFeed, start)) bytes = readHead(dockerLineBytes) ?? bytes
  const feed = bytes.indexOf(lineFeed, start)
  const end = feed < 0 ? bytes.length : feed
  const cri = new CriParser()
  if (cri.parse(bytes, start, end)) return cri.sec * 1000 + cri.ns / 1e6
  const docker = new DockerParser()
  if (docker.parse(bytes, start, end) && docker.hasTime) return docker.sec * 1000 + docker.ns / 1e6
  return null
}
