/**
 * Gives every failure of a request one shape, `{ code, message, hint }`, whoever raised it: logkeep, Fastify
 * or Node.
 */

import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { type ErrorCode, errorStatus, LogkeepError } from '../errors.ts'
import { tailLimits } from '../limits/http.ts'

/** JSON of an error's answer. */
export function errorBody({ code, message, hint }: LogkeepError): string {
  return `${JSON.stringify({ code, message, hint })}\n`
}

/** Sends the answer, with the headers that belong to its status. */
export function sendError(reply: FastifyReply, error: LogkeepError): FastifyReply {
  if (error.status === errorStatus.UNAUTHORIZED) reply.header('www-authenticate', 'Bearer realm="logkeep"')
  if (error.status === errorStatus.TOO_MANY) reply.header('retry-after', String(tailLimits.retryAfterSec))
  return reply.code(error.status).type('application/json; charset=utf-8').send(errorBody(error))
}

/**
 * Fastify's errors (https://fastify.dev/docs/latest/Reference/Errors/) in logkeep's words; null: none of ours
 * to explain.
 */
export function toLogkeepError(error: unknown): LogkeepError | null {
  if (error instanceof LogkeepError) return error
  if (!(error instanceof Error)) return null
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const known = typeof code === 'string' ? fastifyErrors[code] : undefined
  if (known !== undefined) return new LogkeepError(known[0], known[1], known[2], { cause: error })
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new LogkeepError('BAD_REQUEST', error.message, 'GET / lists what there is', { cause: error })
  }
  return null
}

type Explanation = readonly [code: ErrorCode, message: string, hint: string]

const fastifyErrors: Readonly<Record<string, Explanation>> = {
  FST_ERR_BAD_URL: ['BAD_REQUEST', 'the path is not a valid one', 'write % as %25'],
  FST_ERR_MAX_PARAM_LENGTH: ['URI_TOO_LONG', 'the path is too long', 'GET / lists the paths'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['TOO_LARGE', 'the body is too large', 'send {"token":"..."} alone'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'UNSUPPORTED_MEDIA_TYPE',
    'a body of this type is not read',
    'send JSON with "content-type: application/json"',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: [
    'BAD_REQUEST',
    'the body is empty',
    'send {"token":"..."}, or no content-type',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['BAD_REQUEST', 'the body is not JSON', 'send {"token":"..."}'],
}

const parserErrors: Readonly<Record<string, Explanation>> = {
  HPE_HEADER_OVERFLOW: [
    'HEADERS_TOO_LARGE',
    'the headers are too long',
    'shorten the address and the cookies',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time', 'send it again'],
}

/** Answers what Node's HTTP parser refuses, where the connection can still be written to, and closes it. */
export function answerParserError(error: Error, socket: Socket): void {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const explanation = parserErrors[code] ?? [
    'BAD_REQUEST',
    'this is not an HTTP/1.1 request',
    'GET / lists what there is',
  ]
  const body = errorBody(new LogkeepError(...explanation))
  socket.end(
    `HTTP/1.1 ${errorStatus[explanation[0]]} Refused\r\nconnection: close\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n` +
      body,
  )
}
