/**
 * The kinds of log that the bench is made of: those of the demo, and four of its own that are hard on a store
 * in different ways. Shares are stated here and in `docs/performance.md`.
 */

import { createLineSource, type LineKind, type LineSource } from '../src/demo/lines.ts'
import { createRandom, type Random } from '../src/demo/random.ts'

export type BenchKind = LineKind | 'syslog' | 'repetitive' | 'uuid' | 'noise'

export type KindShare = {
  readonly kind: BenchKind
  /** Of the files' bytes. None above 15; `uuid` and `noise` together at least 15. */
  readonly percent: number
  /** Container instances that print this kind. */
  readonly streams: number
}

/** 100 % over 40 streams. */
export const kindShares: readonly KindShare[] = [
  { kind: 'json', percent: 13, streams: 6 },
  { kind: 'nginx', percent: 12, streams: 5 },
  { kind: 'ingress', percent: 11, streams: 3 },
  { kind: 'java', percent: 11, streams: 4 },
  { kind: 'syslog', percent: 9, streams: 3 },
  { kind: 'uuid', percent: 8, streams: 2 },
  { kind: 'noise', percent: 8, streams: 1 },
  { kind: 'klog', percent: 7, streams: 4 },
  { kind: 'logfmt', percent: 7, streams: 4 },
  { kind: 'postgres', percent: 6, streams: 3 },
  { kind: 'repetitive', percent: 4, streams: 2 },
  { kind: 'job', percent: 4, streams: 3 },
]

type TextMaker = (random: Random, timeMs: number) => string

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** What a node's own daemons print, RFC 3164. */
function syslogText(random: Random, timeMs: number): string {
  const iso = new Date(timeMs).toISOString()
  const day = iso.slice(8, 10).replace(/^0/, ' ')
  const month = months[Number(iso.slice(5, 7)) - 1]
  const stamp = `${month} ${day} ${iso.slice(11, 19)} node-${random.between(1, 4)}`
  const address = `192.0.2.${random.between(1, 254)} port ${random.between(1024, 65_535)}`
  const sshd = `${stamp} sshd[${random.between(900, 32_000)}]:`
  const kernel = `${stamp} kernel: [${(timeMs / 1000).toFixed(6)}]`
  const draw = random.next()
  if (draw < 0.4) {
    const user = random.pick(['admin', 'oracle', 'test', 'ubuntu'])
    return `${sshd} Failed password for invalid user ${user} from ${address} ssh2`
  }
  if (draw < 0.6) {
    return `${sshd} Accepted publickey for deploy from ${address} ssh2: ED25519 SHA256:${random.hex(32)}`
  }
  if (draw < 0.8) {
    return `${stamp} systemd[1]: Started run-${random.hex(8)}.scope - /usr/lib/systemd/systemd-sysctl.`
  }
  if (draw < 0.98) {
    const source = `10.244.${random.between(0, 3)}.${random.between(1, 254)}`
    return `${kernel} IPv4: martian source ${source} on dev eth0`
  }
  const kilobytes = random.between(1_000_000, 9_000_000)
  return `${kernel} Out of memory: Killed process ${random.between(900, 32_000)} (java) total-vm:${kilobytes}kB`
}

/** The same few sentences for ever. */
function repetitiveText(random: Random): string {
  return random.chance(0.97)
    ? 'queue is empty, nothing to do, sleeping for 500 ms'
    : `queue handled ${random.between(1, 9)} messages, sleeping for 500 ms`
}

function uuid(random: Random): string {
  const hex = random.hex(32)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** Three identifiers per line, none of which comes twice. */
function uuidText(random: Random): string {
  const operation = random.pick(['created', 'read', 'updated', 'expired'])
  return `session ${uuid(random)} ${operation} object ${uuid(random)} request=${uuid(random)}`
}

const noiseBytes = Buffer.alloc(240)

/** Tokens and encoded payloads: nearly incompressible. */
function noiseText(random: Random): string {
  const length = 4 * random.between(15, 60)
  for (let at = 0; at < length; at += 4) noiseBytes.writeInt32LE((random.next() * 2 ** 32) | 0, at)
  return `payload ${noiseBytes.toString('base64', 0, length)}`
}

const own: Readonly<Record<Exclude<BenchKind, LineKind>, TextMaker>> = {
  syslog: syslogText,
  repetitive: repetitiveText,
  uuid: uuidText,
  noise: noiseText,
}

/** Sources of the same kind and seed print the same for the same times. */
export function createKindSource(kind: BenchKind, seed: number): LineSource {
  if (!(kind in own)) return createLineSource(kind as LineKind, seed)
  const make = own[kind as keyof typeof own]
  const random = createRandom(seed)
  return { next: (timeMs) => [{ iostream: 'stdout', text: make(random, timeMs) }] }
}
