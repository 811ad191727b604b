/**
 * Log file records byte for byte as runtimes write them; from containerd's CRI logger, conmon and Docker's
 * json-file.
 */

import { isUtf8 } from 'node:buffer'

export type Iostream = 'stdout' | 'stderr'

/** A runtime cuts a line into pieces of this many bytes. */
export const fragmentBytes = 16_384

/** Nanoseconds since 1970. */
export type Nanos = bigint

const nanosPerSec = 1_000_000_000n

/** RFC 3339 as Go prints it: local time of the zone, trailing zeros of the fraction left out. */
export function formatGoTime(time: Nanos, zoneMinutes = 0): string {
  const fraction = (((time % nanosPerSec) + nanosPerSec) % nanosPerSec)
    .toString()
    .padStart(9, '0')
    .replace(/0+$/, '')
  const zone = zoneMinutes === 0 ? 'Z' : formatOffset(zoneMinutes)
  return `${localSeconds(time, zoneMinutes)}${fraction === '' ? '' : `.${fraction}`}${zone}`
}

/** RFC 3339 as conmon prints it: always nine digits and an offset, `+00:00` in UTC. */
export function formatConmonTime(time: Nanos, zoneMinutes = 0): string {
  const fraction = (((time % nanosPerSec) + nanosPerSec) % nanosPerSec).toString().padStart(9, '0')
  return `${localSeconds(time, zoneMinutes)}.${fraction}${formatOffset(zoneMinutes)}`
}

function localSeconds(time: Nanos, zoneMinutes: number): string {
  const ms = Number(time / 1_000_000n) + zoneMinutes * 60_000
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)
}

function formatOffset(zoneMinutes: number): string {
  const minutes = Math.abs(zoneMinutes)
  const pad = (value: number): string => String(value).padStart(2, '0')
  return `${zoneMinutes < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

/** Instant of an RFC 3339 time with up to nine fraction digits, as a log line or an answer has it. */
export function parseNanos(text: string): Nanos {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (parts === null) throw new RangeError(`not a time: ${text}`)
  const [, seconds = '', fraction = '', zone = ''] = parts
  return BigInt(Date.parse(`${seconds}${zone}`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** One CRI record; `tag` is `P` for a piece that goes on, `F` for a whole line or the last piece. */
export function criRecord(time: string, iostream: Iostream, tag: string, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${time} ${iostream} ${tag} `), content, Buffer.from('\n')])
}

/**
 * Cut by bytes, inside characters too; a line of exactly one piece stays whole, an empty one is one empty
 * piece.
 */
export function cutPieces(content: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < content.length; at += fragmentBytes)
    pieces.push(content.subarray(at, at + fragmentBytes))
  return pieces.length === 0 ? [content] : pieces
}

/** One json-file record; a piece that goes on has no line feed at its end. */
export function dockerRecord(time: string, iostream: Iostream, log: string): Buffer {
  return Buffer.from(`{"log":${goJsonString(log)},"stream":"${iostream}","time":"${time}"}\n`)
}

/** Docker escapes as Go's HTML-safe encoder does. */
function goJsonString(text: string): string {
  return JSON.stringify(text)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
}

/** As Go decodes: each byte that is no part of a whole character becomes one U+FFFD, as where one is cut. */
export function decodeAsGo(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  if (isUtf8(bytes)) return decoder.decode(bytes)
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = characterBytes(bytes[at] ?? 0)
    try {
      if (at + length > bytes.length) throw new TypeError('cut')
      text += decoder.decode(bytes.subarray(at, at + length))
      at += length
    } catch {
      text += '\ufffd'
      at += 1
    }
  }
  return text
}

function characterBytes(lead: number): number {
  if (lead >= 0xf0) return 4
  if (lead >= 0xe0) return 3
  return lead >= 0xc0 ? 2 : 1
}
