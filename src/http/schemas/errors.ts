/** Refusals and failures: their one shape, and which statuses a route may answer with. */

import { type ErrorCode, errorStatus } from '../../errors.ts'
import { component, type JsonSchema, object, oneOfTexts, ref, textOf } from './schema.ts'

/** Raised at the start alone: nobody is answered with them. */
const neverAnswered: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_SETTING',
  'PORT_IN_USE',
  'DATA_DIR_UNUSABLE',
  'SECOND_INSTANCE',
  'NEWER_DATABASE',
])

export const errorMembers = {
  code: oneOfTexts(Object.keys(errorStatus).filter((code) => !neverAnswered.has(code))),
  message: textOf('What is wrong, naming the parameter and what was given.'),
  hint: textOf('What is accepted, or what to do.'),
}

export const error = component('Error', 'The shape of every refusal and failure.', object(errorMembers))

const meanings = {
  400: 'A parameter, cursor or expression is not accepted; the message names it.',
  401: 'A token is needed, or this client is not this machine itself.',
  403: 'The request comes from a page of another origin.',
  404: 'There is nothing at this path.',
  413: 'The body is too large.',
  414: 'The address is too long.',
  415: 'The body is of a type that is not read.',
  421: 'The host is not one of those that are served.',
  426: 'A live tail is a WebSocket.',
  429: 'Too much is under way; try again after the time in `retry-after`.',
  500: 'The program failed; its own log has the cause.',
  503: 'The database cannot be read, the collector does not answer, or the program is stopping.',
} as const satisfies Readonly<Record<number, string>>

type ErrorStatus = keyof typeof meanings

/** Headers of every answer. */
export const commonHeaders = {
  'x-logkeep-node': { type: 'string', description: 'The node that answers.' },
} as const satisfies JsonSchema

const headersOf: Readonly<Partial<Record<ErrorStatus, JsonSchema>>> = {
  401: { 'www-authenticate': { type: 'string' } },
  429: { 'retry-after': { type: 'integer', minimum: 1, description: 'Seconds.' } },
}

/** Of every route: who asks, from where, and with which address. */
const always: readonly ErrorStatus[] = [400, 403, 414, 421, 500, 503]

/** The refusals of a route, by status. Others (405, 408, 431) have the same shape. */
export function errorsOf(...further: readonly ErrorStatus[]): JsonSchema {
  const content = { 'application/json': { schema: ref(error) } }
  const statuses = [...always, ...further].sort((one, other) => one - other)
  const responses = statuses.map((status) => {
    const headers = { ...commonHeaders, ...headersOf[status] }
    return [status, { description: meanings[status], headers, content }]
  })
  const rest = { description: 'Any other refusal: 405, 408, 431.', headers: commonHeaders, content }
  return { ...Object.fromEntries(responses), default: rest }
}

/** Of routes that show data. */
export function dataErrorsOf(...further: readonly ErrorStatus[]): JsonSchema {
  return errorsOf(401, 429, ...further)
}
