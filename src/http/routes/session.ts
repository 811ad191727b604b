/**
 * `POST /session` exchanges the token for a cookie, so that browsers can open tails; `DELETE /session` ends
 * it.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { parseQueryString } from '../query-string.ts'
import { queryOf } from '../request.ts'
import { bearerToken } from '../security.ts'
import type { RouteDeps } from '../server.ts'

export function registerSession(app: FastifyInstance, { security, sessions }: RouteDeps): void {
  const signIn = { access: 'free', summary: 'exchanges the token for a cookie' } as const
  app.post('/session', { config: signIn }, async (request, reply) => {
    parseQueryString(queryOf(request), {})
    if (!security.hasToken)
      throw new LogkeepError('BAD_REQUEST', 'no token is set', 'there is nothing to sign in to')
    const given = tokenOf(request)
    if (given === null || !security.isToken(given)) {
      const message = given === null ? 'a token is needed' : 'this is not the token'
      throw new LogkeepError(
        'UNAUTHORIZED',
        message,
        'send {"token":"..."} as JSON, or "Authorization: Bearer"',
      )
    }
    return reply.header('set-cookie', sessions.open()).code(204).send()
  })

  const signOut = { access: 'free', summary: 'ends the session of the cookie' } as const
  app.delete('/session', { config: signOut }, async (request, reply) => {
    parseQueryString(queryOf(request), {})
    return reply.header('set-cookie', sessions.end(request.headers.cookie)).code(204).send()
  })
}

function tokenOf({ body, headers }: FastifyRequest): string | null {
  const bearer = bearerToken(headers.authorization)
  if (bearer !== null) return bearer
  if (typeof body !== 'object' || body === null || !('token' in body)) return null
  return typeof body.token === 'string' ? body.token : null
}
