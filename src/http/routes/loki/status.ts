/** `status/buildinfo`, `format_query` and `/ready`, in Loki's form. */

import type { FastifyInstance } from 'fastify'
import { LogqlError } from '../../../logql/error.ts'
import { parseQuery } from '../../../logql/syntax/parse-query.ts'
import { printQuery } from '../../../logql/syntax/print-query.ts'
import { textType } from '../../answer.ts'
import { type LokiScope, lokiPrefix, parametersOf } from '../../loki/scope.ts'
import type { RouteDeps } from '../../server.ts'
import { lokiVersion } from './drilldown.ts'

export function registerLokiStatus(app: FastifyInstance, { answer }: LokiScope, deps: RouteDeps): void {
  const { version, query } = deps
  answer('/status/buildinfo', () => [
    JSON.stringify({
      version: lokiVersion(version),
      revision: '',
      branch: 'logkeep',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
  ])
  const options = { config: { access: 'data' }, schema: { hide: true } } as const
  app.route({
    method: ['GET', 'POST'],
    url: `${lokiPrefix}/format_query`,
    ...options,
    handler: (request, reply) => {
      try {
        return reply.send({
          status: 'success',
          data: printQuery(parseQuery(parametersOf(request).text('query'))),
        })
      } catch (error) {
        if (!(error instanceof LogqlError)) throw error
        return reply.code(400).send({ status: 'invalid-query', error: error.message })
      }
    },
  })
  app.get('/ready', { config: { access: 'free' }, schema: { hide: true } }, async (_request, reply) => {
    await query.check()
    return reply.type(textType).send('ready\n')
  })
}
