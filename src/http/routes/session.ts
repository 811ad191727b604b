/**
 * `POST /session` exchanges the token for a cookie, so that browsers can open tails; `DELETE /session` ends
 * it.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LogkeepError } from '../../errors.ts'
import { routeParameters } from '../parameters.ts'
import { parseQueryString } from '../query-string.ts'
import { queryOf } from '../request.ts'
import { errorsOf } from '../schemas/errors.ts'
import { noContent, routeSchema } from '../schemas/responses.ts'
import { textOf } from '../schemas/schema.ts'
import { bearerToken } from '../security.ts'
import type { RouteDeps } from '../server.ts'

const cookieHeader = { 'set-cookie': textOf() }

const signInSchema = routeSchema({
  id: 'signIn',
  tag: 'program',
  summary: 'exchanges the token for a cookie',
  description: 'The token comes in the body, or as `Authorization: Bearer`.',
  parameters: routeParameters.none,
  body: { type: 'object', properties: { token: textOf('The text of `LOGKEEP_TOKEN`.') } },
  isOpen: true,
  answers: { 204: noContent('Signed in for 12 hours.', cookieHeader) },
  errors: errorsOf(401, 413, 415),
})

const signOutSchema = routeSchema({
  id: 'signOut',
  tag: 'program',
  summary: 'ends the session of the cookie',
  parameters: routeParameters.none,
  isOpen: true,
  answers: { 204: noContent('Signed out.', cookieHeader) },
  errors: errorsOf(413, 415),
})

export function registerSession(app: FastifyInstance, { security, sessions }: RouteDeps): void {
  app.post('/session', { config: { access: 'free' }, schema: signInSchema }, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
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

  app.delete('/session', { config: { access: 'free' }, schema: signOutSchema }, async (request, reply) => {
    parseQueryString(queryOf(request), routeParameters.none)
    return reply.header('set-cookie', sessions.end(request.headers.cookie)).code(204).send()
  })
}

function tokenOf({ body, headers }: FastifyRequest): string | null {
  const bearer = bearerToken(headers.authorization)
  if (bearer !== null) return bearer
  if (typeof body !== 'object' || body === null || !('token' in body)) return null
  return typeof body.token === 'string' ? body.token : null
}
