/**
 * Sends answers that are ready as bytes: warnings as headers, gzip where asked for, and an end when the
 * client leaves or takes nothing.
 */

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LogkeepError } from '../errors.ts'
import { httpLimits } from '../limits/http.ts'
import type { MembersAnswer } from '../query/contract.ts'
import { acceptsGzip } from './negotiation.ts'

/** Most of the gain for a fifth of the time of the default. */
export const gzipLevel = 3

const gzipBytes = promisify(gzip)

/** Aborts when the connection closes before the answer is complete, and harmlessly after. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => controller.abort())
  return controller.signal
}

/** Memory for finished answers that their clients have not taken yet, of all clients together. */
export type AnswerRoom = {
  /** Holds room until the signal of `clientSignal` aborts. Throws `TOO_MANY` where there is none. */
  readonly take: (bytes: number, signal: AbortSignal) => void
}

export function createAnswerRoom(bytesMax: number): AnswerRoom {
  let held = 0
  return {
    take: (bytes, signal) => {
      // A client that has left is sent nothing.
      if (signal.aborted) return
      if (held + bytes > bytesMax) {
        const hint = 'take the answers that were asked for, or ask for fewer entries at a time'
        const message = 'too many answers wait for clients to take them'
        throw new LogkeepError('TOO_MANY', message, hint, { limit: 'answer_room' })
      }
      held += bytes
      signal.addEventListener('abort', () => {
        held -= bytes
      })
    },
  }
}

export type Sending = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly room: AnswerRoom
  /** Of `clientSignal`. */
  readonly signal: AbortSignal
}

export async function sendBytes(
  { request, reply, room, signal }: Sending,
  body: Buffer,
): Promise<FastifyReply> {
  room.take(body.length, signal)
  reply.raw.setTimeout(httpLimits.answerStallMs, () => reply.raw.destroy())
  reply.header('vary', 'accept, accept-encoding')
  if (body.length < httpLimits.gzipBytesMin || !acceptsGzip(request.headers['accept-encoding'])) {
    return reply.send(body)
  }
  reply.header('content-encoding', 'gzip')
  return reply.send(await gzipBytes(body, { level: gzipLevel }))
}

/** What the query layer has written, with the node's name and the warnings of the door. */
export function sendMembers(
  sending: Sending,
  { members, stats, warnings }: MembersAnswer,
  node: string,
  furtherWarnings: readonly string[],
): Promise<FastifyReply> {
  return sendObject(sending, members, { node, stats, warnings: [...warnings, ...furtherWarnings] })
}

/** An answer that is the same for everybody: in memory once, however many clients are sent it. */
export type SharedBody = { readonly plain: Buffer; readonly zipped: Buffer }

export async function shareBody(plain: Buffer): Promise<SharedBody> {
  return { plain, zipped: await gzipBytes(plain) }
}

/** Needs no room. */
export function sendShared(
  request: FastifyRequest,
  reply: FastifyReply,
  { plain, zipped }: SharedBody,
): FastifyReply {
  reply.raw.setTimeout(httpLimits.answerStallMs, () => reply.raw.destroy())
  reply.header('vary', 'accept, accept-encoding')
  const isZipped = plain.length >= httpLimits.gzipBytesMin && acceptsGzip(request.headers['accept-encoding'])
  if (!isZipped) return reply.send(plain)
  return reply.header('content-encoding', 'gzip').send(zipped)
}

/** An object whose first members are there as text, without braces. */
export async function sendObject(
  sending: Sending,
  members: Uint8Array,
  rest: Readonly<Record<string, unknown>>,
): Promise<FastifyReply> {
  sending.reply.type(jsonType)
  const tail = JSON.stringify(rest).slice(1)
  return sendBytes(sending, Buffer.concat([openBrace, members, Buffer.from(`,${tail}\n`)]))
}

export const jsonType = 'application/json; charset=utf-8'
export const textType = 'text/plain; charset=utf-8'
/** Of bytes that need not be text. */
export const rawType = 'application/octet-stream'
const openBrace = Buffer.from('{')

/** For answers that have no place for warnings in their body: as many as fit, then how many did not. */
export function addWarningHeaders(reply: FastifyReply, warnings: readonly string[]): void {
  const texts: string[] = []
  let bytes = 0
  for (const warning of warnings) {
    const text = headerText(warning)
    bytes += text.length
    if (bytes > httpLimits.warningHeadersBytesMax) break
    texts.push(text)
  }
  const left = warnings.length - texts.length
  if (left > 0) texts.push(`and ${left} more: format=json shows all`)
  if (texts.length > 0) reply.header('x-logkeep-warning', texts)
}

/** Printable ASCII: other characters as JSON escapes. */
export function headerText(text: string): string {
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return text.replace(/[^ -~]/g, escape).slice(0, httpLimits.warningHeaderBytesMax)
}
