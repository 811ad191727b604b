/**
 * Sends answers that are ready as bytes: warnings as headers, gzip where asked for, and an end when the
 * client leaves.
 */

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpLimits } from '../limits.ts'
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

export async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Buffer,
): Promise<FastifyReply> {
  reply.header('vary', 'accept, accept-encoding')
  if (body.length < httpLimits.gzipBytesMin || !acceptsGzip(request.headers['accept-encoding'])) {
    return reply.send(body)
  }
  reply.header('content-encoding', 'gzip')
  return reply.send(await gzipBytes(body, { level: gzipLevel }))
}

/** For answers that have no place for warnings in their body. */
export function addWarningHeaders(reply: FastifyReply, warnings: readonly string[]): void {
  if (warnings.length > 0) reply.header('x-logkeep-warning', warnings.map(headerText))
}

/** Printable ASCII: other characters as JSON escapes. */
export function headerText(text: string): string {
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return text.replace(/[^ -~]/g, escape).slice(0, httpLimits.warningHeaderBytesMax)
}
