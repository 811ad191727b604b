/** `GET /logs/context`: the entries around one, as JSON or text. */

import type { FastifyInstance } from 'fastify'
import { addWarningHeaders, clientSignal, sendBytes, sendObject, textType } from '../answer.ts'
import { refresh } from '../freshness.ts'
import { routeParameters } from '../parameters.ts'
import { queryOf } from '../request.ts'
import { parseContextRequest } from '../requests.ts'
import { contextPage } from '../schemas/entries.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { answer, routeSchema, warningHeader } from '../schemas/responses.ts'
import { count, ref, textOf } from '../schemas/schema.ts'
import type { RouteDeps } from '../server.ts'

const schema = routeSchema({
  id: 'context',
  tag: 'logs',
  summary: 'the entries around one, which its cursor names',
  parameters: routeParameters.context,
  answers: {
    200: answer(
      'Oldest first.',
      { 'application/json': ref(contextPage), 'text/plain': textOf('As the text of /logs.') },
      { ...warningHeader, 'x-logkeep-target': count('Of text: line of the entry in the middle, from 0.') },
    ),
  },
  errors: dataErrorsOf(),
})

export function registerContext(app: FastifyInstance, { query, collector, config, room }: RouteDeps): void {
  app.get('/logs/context', { config: { access: 'data' }, schema }, async (request, reply) => {
    const asked = parseContextRequest(queryOf(request), request.headers.accept)
    const signal = clientSignal(reply)
    const behind = await refresh(collector, asked.after > 0)
    const page = await query.context(asked, signal)
    const warnings = [...page.warnings, ...behind]
    const sending = { request, reply, room, signal }
    const { target, moreBefore, moreAfter, stats } = page
    if (asked.format === 'json') {
      const entries = Buffer.concat([entriesHead, page.entries, entriesEnd])
      return sendObject(sending, entries, {
        target,
        moreBefore,
        moreAfter,
        node: config.nodeName,
        stats,
        warnings,
      })
    }
    if (target !== null) reply.header('x-logkeep-target', String(target))
    addWarningHeaders(reply, warnings)
    reply.type(textType)
    return sendBytes(sending, Buffer.from(page.entries))
  })
}

const entriesHead = Buffer.from('"entries":[')
const entriesEnd = Buffer.from(']')
