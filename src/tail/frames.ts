/**
 * The frames of a live tail as bytes: JSON objects with a `type`, of which all but `error` carry where to go
 * on.
 */

import type { LogkeepError } from '../errors.ts'

const entriesHead = Buffer.from('{"type":"entries","entries":[')

/** `entries`: JSON objects joined by `,`. The bytes are made once and sent to every member of a group. */
export function entriesFrame(entries: Uint8Array, cursor: string, warnings: readonly string[] = []): Buffer {
  const told = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`
  return Buffer.concat([entriesHead, entries, Buffer.from(`],"cursor":${JSON.stringify(cursor)}${told}}`)])
}

/** Something was skipped for this client; `cursor` is where it would have been. */
export function gapFrame(message: string, cursor: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'gap', message, cursor }))
}

export function pingFrame(cursor: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'ping', cursor }))
}

export function errorFrame({ code, message, hint }: LogkeepError, cursor: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'error', code, message, hint, cursor }))
}

export function endFrame(reason: string, cursor: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'end', reason, cursor }))
}

/** Whether a client's message is the one thing that it may say. */
export function isPong(text: string): boolean {
  try {
    const message: unknown = JSON.parse(text)
    return typeof message === 'object' && message !== null && 'type' in message && message.type === 'pong'
  } catch {
    // Not JSON, so not a pong: the caller answers.
    return false
  }
}
