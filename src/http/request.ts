/** The parts of a request's address as they were sent, undecoded. */

import type { FastifyRequest } from 'fastify'

/** What follows `?`. */
export function queryOf(request: FastifyRequest): string {
  const { url = '' } = request.raw
  const mark = url.indexOf('?')
  return mark === -1 ? '' : url.slice(mark + 1)
}

/** What precedes `?`. */
export function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?', 1)[0] as string
}
