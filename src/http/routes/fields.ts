/** `GET /logs/fields` and `/logs/fields/{name}/values`: what JSON and logfmt lines hold, over a sample. */

import type { FastifyInstance } from 'fastify'
import { clientSignal, sendMembers } from '../answer.ts'
import { reachesNow, refresh } from '../freshness.ts'
import { routeParameters } from '../parameters.ts'
import { queryOf } from '../request.ts'
import { parseFieldsRequest } from '../requests.ts'
import { fields, fieldValues } from '../schemas/counts.ts'
import { dataErrorsOf } from '../schemas/errors.ts'
import { jsonAnswer, routeSchema } from '../schemas/responses.ts'
import { textOf } from '../schemas/schema.ts'
import type { RouteDeps } from '../server.ts'

const fieldsSchema = routeSchema({
  id: 'fields',
  tag: 'logs',
  summary: 'names of fields in the newest matching lines, with types and counts',
  parameters: routeParameters.fields,
  answers: { 200: jsonAnswer(fields) },
  errors: dataErrorsOf(),
})

const valuesSchema = routeSchema({
  id: 'fieldValues',
  tag: 'logs',
  summary: 'the most frequent values of a field in the newest matching lines',
  parameters: routeParameters.fieldValues,
  params: { name: textOf('Of the field, as /logs/fields names it.') },
  answers: { 200: jsonAnswer(fieldValues) },
  errors: dataErrorsOf(),
})

type Named = { readonly Params: { readonly name: string } }

export function registerFields(app: FastifyInstance, deps: RouteDeps): void {
  const { query, collector, config, nowMs, room } = deps

  app.get('/logs/fields', { config: { access: 'data' }, schema: fieldsSchema }, async (request, reply) => {
    const asked = parseFieldsRequest(queryOf(request), nowMs())
    const signal = clientSignal(reply)
    const behind = await refresh(collector, reachesNow(asked.range, null, nowMs()))
    const answer = await query.fields(asked, signal)
    return sendMembers({ request, reply, room, signal }, answer, config.nodeName, behind)
  })

  const valuesOptions = { config: { access: 'data' }, schema: valuesSchema } as const
  app.get<Named>('/logs/fields/:name/values', valuesOptions, async (request, reply) => {
    const asked = { ...parseFieldsRequest(queryOf(request), nowMs()), name: request.params.name }
    const signal = clientSignal(reply)
    const behind = await refresh(collector, reachesNow(asked.range, null, nowMs()))
    const answer = await query.fieldValues(asked, signal)
    return sendMembers({ request, reply, room, signal }, answer, config.nodeName, behind)
  })
}
