/** `GET /files`: the log tree as the collector sees it, as JSON or as an indented tree. */

import type { FastifyInstance } from 'fastify'
import { clientSignal, headerText, sendBytes, sendObject, textType } from '../answer.ts'
import { routeParameters } from '../parameters.ts'
import { queryOf } from '../request.ts'
import { parseFilesRequest } from '../requests.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { answer, routeSchema } from '../schemas/responses.ts'
import { ref, textOf } from '../schemas/schema.ts'
import { files } from '../schemas/state.ts'
import type { RouteDeps } from '../server.ts'

const schema = routeSchema({
  id: 'files',
  tag: 'program',
  summary: 'the log files of the node with sizes, read positions, lag, states and errors',
  parameters: routeParameters.files,
  answers: {
    200: answer(
      'The log tree as the collector sees it.',
      {
        'application/json': ref(files),
        'text/plain': textOf('A tree: two spaces a level, directories end in `/`.'),
      },
      { 'x-logkeep-next': textOf('Of text: `next`, where there is more.') },
    ),
  },
  errors: dataErrorsOf(),
})

export function registerFiles(app: FastifyInstance, { collector, config, room }: RouteDeps): void {
  app.get('/files', { config: { access: 'data' }, schema }, async (request, reply) => {
    const asked = parseFilesRequest(queryOf(request), request.headers.accept)
    const signal = clientSignal(reply)
    const { bytes, next } = await collector.files(asked)
    const sending = { request, reply, room, signal }
    if (asked.format === 'json') return sendObject(sending, bytes, { node: config.nodeName, warnings: [] })
    if (next !== null) reply.header('x-logkeep-next', headerText(next))
    reply.type(textType)
    return sendBytes(sending, Buffer.from(bytes))
  })
}
